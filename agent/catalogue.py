"""What a studio's entries tell of what: their clauses, found by the words and facts that stand beside a fact."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from agent.clauses import Clause, clauses
from agent.clock_words import counts_to_24
from agent.groups import groups
from agent.language import guess
from agent.pieces import Fact, Word, facts_of, words_of

Key = tuple[str, object]  # (“word”, stem), or kind and value of a fact
Scores = dict[int, float]  # by number of the clause
Parts = Sequence[tuple[Sequence[Word], float]]  # words, and how much they count

LABEL, TITLE, LINE, NEAR = 0.9, 0.7, 0.45, 0.3  # how much a word counts that stands elsewhere
SYNONYM, RELATED = 0.8, 0.4
WITHOUT_UNIT = 0.8
KEPT = 400  # words whose places a catalogue remembers
FEWEST = 150  # clauses of a usual studio: in a small one a word says as much


@dataclass(frozen=True)
class _Told:
    """One clause of an entry, as it goes into a catalogue."""

    clause: Clause
    groups: frozenset[int]
    places: Mapping[Key, float]
    kinds: tuple[str, ...]
    used: tuple[Key, ...]


@dataclass(frozen=True)
class _Entry:
    language: str | None
    titled: tuple[Key, ...]
    told: tuple[_Told, ...]


@lru_cache(maxsize=4096)
def _read(entry: str, wide: bool) -> _Entry:
    """What an entry brings along, read once however the entries are put together."""
    title, _end, content = entry.partition("\n")
    titled, of_title = words_of(title), groups(title)
    told = (*clauses(title, None, wide), *clauses(content, None, wide))
    lines: dict[int, list[Word]] = defaultdict(list)
    for clause in told:
        lines[clause.line] += clause.words
    found = []
    for clause in told:
        if not clause.all_facts:
            continue
        words = _levels(
            (clause.words, 1.0),
            (clause.label, LABEL),
            (titled, TITLE),
            (lines[clause.line], LINE),
            (lines.get(clause.line - 1, []), NEAR),
            (lines.get(clause.line - 2, []), NEAR),
        )
        places: dict[Key, float] = {("word", token): level for token, level in words.items()}
        used: list[Key] = [("word", token) for token, level in words.items() if level >= LABEL]
        for fact in clause.all_facts:
            used.append((fact.kind, fact.values[0]))
            places |= {(fact.kind, value): 1.0 for value in fact.values}
        for fact in facts_of(title):
            places |= {(f"title {fact.kind}", value): 0.5 for value in fact.values}
        kinds = tuple(fact.kind for fact in clause.all_facts)
        found.append(_Told(clause, clause.groups | of_title, places, kinds, tuple(used)))
    return _Entry(
        guess(content),
        tuple(("word", token) for word in titled for token in word.own),
        tuple(found),
    )


def _levels(*parts: tuple[Iterable[Word], float]) -> dict[str, float]:
    """How much each word counts: where it stands nearest."""
    levels: dict[str, float] = {}
    for words, level in parts:
        for word in words:
            for token in word.own:
                levels[token] = max(levels.get(token, 0.0), level)
    return levels


class Catalogue:
    """The clauses of entries that state facts."""

    def __init__(self, entries: Sequence[str]) -> None:
        self.wide = counts_to_24(entries)
        self.clauses: list[Clause] = []
        self.groups: list[frozenset[int]] = []
        self.entry_of: list[int] = []  # by number of the clause
        self.languages: list[str | None] = []
        self.kinds: dict[str, list[int]] = defaultdict(list)
        self._places: dict[Key, Scores] = defaultdict(dict)
        self._found: dict[tuple[Word, frozenset[str]], Scores] = {}
        used: Counter[Key] = Counter()
        for place, entry in enumerate(entries):
            self._add(_read(entry, self.wide), used, place)
        many = max(len(self.clauses), FEWEST)
        self._rarity = {key: math.log(1 + many / (1 + count)) for key, count in used.items()}
        self._common = math.log(1 + many)

    def _add(self, entry: "_Entry", used: Counter[Key], place: int) -> None:
        used.update(entry.titled)
        self.languages.append(entry.language)
        for told in entry.told:
            number = len(self.clauses)
            self.clauses.append(told.clause)
            self.groups.append(told.groups)
            self.entry_of.append(place)
            for key, level in told.places.items():
                self._places[key][number] = level
            for kind in told.kinds:
                self.kinds[kind].append(number)
            used.update(told.used)

    @cached_property
    def amounts(self) -> frozenset[object]:
        told = (self.clauses[number].all_facts for number in set(self.kinds["money"]))
        return frozenset(f.values[0] for facts in told for f in facts if f.kind == "money")

    def rarity(self, key: Key) -> float:
        return self._rarity.get(key, self._common)

    def tells_of(self, word: Word) -> bool:
        tokens = word.own, word.synonyms
        return any(("word", token) in self._places for each in tokens for token in each)

    def holding(self, fact: Fact) -> Mapping[int, float]:
        """The clauses that state the fact, and how surely; those under a title that does."""
        found: Scores = dict.fromkeys(self._without_unit(fact), WITHOUT_UNIT)
        for value in fact.values:
            found |= self._places.get((f"title {fact.kind}", value), {})
            found |= self._places.get((fact.kind, value), {})
        return found

    def stating(self, fact: Fact) -> set[int]:
        found = {n for value in fact.values for n in self._places.get((fact.kind, value), ())}
        return found.union(self._without_unit(fact))

    def _without_unit(self, fact: Fact) -> Scores:
        """“Kelas 60 menit, Yin 75” tells a length, “S$145 for 5” a number of classes."""
        value = fact.values[0]
        if fact.kind == "count":
            return self._places.get(("number", value), {})
        if fact.kind == "span":
            return self._places.get(("number", float(str(value).lstrip("spanmoth"))), {})
        return {}

    def beside(self, own: Parts, around: Parts, kinds: frozenset[str]) -> tuple[Scores, Scores]:
        """How well each clause with facts of these kinds fits the own words, and how well with those around them: each word
        counted once, where it weighs most. A length is looked for everywhere."""
        kinds = frozenset() if "span" in kinds else kinds
        scores: Scores = {}
        counted: dict[tuple[str, ...], dict[int, float]] = {}
        self._count(own, kinds, scores, counted)
        alone = dict(scores)
        self._count(around, kinds, scores, counted)
        return alone, scores

    def _count(
        self,
        parts: Parts,
        kinds: frozenset[str],
        scores: Scores,
        counted: dict[tuple[str, ...], dict[int, float]],
    ) -> None:
        for words, weight in parts:
            for word in words:
                before = counted.setdefault(word.own, {})
                for number, found in self._of_word(word, kinds).items():
                    gain = found * weight
                    had = before.get(number, 0.0)
                    if gain > had:
                        scores[number] = scores.get(number, 0.0) + (gain - had)
                        before[number] = gain

    def _of_word(self, word: Word, kinds: frozenset[str]) -> Scores:
        """Kept for the words that come again in every answer."""
        found = self._found.get((word, kinds))
        if found is None:
            found = self._look_up(word)
            if kinds:
                wanted = {number for kind in kinds for number in self.kinds[kind]}
                found = {number: gain for number, gain in found.items() if number in wanted}
            if len(self._found) < KEPT:
                self._found[word, kinds] = found
        return found

    def _look_up(self, word: Word) -> Scores:
        best: Scores = {}
        for tokens, share in (
            (word.own, 1.0),
            (word.synonyms, SYNONYM),
            (word.related, RELATED),
        ):
            for token in tokens:
                places = self._places.get(("word", token))
                if not places:
                    continue
                gain = share * self.rarity(("word", token))
                for number, level in places.items():
                    if gain * level > best.get(number, 0.0):
                        best[number] = gain * level
        return best


@lru_cache(maxsize=64)
def catalogue(entries: tuple[str, ...]) -> Catalogue:
    return Catalogue(entries)
