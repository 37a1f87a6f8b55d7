"""Two entries that tell customers different prices or times of the same thing. It warns and never stops anybody.

Simple on purpose: entries of one category that are told at the same time, and either a line of each that has the same
words around another amount, or almost the same title and no amount in common.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.models import KnowledgeEntry

MOST = 500  # entries of a category that are looked at
SHOWN = 3
_MONEY = re.compile(
    r"(?:rp\.?|idr)\s?(\d[\d.,]*)\s*(rb|ribu|k|jt|juta)?|(?<![\w.,])(\d[\d.,]*)\s*(rb|ribu|k|jt|juta)\b"
)
_TIME = re.compile(r"(?<![\d.,])([01]?\d|2[0-3])[.:]([0-5]\d)(?![\d.,])")
_WORD = re.compile(r"[^\W\d_]{2,}|\d+(?=\s*(?:x|kelas|class|bulan|month|hari|day|orang|people))")
_PLAIN_WORDS = """the a an is are of for per at from to and in on our adalah dan di ke dari untuk jam pukul harga
price mulai studio kami"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
_TIMES = {"rb": 1000, "ribu": 1000, "k": 1000, "jt": 1_000_000, "juta": 1_000_000}


@dataclass(frozen=True)
class Contradiction:
    """The other entry, and the words of both that do not agree."""

    other: KnowledgeEntry
    ours: str
    theirs: str


def contradictions(entry: KnowledgeEntry) -> list[Contradiction]:
    """Active entries of the same category that say something else. Empty unless this one is told to customers."""
    if entry.status != KnowledgeEntry.Status.ACTIVE:
        return []
    rows = KnowledgeEntry.objects.filter(
        tenant=entry.tenant_id, category=entry.category, status=KnowledgeEntry.Status.ACTIVE
    ).exclude(pk=entry.pk)
    others = rows.only("title", "content", "valid_from", "valid_until").order_by("pk")[:MOST]
    found = (_between(entry, other) for other in others if _meet(entry, other))
    return [one for one in found if one is not None][:SHOWN]


def _meet(one: KnowledgeEntry, other: KnowledgeEntry) -> bool:
    """Whether there is a day on which both are told."""
    first = max(one.valid_from or dt.date.min, other.valid_from or dt.date.min)
    return first <= min(one.valid_until or dt.date.max, other.valid_until or dt.date.max)


def _between(entry: KnowledgeEntry, other: KnowledgeEntry) -> Contradiction | None:
    ours, theirs = _told(entry), _told(other)
    for key in ours.keys() & theirs.keys():  # a class may be twice a day: times alone say little
        if key[0] == "money" and not ours[key][0] & theirs[key][0]:
            return Contradiction(other, ours[key][1], theirs[key][1])
    if _near(entry.title, other.title):
        return _apart(other, ours, theirs)
    return None


Told = dict[tuple[str, frozenset[str]], tuple[set[int], str]]


def _apart(other: KnowledgeEntry, ours: Told, theirs: Told) -> Contradiction | None:
    """Of the same title: no amount of money, or no time, in common."""
    for kind in ("money", "time"):
        here = [value for key, value in ours.items() if key[0] == kind]
        there = [value for key, value in theirs.items() if key[0] == kind]
        if here and there and not _all(here) & _all(there):
            return Contradiction(other, here[0][1], there[0][1])
    return None


def _all(told: Iterable[tuple[set[int], str]]) -> set[int]:
    return set().union(*(amounts for amounts, _line in told))


def _told(entry: KnowledgeEntry) -> Told:
    """What stands around each amount → the amounts, and the line; the title says what a line leaves out."""
    found: Told = {}
    for line in entry.content.casefold().splitlines():
        for kind, amounts in _amounts(line):
            words = _words(line) or _words(entry.title.casefold())
            if not words:
                continue
            values, shown = found.setdefault((kind, words), (set(), line.strip(" -*|")[:120]))
            values |= amounts
            found[kind, words] = (values, shown)
    return found


def _amounts(line: str) -> Iterator[tuple[str, set[int]]]:
    if money := {_value(*match.groups(default="")) for match in _MONEY.finditer(line)}:
        yield "money", money
    if times := {int(m[1]) * 60 + int(m[2]) for m in _TIME.finditer(_MONEY.sub(" ", line))}:
        yield "time", times


def _value(number: str, unit: str, bare: str, bare_unit: str) -> int:
    digits, unit = (number or bare).strip(".,"), unit or bare_unit
    if unit and len(re.findall(r"[.,]", digits)) < 2:  # 1,2 juta; 150 rb
        return round(float(digits.replace(",", ".")) * _TIMES[unit])
    return int(re.sub(r"\D", "", digits))


def _words(line: str) -> frozenset[str]:
    """What the line speaks of, its amounts aside."""
    plain = _TIME.sub(" ", _MONEY.sub(" ", line))
    return frozenset(_WORD.findall(plain)) - _PLAIN


def _near(one: str, other: str) -> bool:
    """Titles with the same words, or with one word more or less."""
    first, second = _words(one.casefold()), _words(other.casefold())
    return bool(first and second) and len(first ^ second) <= (1 if len(first | second) > 2 else 0)
