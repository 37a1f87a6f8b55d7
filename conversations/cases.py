"""Escalations: what needs a person, the most urgent first, and how each ended."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations import escalations, handling, teaching
from conversations.finding import RIGHT, back_from, find, number, person
from conversations.models import Conversation, Desk, Escalation
from conversations.templatetags.bubbles import outcome
from conversations.thread import fingerprint_of
from conversations.views import urgent_first
from tenants.access import allowed, visible
from tenants.deeds import named
from tenants.models import Tenant
from tenants.pages import frame, staff_page, studio_page

SHOWN = 50
SHOWS = {"open": gettext_lazy("Waiting"), "resolved": gettext_lazy("Resolved")}


@dataclass(frozen=True)
class Row:
    case: Escalation
    holder: str  # the colleague who has the chat, or ""
    in_progress: bool
    outcome: str


@studio_page(RIGHT)
def page(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    return frame(
        request,
        "conversations/escalations.html",
        _("Escalations"),
        **_context(request, tenant),
        tenant=tenant,
    )


@studio_page(RIGHT)
def listed(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The list as it is now; 204 when the page shows just that."""
    context = _context(request, tenant)
    if request.GET.get("seen") == context["fingerprint"]:
        return HttpResponse(status=204)
    return render(request, "conversations/escalations_list.html", context)


def _context(request: HttpRequest, tenant: Tenant) -> dict[str, Any]:
    show = "resolved" if request.GET.get("show") == "resolved" else "open"
    reason = request.GET.get("reason", "")
    reason = reason if reason in Escalation.Category.values else ""
    pages = Paginator(_rows(tenant, show, reason), SHOWN)
    here = pages.get_page(number(request.GET.get("page")) or 1)
    at = timezone.now()
    rows = [_row(case, at) for case in here.object_list]
    asked = {"show": show} | ({"reason": reason} if reason else {})
    seen = [(row.case.pk, row.case.urgency, row.case.summary, row.holder) for row in rows]
    return {
        "rows": rows,
        "here": here,
        "show": show,
        "shows": SHOWS.items(),
        "reason": reason,
        "reasons": Escalation.Category.choices,
        "number_open": pages.count if show == "open" and not reason else None,
        "asked": urlencode(asked),
        "fingerprint": fingerprint_of(seen, pages.count),
        "back": f"{request.path.removesuffix('list/')}?{urlencode(asked)}",
        "may_teach": allowed(request, "knowledge.change"),
    }


def _rows(tenant: Tenant, show: str, reason: str) -> QuerySet[Escalation]:
    rows = Escalation.objects.filter(tenant=tenant).exclude(
        conversation__channel__in=Conversation.WITHIN
    )
    rows = rows.select_related("conversation__customer", "conversation__handler", "resolved_by")
    if reason:
        rows = rows.filter(category=reason)
    if show == "resolved":
        return rows.filter(state=Escalation.State.RESOLVED).order_by("-resolved_at", "-pk")
    return urgent_first(rows.filter(state=Escalation.State.OPEN))


def _row(case: Escalation, at: dt.datetime) -> Row:
    chat = case.conversation
    holder = chat.handler if chat.silent(at) else None
    return Row(case, named(holder) if holder else "", holder is not None, outcome(case.outcome))


@staff_page(RIGHT)
def resolve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Close an escalation with its outcome; with a tick, go on to what the assistant should have known."""
    rows = visible(request, Escalation.objects.select_related("conversation__tenant"))
    case = get_object_or_404(rows, pk=pk)
    conversation = find(request, case.conversation_id)
    if request.method != "POST":
        return redirect("admin:conversations_conversation_change", conversation.pk)
    ended, at = request.POST.get("outcome", "").strip()[:200], timezone.now()
    if not ended:
        messages.warning(request, _("Say how it ended: answered, booked, or not needed."))
        return back_from(request, conversation)
    if escalations.resolve(case, person(request), ended, at):
        handling.let_go(conversation, at, Desk.of(conversation.tenant).resumes_after)
        messages.success(request, _("The escalation is resolved."))
    else:
        messages.info(request, _("Somebody resolved it before."))
    if request.POST.get("teach") and allowed(request, "knowledge.change"):
        return redirect(teaching.entry_for(conversation, teaching.question_of(case)))
    return back_from(request, conversation)
