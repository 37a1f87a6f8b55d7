"""Whether a fact that stands in the entries is told of the thing it is true of: not Yin's hour for Sunset Flow, not the
price of five classes for ten.

Each clause of a draft is looked up in the entries. Where the places that fit best state another value of the kind, and those that
state this one fit much worse, the fact belongs to something else.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from agent import derived, sums, terms
from agent.catalogue import Catalogue, Scores, catalogue
from agent.clauses import Clause, clauses
from agent.fitting import DAYS, Fitting
from agent.known import Known
from agent.language import guess
from agent.margins import margin
from agent.pieces import Fact, facts_of
from agent.quantities import soft
from agent.stated import Stated
from agent.worked_out import Asked, worked_out

OF_ALL = 4.0
NAMED = 0.75  # of the rarity of its own words: a place that says less of them is not what is meant
_DENIED = re.compile(
    r"\b(?:tidak|tak|nggak|ngga|gak|ga|belum|bukan|kecuali|libur|tutup|no|not|isn't|aren't|closed|except|never)\b|n't\b"
)
_LEFT_ALONE = frozenset({"floor", "nights", "degree", "m"})
# Not in an entry: from the studio's settings, worked out, or denied. The check of each fact has seen to it.
_FROM_ELSEWHERE = frozenset({"money", "percent", "time", "link", "long"})
_DENIABLE = frozenset({"day", "days", "time"})
_ONE_UNIT = frozenset({"span60", "span1440", "span10080", "months1", "months12"})
_OF_ALL = re.compile(
    r"\b(?:semua|setiap|tiap|every|all|each) (?:kelas|class(?:es)?|sesi|sessions?)\b", re.IGNORECASE
)
_LEAST = 3.0  # a place that fits no better than this says nothing
_LEAST_TAKEN_UP = 1.5  # where the question alone names the thing


def misplaced(
    draft: str, told: Stated, entries: tuple[str, ...], held: Known, asked: Asked
) -> list[Fact]:
    """Facts of the draft that belong to something else."""
    if not entries:
        return []
    check = _Placing(draft, told, catalogue(entries), held, asked)
    return list(dict.fromkeys(check.wrong()))


class _Placed(NamedTuple):
    """A fact with what fits it."""

    fact: Fact
    clause: Clause
    scores: Scores
    here: set[int]  # the places that state it

    def fits(self) -> int | None:
        """The place that it is told of, as it seems."""
        return max(self.here, key=lambda number: self.scores.get(number, 0.0), default=None)

    def as_good(self) -> set[int]:
        """That place, and those that fit about as well: a class of Monday and of Wednesday."""
        best = max((self.scores.get(number, 0.0) for number in self.here), default=0.0)
        return {number for number in self.here if self.scores.get(number, 0.0) >= 0.9 * best}


class _Placing:
    def __init__(
        self, draft: str, told: Stated, known: Catalogue, held: Known, asked: Asked
    ) -> None:
        self.told, self.known, self.held, self.asked = told, known, held, asked
        self.language = guess(draft)
        self.clauses = clauses(draft, asked.today.weekday() if asked.today else None)
        self.fitting = Fitting(self.clauses, asked.words, known)

    def wrong(self) -> Iterable[Fact]:
        """A place that another fact of the draft is rightly told of is not where this one belongs."""
        doubtful: list[_Placed] = []
        claims: dict[str, list[_Placed]] = defaultdict(list)
        for placed in self._placed():
            meant = self._classes(placed.clause) if placed.fact.kind == "span" else set()
            if terms.of_another_pack(
                placed.fact, placed.here, meant, self.fitting.named, self.known
            ):
                yield placed.fact
            elif self._elsewhere(placed):
                doubtful += [] if self._for_as_many(placed) else [placed]
            elif placed.fact.kind not in DAYS:
                claims[placed.fact.kind].append(placed)
        for placed in doubtful:
            others = (other for other in claims[placed.fact.kind] if other.fact != placed.fact)
            taken = {place for other in others for place in self._claimed(other, placed)}
            if not taken or self._elsewhere(placed, taken):
                yield placed.fact

    def _claimed(self, other: _Placed, doubtful: _Placed) -> set[int]:
        """The places that another fact is told of; none when the two are exchanged: “matras 15rb, handuk 20rb”."""
        places = other.as_good() | self._alone(other)
        if other.fact.kind not in ("money", "number"):
            return places
        own = self.fitting.own(other.clause, frozenset({other.fact.kind}))
        most = max(own, key=lambda number: own[number], default=None)
        if most not in doubtful.here:
            return places
        return {place for place in places if own.get(place, 0.0) >= NAMED * own[most]}

    def _for_as_many(self, placed: _Placed) -> bool:
        """A price of something else may be what two pay, as it was asked for."""
        value = placed.fact.values[0]
        return (
            placed.fact.kind == "money"
            and isinstance(value, float)
            and sums.for_as_many(
                value, self.told, self.asked.customer, self.asked.words, self.known
            )
        )

    def _classes(self, clause: Clause) -> set[object]:
        """How many classes the clause is about: as it says, else as was asked when the draft names none."""
        own = sums.counts(clause.all_facts) or sums.counts(clause.labelled)
        if own or any(sums.counts(each.all_facts) for each in self.clauses):
            return own
        return sums.counts(facts_of(self.asked.words))

    def _alone(self, placed: _Placed) -> set[int]:
        """The places that tell no other fact of its kind: a title that repeats the price of its text."""
        clauses, kind = self.known.clauses, placed.fact.kind
        return {
            number
            for number in placed.here
            if {fact for fact in clauses[number].facts if fact.kind == kind} == {placed.fact}
        }

    def _placed(self) -> Iterable[_Placed]:
        for number, clause in enumerate(self.clauses):
            days = (fact for fact in clause.under if fact.kind in DAYS)
            facts = {*clause.facts, *clause.labelled, *days}
            facts = {fact for fact in facts if self._to_check(fact, clause)}
            if facts:
                words = self.fitting.words(number, frozenset(fact.kind for fact in facts))
                for fact in facts:
                    scores = self.fitting.scores(fact, clause, words)
                    yield _Placed(fact, clause, scores, self.known.stating(fact))

    def _to_check(self, fact: Fact, clause: Clause) -> bool:
        if fact.kind in _LEFT_ALONE or fact.kind not in self.known.kinds:
            return False
        if fact.kind == "people" and fact.open:
            return False
        if fact.kind in _DENIABLE and _DENIED.search(clause.text.lower()):
            return False
        if fact.kind == "day" and self.told.dates and fact.values[0] not in self.told.weekdays:
            return False  # “14 to 17 December, each day from 9”
        if fact.kind == "number" and fact.values[0] in range(5):
            return False
        if fact.kind in ("count", "people") and derived.multiplies(clause.text):
            return False  # “2 x Rp 150.000”
        return not worked_out(fact, clause, self.told, self.held, self.asked)

    def _elsewhere(self, placed: _Placed, taken: Iterable[int] = ()) -> bool:
        """Whether a place of another value fits much better; never one that is `taken`."""
        fact, here, scores = placed.fact, placed.here, placed.scores
        if not here and fact.kind in _FROM_ELSEWHERE:
            return False
        places = set(self.known.kinds[fact.kind])
        if fact.kind not in DAYS:
            places -= {*self._beside(placed), *taken} - here
        if not places:
            return False
        place = max(sorted(places), key=lambda number: scores.get(number, 0.0))
        if self._one_unit(fact, place, scores):
            return False
        best, own = scores.get(place, 0.0), placed.fits()
        fits = scores.get(own, 0.0) if own is not None else 0.0
        if any(_OF_ALL.search(self.known.clauses[number].text) for number in here):
            fits += OF_ALL
        least, share = margin(self.known, self.language, fact, placed.clause, place, own)
        enough = _LEAST if self.fitting.says_what else _LEAST_TAKEN_UP
        return best >= enough and best - fits > max(least, share * (3 + best))

    def _one_unit(self, fact: Fact, place: int, scores: Scores) -> bool:
        """“For an hour” of “a private hour”."""
        if fact.values[0] not in _ONE_UNIT:
            return False
        nearest = max(scores, key=lambda number: scores[number], default=place)
        texts = (self.known.clauses[each].text.lower() for each in (place, nearest))
        return any(fact.values[0] in {f"{kind}{size:g}" for kind, size in soft(t)} for t in texts)

    def _beside(self, placed: _Placed) -> set[int]:
        """The places of other such facts in the same clause: “untuk kelas 06:15 batasnya 18:15” names both in their order."""
        fact = placed.fact
        others = (each for each in placed.clause.facts - {fact} if each.kind == fact.kind)
        return {number for other in others for number in self.known.stating(other)}
