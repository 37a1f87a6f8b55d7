"""What a range of days shows: its days, their sum, and whether there is enough to show at all."""

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conversations.models import Message
from reports import days
from reports.counting import days_between, messages_of
from reports.counts import Counts, sum_of
from tenants.models import Tenant

RANGES = (7, 30, 90)
ENOUGH = 20  # messages from which on figures say something


@dataclass
class Report:
    """The figures of the last days of a studio, today included."""

    tenant: Tenant
    length: int
    at: dt.datetime
    counted: dict[dt.date, Counts] = field(default_factory=dict)
    missing: int = 0  # days that are not counted yet
    shelf: Any = None  # the studio's entries, kept by reports/entries.py

    @property
    def first(self) -> dt.date:
        return first_day(self.tenant, self.length, self.at)

    @property
    def dates(self) -> list[dt.date]:
        return days_between(self.first, days.today(self.tenant, self.at))

    @cached_property
    def by_day(self) -> list[Counts]:
        nothing = Counts()
        return [self.counted.get(day, nothing) for day in self.dates]

    @cached_property
    def total(self) -> Counts:
        return sum_of(self.counted.values())


def first_day(tenant: Tenant, length: int, at: dt.datetime) -> dt.date:
    return days.today(tenant, at) - dt.timedelta(days=length - 1)


def report(tenant: Tenant, length: int, at: dt.datetime) -> Report:
    counted, missing = days.known(tenant, first_day(tenant, length, at), at)
    return Report(tenant, length, at, counted, missing)


def said_so_far(tenant: Tenant) -> int:
    """Messages with customers, counted up to ENOUGH."""
    return messages_of(tenant).exclude(state=Message.State.CANCELLED).order_by()[:ENOUGH].count()


def percent(part: int, whole: int) -> str:
    """A dash where nothing was counted: 0 % would be a lie."""
    return f"{round(100 * part / whole)} %" if whole else "—"
