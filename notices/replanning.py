"""Who became a contact after a customer had asked is told too: a wrong number that is mended reaches somebody."""

import datetime as dt
from collections.abc import Mapping

from django.db.models import QuerySet

from notices import planning
from notices.contacts import Contacts
from notices.models import Notice
from notices.sending import REMOVED
from tenants.models import Tenant

State = Notice.State
Way = tuple[str, str]


def plan_anew(known: Mapping[Tenant, Contacts], at: dt.datetime) -> None:
    """Add the rows that the plans of these studios lack, now that their contacts are these. Twice is once."""
    found = list(planning.waiting(known, at).select_related("tenant").order_by("created_at"))
    if not found:
        return
    rows = Notice.objects.filter(escalation__in=found)
    _bring_back(rows.filter(state=State.SKIPPED, error=REMOVED), known)
    told: dict[object, dict[Way, int]] = {}
    for row in rows.exclude(state__in=(State.WAITING, State.SKIPPED)):
        steps = told.setdefault(row.escalation_id, {})
        steps[row.channel, row.to] = max(row.step, steps.get((row.channel, row.to), 0))
    new = [
        row
        for each in found
        for row in planning.rows_of(each, known[each.tenant], at)
        if told.get(each.pk, {}).get((row.channel, row.to), -1) < row.step
    ]
    Notice.objects.bulk_create(new, ignore_conflicts=True)


def _bring_back(rows: QuerySet[Notice], known: Mapping[Tenant, Contacts]) -> None:
    """Who was taken out of the list and is in it again."""
    back = [
        row.pk
        for row in rows.select_related("tenant")
        if known[row.tenant].has(row.channel, row.to)
    ]
    again = Notice.objects.filter(pk__in=back, state=State.SKIPPED)
    again.update(state=State.WAITING, sent_at=None, error="")
