"""Unanswered questions: what customers asked in vain, most often first, and what staff do about it."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
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
ON_A_PAGE = 25
EXAMPLES = 5  # of each
LONGEST_WORDS = 100  # characters of what somebody looks for
CHOICES = 50  # entries to link to; who looks for another one types a word of its title
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
def choices(request: HttpRequest, pk: str) -> HttpResponse:
    """The studio's entries that a question can be linked to, by title; asked for when somebody wants to link one."""
    gap = get_object_or_404(visible(request, Gap.objects.all()), pk=pk)
    looked_for = request.GET.get("q", "").strip()[:LONGEST_WORDS]
    rows = KnowledgeEntry.objects.filter(tenant=gap.tenant_id, title__icontains=looked_for)
    entries = list(rows.order_by("title", "pk").values_list("pk", "title")[: CHOICES + 1])
    more = len(entries) > CHOICES
    context = {"gap": gap, "entries": entries[:CHOICES], "more": more, "looked_for": looked_for}
    return render(request, "agent/gap_choices.html", {**context, "place": _place(request)})


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
    return redirect(f"{reverse('gaps')}?{_place(request)}")


def _place(request: HttpRequest) -> str:
    """Which list, and which page of it, somebody works on: they come back to it."""
    kept = {name: request.GET[name] for name in ("show", "page") if request.GET.get(name)}
    return urlencode(kept)


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
    here = _here(request, tenant, shown)
    gaps: list[Any] = list(here.object_list)
    seen = [(gap.pk, gap.state, gap.number, gap.note, gap.answer) for gap in gaps]
    return {
        "tenant": tenant,
        "show": shown,
        "here": here,
        "place": urlencode({"show": shown, "page": here.number}),
        "rows": _rows(gaps),
        "checking": any(gap.state == Gap.State.CHECKING for gap in gaps),
        "fingerprint": hashlib.sha256(repr(seen).encode()).hexdigest()[:16],
        "reads_chats": allowed(request, "inbox"),
    }


def _here(request: HttpRequest, tenant: Tenant, shown: str) -> "Page[Any]":
    """The gaps of this page, those that were asked most often first."""
    counted = Gap.objects.filter(tenant=tenant, state__in=LISTS[shown]).select_related("entry")
    rows = counted.annotate(number=Count("questions")).filter(number__gt=0)
    ordered = rows.order_by("-number", "-last_at", "pk")
    return Paginator(ordered, ON_A_PAGE).get_page(request.GET.get("page"))


def _rows(gaps: Sequence[Any]) -> list[dict[str, Any]]:
    """Each gap with its newest questions."""
    asked, spoken = _newest(gaps), _languages(gaps)
    return [
        {
            "gap": gap,
            "newest": asked[gap.pk][0],
            "examples": asked[gap.pk][1:],
            "languages": sorted(spoken[gap.pk]),
            "note": _(gap.note) if gap.note else "",
        }
        for gap in gaps
        if asked[gap.pk]
    ]


def _newest(gaps: Sequence[Any]) -> dict[Any, list[GapQuestion]]:
    """The newest questions of each gap, however often it was asked: one query for all of them."""
    newest_first = [F("asked_at").desc(), F("pk").desc()]
    place = Window(RowNumber(), partition_by="gap", order_by=newest_first)
    tried = Q(conversation__channel=Conversation.Channel.PLAYGROUND)
    rows = GapQuestion.objects.filter(gap__in=gaps).annotate(place=place, tried=tried)
    asked: dict[Any, list[GapQuestion]] = defaultdict(list)
    for question in rows.filter(place__lte=1 + EXAMPLES).order_by("place"):
        asked[question.gap_id].append(question)
    return asked


def _languages(gaps: Sequence[Any]) -> dict[Any, set[str]]:
    rows = GapQuestion.objects.filter(gap__in=gaps).exclude(language="").order_by()
    spoken: dict[Any, set[str]] = defaultdict(set)
    for gap, language in rows.values_list("gap", "language").distinct():
        spoken[gap].add(language)
    return spoken
