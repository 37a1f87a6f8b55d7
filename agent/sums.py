"""What somebody pays for as many as they asked for, and what one class of a pack comes to: worked out where the draft does not
name the price that it is made of. Only with prices that are meant for the same people."""

import re
from collections.abc import Iterable, Iterator, Sequence

from agent import derived
from agent.catalogue import Catalogue
from agent.clauses import Clause
from agent.groups import groups
from agent.pieces import Fact, facts_of, words_of
from agent.stated import Stated

_EACH = re.compile(
    r"\b(?:per|a|each|se|tiap|setiap)[ -]?(?:kelas|class|sesi|session|visit|kunjungan|kali|datang)\b|\b(?:each|sekelas|sekali)\b|/ ?(?:kelas|class)\b"
)
AS_MANY = 2.0  # how much it says that a price is for as many classes
_COUNTED = frozenset({"count", "number"})


def counts(facts: Iterable[Fact]) -> set[object]:
    """How many classes these facts tell of."""
    return {fact.values[0] for fact in facts if fact.kind in _COUNTED}


def each_of(value: float, draft: str, question: str, known: Catalogue) -> bool:
    """“Jatuhnya Rp 120.000 per kelas” of ten classes for Rp 1.200.000."""
    if not _EACH.search(draft.lower()):
        return False
    meant = counts((*facts_of(draft), *facts_of(question)))
    named = groups(f"{question}\n{draft}")
    packs = [n for n in _priced(known, named) if meant & counts(known.clauses[n].all_facts)]
    nearest = max((len(known.groups[n]) for n in packs), default=0)  # what was named, they pay
    return any(
        _costs(known.clauses[number], value * many)
        for number in packs
        if len(known.groups[number]) == nearest
        for many in meant & counts(known.clauses[number].all_facts)
        if isinstance(many, float) and many > 1
    )


def for_as_many(
    value: float, draft: Stated, asked: Iterable[Stated], question: str, known: Catalogue
) -> bool:
    """“Untuk dua orang Rp 260.000” of Rp 130.000, the price that was asked about, where none of its own is told for two."""
    together = {many for each in asked for many in derived.party(each)} & derived.party(draft)
    if not any(value / many in known.amounts for many in together):
        return False
    told = f"{question}\n{draft.text}"
    open_to = list(_priced(known, groups(told)))
    best = _asked_about(told, open_to, known)
    return any(
        not any(_is_for(known.clauses[number], many) for number in open_to)
        and any(_costs(known.clauses[number], value / many) for number in best)
        for many in together
    )


def _asked_about(text: str, places: Sequence[int], known: Catalogue) -> list[int]:
    """Of these prices those that the text speaks of most: by its words, and for as many classes."""
    meant = counts(facts_of(text)) or {1.0}
    words = [word for word in words_of(text) if not word.bare]
    found, _all = known.beside([(words, 1.0)], [], frozenset({"money"}))
    fits = {
        number: found.get(number, 0.0)
        + AS_MANY * bool(meant & counts(known.clauses[number].all_facts))
        for number in places
    }
    best = max(fits.values(), default=0.0)
    return [number for number, fit in fits.items() if fit > 0 and fit >= best]


def _priced(known: Catalogue, named: frozenset[int]) -> Iterator[int]:
    """The clauses that tell a price, and one for nobody else than was named."""
    return (number for number in set(known.kinds["money"]) if known.groups[number] <= named)


def _costs(clause: Clause, value: float) -> bool:
    return any(
        fact.kind == "money" and abs(float(str(fact.values[0])) - value) < 0.5
        for fact in clause.all_facts
    )


def _is_for(clause: Clause, many: float) -> bool:
    return any(fact.kind == "people" and fact.values[0] == many for fact in clause.all_facts)
