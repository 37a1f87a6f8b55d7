"""A text in clauses: each tells facts of one thing. “5 kelas Rp 650.000, 10 kelas Rp 1.200.000” are two.

Entries and drafts are cut in the same way, so that a fact of the one can be looked up beside the same words of the other.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from agent import derived
from agent.calendar_words import DAYS, MONTHS, day_ranges
from agent.groups import groups
from agent.language import words as listed
from agent.stated import Stated, stated
from knowledge import lexical

Value = float | str | tuple[int, int]


@dataclass(frozen=True)
class Fact:
    """One fact; a time without am or pm has two values."""

    kind: str
    values: tuple[Value, ...]
    open: bool = False  # an end or a limit (“sampai 18:15”), a number of people that is only hinted at (“berdua”)


@dataclass(frozen=True)
class Word:
    """A word or known phrase with what means the same, as `knowledge.lexical` reads it."""

    own: tuple[str, ...]
    synonyms: frozenset[str]
    related: frozenset[str]
    bare: bool  # says nothing about what the fact is told of: “mulai”, “hanya”


@dataclass(frozen=True)
class Clause:
    text: str
    facts: frozenset[Fact]  # its own
    under: frozenset[Fact]  # of the label and the heading above it
    labelled: frozenset[Fact]  # of the label, in the first clause behind it
    words: tuple[Word, ...]
    label: tuple[Word, ...]
    groups: frozenset[int]
    line: int

    @property
    def all_facts(self) -> frozenset[Fact]:
        return self.facts | self.under


_LINES = re.compile(
    r"(?<=[.!?])(?<![Rr]p\.)(?<![Nn]o\.)(?<![Jj]l\.)(?<!a\.n\.)(?<![ap]\.m\.)\s+|;\s+|"
    r"\n+(?!\s*\**(?:[Rr][Pp]|IDR|A?\$)[.\s]?\d)"  # a price alone goes on with the line before it
)
_PIECES = re.compile(
    r",\s+|\s+(?:dan|and|atau|or|lalu|plus|sedangkan|while|tapi|but|sama|kalau|followed by)\s+|\s[-\u2013\u2014|·]\s|"
    r"[()]|\s[+/]\s",
    re.IGNORECASE,
)
_LABEL = re.compile(
    rf"\s*(?:[-•*]\s*|\d+[.)]\s*)?(?:([^:\n]{{2,60}}?):(?=\s|\*|$)|((?:hari )?(?:{'|'.join(DAYS)}) )(?=\d))",
    re.IGNORECASE,
)
_BULLET = re.compile(r"\s*(?:[-•*|]\s|\d+[.)]\s|\d{1,2}[.:]\d\d)")
_BARE = listed(
    """jam pukul hari tiap setiap berlaku valid durasi untuk for from until sampai dari at on the ya kak kakak mulai start
    starts selesai end ends per x kali kelas class classes orang people menit minutes hour hours jam rp idr rupiah wib wita juga
    cuma hanya only is are ada adalah harga harganya biaya biayanya price prices tiap every each pagi siang sore malam morning
    evening afternoon night jadi so total minggu bulan tahun week weeks month months year years day days time waktu cost costs
    maksimal max maximum durasinya lasts last runs up to about around selama berikutnya next berdurasi each masing both semuanya semua"""
)
_NUMBERS = listed("""senin satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas one two three four five six seven eight nine
    ten eleven twelve am pm ribu rb juta rupiah rp idr k aud dollar dollars thousand million hundred ratus puluh belas twenty thirty forty
    fifty sixty menit minute minutes wita wib kak kakak half past quarter lewat kurang seperempat setengah jam pukul hari day days hour
    persen percent hi halo""")
_RELATIVE = re.compile(rf"\b(?:{derived.WHEN})\b")
_ONCE = re.compile(
    r"\b(?:sekali (?:datang|dtg|dateng)|per kedatangan|drop-?in|(?:single|casual|one) (?:class|visit)|casual(?:ly)?|per visit|a visit)\b"
)
_ADDRESS = re.compile(
    r"\S+@\S+|https?://\S+|\b[a-z][\w-]*(?:\.[a-z][\w-]+)+(?:/\S*)?", re.IGNORECASE
)
_PARTY = re.compile(
    rf"\b(?:{'|'.join(derived.TOGETHER)})\b|\b(?:for|untuk) (\d)(?=[.,;!?)]|\s*$|\s(?:at|in|is|it|costs?|di|kak|ya)\b)"
)


@lru_cache(maxsize=1)
def _no_words() -> frozenset[str]:
    return frozenset(lexical.stem(word) for word in (*DAYS, *MONTHS, *_NUMBERS))


@lru_cache(maxsize=20_000)
def words_of(text: str) -> tuple[Word, ...]:
    """What the words of a text mean, without numbers, days and months: those are facts."""
    meanings = lexical.meanings(lexical.words(_ADDRESS.sub(" ", text)))
    return tuple(word for meant in meanings if (word := _word(meant.said)))


@lru_cache(maxsize=20_000)
def _word(said: tuple[str, ...]) -> Word | None:
    """A word or known phrase, read once: most words come again in every text."""
    dropped = _no_words()
    (meant,) = lexical.meanings(said)
    own = tuple(t for t in meant.own if not t.isdigit() and t not in dropped)
    if not own:
        return None
    bare = all(word in _BARE for word in said)
    return Word(own, meant.synonyms - dropped, meant.related - dropped, bare)


@lru_cache(maxsize=20_000)
def facts_of(text: str, today: int | None = None, wide: bool = False) -> frozenset[Fact]:
    """The facts of a piece of text; `today` is the weekday that “besok” counts from; `wide`: the studio writes 17:00, so its
    10:30 is no evening."""
    told = stated(text)
    return frozenset(_facts(told, today, wide))


def _facts(told: Stated, today: int | None, wide: bool) -> Iterator[Fact]:
    yield from (Fact("money", (value,)) for _code, value in told.money)
    for time in told.times:
        minutes = time.meant if wide else time.both
        yield Fact("time", tuple(map(float, sorted(minutes))), open=time.ends or time.earlier)
    yield from (Fact("day", (float(day),)) for day in told.days_meant)
    yield from (Fact("days", (pair,)) for pair in day_ranges(told.text))
    yield from (Fact("date", ((date.month or 0, date.day),)) for date in told.dates)
    yield from (Fact("percent", (value,)) for value in told.percent)
    yield from (Fact("number", (value,)) for value in told.numbers)
    yield from (Fact("long", (re.sub(r"^0", "62", value),)) for value in told.long_numbers)
    yield from (Fact("link", (value,)) for value in told.links)
    for kind, value in told.quantities:
        yield (
            Fact("span", (f"{kind}{value:g}",))
            if kind in ("span", "months")
            else Fact(kind, (value,))
        )
    for match in _PARTY.finditer(told.text):
        many = float(match[1] or derived.TOGETHER.get(match[0], 0))
        yield Fact("people", (many,), open=True)
    if _ONCE.search(told.text):
        yield Fact("count", (1.0,))
    if today is not None:
        for match in _RELATIVE.finditer(told.text):
            yield Fact("day", (float((today + derived.RELATIVE[match[0]]) % 7),))


@lru_cache(maxsize=4096)
def clauses(text: str, today: int | None = None, wide: bool = False) -> tuple[Clause, ...]:
    """The clauses of a text, each with the label of its line and the heading above it."""
    found: list[Clause] = []
    heading = ""
    for number, line in enumerate(part for part in _LINES.split(text) if part.strip()):
        bullet = bool(_BULLET.match(line))
        if _is_heading(line, bullet):
            heading = line
            found += _alone(line, today, wide, number)
            continue
        heading = heading if bullet else ""
        found += _of_line(line, heading, today, wide, number)
    return tuple(found)


def _is_heading(line: str, bullet: bool) -> bool:
    text = line.strip()
    if bullet and not text.endswith(":"):
        return False
    return text.endswith(":") or (
        len(text) < 45 and (text.isupper() or (text.startswith("*") and text.endswith("*")))
    )


def _alone(line: str, today: int | None, wide: bool, number: int) -> Iterator[Clause]:
    facts = facts_of(line, today, wide)
    if facts:
        yield Clause(
            line, facts, frozenset(), frozenset(), words_of(line), (), groups(line), number
        )


def _of_line(
    line: str, heading: str, today: int | None, wide: bool, number: int
) -> Iterable[Clause]:
    match = _LABEL.match(line)
    label = (match[1] or match[2]) if match else ""
    named = f"{heading} {label}" if label else heading
    body = line[match.end() :] if match else line
    pieces = [piece for piece in _PIECES.split(body) if piece and piece.strip()]
    made: list[_Growing] = []
    for piece in pieces:
        grown = _Growing(piece, facts_of(piece, today, wide), words_of(piece))
        if made and made[-1].takes(grown):
            made[-1].add(grown)
        else:
            made.append(grown.after(made[-1] if made else None))
    if not made and label:
        made = [_Growing(label, frozenset(), ())]
    under = facts_of(named, today, wide) if named.strip() else frozenset()
    of_label = facts_of(label, today, wide) if label else frozenset()
    for place, each in enumerate(made):
        own_days = any(fact.kind == "day" for fact in each.facts)
        above = frozenset(f for f in under if not (own_days and f.kind in ("day", "days")))
        yield Clause(
            each.text,
            each.facts,
            above,
            of_label if place == 0 else frozenset(),
            each.words,
            (*words_of(named), *each.inherited),
            groups(f"{named} {each.text}") | each.inherited_groups,
            number,
        )


_DAYS = {"day", "days"}
_STARTS_WITH_DAY = re.compile(rf"\W*(?:hari )?(?:{'|'.join(DAYS)})\b")


def _kinds(facts: frozenset[Fact]) -> set[str]:
    return {fact.kind for fact in facts}


class _Growing:
    """A clause while its pieces are put together."""

    def __init__(self, text: str, facts: frozenset[Fact], words: tuple[Word, ...]) -> None:
        self.text, self.facts, self.words = text, facts, words
        self.inherited: tuple[Word, ...] = ()
        self.inherited_groups: frozenset[int] = frozenset()
        self.named = any(not word.bare for word in words)

    def takes(self, piece: "_Growing") -> bool:
        """Whether the piece goes on about the same thing."""
        if not self.facts or not piece.facts:
            return True
        if _kinds(self.facts) <= _DAYS and _STARTS_WITH_DAY.match(piece.text.lower()):
            return True  # “Selasa, Kamis dan Sabtu 09.00”
        return not piece.named and not self._again(piece)

    def _again(self, piece: "_Growing") -> bool:
        """A second price with its own number of classes, a second hour with its own day."""
        here, there = _kinds(self.facts), _kinds(piece.facts)
        if {"money", "date"} & here & there and len(there) > 1:
            return True
        times = [
            {fact.values for fact in of if fact.kind == "time"} for of in (self.facts, piece.facts)
        ]
        return {"time", "day"} <= here and {"time", "day"} <= there and times[0] != times[1]

    def after(self, other: "_Growing | None") -> "_Growing":
        """A piece without a name of its own is about what the piece before it named."""
        if other is not None and not self.named:
            self.inherited = (*other.words, *other.inherited)
            self.inherited_groups = groups(other.text) | other.inherited_groups
        return self

    def add(self, piece: "_Growing") -> None:
        self.text = f"{self.text}, {piece.text}"
        self.facts |= piece.facts
        self.words += piece.words
        self.named = self.named or piece.named
