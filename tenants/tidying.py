"""When what a studio no longer keeps is deleted, and what its owner reads about it."""

import datetime as dt
from collections.abc import Callable

from django.db.models import F, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tenants import deeds
from tenants.models import Deed, Tenant

EVERY = dt.timedelta(days=1)
# (studio, before, now) → whether all that is about to go is counted; one that is not done is asked again.
Counting = Callable[[Tenant, dt.datetime, dt.datetime], bool]
_COUNTING: list[Counting] = []


def counted_by(counting: Counting) -> None:
    """Figures belong to an app above: it says how they are kept before their messages go."""
    _COUNTING[:] = [counting]


def counted(tenant: Tenant, before: dt.datetime, at: dt.datetime) -> bool:
    return all(counting(tenant, before, at) for counting in _COUNTING)


def due(at: dt.datetime) -> QuerySet[Tenant]:
    """Studios that keep something for a time, and whose day is over."""
    keeps = Q(keep_messages_days__isnull=False) | Q(keep_files_days__isnull=False)
    over = Q(tidied_at=None) | Q(tidied_at__lte=at - EVERY)
    return Tenant.objects.filter(keeps, over).order_by(F("tidied_at").asc(nulls_first=True), "pk")


def done(
    tenant: Tenant, at: dt.datetime, *, messages: int = 0, files: int = 0, more: int = 0
) -> None:
    """The run is over; the change log tells of one that deleted something."""
    Tenant.objects.filter(pk=tenant.pk).update(tidied_at=at)
    if messages or files or more:
        deeds.note(tenant, "MILA", "tidied", messages=str(messages), files=str(files))


def told(tenant: Tenant, at: dt.datetime) -> str:
    """When the next run is and what the last one did; "" where everything is kept."""
    if not (tenant.keep_messages_days or tenant.keep_files_days):
        return ""
    begins = max(tenant.tidied_at + EVERY, at) if tenant.tidied_at else at
    said = _("What is older is deleted next on %(when)s; until then you can still change the days.")
    last = Deed.objects.filter(tenant=tenant, what="tidied").first()
    return " ".join(
        [said % {"when": _time(tenant, begins)}, _last(tenant, last) if last else ""]
    ).strip()


def _last(tenant: Tenant, deed: Deed) -> str:
    values = {"when": _time(tenant, deed.at), **deed.values}
    return _("Last time, on %(when)s: %(messages)s messages and %(files)s files.") % values


def _time(tenant: Tenant, at: dt.datetime) -> str:
    return date_format(tenant.local(at), "DATETIME_FORMAT")
