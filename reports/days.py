"""Which days are counted, and when one is counted anew. Each step takes a bounded time and leaves its days stored."""

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass

from conversations.models import Message
from reports.counting import Days, count, days_between, midnight
from reports.counts import Counts
from reports.models import Day
from tenants.models import Tenant

STEP = 0.2  # seconds that one step may take before it stops
AT_ONCE = 3000  # messages that a page may count while somebody waits
PART = 3000  # messages that are counted in one go
# What still changes on a finished day: a reaction, a hand-over within 24 hours, a message that is erased.
# Younger than the first, counted anew after the second. What is older than all stays, also when texts are deleted.
ANEW = (
    (dt.timedelta(days=2), dt.timedelta(minutes=10)),
    (dt.timedelta(days=8), dt.timedelta(hours=1)),
    (dt.timedelta(days=31), dt.timedelta(days=1)),
)


@dataclass(frozen=True)
class Progress:
    """How many finished days of a range are counted, and whether some of those are due anew."""

    done: int
    total: int
    anew: int = 0

    @property
    def missing(self) -> int:
        return self.total - self.done


def today(tenant: Tenant, at: dt.datetime) -> dt.date:
    return tenant.local(at).date()


def stored(tenant: Tenant, first: dt.date, last: dt.date) -> dict[dt.date, Day]:
    """Days that are counted. In another time zone they would be other days, but what is deleted cannot be counted anew."""
    found = Day.objects.filter(tenant=tenant, day__gte=first, day__lte=last)
    rows = {row.day: row for row in found}
    elsewhere = [day for day, row in rows.items() if row.timezone != tenant.timezone]
    begun = _first_day(tenant) if elsewhere else None
    if begun and not tenant.keep_messages_days:
        begun -= dt.timedelta(days=1)  # all of its first day is there
    for day in elsewhere:
        if begun and day > begun:
            del rows[day]
    return rows


def _first_day(tenant: Tenant) -> dt.date | None:
    """The day of the oldest message that is still there."""
    rows = Message.objects.filter(tenant=tenant).order_by("created_at")
    begun = rows.values_list("created_at", flat=True).first()
    return today(tenant, begun) if begun else None


def known(tenant: Tenant, first: dt.date, at: dt.datetime) -> tuple[Days, int]:
    """The figures from `first` to today as far as they can be had at once, and how many days are not counted yet."""
    here = today(tenant, at)
    rows = stored(tenant, first, here - dt.timedelta(days=1))
    days = {day: Counts.of(row.figures) for day, row in rows.items()}
    missing = [day for day in days_between(first, here) if day not in days]
    start = missing[0]
    if len(missing) > 1 and _size(tenant, start, here, AT_ONCE) >= AT_ONCE:
        start = here
    days |= {day: each for day, each in count(tenant, start, here).items() if day not in days}
    return days, sum(day < start for day in missing)


def progress(tenant: Tenant, first: dt.date, at: dt.datetime) -> Progress:
    finished = days_between(first, today(tenant, at) - dt.timedelta(days=1))
    rows = stored(tenant, first, finished[-1])
    return Progress(len(rows), len(finished), sum(_due(row, at) for row in rows.values()))


def catch_up(tenant: Tenant, first: dt.date, at: dt.datetime, seconds: float = STEP) -> Progress:
    """Count what is missing, newest first, then what is due anew, until the time is used up."""
    until = time.monotonic() + seconds
    finished = days_between(first, today(tenant, at) - dt.timedelta(days=1))
    rows = stored(tenant, first, finished[-1])
    missing = [day for day in finished if day not in rows]
    due = [day for day in finished if day in rows and _due(rows[day], at)]
    for wanted in (missing, due):
        while wanted and time.monotonic() < until:
            part = _last_row(tenant, wanted)
            store(tenant, count(tenant, part[0], part[-1]), at)
            del wanted[-len(part) :]
    return Progress(len(finished) - len(missing), len(finished), len(due))


def kept_before(tenant: Tenant, before: dt.datetime, at: dt.datetime) -> bool:
    """One step of counting the days whose messages are about to be deleted; whether all of them are stored."""
    oldest = Message.objects.filter(tenant=tenant, created_at__lt=before).order_by("created_at")
    begun = oldest.values_list("created_at", flat=True).first()
    return begun is None or not catch_up(tenant, today(tenant, begun), at).missing


def _last_row(tenant: Tenant, days: Sequence[dt.date]) -> list[dt.date]:
    """The last of these days that follow each other, as many as can be counted in one go."""
    row = [days[-1]]
    for day in reversed(days[:-1]):
        if day != row[0] - dt.timedelta(days=1):
            break
        row.insert(0, day)
    while len(row) > 1 and _size(tenant, row[0], row[-1], PART) >= PART:
        row = row[-(len(row) // 2) :]
    return row


def _size(tenant: Tenant, first: dt.date, last: dt.date, most: int) -> int:
    """How many messages these days have; counting ends at `most`."""
    rows = Message.objects.filter(
        tenant=tenant,
        created_at__gte=midnight(tenant, first),
        created_at__lt=midnight(tenant, last + dt.timedelta(days=2)),
    )
    return rows.order_by()[:most].count()


def store(tenant: Tenant, days: Days, at: dt.datetime) -> None:
    """Keep the figures; a day that is there already becomes what was counted now."""
    rows = [
        Day(
            tenant=tenant,
            day=day,
            timezone=tenant.timezone,
            counted_at=at,
            customer_messages=counts.messages("customer"),
            answers=counts.answers,
            cost=counts.cost + counts.other_cost,
            tokens=counts.tokens,
            figures=counts.stored(),
        )
        for day, counts in days.items()
    ]
    kept = ["timezone", "counted_at", "customer_messages", "answers", "cost", "tokens", "figures"]
    Day.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["tenant", "day"], update_fields=kept
    )


def _due(row: Day, at: dt.datetime) -> bool:
    age = at - dt.datetime.combine(row.day, dt.time(), dt.UTC)
    for younger, after in ANEW:
        if age <= younger + dt.timedelta(days=1):
            return at - row.counted_at >= after
    return False
