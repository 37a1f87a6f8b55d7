"""Unanswered questions: what customers asked in vain, most often first, and what staff do about it."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from agent import closing, prefill
from agent.records import Gap, GapQuestion
from conversations.models import Conversation
from knowledge.models import KnowledgeEntry
from tenants.access import allowed, visible
from tenants.models import Language, Tenant
from tenants.pages import frame, staff_page, studio_page

RIGHT = "knowledge.change"
MOST = 50  # gaps on a page
EXAMPLES = 5  # of each
MOST_ENTRIES = 500  # to choose from
LISTS = {
    "open": (Gap.State.OPEN, Gap.State.CHECKING),
    "closed": (Gap.State.CLOSED,),
    "dismissed": (Gap.State.DISMISSED,),
}


@studio_page(RIGHT)
def page(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    context = _context(request, tenant)
    return frame(request, "agent/gaps.html", _("Unanswered questions"), **context)


@studio_page(RIGHT)
def listed(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The list as it is now; 204 when the page shows just that."""
    context = _context(request, tenant)
    if request.GET.get("seen") == context["fingerprint"]:
        return HttpResponse(status=204)
    return render(request, "agent/gaps_list.html", context)


@staff_page(RIGHT)
def act(request: HttpRequest, pk: str) -> HttpResponse:
    """Write an entry, ask again, dismiss, or take back."""
    gap = get_object_or_404(visible(request, Gap.objects.select_related("tenant")), pk=pk)
    if request.method != "POST":
        return redirect("gaps")
    done, at = request.POST.get("do", ""), timezone.now()
    if done == "write":
        closing.write(gap, at)
        return redirect(_form(gap))
    if done == "link":
        _link(request, gap)
    elif done == "again":
        closing.ask_again(gap, at)
    elif done == "dismiss":
        assert isinstance(request.user, User)  # the site let them in
        closing.dismiss(gap, request.user, at)
        messages.success(request, _("Dismissed. It stays out of the list when it is asked again."))
    elif done == "reopen":
        closing.reopen(gap)
    return redirect("gaps")


def _link(request: HttpRequest, gap: Gap) -> None:
    """To one of the studio's own entries."""
    entries = KnowledgeEntry.objects.filter(tenant=gap.tenant_id)
    number = request.POST.get("entry", "")
    entry = entries.filter(pk=number).first() if is_id(number) else None
    if entry is None:
        messages.error(request, _("Choose the entry that answers it."))
        return
    closing.link(gap, entry, timezone.now())
    messages.success(request, _("Linked. The question is asked again with that entry."))


def is_id(number: str) -> bool:
    """Whether a form sent something that can be the number of a row."""
    try:
        uuid.UUID(number)
    except ValueError:
        return False
    return True


def _form(gap: Gap) -> str:
    """The entry form in the customers' language."""
    question = gap.questions.order_by("-asked_at", "-pk").first()
    spoken = question.language if question else ""
    language = spoken if spoken in Language.values else gap.tenant.default_language
    return prefill.for_question(question.text if question else "", language)


def _context(request: HttpRequest, tenant: Tenant) -> dict[str, Any]:
    chosen = request.GET.get("show", "")
    shown = chosen if chosen in LISTS else "open"
    counted = Gap.objects.filter(tenant=tenant, state__in=LISTS[shown]).select_related("entry")
    rows = counted.annotate(number=Count("questions")).filter(number__gt=0)
    gaps: list[Any] = list(rows.order_by("-number", "-last_at", "pk")[:MOST])
    seen = [(gap.pk, gap.state, gap.number, gap.note, gap.answer) for gap in gaps]
    return {
        "tenant": tenant,
        "show": shown,
        "rows": _rows(gaps),
        "checking": any(gap.state == Gap.State.CHECKING for gap in gaps),
        "fingerprint": hashlib.sha256(repr(seen).encode()).hexdigest()[:16],
        "entries": _entries(tenant) if shown == "open" and gaps else (),
        "reads_chats": allowed(request, "inbox"),
    }


def _entries(tenant: Tenant) -> list[tuple[Any, str]]:
    """What a question can be linked to, by title."""
    rows = KnowledgeEntry.objects.filter(tenant=tenant).order_by("title")
    return list(rows.values_list("pk", "title")[:MOST_ENTRIES])


def _rows(gaps: Sequence[Any]) -> list[dict[str, Any]]:
    """Each gap with its newest questions: one query for all of them."""
    asked: dict[Any, list[GapQuestion]] = defaultdict(list)
    tried = Q(conversation__channel=Conversation.Channel.PLAYGROUND)
    rows = GapQuestion.objects.filter(gap__in=gaps).annotate(tried=tried)
    for question in rows.order_by("-asked_at", "-pk"):
        asked[question.gap_id].append(question)
    return [
        {
            "gap": gap,
            "newest": asked[gap.pk][0],
            "examples": asked[gap.pk][1 : EXAMPLES + 1],
            "languages": sorted({one.language for one in asked[gap.pk] if one.language}),
            "note": _(gap.note) if gap.note else "",
        }
        for gap in gaps
        if asked[gap.pk]
    ]
