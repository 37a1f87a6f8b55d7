"""Which entries answers rested on, which were never needed, and what customers ask about."""

import datetime as dt
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from knowledge import usage
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from reports import days
from reports.counting import answers_since, days_between, midnight
from reports.figures import Report
from tenants.models import Tenant

TOP = 10
LISTED = 20  # of the entries that were never used


class Shelved(NamedTuple):
    """An entry, as far as figures name it."""

    external_id: str | None
    pk: uuid.UUID
    title: str
    category: str
    status: str

    @property
    def reference(self) -> str:
        return self.external_id or str(self.pk)


@dataclass(frozen=True)
class Used:
    title: str
    number: int
    link: str = ""


def shelf(report: Report) -> dict[str, Shelved]:
    """The studio's entries by the names that turns give them; read once for all charts."""
    if report.shelf is None:
        rows = KnowledgeEntry.objects.filter(tenant=report.tenant).order_by("title")
        found = (Shelved(*row) for row in rows.values_list(*Shelved._fields))
        report.shelf = {each.reference: each for each in found}
    known: dict[str, Shelved] = report.shelf
    return known


def used(report: Report) -> list[Used]:
    """The entries that were used most."""
    known = shelf(report)
    return [
        _used(known.get(reference), number)
        for reference, number in report.total.uses.most_common(TOP)
    ]


def _used(entry: Shelved | None, number: int = 0) -> Used:
    if entry is None:
        return Used(_("an entry that is gone"), number)
    link = reverse("admin:knowledge_knowledgeentry_change", args=[entry.pk])
    return Used(entry.title, number, link)


def used_lately(tenant: Tenant, at: dt.datetime) -> Counter[str]:
    """How many answers of the last days rested on each entry, by its reference: of days that are counted from their rows,
    of the others, such as today, from the answers themselves.
    """
    last = days.today(tenant, at)
    wanted = days_between(last - dt.timedelta(days=usage.DAYS - 1), last)
    rows = days.stored(tenant, wanted[0], wanted[-2])
    total: Counter[str] = Counter()
    for row in rows.values():
        total.update(row.figures.get("uses", {}))
    begun = midnight(tenant, next(day for day in wanted if day not in rows))
    answers = answers_since(tenant, begun).order_by().values_list("created_at", "entries")
    for made, entries in answers:
        if tenant.local(made).date() not in rows:
            total.update(set(entries))
    return total


def never_used(report: Report) -> tuple[list[Used], int]:
    """Active entries that no answer of these days rested on: the first of them, and how many."""
    active = KnowledgeEntry.Status.ACTIVE
    unused = [
        entry
        for reference, entry in shelf(report).items()
        if entry.status == active and reference not in report.total.uses
    ]
    return [_used(entry) for entry in unused[:LISTED]], len(unused)


def topics(report: Report) -> list[tuple[str, int]]:
    """Answers by the category of their best entry, the largest first."""
    known, found = shelf(report), Counter[str]()
    for reference, number in report.total.first.items():
        found[known[reference].category if reference in known else ""] += number
    names = dict(KnowledgeCategory.Builtin.choices)
    return [
        (str(names.get(name, name) or _("entries that are gone")), number)
        for name, number in found.most_common(TOP)
    ]
