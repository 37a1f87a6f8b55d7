"""The few words before a passage that make it an answer, and the opening hours as a sentence."""

import datetime as dt
from itertools import groupby

from agent.phrases import day_name
from knowledge import asking
from tenants.models import Tenant

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONDAY = dt.date(2024, 1, 1)
_LEADS = {
    "id": {
        "price": "Soal harganya, Kak:",
        "times": "Soal waktunya, Kak:",
        "place": "Lokasinya di sini, Kak:",
        "": "Ini infonya, Kak:",
    },
    "en": {
        "price": "Sure, about the price:",
        "times": "Sure, about the times:",
        "place": "Here's where to find us:",
        "": "Sure, here's what I know:",
    },
}
_ABOUT = (
    ("price", ("price", "discount")),
    ("times", ("clock", "when", "hour")),
    ("place", ("address",)),
)
_HOURS = {
    "id": ("Kami buka {hours}, Kak.", " sampai ", " dan ", "tutup"),
    "en": ("We're open {hours}.", " to ", " and ", "closed"),
}
_OPENING = frozenset(
    asking.listed(
        "buka tutup open opens opening close closes closing hours operasional reception resepsionis"
    )
)


def lead(asked: asking.Question, language: str) -> str:
    """“Sure, about the price:”, in the customer's language."""
    about = next((name for name, kinds in _ABOUT if any(asked.asks(kind) for kind in kinds)), "")
    return _LEADS[language][about]


def asks_opening_hours(asked: asking.Question) -> bool:
    """Whether it is asked when the studio is open, and of no day or class in particular."""
    named = {word for one in asked.hard for word in one.said}
    return asked.asks("clock") and bool(named) and named <= _OPENING


def opening_hours(tenant: Tenant, language: str) -> str:
    """“We're open Monday to Friday 08:00 to 12:00 and 16:00 to 20:00, Sunday closed.”; "" when nobody told them."""
    if not tenant.opening_hours:
        return ""
    sentence, till, also, closed = _HOURS[language]
    spans = [_span(tenant, day, till, also) or closed for day in _WEEK]
    runs = [list(run) for _span, run in groupby(range(7), key=lambda day: spans[day])]
    told = [f"{_days(run, language)} {spans[run[0]]}" for run in runs]
    return sentence.format(hours=", ".join(told))


def _span(tenant: Tenant, day: str, till: str, also: str) -> str:
    pairs = tenant.opening_hours.get(day) or []
    return also.join(till.join(map(str, pair)) for pair in pairs)


def _days(run: list[int], language: str) -> str:
    names = [day_name(_MONDAY + dt.timedelta(day), language) for day in (run[0], run[-1])]
    return names[0] if len(run) == 1 else _HOURS[language][1].join(names)
