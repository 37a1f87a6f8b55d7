"""When what a studio no longer keeps is deleted, and what its owner reads about it."""

import datetime as dt

from django.db.models import F, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tenants.models import Tenant

EVERY = dt.timedelta(days=1)


def due(at: dt.datetime) -> QuerySet[Tenant]:
    """Studios that keep something for a time, and whose day is over."""
    keeps = Q(keep_messages_days__isnull=False) | Q(keep_files_days__isnull=False)
    over = Q(tidied_at=None) | Q(tidied_at__lte=at - EVERY)
    return Tenant.objects.filter(keeps, over).order_by(F("tidied_at").asc(nulls_first=True), "pk")


def done(tenant: Tenant, at: dt.datetime) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(tidied_at=at)


def begin_later(tenant: Tenant, at: dt.datetime) -> None:
    """After a change of the days nothing is deleted before a day has passed: a typo can be taken back."""
    Tenant.objects.filter(pk=tenant.pk).update(tidied_at=at)


def told(tenant: Tenant, at: dt.datetime) -> str:
    """The next run, the last one, and how to stop it; "" where everything is kept."""
    days = [d for d in (tenant.keep_files_days, tenant.keep_messages_days) if d]
    if not days:
        return ""
    last = tenant.tidied_at
    following = max(last + EVERY, at) if last else at
    sentence = _(
        "MILA looks once a day for what is older. Last: %(last)s. Next: %(next)s. Until then you can still change the days, or empty them."
    )
    when = date_format(tenant.local(last), "DATETIME_FORMAT") if last else _("not yet")
    return sentence % {
        "last": when,
        "next": date_format(tenant.local(following), "DATETIME_FORMAT"),
    }
