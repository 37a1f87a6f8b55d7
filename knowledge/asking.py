"""What a customer's question asks for, as far as words tell: its subjects, the kind of answer, how many classes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from knowledge import lexical


def listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(lexical.stem, text.split()))


# How a question of a kind is worded (in everyday spelling, see lexical.words), and how a passage looks that tells it.
_HOW_MUCH = (
    r"(?<!jam )(?<!pukul )(?<!umur )(?<!usia )(?<!minimal )(?<!maksimal )\bberapa\b"
    r"(?! (?:lama|kali|orang|hari|menit|jam|bulan|minggu|tahun|umur|usia|banyak|jauh|meter|peserta|tempat))"
)
_MONEY = (
    r"(?:rp\.?|idr|aud|usd|sgd|a\$|\$|€|£)\s?\d|\b\d+\s?(?:rb|ribu|jt|juta|k)\b|\d\s?%"
    r"|\b(?:free|gratis|tanpa biaya|no charge)\b"
)
_CLOCK = r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2}\s?(?:am|pm)\b"
_MONTHS = r"(?:jan|feb|mar|apr|mei|may|jun|jul|agu|aug|sep|okt|oct|nov|des|dec)[a-z]*"
DAY = (
    r"\b(?:senin|selasa|rabu|kamis|jum.?at|sabtu|(?<!\d )minggu|tanggal|setiap hari|tiap hari|every day|daily|"
    rf"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|\d{{1,2}} {_MONTHS}|{_MONTHS} \d{{1,4}})\b"
)
_DAYTIME = (
    r"(?:pagi|siang|sore|malam|morning|noon|lunch|afternoon|evening|tonight|senin|selasa|rabu|kamis|jumat|sabtu|"
    r"hari minggu|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)"
)
_LENGTH = (
    r"\b(?:\d+|satu|dua|tiga|empat|lima|enam|one|two|three|four|five|six)\W{0,2}"
    r"(?:menit|jam|hari|minggu|bulan|tahun|min\w*|hours?|days?|weeks?|months?|years?)\b"
)
_STREET = r"\b(?:jl|jln|jalan|street|st|road|rd|lane|avenue|ave|gang|no|km)\b"
_PERSON = (
    r"\b(?:[Bb]ersama|[Ww]ith|[Gg]uru|[Mm]anajer|[Mm]anager|[Tt]eachers?)\W+(?:is\W+)?[*_]*[A-Z]"
)
_WAY = (
    r"\b(?:lewat|via|through|app|aplikasi|website|situs\w*|whatsapp|e-?mail\w*|kirim\w*|send|write|tulis|buy|beli|pilih|"
    r"choose|book|daftar|desk|resepsionis|reception|naik|dari|from|walk)\b"
)
_OPEN = r"\b(?:open|opens|opening|buka|close|closes|tutup|libur|closed)\b"


@dataclass(frozen=True)
class Kind:
    """A kind of answer: how it is asked for, and how a passage tells it."""

    name: str
    asks: re.Pattern[str]
    tells: re.Pattern[str]
    subject: bool = False  # the asking words are also what the question is about


def _kind(name: str, asks: str, tells: str, *, subject: bool = False, flags: int = re.I) -> Kind:
    return Kind(name, re.compile(asks), re.compile(tells, flags), subject)


KINDS = (
    _kind(
        "price",
        r"\b(?:harga|biaya|tarif|ongkos|prices?|pricing|pricelist|costs?|fees?|rates?|how much|free|gratis)\b|"
        + _HOW_MUCH,
        _MONEY,
    ),
    _kind(
        "clock",
        r"\b(?:jam|pukul) (?:berapa|buka|tutup|operasional)\b|\b(?:what|which) (?:time|hour)\b|\bopening (?:hours|times)\b",
        _CLOCK,
    ),
    _kind(
        "discount",
        r"\b(?:diskon|discounts?|promo\w*|potongan|concession)\b",
        r"\d\s?%|\b(?:diskon|discount\w*|promo\w*|potongan|concession)\b",
        subject=True,
    ),
    _kind(
        "when",
        r"\b(?:kapan|when|hari apa|(?:what|which) days?|jadwal|schedule|timetable|tanggal berapa|next(?! to)|upcoming|berikutnya)\b",
        f"{_CLOCK}|{DAY}|{_LENGTH}",
    ),
    _kind(
        "hour",  # “kelas jam 12 siang ada?”, “any evening class”
        r"\b(?:jam|pukul|at) \d{1,2}\b|\b\d{1,2} (?:am|pm|pagi|siang|sore|malam)\b"
        rf"|\b(?:kelas|class\w*)\b.*\b{_DAYTIME}\b|\b{_DAYTIME}\b.*\b(?:kelas|class\w*)\b",
        rf"{_CLOCK}|\b(?:libur|tutup|closed)\b",
        subject=True,
    ),
    _kind(
        "length",
        r"\b(?:berapa lama|how long|durasi|duration|berapa (?:menit|jam|hari|minggu|bulan))\b",
        _LENGTH,
    ),
    _kind("count", r"\b(?:how many|berapa (?:orang|banyak|kali|peserta|tempat))\b", r"\d"),
    _kind("age", r"\b(?:umur|usia|age|ages|how old)\b", r"\b\d{1,2}\b", subject=True),
    _kind(
        "address",
        r"\b(?:alamat\w*|address|lokasi\w*|location|located)\b"
        r"|\b(?:dimana|di mana|where) (?:is |are |s )?(?:studio|the studio|you|kalian|u)\b",
        _STREET,
        subject=True,
    ),
    _kind("who", r"\b(?:siapa|who|whos)\b", _PERSON, flags=0),  # a name begins with a capital
    _kind("email", r"\be ?mail\b|\bsurel\b", r"@", subject=True),
    _kind(
        "way",
        r"\b(?:cara\w*|how (?:do|can|to|should|does))\b(?! you (?:open|close))",
        _WAY,
    ),
)
# A pose that is held, or minutes before a start, are no length of a class.
NO_LENGTH = re.compile(
    r"\b(?:held|hold|stay|ditahan|poses?|sebelum|before|earlier|early|awal|late|telat|terlambat|every|setiap)\b"
)
# Answered by people: reasons, comparisons, wishes.
FOR_PEOPLE = re.compile(
    r"\b(?:kenapa|mengapa|why|versus|vs|better|bedanya|beda|difference|mendingan)\b"
)

# Words that say how somebody asks, not what about. A passage need not hold them.
_SOFT = _stems("""
    ikut ikutan join take taking attend come comes coming datang go pergi bring bawa use using pakai dipakai dipake know tahu
    cari looking look search find mau ingin like love interested minat really still masih good best nice ok okay oke
    please tolong dong info informasi details detail info tanya ask question about perihal today hari day days tomorrow
    besok lusa now sekarang nanti tadi kemarin yesterday ini itu there here sini sana situ place tempat tempatnya also
    lagi sendiri own mine self perlu need needed required harus must wajib possible allowed available tersedia punya
    start mulai begin someone person people orang nya x kali time times jam pukul waktu hour hours
    kalau if happen happens dengan without tanpa nama name names names more lebih any apa mana berapa boleh bisa dapat get buat bikin
    next berikutnya abis habis setelah after before sebelum lihat see show give beri kasih minta send kirim
    yg deket dekat near around sekitar week weeks month bulan rb ribu k jt juta minimum minimal maximum maksimal batas limit tahun year years old menit minute minutes duit tiket
    ticket tickets rupiah persen percent
    halo hallo hey thanks makasih yes
    every setiap cuma hanya saja aja only just absolute total
    supaya biar kayak seperti pas bagus cocok suitable okay work works included include termasuk
    """)
_GENERIC = _stems("kelas class classes yoga studio sesi session latihan practice berlatih shala")
_NUMBERS = _stems(
    "satu dua tiga empat lima enam tujuh delapan sembilan sepuluh one two three four five six seven eight nine ten "
    "sekali sebulan seminggu setahun bulanan monthly weekly single casual drop in dua puluh twenty satuan per kedatangan visit"
)
_ABOUT_PRICE = _stems(
    "berdua couple paket pass passes package pack bayar pay cost daftar list harga price rate tarif beli buy membayar regular umum"
)
SOFT, GENERIC, NUMBERS = _SOFT, _GENERIC, _NUMBERS
_DAYS = _stems("minggu")
# What answers a word although it does not mean the same.
_ALSO = {
    lexical.stem(word): frozenset(lexical.token_id(lexical.stem(other)) for other in others.split())
    for words, others in (
        ("minggu sunday", "minggu sunday ahad weekend"),
        ("buka open", "buka open tutup closed close libur"),
        ("tutup closed close libur", "buka open tutup closed close libur holiday"),
        ("tonight malam evening", "malam evening night tonight"),
        ("siang lunch noon", "siang lunch noon midday"),
        ("sore afternoon", "sore afternoon sunset"),
        ("bawa bring", "bawa bring disediakan gratis free sewa borrow"),
    )
    for word in words.split()
}
_HOLIDAY = frozenset(lexical.token_id(lexical.stem(word)) for word in ("libur", "holiday"))
_WHERE = (("where",), ("dimana",))
HOLIDAYS = frozenset(
    lexical.token_id(lexical.stem(word))
    for word in [
        "libur",
        "liburan",
        "holiday",
        "holidays",
        "christmas",
        "natal",
        "nyepi",
        "lebaran",
        "ramadan",
        "puasa",
        "easter",
        "galungan",
        "fasting",
        "eid",
        "idul",
        "cuti",
        "closures",
    ]
)
_DATE = rf"\b\d{{1,2}} {_MONTHS}|\b{_MONTHS} \d{{1,2}}\b"
_WEEK = re.compile(r"\b(?:\d+|satu|dua|per|se|week|berapa) minggu\b|\bminggu (?:ini|depan|lalu)\b")

RELATED = 0.6  # what only goes with a word says as much of it

# How many classes or how long a price is for: wording of the question and of the line.
QUANTITIES = (
    (
        r"\b(?:1 x|sekali|1 kelas|1 class|satu kelas|one class|single|drop in|casual|satuan|per kelas|per class|1 kali|one visit|per kedatangan|1 visit)\b",
        r"\b(?:1 kelas|1 class|satu kelas|one class|single|drop.?in|casual|sekali|satuan|per kelas|per class|per sesi|per session|per visit|one visit|1x|1 x|each class|per kedatangan)\b",
    ),
    (
        r"\b(?:sebulan|bulanan|1 bulan|satu bulan|monthly|a month|one month|1 month|per bulan|per month)\b",
        r"\b(?:sebulan|bulanan|1 bulan|satu bulan|monthly|month|one month|1 month|per bulan|per month|one-month)\b",
    ),
    (
        r"\b(?:seminggu|1 minggu|satu minggu|weekly|a week|one week|1 week)\b",
        r"\b(?:seminggu|1 minggu|satu minggu|weekly|week|one week|1 week)\b",
    ),
    (
        r"\b(?:berdua|for two|couple)\b(?! (?:people|persons))",
        r"\b(?:2 orang|berdua|dua orang|two people|two|2 people|couple)\b",
    ),
    (
        r"\b(?:setahun|1 tahun|yearly|annual|a year|per tahun)\b",
        r"\b(?:setahun|1 tahun|yearly|annual|year|tahunan|12 months|12 bulan)\b",
    ),
)
_QUANTITIES = tuple((re.compile(asks), re.compile(tells, re.I)) for asks, tells in QUANTITIES)
_NUMBER_OF = re.compile(
    r"\b(\d+|two|three|four|five|six|ten|dua|tiga|empat|lima|enam|sepuluh) (kelas|class\w*|x|kali|sesi|session\w*|times|visits|bulan|month\w*|minggu|week\w*|jam|hours?|hari|days?|menit|minutes?|orang|people)\b"
)
_SPELLED = (
    (1, "one|satu"),
    (2, "two|dua"),
    (3, "three|tiga"),
    (4, "four|empat"),
    (5, "five|lima"),
    (6, "six|enam"),
    (10, "ten|sepuluh"),
)
_UNITS = (
    ("kelas", "class", "x", "kali", "sesi", "session", "times", "visits"),
    ("bulan", "month"),
    ("minggu", "week"),
    ("jam", "hour"),
    ("hari", "day"),
    ("menit", "min"),
    ("orang", "people", "person"),
)


DAYTIMES = frozenset(
    listed(
        """pagi siang sore malam morning noon lunch afternoon evening tonight senin selasa rabu kamis jumat sabtu minggu
        hari ini nanti monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays
        fridays saturdays sundays weekend"""
    )
)


@dataclass(frozen=True)
class Asked:
    """One thing that the question names: tokens that mean it, and how much that says in this studio."""

    said: Sequence[str]
    tokens: frozenset[int]
    related: frozenset[int]
    weight: float
    known: bool
    soft: bool
    parts: frozenset[int] = frozenset()  # the words of a phrase: all of them say it, too

    def found(self, tokens: frozenset[int]) -> float:
        if self.tokens & tokens or (self.parts and self.parts <= tokens):
            return 1.0
        return RELATED if self.related & tokens else 0.0


@dataclass(frozen=True)
class Question:
    said: str
    text: str  # in everyday spelling
    asked: Sequence[Asked]
    kinds: Sequence[Kind]
    names: frozenset[int] = frozenset()  # tokens of the studio's own name

    @cached_property
    def hard(self) -> list[Asked]:
        return [one for one in self.asked if not one.soft]

    @cached_property
    def main(self) -> Asked | None:
        """What the question is about most; None when it names nothing."""
        return max((a for a in self.hard if a.known), key=lambda one: one.weight, default=None)

    @cached_property
    def whole_day(self) -> bool:
        """Whether all classes of a day, or of a part of it, are asked for."""
        return self.asks("hour") and all(DAYTIMES.issuperset(one.said) for one in self.hard)

    @cached_property
    def asks_price(self) -> bool:
        return any(kind.name == "price" for kind in self.kinds)

    def asks(self, name: str) -> bool:
        return any(kind.name == name for kind in self.kinds)

    @cached_property
    def is_question(self) -> bool:
        return bool(self.kinds or "?" in self.said or _ASKING.search(self.said))

    @cached_property
    def goes_on(self) -> bool:
        """Whether it makes sense only after what was said before: “berapa lama berlakunya?”, “and for two?”."""
        return not self.hard or bool(GOES_ON.search(self.said.lower()))

    @cached_property
    def names_a_day_off(self) -> bool:
        """Whether a holiday or a date is named."""
        said = frozenset().union(*(one.tokens | one.related for one in self.asked))
        return bool(said & HOLIDAYS or re.search(_DATE, self.text))

    @cached_property
    def complete(self) -> bool:
        """Whether it says all by itself although it names nothing: “brp hrg 1x dtg?” asks for the price list."""
        return self.asks_price and bool(self.quantities) and not GOES_ON.search(self.said.lower())

    def share(self, tokens: frozenset[int]) -> float:
        """How much of what the question is about is among these tokens, from 0 to 1."""
        return _share(self.hard, tokens)

    def soft_share(self, tokens: frozenset[int]) -> float:
        return _share([one for one in self.asked if one.soft], tokens)

    @cached_property
    def quantities(self) -> list[re.Pattern[str]]:
        """How lines look that are for as many classes, months or people as was asked."""
        found = [tells for asks, tells in _QUANTITIES if asks.search(self.text)]
        for said, unit in _NUMBER_OF.findall(self.text):
            same = next(units for units in _UNITS if unit.startswith(units))
            number = next(
                (f"{i}|{words}" for i, words in _SPELLED if said in (str(i), *words.split("|"))),
                said,
            )
            if number[:2] != "1|":
                found.append(
                    re.compile(rf"(?<![\d.,])(?:{number})[\s-]?(?:{'|'.join(same)})", re.I)
                )
        return found


def _share(asked: Sequence[Asked], tokens: frozenset[int]) -> float:
    total = sum(one.weight for one in asked)
    return sum(one.weight * one.found(tokens) for one in asked) / total if total else 0.0


def question(vocabulary: lexical.Vocabulary, text: str, studio: str = "") -> Question:
    typed = lexical.words(text[: lexical.LONGEST_QUESTION])
    spelled = NYA.sub("", " ".join(map(vocabulary.nearest, typed)))
    kinds = [kind for kind in KINDS if kind.asks.search(spelled)]
    if any(kind.name in ("price", "length", "count") for kind in kinds):
        kinds = [kind for kind in kinds if kind.name not in ("way", "age")]
    about = spelled
    for kind in kinds:
        if not kind.subject:
            about = kind.asks.sub(_open_or_closed, about)
    names = frozenset(map(lexical.token_id, (lexical.stem(word) for word in lexical.words(studio))))
    soft = SOFT | GENERIC | NUMBERS
    if any(kind.name == "price" for kind in kinds):
        soft |= _ABOUT_PRICE
    if _WEEK.search(about):
        soft |= _DAYS
    asked = [_asked(vocabulary, meant, soft, names) for meant in lexical.meanings(about.split())]
    if any(one.said in _WHERE for one in asked) and any(
        not one.soft and one.said not in _WHERE for one in asked
    ):  # “where can I park” is about parking
        asked = [replace(one, soft=one.soft or one.said in _WHERE) for one in asked]
    if any(kind.name == "clock" for kind in kinds):  # a holiday is no closing time
        asked = [replace(one, tokens=one.tokens - _HOLIDAY) for one in asked]
    return Question(text, spelled, asked, kinds, names)


def _open_or_closed(asks: re.Match[str]) -> str:
    """Of `jam tutup` the word that it is about."""
    said = asks[0].split()
    return " ".join(["", *(word for word in said if word in ("buka", "tutup", "opening")), ""])


def _asked(
    vocabulary: lexical.Vocabulary,
    meant: lexical.Meant,
    soft: frozenset[str],
    names: frozenset[int],
) -> Asked:
    stems = [lexical.stem(word) for word in meant.said]
    own = frozenset(map(lexical.token_id, meant.own[-1:]))
    tokens = own | frozenset(map(lexical.token_id, meant.synonyms))
    for word, stem in zip(meant.said, stems, strict=True):
        if len(stems) == 1 or word in DAYTIMES:
            tokens |= _ALSO.get(stem, frozenset())
    used = [vocabulary.rarity(token) for token in tokens if token in vocabulary.used_by]
    share = min(used) / vocabulary.rarity(0) if used else 0.8
    common = lexical.terms().common
    is_soft = bool(own & names) or all(
        stem in soft
        or stem.isdigit()
        or (len(stems) == 1 and word in common and (word,) not in _WHERE)
        for word, stem in zip(meant.said, stems, strict=True)
    )
    parts = frozenset(map(lexical.token_id, meant.own[:-1]))
    return Asked(
        said=meant.said,
        tokens=tokens,
        related=frozenset(map(lexical.token_id, meant.related)),
        weight=min(max(share, 0.35), 0.8),
        known=bool(used) or bool(parts and parts <= vocabulary.used_by.keys()),
        soft=is_soft,
        parts=parts,
    )


def together(now: Question, before: Question) -> Question:
    """A short question that goes on about what was asked before."""
    kinds = now.kinds or (() if now.hard else before.kinds)
    apart = now.hard and not GOES_ON.search(now.said.lower())  # “it” is what was spoken of
    context = [replace(one, weight=one.weight / 2) if apart else one for one in before.hard]
    return replace(now, asked=[*now.asked, *context], kinds=kinds)


GOES_ON = re.compile(
    r"^(?:and|kalau|kalo|klo|trus|terus)\b|\b(?:it|that|those|them|one|itu|yg itu|tadi)\b|\w{4}nya\b"
)
NYA = re.compile(r"(?<=\w{3})nya\b")  # `harganya` is the price of it
_PART = re.compile(r"([?\n]+|(?<=[a-z])\.\s+|\b(?:trus|terus|and also|sama sekalian)\b)", re.I)
_ASKING = re.compile(
    r"\b(?:apa\w*|berapa|brp\w*|kapan|kpn|bisa|bs|boleh|blh|ada|gimana|gmn\w*|bagaimana|dimana|dmn|mana|siapa|how|what|when|"
    r"where|which|who|can|do|does|is|are|any)\b",
    re.I,
)


def parts(text: str) -> list[str]:
    """The questions of one message, without what was only told beside them."""
    split = _PART.split(text[: lexical.LONGEST_QUESTION])
    told = [
        (part.strip(), "?" in end) for part, end in zip(split[::2], [*split[1::2], ""], strict=True)
    ]
    told = [(part, asked) for part, asked in told if re.search(r"[^\W_]{2}", part)]
    questions = [
        f"{part}?" if asked else part for part, asked in told if asked or _ASKING.search(part)
    ]
    return questions or [part for part, _asked in told]
