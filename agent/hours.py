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
    """The opening times of one day; a broken pair is skipped, as the form is where it is told."""
    for pair in tenant.opening_hours.get(_DAYS[day.weekday()]) or []:
        try:
            start, end = (dt.time.fromisoformat(text) for text in pair)
        except (TypeError, ValueError):
            continue
        yield (
            dt.datetime.combine(day, start, tzinfo=tenant.zone),
            dt.datetime.combine(day, end, tzinfo=tenant.zone),
        )
