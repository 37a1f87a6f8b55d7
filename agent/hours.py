"""Whether the studio's reception is open, and when people can expect an answer from a person."""

import datetime as dt
from collections.abc import Iterator

from tenants.models import Tenant

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_open(tenant: Tenant, at: dt.datetime) -> bool | None:
    """None when the studio did not tell its hours."""
    if not tenant.opening_hours:
        return None
    local = tenant.local(at)
    return any(start <= local < end for start, end in _spans(tenant, local.date()))


def next_opening(tenant: Tenant, at: dt.datetime) -> dt.datetime | None:
    """When the reception opens next, on the studio's clock; None when it is open or nobody told."""
    if is_open(tenant, at) is not False:
        return None
    local = tenant.local(at)
    for ahead in range(8):
        for start, _end in _spans(tenant, local.date() + dt.timedelta(days=ahead)):
            if start > local:
                return start
    return None


def _spans(tenant: Tenant, day: dt.date) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """The opening times of one day, in order; a broken pair is skipped, as the form is where it is told."""
    spans = []
    for pair in tenant.opening_hours.get(_DAYS[day.weekday()]) or []:
        try:
            start, end = (_moment(tenant, day, clock) for clock in pair)
        except (TypeError, ValueError, AttributeError):
            continue
        spans.append((start, end))
    yield from sorted(spans)


def _moment(tenant: Tenant, day: dt.date, clock: str) -> dt.datetime:
    """24:00 is the midnight at which the day ends; who is open all night begins again at 00:00."""
    if clock == "24:00":
        day, clock = day + dt.timedelta(days=1), "00:00"
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), tzinfo=tenant.zone)
