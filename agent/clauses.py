"""A text in clauses: each tells facts of one thing. “5 kelas Rp 650.000, 10 kelas Rp 1.200.000” are two.

Entries and drafts are cut in the same way, so that a fact of the one can be looked up beside the same words of the other.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from agent.calendar_words import DAYS, excepted
from agent.groups import groups
from agent.pieces import Fact, Word, facts_of, words_of


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
        if "day" in _kinds(piece.facts):  # “kecuali Sabtu dan Minggu”
            left_out = excepted(self.text.lower())
            self.facts = frozenset(
                f for f in self.facts if f.kind != "day" or f.values[0] not in left_out
            )
        self.words += piece.words
        self.named = self.named or piece.named
