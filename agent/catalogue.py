"""What a studio's entries tell of what: their clauses, found by the words and facts that stand beside a fact."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from agent.clauses import Clause, Fact, Word, clauses, facts_of, words_of
from agent.clock_words import counts_to_24
from agent.groups import groups

Key = tuple[str, object]  # (“word”, stem), or kind and value of a fact
Scores = dict[int, float]  # by number of the clause

LABEL, TITLE, LINE, NEAR = 0.9, 0.7, 0.45, 0.3  # how much a word counts that stands elsewhere
SYNONYM, RELATED = 0.8, 0.4
FEWEST = 150  # clauses of a usual studio: in a small one a word says as much


class Catalogue:
    """The clauses of entries that state facts."""

    def __init__(self, entries: Sequence[str]) -> None:
        self.wide = counts_to_24(entries)
        self.clauses: list[Clause] = []
        self.groups: list[frozenset[int]] = []
        self.kinds: dict[str, list[int]] = defaultdict(list)
        self._places: dict[Key, Scores] = defaultdict(dict)
        used: Counter[Key] = Counter()
        for entry in entries:
            self._add(entry, used)
        many = max(len(self.clauses), FEWEST)
        self._rarity = {key: math.log(1 + many / (1 + count)) for key, count in used.items()}
        self._common = math.log(1 + many)

    def _add(self, entry: str, used: Counter[Key]) -> None:
        title, _end, content = entry.partition("\n")
        titled, of_title = words_of(title), groups(title)
        used.update(("word", token) for word in titled for token in word.own)
        told = (*clauses(title, None, self.wide), *clauses(content, None, self.wide))
        lines: dict[int, list[Word]] = defaultdict(list)
        for clause in told:
            lines[clause.line] += clause.words
        for clause in told:
            if not clause.all_facts:
                continue
            number = len(self.clauses)
            self.clauses.append(clause)
            self.groups.append(clause.groups | of_title)
            parts = (
                (clause.words, 1.0),
                (clause.label, LABEL),
                (titled, TITLE),
                (lines[clause.line], LINE),
                (lines.get(clause.line - 1, []), NEAR),
                (lines.get(clause.line - 2, []), NEAR),
            )
            self._place(number, parts, used)
            self._place_facts(number, clause.all_facts, title, used)

    def _place(
        self, number: int, parts: Iterable[tuple[Iterable[Word], float]], used: Counter[Key]
    ) -> None:
        levels: dict[str, float] = {}
        for words, level in parts:
            for word in words:
                for token in word.own:
                    levels[token] = max(levels.get(token, 0.0), level)
        for token, level in levels.items():
            self._places["word", token][number] = level
            if level >= LABEL:
                used["word", token] += 1

    def _place_facts(
        self, number: int, facts: Iterable[Fact], title: str, used: Counter[Key]
    ) -> None:
        for fact in facts:
            self.kinds[fact.kind].append(number)
            used[fact.kind, fact.values[0]] += 1
            for value in fact.values:
                self._places[fact.kind, value][number] = 1.0
        for fact in facts_of(title):
            for value in fact.values:
                self._places[f"title {fact.kind}", value][number] = 0.5

    def rarity(self, key: Key) -> float:
        return self._rarity.get(key, self._common)

    def holding(self, fact: Fact) -> Mapping[int, float]:
        """The clauses that state the fact, and how surely; those under a title that does."""
        found: Scores = {}
        for value in fact.values:
            found |= self._places.get((f"title {fact.kind}", value), {})
            found |= self._places.get((fact.kind, value), {})
        return found

    def stating(self, fact: Fact) -> set[int]:
        return {
            number for value in fact.values for number in self._places.get((fact.kind, value), ())
        }

    def beside(self, parts: Iterable[tuple[Iterable[Word], float]]) -> Scores:
        """How well each clause fits the words, each word counted once, where it weighs most."""
        scores: Scores = defaultdict(float)
        counted: dict[tuple[tuple[str, ...], int], float] = {}
        for words, weight in parts:
            for word in words:
                for number, found in self._of_word(word).items():
                    gain = found * weight
                    before = counted.get((word.own, number), 0.0)
                    if gain > before:
                        scores[number] += gain - before
                        counted[word.own, number] = gain
        return scores

    def _of_word(self, word: Word) -> Scores:
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
