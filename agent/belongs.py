"""Whether a fact that stands in the entries is told of the thing it is true of: not Yin's hour for Sunset Flow, not the
price of five classes for ten.

Each clause of a draft is looked up in the entries by its words, its groups and its other facts. Where the clauses that fit best
state another value of the kind, and those that state this one fit much worse, the fact belongs to something else.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from agent import derived
from agent.catalogue import Catalogue, Scores, catalogue
from agent.clauses import Clause, Fact, Word, clauses, words_of
from agent.groups import groups
from agent.known import Known, read
from agent.stated import Stated

DRAFT, BEFORE, QUESTION = 0.25, 0.5, 0.4  # how much words count that stand outside the clause
BESIDE, BESIDE_LENGTH = 0.6, 0.2  # a day or time beside the fact; a number of classes counts whole
AROUND, OF_ALL = 3.5, 4.0
GROUP, GROUP_NEAR, NOT_ASKED = 2.5, 1.0, 2.5
_DENIED = re.compile(
    r"\b(?:tidak|tak|nggak|ngga|gak|ga|belum|bukan|kecuali|libur|tutup|no|not|isn't|aren't|closed|except|never)\b|n't\b"
)
_LEFT_ALONE = frozenset({"floor", "nights", "degree", "m"})
# Not in an entry: from the studio's settings, worked out, or denied. The check of each fact has seen to it.
_FROM_ELSEWHERE = frozenset({"money", "percent", "time", "link", "long", "date"})
_DENIABLE = frozenset({"day", "days", "time"})
# How much better another place must fit, in the rarity of words and as a share: as measured on replies of people.
_MARGINS = {
    "money": (2.0, 0.1),
    "time": (1.0, 0.06),
    "day": (1.6, 0.1),
    "days": (1.5, 0.1),
    "date": (2.2, 0.15),
    "link": (1.5, 0.08),
    "long": (1.5, 0.08),
    "count": (1.5, 0.1),
    "kg": (2.0, 0.15),
    "percent": (2.0, 0.15),
    "people": (3.2, 0.34),
    "span": (3.5, 0.24),
    "number": (2.5, 0.3),
}
_ONE_UNIT: dict[object, re.Pattern[str]] = {
    "span60": re.compile(r"(?<!\d )\b(?:hour|jam)\b(?! \d)", re.IGNORECASE),
    "span1440": re.compile(r"(?<!\d )\b(?:day|hari)\b", re.IGNORECASE),
}
_OTHER_UNIT = (2.6, 0.16)
_OF_ALL = re.compile(
    r"\b(?:semua|setiap|tiap|every|all|each) (?:kelas|class(?:es)?|sesi|sessions?)\b", re.IGNORECASE
)
_USUAL_MARGIN = (3.0, 0.3)
_LEAST = 3.0  # a place that fits no better than this says nothing


@dataclass(frozen=True)
class Asked:
    """What the check knows beside the entries."""

    texts: Sequence[str] = ()  # of the customer
    words: str = ""  # of the question
    today: dt.date | None = None
    lines: int = 0  # of lists in the draft

    @property
    def customer(self) -> Iterator[Stated]:
        """One message after the other: the newest one is read only when something depends on it."""
        return map(read, self.texts)


def misplaced(
    draft: str, told: Stated, entries: tuple[str, ...], held: Known, asked: Asked
) -> list[Fact]:
    """Facts of the draft that belong to something else."""
    if not entries:
        return []
    check = _Placing(draft, told, catalogue(entries), held, asked)
    return list(dict.fromkeys(check.wrong()))


class _Placing:
    def __init__(
        self,
        draft: str,
        told: Stated,
        known: Catalogue,
        held: Known,
        asked: Asked,
    ) -> None:
        self.told, self.known, self.held, self.asked = told, known, held, asked
        weekday = asked.today.weekday() if asked.today else None
        self.clauses = clauses(draft, weekday)

    @cached_property
    def named(self) -> frozenset[int]:
        return frozenset().union(groups(self.asked.words), *(c.groups for c in self.clauses))

    def _around(self, number: int, kinds: frozenset[str]) -> Iterator[tuple[Sequence[Word], float]]:
        """The words of the whole draft and of the question. A clause that states such a fact itself says where that one
        belongs, not this."""
        kinds -= {"day", "days"}  # of which one draft names many
        for place, clause in enumerate(self.clauses):
            if place == number or kinds.isdisjoint(fact.kind for fact in clause.facts):
                yield (*clause.words, *clause.label), DRAFT
        yield words_of(self.asked.words), QUESTION

    def wrong(self) -> Iterable[Fact]:
        for number, clause in enumerate(self.clauses):
            days = (fact for fact in clause.under if fact.kind in ("day", "days"))
            facts = {*clause.facts, *clause.labelled, *days}
            facts = {fact for fact in facts if self._to_check(fact, clause)}
            if facts:
                words = self._beside(number, clause, frozenset(fact.kind for fact in facts))
                yield from (fact for fact in facts if self._elsewhere(fact, clause, words))

    def _beside(self, number: int, clause: Clause, kinds: frozenset[str]) -> Scores:
        """What the clause's own words find among the places with such facts, and as much again from the words around it as
        `AROUND` allows."""
        before = self.clauses[number - 1] if number else None
        own = ((clause.words, 1.0), (clause.label, 0.9))
        near = (*before.words, *before.label) if before else ()
        scores, all_scores = self.known.beside(
            own, ((near, BEFORE), *self._around(number, kinds)), kinds
        )
        return {
            place: here + min(found - here, AROUND)
            for place, found in all_scores.items()
            for here in (scores.get(place, 0.0),)
        }

    def _to_check(self, fact: Fact, clause: Clause) -> bool:
        if fact.kind in _LEFT_ALONE or fact.kind not in self.known.kinds:
            return False
        if fact.kind == "people" and fact.open:
            return False
        if fact.kind in _DENIABLE and _DENIED.search(clause.text.lower()):
            return False
        if fact.kind == "number" and fact.values[0] in range(5):
            return False
        return not self._works_out(fact, clause)

    def _works_out(self, fact: Fact, clause: Clause) -> bool:
        """Computed, counted, or taken up from the question."""
        value = fact.values[0]
        match fact.kind:
            case "money":
                assert isinstance(value, float)
                return value not in self.held.amounts or (
                    bool(self.asked.texts)
                    and derived.follows(value, self.told, self.asked.customer)
                )
            case "time" if fact.open:
                return any(
                    derived.time_fits(time, self.told, self.held.parts)
                    for time in self.told.times
                    if time.both & set(fact.values)
                )
            case "span":
                return str(value).startswith("span") and derived.length_fits(
                    float(str(value)[4:]), self.told.times
                )
            case "date":
                return any(
                    derived.date_fits(date, self.told.weekdays, self.told.text, self.asked.today)
                    for date in self.told.dates
                    if self.asked.today and (date.month or 0, date.day) == value
                )
            case "people" | "number" | "count":
                assert isinstance(value, float)
                priced = any(other.kind == "money" for other in clause.all_facts)
                if not priced and derived.count_fits(value, self.told, self.asked.lines):
                    return True
                return any(value in asked.every_number for asked in self.asked.customer)
        return False

    def _elsewhere(self, fact: Fact, clause: Clause, words: Scores) -> bool:
        here = self.known.stating(fact)
        if not here and fact.kind in _FROM_ELSEWHERE:
            return False
        scores = self._scores(fact, clause, words)
        places = self.known.kinds[fact.kind]
        if fact.kind not in ("day", "days"):  # of which one clause names many
            taken = self._taken(fact, clause) - here
            places = [number for number in places if number not in taken]
        if not places:
            return False
        place = max(places, key=lambda number: scores.get(number, 0.0))
        if unit := _ONE_UNIT.get(fact.values[0]):  # “for an hour” of “a private hour”
            nearest = max(scores, key=lambda number: scores[number], default=place)
            if any(unit.search(self.known.clauses[each].text) for each in (place, nearest)):
                return False
        best = scores.get(place, 0.0)
        fits = max((scores.get(number, 0.0) for number in here), default=0.0)
        if any(_OF_ALL.search(self.known.clauses[number].text) for number in here):
            fits += OF_ALL
        least, share = _MARGINS.get(fact.kind, _USUAL_MARGIN)
        if fact.kind == "span" and not self._like(fact, self.known.clauses[place]):
            least, share = _OTHER_UNIT
        return best >= _LEAST and best - fits > max(least, share * (3 + best))

    def _taken(self, fact: Fact, clause: Clause) -> set[int]:
        """The places of other such facts in the same clause: “untuk kelas 06:15 batasnya 18:15” names both in their order."""
        others = (each for each in clause.facts - {fact} if each.kind == fact.kind)
        return {number for other in others for number in self.known.stating(other)}

    def _like(self, fact: Fact, clause: Clause) -> bool:
        """Whether the clause tells a length of about this size: “empat bulan” is none where it tells 60 minutes."""
        size = _minutes(fact)
        return any(
            size / 8 < _minutes(other) < size * 8
            for other in clause.all_facts
            if other.kind == "span"
        )

    def _scores(self, fact: Fact, clause: Clause, words: Scores) -> Scores:
        """The words, with what other facts and groups of the clause add."""
        scores = dict(words)
        for other in clause.all_facts:
            if other.kind in (fact.kind, "number") or {other.kind, fact.kind} == {"day", "days"}:
                continue
            gain = self.known.rarity((other.kind, other.values[0]))
            if other.kind in ("day", "time"):
                gain *= BESIDE_LENGTH if fact.kind == "span" else BESIDE
            for number, level in self.known.holding(other).items():
                scores[number] = scores.get(number, 0.0) + gain * level
        gains: dict[frozenset[int], float] = {}
        for number in self.known.kinds[fact.kind]:
            told = self.known.groups[number]
            if told not in gains:
                gains[told] = self._gain(told, fact, clause)
            if gains[told]:
                scores[number] = scores.get(number, 0.0) + gains[told]
        return scores

    def _gain(self, told: frozenset[int], fact: Fact, clause: Clause) -> float:
        """How much the groups of a place speak for it, or against it."""
        gain = GROUP * len(told & clause.groups)
        gain += GROUP_NEAR * len(told & self.named - clause.groups)
        if fact.kind == "money":
            gain -= NOT_ASKED * len(told - self.named)
        return gain


def _minutes(fact: Fact) -> float:
    value = str(fact.values[0])
    return float(value[6:]) * 43_200 if value.startswith("months") else float(value[4:])
