"""How well each place of the entries fits a fact of a draft: by its words, its groups and the facts beside it.

A place is a clause of an entry that states something of the kind. The draft's other facts count twice: those of the same clause where
a place states them, too, and all of them where they stand in its entry, since an answer mostly rests on one.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from agent import derived
from agent.catalogue import Catalogue, Scores
from agent.clauses import Clause
from agent.groups import groups
from agent.pieces import Fact, Word, words_of

DRAFT, BEFORE, QUESTION = 0.25, 0.5, 0.4  # how much words count that stand outside the clause
BESIDE, BESIDE_LENGTH = 1.0, 0.2  # a day or time beside the fact; a number of classes counts whole
AROUND, TAKEN_UP = 3.5, 1.0
GROUP, GROUP_NEAR, NOT_ASKED = 2.5, 2.0, 2.5
GOING_ON = 2.0
COMPANY, MOST_COMPANY = 0.5, 4.0
DAYS = frozenset({"day", "days"})  # of which one clause names many
_WHEN = DAYS | {"time", "number"}

_ORDINARY = re.compile(r"\b(?:reguler|regular|biasa|biasanya|normal|standar|standard|ordinary)\b")


def _kinds(clause: Clause) -> set[str]:
    return {fact.kind for fact in clause.facts}


class Fitting:
    """One draft against the places of a catalogue."""

    def __init__(self, clauses: Sequence[Clause], question: str, known: Catalogue) -> None:
        self.clauses, self.question, self.known = clauses, question, known

    def words(self, number: int, kinds: frozenset[str]) -> Scores:
        """What the words of one clause find among the places with such facts, and as much again from the words around it as
        `AROUND` allows."""
        clause = self.clauses[number]
        if kinds & {"span", "count"}:
            kinds |= {"number"}  # “All classes 60 minutes, Restorative 75”
        before = self.clauses[number - 1] if number else None
        own = [(clause.words, 1.0), (clause.label, 0.9)]
        if not self.says_what:
            own.append((words_of(self.question), TAKEN_UP))
        near = (*before.words, *before.label) if before else ()
        around = [(near, BEFORE), *self._around(number, kinds)]
        if before and _ORDINARY.search(clause.text.lower()) and kinds & _kinds(before):
            around = []  # “Hot yoga Rp 175.000, reguler Rp 130.000”: not what was named before
        scores, all_scores = self.known.beside(own, around, kinds)
        return {
            place: here + min(found - here, AROUND)
            for place, found in all_scores.items()
            for here in (scores.get(place, 0.0),)
        }

    def own(self, clause: Clause, kinds: frozenset[str]) -> Scores:
        """What nothing but the words of the clause find."""
        scores, _all = self.known.beside([(clause.words, 1.0), (clause.label, 0.9)], [], kinds)
        return scores

    @cached_property
    def says_what(self) -> bool:
        """Not “Betul Kak, hari Rabu”: that is about what the question names."""
        if any(fact.kind not in _WHEN for clause in self.clauses for fact in clause.all_facts):
            return True
        named = (word for clause in self.clauses for word in (*clause.words, *clause.label))
        return any(not word.bare and self.known.tells_of(word) for word in named)

    def _around(self, number: int, kinds: frozenset[str]) -> Iterator[tuple[Sequence[Word], float]]:
        """The words of the whole draft and of the question. A clause that states such a fact itself says where that one
        belongs, not this."""
        kinds -= DAYS
        for place, clause in enumerate(self.clauses):
            if place == number or kinds.isdisjoint(fact.kind for fact in clause.facts):
                yield (*clause.words, *clause.label), DRAFT
        yield words_of(self.question), QUESTION

    def scores(self, fact: Fact, clause: Clause, words: Scores) -> Scores:
        """The words, with what other facts and groups of the clause add."""
        scores = dict(words)
        if self.says_what:
            for number, gain in self._beside(fact, clause).items():
                scores[number] = scores.get(number, 0.0) + gain
        gains: dict[tuple[int, frozenset[int]], float] = {}
        for number in set(self.known.kinds[fact.kind]):
            told = self.known.entry_of[number], self.known.groups[number]
            if told not in gains:
                gains[told] = self._of_groups(told[1], fact, clause) + self._company(told[0], fact)
            if gains[told]:
                scores[number] = scores.get(number, 0.0) + gains[told]
        return scores

    def _beside(self, fact: Fact, clause: Clause) -> Scores:
        """What the clause's other facts add. Of several days one counts, unless it tells a range of them: a
        place from Monday to Friday holds each."""
        ranged = any(other.kind == "days" for other in clause.all_facts)
        found: Scores = {}
        of_days: Scores = {}
        for other in clause.all_facts:
            if other.kind in (fact.kind, "number") or {other.kind, fact.kind} == DAYS:
                continue
            if other.kind in ("people", "count") and derived.multiplies(clause.text):
                continue  # “untuk 2 orang: 2 x 85 ribu” is no price for two
            gain = self.known.rarity((other.kind, other.values[0]))
            if other.kind in ("day", "time"):
                gain *= BESIDE_LENGTH if fact.kind == "span" else BESIDE
            for number, level in self.known.holding(other).items():
                if other.kind == "day" and not ranged:
                    of_days[number] = max(of_days.get(number, 0.0), gain * level)
                else:
                    found[number] = found.get(number, 0.0) + gain * level
        for number, gain in of_days.items():
            found[number] = found.get(number, 0.0) + gain
        return found

    @cached_property
    def _going_on(self) -> dict[Clause, frozenset[int]]:
        """“Students pay $24 a class or $205 for a 10-class pack”: the second price is for students, too."""
        pairs = zip(self.clauses, self.clauses[1:], strict=False)
        return {two: one.groups for one, two in pairs if one.line == two.line}

    @cached_property
    def named(self) -> frozenset[int]:
        """The groups that the draft or the question names."""
        return frozenset().union(groups(self.question), *(c.groups for c in self.clauses))

    def _of_groups(self, told: frozenset[int], fact: Fact, clause: Clause) -> float:
        """How much the groups of a place speak for it, or against it."""
        gain = GROUP * len(told & clause.groups)
        gain += GROUP_NEAR * len(told & self.named - clause.groups)
        if fact.kind == "money" and not clause.groups:
            gain += GOING_ON * len(told & self._going_on.get(clause, frozenset()))
        if fact.kind == "money" and told.isdisjoint(self.named):
            gain -= NOT_ASKED * len(told)
        return gain

    @cached_property
    def _held(self) -> dict[int, dict[Fact, float]]:
        """What each entry holds of the draft's facts, and how rare they are."""
        found: dict[int, dict[Fact, float]] = defaultdict(dict)
        for fact in {fact for clause in self.clauses for fact in clause.facts}:
            gain = self.known.rarity((fact.kind, fact.values[0]))
            for number in self.known.stating(fact):
                found[self.known.entry_of[number]][fact] = gain
        return found

    def _company(self, entry: int, fact: Fact) -> float:
        """How much of what else the draft states stands in the same entry."""
        if not self.says_what:
            return 0.0
        held = self._held.get(entry, {})
        gains = (gain for other, gain in held.items() if other.values[0] not in fact.values)
        return min(MOST_COMPANY, COMPANY * sum(gains))
