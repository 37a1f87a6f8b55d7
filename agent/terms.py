"""How long a pack is valid: the term of ten classes is not that of five."""

from agent import sums
from agent.catalogue import Catalogue
from agent.margins import like, minutes
from agent.pieces import Fact

DAY = 1440.0  # minutes


def of_another_pack(
    fact: Fact, here: set[int], meant: set[object], named: frozenset[int], known: Catalogue
) -> bool:
    """“Paket 10 berlaku 30 hari” where 30 days are told of five classes only, and ten have a term of their own. `here`: the
    places that state it; `meant`: how many classes the draft speaks of, to the groups that are `named`."""
    if fact.kind != "span" or minutes(fact) < DAY or not meant:
        return False
    of = {
        number: sums.counts(known.clauses[number].all_facts)
        for number in set(known.kinds["span"])
        if known.groups[number] <= named and like(fact, known.clauses[number])
    }
    if any(meant & of.get(number, set()) for number in here):
        return False
    stated = any(sums.counts(known.clauses[number].all_facts) for number in here)
    return stated and any(meant & of[number] for number in of.keys() - here)
