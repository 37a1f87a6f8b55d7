"""The cards of Home, each by itself: what it shows, who may see it, and how often it is asked for news."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Subquery, When
from django.http import HttpRequest
from django.utils.translation import gettext as _

from agent.records import Gap, GapQuestion
from config import alarms
from conversations import inbox
from conversations.models import Conversation, Escalation, Message
from knowledge.models import KnowledgeEntry
from reports.charts import Chart, reply_assistant, volume
from reports.counts import Counts, sum_of
from reports.figures import Report, percent, report
from tenants.access import allowed
from tenants.models import Tenant
from tenants.numbers import duration
from tenants.told import told

WEEK, SHOWN = 7, 14  # days of the numbers, days of the charts
MOST = 6  # rows of a list


@dataclass
class Look:
    """Somebody looks at Home now. What several cards need is read once."""

    request: HttpRequest
    tenant: Tenant
    at: dt.datetime

    @cached_property
    def report(self) -> Report:
        return report(self.tenant, SHOWN, self.at)

    def may(self, *rights: str) -> bool:
        return any(allowed(self.request, right) for right in rights)


@dataclass(frozen=True)
class Card:
    """`rights`: one of them is enough; none: everybody of the staff. `period`: seconds between two looks for news.
    `counted`: shows past days, so it looks once more when those have been counted.
    """

    make: Callable[[Look], dict[str, Any]]
    rights: tuple[str, ...] = ()
    period: int = 0
    counted: bool = False

    @property
    def looks(self) -> str:
        """When an open page asks for it again, in htmx's words."""
        times = [f"every {self.period}s"] if self.period else []
        return ", ".join([*times, *(["counted from:body"] if self.counted else [])])


def alarm(look: Look) -> dict[str, Any]:
    return {"alarms": alarms.alarms(look.tenant, look.at)}


def numbers(look: Look) -> dict[str, Any]:
    """Four numbers, each with the sentence that says what it counts. A dash where nothing was counted."""
    if not look.may("inbox", "reports"):
        return {"figures": [_entries(look)]}
    days = look.report.by_day
    week, today = sum_of(days[-WEEK:]), days[-1]
    return {
        "figures": [
            _figure(
                _("Messages today"), _or_dash(today.messages("customer"), week), _("from customers")
            ),
            _without_staff(week),
            _reply_time(week),
            _waiting_number(look) if look.may("inbox") else _entries(look),
        ]
    }


def _or_dash(number: int, week: Counts) -> str:
    return str(number) if week.messages("customer") else "—"


def _without_staff(week: Counts) -> dict[str, str]:
    counted = _("%(alone)s of %(total)s conversations of the last 7 days")
    shown = percent(week.alone, week.begun)
    told = counted % {"alone": week.alone, "total": week.begun}
    return _figure(_("Answered without staff"), shown, told)


def _reply_time(week: Counts) -> dict[str, str]:
    times = week.replies["assistant"]
    median = _("19 of 20 are faster; median %(median)s, last 7 days")
    told = median % {"median": duration(times.share(0.5))}
    return _figure(_("Reply time"), duration(times.share(0.95)), told)


def _waiting_number(look: Look) -> dict[str, str]:
    number = inbox.waiting(look.tenant, look.at).count()
    return {**_figure(_("Waiting for staff"), str(number), _("conversations")), "hot": number}


def _entries(look: Look) -> dict[str, str]:
    rows = KnowledgeEntry.objects
    told = _("that the assistant may use today")
    if waiting := rows.for_tenant(look.tenant).waiting().count():
        told = _("that the assistant may use today; %(number)s wait for your review")
        told %= {"number": waiting}
    return _figure(_("Knowledge entries"), str(rows.current(look.at, look.tenant).count()), told)


def _figure(name: str, value: str, counts: str) -> dict[str, Any]:
    return {"name": name, "value": value, "counts": counts}


def waiting(look: Look) -> dict[str, Any]:
    """Urgent first, then who waits longest; each with what it is about."""
    tasks = Escalation.objects.filter(conversation=OuterRef("pk"), state=Escalation.State.OPEN)
    urgent = Exists(tasks.filter(urgency=Escalation.Urgency.URGENT))
    oldest = tasks.order_by("created_at")
    rows = (
        inbox.waiting(look.tenant, look.at)
        .select_related("customer")
        .annotate(
            order=Case(When(urgent, then=0), default=1),
            since=Subquery(oldest.values("created_at")[:1]),
            category=Subquery(tasks.order_by("-urgency", "created_at").values("category")[:1]),
            summary=Subquery(tasks.order_by("-urgency", "created_at").values("summary")[:1]),
        )
    )
    found = list(rows.order_by("order", "since", "last_message_at")[:MOST])
    return {"waiting": [_waits(row) for row in found]}


def _waits(row: Any) -> dict[str, Any]:
    reasons = dict(Escalation.Category.choices)
    return {
        "pk": row.pk,
        "name": str(row),
        "reason": reasons.get(row.category, _("Wrote again")),
        "summary": told(row.summary or ""),
        "urgent": row.order == 0,
        "since": row.since or row.last_message_at,
    }


def messages_per_day(look: Look) -> dict[str, Any]:
    return _chart(volume(look.report))


def replies(look: Look) -> dict[str, Any]:
    return _chart(reply_assistant(look.report))


def _chart(chart: Chart) -> dict[str, Any]:
    return {"chart": chart, "drawn": chart.drawn, "rows": chart.rows}


def gaps(look: Look) -> dict[str, Any]:
    """What customers asked in vain, most often first, in their own words."""
    asked = GapQuestion.objects.filter(gap=OuterRef("pk")).order_by("-asked_at", "-pk")
    rows = (
        Gap.objects.open()
        .filter(tenant=look.tenant)
        .annotate(number=Count("questions"), newest=Subquery(asked.values("text")[:1]))
    )
    return {"gaps": list(rows.filter(number__gt=0).order_by("-number", "-last_at", "pk")[:4])}


def recent(look: Look) -> dict[str, Any]:
    said = Message.objects.filter(conversation=OuterRef("pk")).order_by("-pk")
    rows = Conversation.objects.filter(
        tenant=look.tenant,
        channel=Conversation.Channel.WHATSAPP,
        last_message_at__isnull=False,
    )
    shown = rows.select_related("customer").annotate(
        last_text=Subquery(said.values("text")[:1]), last_author=Subquery(said.values("author")[:1])
    )
    recent = list(shown.order_by("-last_message_at")[:MOST])
    return {"recent": recent, "may_link": look.may("whatsapp")}


CARDS: dict[str, Card] = {
    "alarm": Card(alarm, period=15),
    "numbers": Card(numbers, period=60, counted=True),
    "waiting": Card(waiting, ("inbox",), period=20),
    "volume": Card(messages_per_day, ("inbox", "reports"), counted=True),
    "replies": Card(replies, ("inbox", "reports"), counted=True),
    "gaps": Card(gaps, ("knowledge.change",)),
    "recent": Card(recent, ("inbox",), period=60),
}
