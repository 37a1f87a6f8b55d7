"""Between draft and outbox: what a draft states must stand in what the studio says, or follow from it by computing.

Sources are unequal. The studio's side (entries that were shown, its settings, what staff and assistant wrote) may be
repeated. What the customer wrote is a source for days, times and numbers (“untuk 3 orang”), since an answer takes
up the question; never for a link, a phone or account number; and for an amount or a percentage only where the answer
does not affirm it: in a denial, a question, or a word that the team will check. “Kata staf kemarin diskon 90%” makes
nothing true, and “diskon 90% tidak ada” may be said.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from agent import derived, held_amounts, held_days, held_numbers
from agent.belongs import misplaced
from agent.case import Case
from agent.form import LIMIT, shortened, whatsapp
from agent.known import Known, Sources, known, read
from agent.naming import named
from agent.pieces import Fact
from agent.worked_out import Asked

__all__ = ["LIMIT", "Sources", "complaint", "shortened", "unsupported", "whatsapp"]


def unsupported(draft: str, sources: Sources | Sequence[str]) -> list[str]:
    """What the draft states and nothing holds."""
    if not isinstance(sources, Sources):
        sources = Sources(tuple(sources))
    told = read(draft)
    if not (told or derived.names_a_day(draft)):
        return []
    return list(dict.fromkeys(_missing(Case(draft, told, sources))))


def complaint(missing: list[str]) -> str:
    """What the model is told when its draft does not hold."""
    return (
        f"Your answer states what stands in no entry: {', '.join(missing)}. Answer again with facts from the entries "
        "only, copied exactly; leave out what is not there, or offer the team."
    )


def _missing(case: Case) -> Iterable[str]:
    """Kind by kind."""
    yield from held_amounts.money(case)
    yield from held_days.times(case)
    yield from held_days.dates(case)
    yield from held_amounts.percent(case)
    yield from held_numbers.quantities(case)
    yield from held_numbers.codes(case)
    yield from held_numbers.links(case)
    yield from held_numbers.long_numbers(case)
    yield from _misplaced(case)


def _misplaced(case: Case) -> Iterable[str]:
    """What is true of something else, and was not told otherwise in the chat."""
    asked = Asked(
        case.sources.customer,
        case.sources.question,
        case.sources.today,
        case.lines,
    )
    said = known(case.sources.told)
    for fact in misplaced(case.draft, case.told, case.sources.entries, case.entries, asked):
        if not _told_by_us(fact, said):
            yield f"{named(fact, case.sources.currency)} (of something else)"


def _told_by_us(fact: Fact, said: Known) -> bool:
    known: dict[str, frozenset[Any]] = {
        "day": said.days,
        "time": said.clock,
        "money": said.amounts,
    }
    return bool(known.get(fact.kind, frozenset()) & set(fact.values))
