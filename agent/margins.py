"""How much better another place must fit before a fact is said to belong there, by the kind of fact."""

from agent import sums
from agent.calendar_words import excepted
from agent.catalogue import Catalogue
from agent.clauses import Clause
from agent.pieces import Fact

FOREIGN = 2.0  # how much more is asked for where this fact is told only in the other language
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
_NEAR_DATE = 6.0  # “Minggu 22 November” stands in no entry, the calendar tells it
_OTHER_UNIT = (2.6, 0.16)
_OTHER_COUNT = (1.0, 0.06)
_OF_PAIRS = (2.0, 0.1)
_LEFT_OUT = (0.8, 0.05)  # “kecuali Minggu” says that it is not on Sunday
_USUAL_MARGIN = (3.0, 0.3)


def margin(
    known: Catalogue, language: str | None, fact: Fact, clause: Clause, place: int, own: int | None
) -> tuple[float, float]:
    """How much better `place` must fit than `own`, the best one that states this fact: in all, and of its own fit."""
    least, share = _MARGINS.get(fact.kind, _USUAL_MARGIN)
    if fact.kind == "day" and fact.values[0] in excepted(known.clauses[place].text.lower()):
        return _LEFT_OUT
    if fact.kind == "date" and own is None:
        least = _NEAR_DATE
    if fact.kind == "span" and not like(fact, known.clauses[place]):
        least, share = _OTHER_UNIT
    elif fact.kind == "span" and own is not None and _other_count(known, clause, place, own):
        least, share = _OTHER_COUNT
    if fact.kind == "number" and own is not None:
        there = (known.clauses[number] for number in (place, own))
        least, share = _OF_PAIRS if all(map(_is_pair, (clause, *there))) else (least, share)
    if own is not None and _language(known, own) != language == _language(known, place):
        least, share = least * FOREIGN, share * FOREIGN  # its words say less
    return least, share


def like(fact: Fact, clause: Clause) -> bool:
    """Whether the clause tells a length of about this size: “empat bulan” is none where it tells 60 minutes."""
    size = minutes(fact)
    return any(
        size / 8 < minutes(other) < size * 8 for other in clause.all_facts if other.kind == "span"
    )


def _is_pair(clause: Clause) -> bool:
    """“matras 20”: a thing and its number, and nothing beside."""
    return len(clause.words) <= 2 and [fact.kind for fact in clause.all_facts] == ["number"]


def minutes(fact: Fact) -> float:
    """A length in minutes; a month has thirty days."""
    value = str(fact.values[0])
    return float(value[6:]) * 43_200 if value.startswith("months") else float(value[4:])


def _other_count(known: Catalogue, clause: Clause, place: int, own: int) -> bool:
    """“The 5 pack is valid 60 days” where 60 days are told of ten classes, and five classes have a length of their own."""
    told = (clause, known.clauses[place], known.clauses[own])
    meant, there, here = (sums.counts(each.all_facts) for each in told)
    return bool(here and meant & there) and meant.isdisjoint(here)


def _language(known: Catalogue, place: int) -> str | None:
    return known.languages[known.entry_of[place]]
