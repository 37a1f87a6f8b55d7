"""Numbers of a draft that nobody told: with a unit or without, codes, phones, accounts, and links."""

import re
from collections.abc import Iterable
from typing import Any

from agent import derived
from agent.addresses import national
from agent.case import Case
from agent.catalogue import catalogue
from agent.known import union
from agent.naming import UNIT_NAMES

_HOME = {"IDR": "62", "AUD": "61", "SGD": "65", "MYR": "60", "GBP": "44", "THB": "66"}
_WEEKLY = re.compile(r"\b(?:x|times|kali) (?:a|per|tiap|setiap|se)\s?(?:week|minggu)\b")


def quantities(case: Case) -> Iterable[str]:
    for kind, value in sorted(_beyond(case, "quantities")):
        if not _counted(case, kind, value):
            yield f"{value:g} {UNIT_NAMES.get(kind, kind)}"
    for value in sorted(_beyond(case, "numbers", "every_number")):
        if value > 1 and not derived.count_fits(value, case.told, case.lines):
            yield f"{value:g}"


def _beyond(case: Case, name: str, held: str = "") -> set[Any]:
    """What the draft states of a kind beyond what each source holds; no source is read when nothing is left."""
    left = set(getattr(case.told, name))
    for each in case.everybody:
        if left:
            left -= getattr(each, held or name)
    return left


def _counted(case: Case, kind: str, value: float) -> bool:
    if kind == "span":
        return derived.length_fits(value, case.told.times) or derived.listed_length(
            value, case.entries.parts
        )
    if kind == "count" and _weekly(case, value):
        return True
    if kind in ("count", "people") and (value == 1 or value in case.customer.every_number):
        return True
    if kind in ("count", "people") and any(
        value in derived.together(asked) for asked in case.customer.parts
    ):
        return True
    # Not the studio's numbers: 112 is no weight.
    return value in case.entries.numbers | case.customer.numbers or (
        kind in ("count", "people") and derived.count_fits(value, case.told, case.lines)
    )


def _weekly(case: Case, value: float) -> bool:
    """“Twice a week” of a class that an entry tells on two days."""
    if not _WEEKLY.search(case.told.text):
        return False
    return any(
        sum(fact.kind == "day" for fact in clause.all_facts) == value
        for clause in catalogue(case.sources.entries).clauses
    )


def codes(case: Case) -> Iterable[str]:
    if not case.told.codes:
        return []
    return sorted(case.told.codes - union(each.codes for each in case.everybody))


def long_numbers(case: Case) -> Iterable[str]:
    """Phones in any spelling of the country's code; accounts digit by digit, and only what stands as an account."""
    if not case.told.long_numbers:
        return
    home = _HOME.get(case.sources.currency, "")
    digits = union(each.long_numbers for each in case.ours)
    accounts = union(each.accounts for each in case.ours)
    phones = {national(number, home) for number in digits - accounts}
    for number in sorted(case.told.long_numbers):
        if number in case.told.accounts:
            fits = number in accounts
        else:
            fits = number in digits or national(number, home) in phones
        if not fits:
            yield number


def links(case: Case) -> Iterable[str]:
    return sorted(link for link in case.told.links if not _link(case, link))


def _link(case: Case, link: str) -> bool:
    """The address as it stands in the studio's words, or the front page of it."""
    held = union(each.links for each in case.ours)
    if link.startswith("@"):
        name = re.compile(rf"(?<![\w.]){re.escape(link[1:])}(?![\w.]*\w)")
        return any(name.search(part.text) for each in case.ours for part in each.parts)
    return link in held or any(other.split("/")[0] == link for other in held if "@" not in link)
