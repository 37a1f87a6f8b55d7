"""What a piece of text says: its words by their meaning, and its facts. Entries and drafts are read in the same way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agent import derived
from agent.calendar_words import DAYS, MONTHS, day_ranges, excepted
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


_BARE = listed(
    """jam pukul hari tiap setiap berlaku valid durasi untuk for from until sampai dari at on the ya kak kakak mulai start
    starts selesai end ends per x kali kelas class classes orang people menit minutes hour hours jam rp idr rupiah wib wita juga
    cuma hanya only is are ada adalah harga harganya biaya biayanya price prices tiap every each pagi siang sore malam morning
    evening afternoon night jadi so total minggu bulan tahun week weeks month months year years day days time waktu cost costs
    maksimal max maximum durasinya lasts last runs up to about around selama berikutnya next berdurasi each masing both semuanya semua"""
)
_NUMBERS = listed("""senin satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas one two three four five six seven eight nine
    ten eleven twelve am pm ribu rb juta rupiah rp idr k aud dollar dollars thousand million hundred ratus puluh belas twenty thirty forty
    fifty sixty seventy eighty ninety menit mins min mnt p m minute minutes wita wib kak kakak half past quarter lewat
    kurang seperempat setengah jam pukul hari day days hour persen percent hi halo""")
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
    yield from (Fact("day", (float(day),)) for day in told.days_meant - excepted(told.text))
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
