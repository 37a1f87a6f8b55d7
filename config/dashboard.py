"""Home: is the line up, who waits for staff, what happened. Spans the apps, so it lives here."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from agent.answering import CONFIRMED, NO_MODEL
from agent.checked import EMPTY, STOPPED
from agent.models import Turn
from agent.troubles import (
    BUSY,
    CUSTOMER_SPENT,
    CUT_OFF,
    DECLINED,
    FALLEN_BACK,
    NO_END,
    SPENT,
    TOO_LONG,
)
from agent.warnings import warnings
from conversations.models import Conversation, Escalation, Message
from conversations.views import urgent_first
from knowledge.models import KnowledgeEntry
from tenants.access import allowed, chosen_studio, studios_of
from tenants.models import Tenant
from whatsapp import version
from whatsapp.models import WhatsAppAccount
from whatsapp.states import describe
from whatsapp.views import card

# Of one answer only, or told as a warning of its own: no trouble with the model's server.
UNSENT = (BUSY, CONFIRMED, CUSTOMER_SPENT, CUT_OFF, DECLINED, FALLEN_BACK, NO_END, SPENT, TOO_LONG)
WEEK = dt.timedelta(days=7)


def home(request: HttpRequest, context: dict[str, Any]) -> TemplateResponse:
    tenant = chosen_studio(request)
    at = timezone.now()
    context["title"] = _("Home")
    if tenant is None:
        studios = studios_of(request.user)
        context |= {"rows": overview(studios, at), "old": version.warning(at)}
        return TemplateResponse(request, "admin/home_platform.html", context)
    context |= {"tenant": tenant, "figures": figures(request, tenant, at)}
    context |= {"problem": problem(tenant, at), "has_model": has_model(tenant)}
    context["warnings"] = warnings(tenant, at)
    context |= {"may_go_live": allowed(request, "studio")}
    if allowed(request, "whatsapp"):
        context |= card(tenant, at)
    if allowed(request, "inbox"):
        context |= {"waiting": waiting(tenant), "recent": recent(tenant)}
    return TemplateResponse(request, "admin/home.html", context)


def figures(request: HttpRequest, tenant: Tenant, at: dt.datetime) -> list[dict[str, str]]:
    """The numbers on top, each with the sentence that says what it counts. A dash where nothing was counted."""
    entries = KnowledgeEntry.objects.current(at, tenant).count()
    counts = _("that the assistant may use today")
    if waiting := KnowledgeEntry.objects.for_tenant(tenant).waiting().count():
        counts = _("that the assistant may use today; %(number)s wait for your review") % {
            "number": waiting
        }
    knowledge = _figure(_("Knowledge entries"), entries, counts)
    if not allowed(request, "inbox"):
        return [knowledge]
    alone, total = answered_without_staff(tenant, at)
    share = f"{round(100 * alone / total)} %" if total else "—"
    counted = _("%(alone)s of %(total)s conversations of the last 7 days")
    return [
        _figure(_("Messages today"), messages_today(tenant, at), _("from customers")),
        _figure(_("Without staff"), share, counted % {"alone": alone, "total": total}),
        _figure(_("Waiting for staff"), waiting_conversations(tenant).count(), _("conversations")),
        knowledge,
    ]


def _figure(name: str, value: int | str, counts: str) -> dict[str, str]:
    return {"name": name, "value": str(value), "counts": counts}


def messages_today(tenant: Tenant, at: dt.datetime) -> int:
    """Customers' messages since midnight on the studio's clock."""
    midnight = tenant.local(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return _of_customers(tenant).filter(created_at__gte=midnight).count()


def answered_without_staff(tenant: Tenant, at: dt.datetime) -> tuple[int, int]:
    """Conversations with a customer's message in the last 7 days: those without staff and escalation, and all."""
    since = at - WEEK
    wrote = _of_customers(tenant).filter(created_at__gte=since).values("conversation")
    staff = Message.objects.filter(
        conversation=OuterRef("pk"), author=Message.Author.STAFF, created_at__gte=since
    )
    escalated = Escalation.objects.filter(conversation=OuterRef("pk"), created_at__gte=since)
    touched = Q(Exists(staff)) | Q(Exists(escalated))
    counts = Conversation.objects.filter(pk__in=wrote).aggregate(
        total=Count("pk"), alone=Count("pk", filter=~touched)
    )
    return counts["alone"], counts["total"]


def _of_customers(tenant: Tenant) -> QuerySet[Message]:
    return Message.objects.filter(
        tenant=tenant,
        author=Message.Author.CUSTOMER,
        conversation__channel=Conversation.Channel.WHATSAPP,
    )


def waiting_conversations(tenant: Tenant) -> QuerySet[Conversation]:
    """Those that wait for a person: an open escalation, or unread messages while staff hold the chat."""
    is_open = Escalation.objects.filter(conversation=OuterRef("pk"), state=Escalation.State.OPEN)
    unread = Q(handled_by=Conversation.Handler.STAFF, unread__gt=0)
    return Conversation.objects.filter(Exists(is_open) | unread, tenant=tenant)


def waiting(tenant: Tenant) -> list[Escalation]:
    """Open escalations, urgent first, then who waits longest."""
    rows = Escalation.objects.filter(tenant=tenant, state=Escalation.State.OPEN)
    return list(urgent_first(rows.select_related("conversation__customer"))[:6])


def recent(tenant: Tenant) -> list[Conversation]:
    rows = Conversation.objects.filter(
        tenant=tenant, channel=Conversation.Channel.WHATSAPP, last_message_at__isnull=False
    )
    return list(rows.select_related("customer").order_by("-last_message_at")[:6])


def problem(tenant: Tenant, at: dt.datetime) -> str:
    """What went wrong outside MILA in the newest run of the last day, in words; empty when nothing did."""
    runs = Turn.objects.filter(tenant=tenant, created_at__gte=at - dt.timedelta(days=1))
    asked = runs.exclude(purpose=Turn.Purpose.COMMAND).exclude(model="", error="")
    newest = asked.order_by("-created_at").first()
    error = newest.error if newest else ""
    return (
        "" if error in (NO_MODEL, STOPPED, EMPTY) or error in UNSENT else _(error) if error else ""
    )


def has_model(tenant: Tenant) -> bool:
    return bool(
        tenant.anthropic_api_key or settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL
    )


def overview(studios: QuerySet[Tenant], at: dt.datetime) -> list[dict[str, Any]]:
    """One line per studio for a platform admin who looks at all of them; three queries, however many there are."""
    waits = Escalation.objects.filter(state=Escalation.State.OPEN)
    accounts = {a.tenant_id: a for a in WhatsAppAccount.objects.filter(tenant__in=studios)}
    open_of = dict(waits.values_list("tenant").annotate(Count("pk")))
    return [
        {
            "studio": studio,
            "status": describe(accounts.get(studio.pk), at),
            "waiting": open_of.get(studio.pk, 0),
        }
        for studio in studios
    ]
