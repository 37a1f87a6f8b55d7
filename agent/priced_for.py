"""For whom a price is: what residents pay is told to nobody else, and what everybody pays to everybody who asks for it."""

import re

from agent import facts
from agent.reply import Question
from knowledge import asking

_ASKS_PRICE = re.compile(
    r"\b(?:harga\w*|hrg\w*|biaya\w*|tarif\w*|price\w*|pricing|costs?|how much|fees?|rates?|ongkos\w*|tiketnya)\b|"
    r"(?<!jam )(?<!jm )(?<!pukul )(?<!umur )(?<!usia )(?<!minimal )(?<!maksimal )\b(?:berapa|brp)\b(?!\s*(?:lama|kali|orang|hari|menit|bulan|jam|minggu|umur|usia|peserta))"
)
# A price for some people only is never told to somebody who did not say that they belong to them, nor the other way.
_MEMBERS = r"\b(?:member|membership|unlimited)\b"
_RESIDENTS = r"\b(?:ktp|kitas|kitap|lokal|local|locals|resident|residents|warga)\b"
_OF_PEOPLE = (_RESIDENTS, _MEMBERS)
_ORDINARY = re.compile(
    r"\b(?:biasa|reguler|regular|normal|umum|standard?|turis|tourists?|wna|bule|foreigners?)\b"
)
_ONE_OF = re.compile(r"\bone (?=\w)")  # “one class” takes nothing up
_GROUPS = (
    _RESIDENTS,
    r"\b(?:anak\w*|kids?|child|children|remaja|teens?)\b",
    r"\b(?:pelajar|mahasiswa|students?|siswa)\b",
    r"\b(?:lansia|seniors?|elderly)\b",
    r"\b(?:kantor|karyawan|corporate|company|perusahaan|office)\b",
    r"\b(?:privat|private|prifat)\b",
    r"\b(?:prenatal|hamil|pregnan\w*)\b",
    r"\b(?:ytt|ttc|teacher training|pelatihan guru|200 jam|200 hour)\b",
    _MEMBERS,
    r"\b(?:retreat|retret|workshop|sound ?bath|aerial)\b",
)


def asks_price(text: str) -> bool:
    return bool(_ASKS_PRICE.search(text.lower()))


def spoken_of(question: Question) -> list[str]:
    """What the customer said before and still speaks of: who asked what residents pay, and now asks for a price as anybody
    would, is told that of anybody."""
    earlier = question.earlier
    if not asks_price(question.text) or _of_residents(question):
        return earlier
    return [said for said in earlier if not _names_residents(said)]


def fits(question: Question, asked: asking.Question, passage: str, title: str) -> bool:
    """A question for a price gets an amount, and one that is meant for whoever asks. An entry as a whole may be for a group
    that the customer did not name; members are everybody."""
    if not asks_price(question.text):
        return True
    told = f"{title}\n{passage}".lower()
    if not facts.money(passage) and "%" not in passage:
        return False
    own = "\n".join([*spoken_of(question), question.text]).lower()
    everybody = question.said.lower()
    taken_up = everybody if asked.goes_on and not asked.complete else own
    if not all(re.search(g, told) for g in _named(own, taken_up)):
        return False
    named = _named(own, everybody)
    return not any(re.search(g, title.lower()) for g in _GROUPS if g not in (_MEMBERS, *named))


def _of_residents(question: Question) -> bool:
    """Whether the message names residents, or goes on about them: “kalau 10 kelas berapa?”."""
    if _names_residents(question.text):
        return True
    taken_up = not _ORDINARY.search(question.text.lower()) and _goes_on(question.text)
    for said in reversed(question.earlier if taken_up else []):
        if _names_residents(said) or not _goes_on(said):
            return _names_residents(said)
    return False


def _names_residents(text: str) -> bool:
    return bool(re.search(_RESIDENTS, text.lower()))


def _goes_on(text: str) -> bool:
    return bool(asking.GOES_ON.search(_ONE_OF.sub("1 ", text.lower())))


def _named(own: str, said: str) -> list[str]:
    """The groups that are spoken of. Who somebody is, only their own words say; what a thing is, ours as well."""
    return [g for g in _GROUPS if re.search(g, own if g in _OF_PEOPLE else said)]
