"""Amounts and percentages of a draft that nothing holds and nothing comes to."""

from collections.abc import Iterable

from agent import derived, sums
from agent.affirmed import denied
from agent.case import Case
from agent.catalogue import catalogue
from agent.known import Known

_DOLLARS = {"AUD", "USD", "SGD"}


def money(case: Case) -> Iterable[str]:
    for code, value in sorted(case.told.money):
        if any(_same(case, code, value, each) for each in case.ours):
            continue
        if any(
            derived.amount_fits(value, case.told, case.entries.amounts, asked)
            for asked in case.customer.parts
        ):
            continue
        if value in case.customer.amounts and denied(case.draft, value):
            continue
        if _comes_to(case, value):
            continue
        yield f"{code or case.sources.currency}:{value:.10g}"


def _comes_to(case: Case, value: float) -> bool:
    """The price for two, or of one class of a pack, of prices that the draft does not name."""
    priced, question = catalogue(case.sources.entries), case.sources.question
    return sums.each_of(value, case.draft, question, priced) or sums.for_as_many(
        value, case.told, case.customer.parts, question, priced
    )


def _same(case: Case, code: str, value: float, known: Known) -> bool:
    """The amount in the same currency; “$” is the studio's own dollar, and a bare amount fits any."""
    if value not in known.amounts:
        return False
    return any(
        value == amount and _one_currency(case, code, other) for other, amount in known.money
    )


def _one_currency(case: Case, one: str, two: str) -> bool:
    home = case.sources.currency
    ones = {home if home in _DOLLARS else "$"} if one == "$" else {one}
    twos = {home if home in _DOLLARS else "$"} if two == "$" else {two}
    return not one or not two or ones == twos


def percent(case: Case) -> Iterable[str]:
    return (f"{value:g}%" for value in sorted(case.told.percent) if not _percent(case, value))


def _percent(case: Case, value: float) -> bool:
    if any(value in each.percent for each in case.ours):
        return True
    return value in case.customer.percent and denied(case.draft, value)
