"""Whether a fact that stands in the entries is told of the thing it is true of: not Yin's hour for Sunset Flow, not the
price of five classes for ten.

Only where an entry names the thing in so many words: a class by its name beside a day or time, a pack by its number
beside an amount. A fact is misplaced when the lines that name the thing hold others of its kind and not this one, and
no line without a name holds it. Everything else is left alone: a net with wide meshes, below the check of each fact.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from agent.calendar_words import DAYS, MONTHS
from agent.stated import Stated, stated

_LINES = re.compile(r"(?<=[.!?;])(?<![Rr]p\.)(?<![Nn]o\.)(?<![Jj]l\.)\s+|\n+")
_DENIED = re.compile(
    r"\b(?:tidak|tak|nggak|ngga|gak|ga|belum|bukan|kecuali|libur|tutup|no|not|isn't|aren't|closed|except|never)\b|n't\b"
)
_NAME = re.compile(r"[A-Z][\w'-]*(?:\s(?:&\s|di\s)?[A-Z][\w'-]*)+|(?<=\*)[A-Z][\w' &-]{3,40}(?=\*)")
_LABEL = re.compile(r"^\s*- \**([A-Za-z][^:*\d\n(]{2,30}?)\**\s*(?:\([^)\n]*\))?\**:", re.MULTILINE)
_COMMON = re.compile(r"\b(?:yoga|kelas|class|classes|kursus|course|jadwal|the|and|dan|studio)\b")
_ONCE = re.compile(
    r"\b(?:sekali (?:datang|dtg|dateng)|1x (?:datang|dtg)|drop-?in|single (?:class|visit)|casual)\b|\b1 (?:kelas|class)\W{0,3}(?:rp|idr|\u00a4|\d)"
)
Facts = frozenset[tuple[str, float]]


@dataclass(frozen=True)
class _Line:
    text: str
    facts: Facts
    counts: frozenset[float]
    title: bool = False  # a title, with all that its entry states


def misplaced(draft: str, entries: tuple[str, ...], studio: str = "") -> list[tuple[str, float]]:
    """Days, times and amounts of the draft that belong to something else. The studio's own name names no class."""
    catalogue = _catalogue(entries, studio)
    wrong: list[tuple[str, float]] = []
    for text in _LINES.split(draft):
        said = _line(text, told=True)
        if said.facts:
            wrong += catalogue.of_names(said)
            wrong += catalogue.of_counts(said)
    return list(dict.fromkeys(wrong))


class _Catalogue:
    """What the entries name, and the facts beside each name."""

    def __init__(self, entries: Iterable[str], studio: frozenset[str]) -> None:
        lines = [line for entry in entries for line in _lines_of(entry)]
        names = {name for entry in entries for name in _names(entry) if set(name.split()) - studio}
        self.facts: dict[str, set[tuple[str, float]]] = {}
        self.general: set[tuple[str, float]] = set()
        self.counted: dict[float, set[float]] = {}
        for name in names:
            beside = {fact for line in lines if name in line.text for fact in line.facts}
            if any(kind == "time" for kind, _value in beside):
                self.facts[name] = beside
        longest = sorted(self.facts, key=len, reverse=True)
        self.pattern = (
            re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
            if longest
            else None
        )
        for line in lines:
            if not line.title and not self.names_in(line.text):
                self.general |= line.facts
            for count in line.counts:
                self.counted.setdefault(count, set()).update(
                    v for kind, v in line.facts if kind == "money"
                )

    def names_in(self, text: str) -> list[str]:
        return self.pattern.findall(text) if self.pattern else []

    def of_names(self, said: _Line) -> list[tuple[str, float]]:
        names = self.names_in(said.text)
        times = {fact for fact in said.facts if fact[0] == "time"}
        if not names or len(times) > len(
            set(names)
        ):  # a time is told of something without a known name
            return []
        allowed = set().union(*(self.facts[name] for name in names))
        kinds = {kind for kind, _value in allowed} & {"time", "day"}
        if _DENIED.search(said.text):
            kinds -= {"day"}
        allowed |= {fact for fact in self.general if fact[0] == "time"}
        return [fact for fact in said.facts if fact[0] in kinds and fact not in allowed]

    def of_counts(self, said: _Line) -> list[tuple[str, float]]:
        """One amount beside one number of classes."""
        amounts = [fact for fact in said.facts if fact[0] == "money"]
        if len(amounts) != 1 or len(said.counts) != 1 or self.names_in(said.text):
            return []
        allowed = self.counted.get(next(iter(said.counts)))
        return amounts if allowed and amounts[0][1] not in allowed else []


@lru_cache(maxsize=64)
def _catalogue(entries: tuple[str, ...], studio: str) -> _Catalogue:
    return _Catalogue(entries, frozenset(_plain(studio).split()))


@lru_cache(maxsize=4096)
def _lines_of(entry: str) -> tuple[_Line, ...]:
    """The lines of an entry, each with its heading (“**Saturday**”) and, where it names nothing, its title."""
    title, _end, content = entry.partition("\n")
    found, heading = [], ""
    for text in _LINES.split(content):
        if (
            text.strip().endswith((":", "**"))
            and not text.lstrip().startswith("-")
            and len(text) < 40
        ):
            heading = text
        under = heading if text.lstrip().startswith("-") else ""
        found.append(_line(f"{under} {text}"))
    whole = _line(entry)
    return (*found, _Line(_plain(title), whole.facts, frozenset(), title=True))


@lru_cache(maxsize=4096)
def _line(text: str, told: bool = False) -> _Line:
    read = stated(text)
    counts = {
        value for kind, value in read.quantities if kind == "count" and not (told and value == 1)
    }
    if not counts and _ONCE.search(read.text):
        counts = {1.0}
    return _Line(_plain(text), _facts(read, told), frozenset(counts))


def _facts(read: Stated, told: bool) -> Facts:
    """In a draft only what is told without doubt: no end of a class, no “jam 6” that may be either."""
    times = {
        m for t in read.times if not (told and (t.ends or t.earlier or t.other)) for m in t.both
    }
    days = read.weekdays if told else read.days_meant
    return frozenset(
        {
            *(("time", float(m)) for m in times),
            *(("day", float(d)) for d in days),
            *(("money", v) for _code, v in read.money),
        }
    )


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[*_]", "", text.lower()).split())


@lru_cache(maxsize=4096)
def _names(entry: str) -> frozenset[str]:
    """Names of classes: words with capitals in a row, and what is set off with stars."""
    found = set()
    for told in [*(match[0] for match in _NAME.finditer(entry)), *_LABEL.findall(entry)]:
        name = _plain(told).strip(" -&")
        words = set(name.split())
        if words & (DAYS.keys() | MONTHS.keys()) or any(sign.isdigit() for sign in name):
            continue
        short = " ".join(_COMMON.sub(" ", name).split())
        found |= {
            each
            for each in (name, short, name.split(" & ")[0] if "&" in name else "")
            if len(each) > 2
        }
    return frozenset(found)
