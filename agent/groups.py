"""For whom, or for which form of a thing, a price is: residents, children, the first visit, a deposit, a single room.

A fact that is true for one group is wrong for everybody else, so a group counts more than any other word.
"""

import re
from functools import lru_cache

_GROUPS = (
    r"ktp|kitas|kitap|lokal|locals?|residents?|warga|domisili",
    r"anak\w*|kids?|child(?:ren)?|remaja|teens?|teenagers?|siblings?|mini yogis",
    r"pelajar|mahasiswa|students?|siswa|concession|ktm",
    r"lansia|seniors?|elderly|manula|usia [67]\d|aged? (?:over )?[67]\d|over [67]\d|kursi|chair",
    r"kantor|karyawan|corporate|company|perusahaan|office|workplace",
    r"privat|private|prifat|one-to-one|one-on-one|1-on-1",
    r"prenatal|hamil|kehamilan|kandungan|pregnan\w*|bump",
    r"postnatal|bubs|nifas|mums?",
    r"ytt|ttc|teacher training|pelatihan guru|\d+[ -](?:jam|hour)[ -](?:course|training)|tuition",
    r"unlimited|member(?:ship)?s?|bulanan|sebulan|monthly",
    r"retret|retreat",
    r"workshop|lokakarya",
    r"sound ?bath|sound journey|full moon",
    r"aerial|dinding|wall|ropes",
    r"trial|kelas coba|coba|intro|starter|first wave|percobaan|newcomers?",
    r"early ?bird|paid? in full|lunas sebelum|paying in full",
    r"deposit|uang muka|dp|down payment|tanda jadi",
    r"denda|fine|penalty|no-?shows?",
    r"online|zoom|livestream|streams?|streaming|daring",
    r"vila|villa|rumah|home|lembang|cimahi",
    r"twin|kamar berdua|double room|shared room|kamar bersama|sekamar berdua",
    r"single room|kamar sendiri|\ba single\b(?! (?:class|visit))|sendirian",
    r"triple|kamar bertiga",
    r"handuk|towels?",
    r"parkir\w*|parking|garage",
    r"mobil|cars?",
    r"motor|scooters?|motorbikes?",
    r"voucher|gift",
    r"sewa|rent(?:al)?|hire|borrow(?:ing)?|pinjam",
    r"family|keluarga",
)
_EACH = "|".join(rf"(?P<g{number}>(?:{pattern})\b)" for number, pattern in enumerate(_GROUPS))
_ALL = re.compile(rf"\b(?:{_EACH})")


@lru_cache(maxsize=20_000)
def groups(text: str) -> frozenset[int]:
    """The groups that a text names, as numbers."""
    return frozenset(
        int(str(match.lastgroup)[1:]) for match in _ALL.finditer(text.lower()) if match.lastgroup
    )
