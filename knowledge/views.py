"""Beside the form of an entry: previews, a question put to the draft, its file, its versions, and the approval of a text
that waits for review."""

import re
import uuid
from functools import cache
from typing import Any

import nh3
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from markdown_it import MarkdownIt

from knowledge import attachments, changes, passages, review, sync, trying
from knowledge.entries import FIELDS, mark, save_entry
from knowledge.models import Attachment, KnowledgeEntry
from tenants.access import allowed, chosen_studio, is_staff, visible
from tenants.pages import frame, staff_page

LONGEST = 20_000


@staff_page("knowledge")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The text as a page and as a WhatsApp message."""
    text = request.POST.get("content", "")[:LONGEST]
    shown = {"page": as_page(text), "message": as_message(passages.whatsapp(text))}
    return render(request, "knowledge/previews.html", shown)


@staff_page("knowledge")
@require_POST
def try_it(request: HttpRequest) -> HttpResponse:
    """Whether this draft would be found for a question, among all that the studio tells."""
    tenant = chosen_studio(request)
    question = " ".join(request.POST.get("question", "").split())[:500]
    if tenant is None:
        told: dict[str, Any] = {"problem": _("Choose a studio first.")}
    elif not question or not request.POST.get("content", "").strip():
        told = {"problem": _("Write the text and a question first.")}
    else:
        told = {"trial": trying.tried(tenant, request.POST, question, timezone.now())}
    return render(request, "knowledge/tried.html", told)


@staff_page("knowledge.change")
@require_POST
def index_again(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    entry = get_object_or_404(visible(request, KnowledgeEntry.objects.all()), pk=pk)
    sync.again(KnowledgeEntry.objects.filter(pk=entry.pk))
    messages.success(request, _("It is being indexed again. Customers are told of it meanwhile."))
    return redirect("admin:knowledge_knowledgeentry_change", pk)


@staff_page("knowledge.change")
@require_POST
def index_failed(request: HttpRequest) -> HttpResponse:
    """Try all entries again that could not be indexed."""
    failed = KnowledgeEntry.objects.filter(index_state=KnowledgeEntry.IndexState.FAILED)
    number = sync.again(visible(request, failed))
    messages.success(request, _("Being indexed again: %(number)s") % {"number": number})
    return redirect("admin:knowledge_knowledgeentry_changelist")


@staff_page("knowledge")
def history(request: HttpRequest, object_id: str) -> HttpResponse:
    """Every version with its author and what changed."""
    entry = get_object_or_404(visible(request, KnowledgeEntry.objects.all()), pk=_uuid(object_id))
    rows = visible(request, KnowledgeEntry.history.filter(id=entry.pk))
    found = changes.versions(rows)
    title = _("History: %(title)s") % {"title": entry.title}
    return frame(
        request,
        "knowledge/history.html",
        title,
        entry=entry,
        versions=found,
        seen=mark(entry),
        may=allowed(request, "knowledge.change"),
    )


@staff_page("knowledge.change")
@require_POST
def revert(request: HttpRequest, pk: uuid.UUID, version: int) -> HttpResponse:
    """An older version in place of the newest, which stays in the history."""
    entry = get_object_or_404(visible(request, KnowledgeEntry.objects.all()), pk=pk)
    rows = visible(request, KnowledgeEntry.history.filter(id=entry.pk))
    row = get_object_or_404(rows, history_id=version)
    try:
        _put_back(request, row, request.POST.get("seen", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The older version is in place again."))
    return redirect("admin:knowledge_knowledgeentry_history", pk)


@transaction.atomic
def _put_back(request: HttpRequest, row: Any, seen: str) -> None:
    """The words of that version, unless somebody changed the entry since the page was opened. Its status stays."""
    rows = KnowledgeEntry.objects.select_for_update(no_key=True, of=("self",))
    entry = rows.select_related("tenant").defer("embedding").get(pk=row.id)
    if mark(entry) != seen:
        raise ValidationError(
            _("Somebody changed the entry meanwhile. Look at their version first; it is on top.")
        )
    at = date_format(timezone.localtime(row.history_date), "DATETIME_FORMAT")
    reason = _("back to the version of %(at)s") % {"at": at}
    changes.by(entry, request.user if is_staff(request.user) else None, reason)
    said = {name: getattr(row, name) for name in FIELDS if name != "status"}
    save_entry(entry.tenant, said, entry)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error


@staff_page("knowledge.change")
@require_POST
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The person answers for the text that they saw; not for one that was changed meanwhile."""
    entry = get_object_or_404(visible(request, KnowledgeEntry.objects.all()), pk=pk)
    person = request.user if is_staff(request.user) else None
    try:
        review.approve(entry, by=person, at=timezone.now(), seen=request.POST.get("seen", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Approved. The assistant may use it now."))
    return redirect("admin:knowledge_knowledgeentry_change", pk)


@staff_page("knowledge")
def file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The picture or PDF of an entry, always as a download."""
    rows = visible(request, Attachment.objects.all())
    return handed_out(get_object_or_404(rows, entry=pk))


def handed_out(attachment: Attachment) -> HttpResponse:
    """The file, with a type that no browser mistakes, and nothing that could run."""
    try:
        data = attachments.read(attachment)
    except OSError as error:
        raise Http404(_("The file is gone. Attach it once more.")) from error
    response = HttpResponse(data, content_type=attachment.content_type)
    response["Content-Disposition"] = content_disposition_header(True, attachment.name)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def as_message(text: str) -> SafeString:
    """WhatsApp's own marks as WhatsApp shows them; all else stays text."""
    shown = str(escape(text))
    for sign, tag in (("*", "strong"), ("_", "em"), ("~", "s")):
        inside = rf"(?<![\w{sign}]){re.escape(sign)}(?=\S)([^{sign}\n]+?)(?<=\S){re.escape(sign)}(?![\w{sign}])"
        shown = re.sub(inside, rf"<{tag}>\1</{tag}>", shown)
    return mark_safe(shown)  # noqa: S308  escaped above


def as_page(text: str) -> SafeString:
    """Markdown as HTML. Raw HTML in it stays text, and what comes out is cleaned once more."""
    return mark_safe(nh3.clean(_markdown().render(text)))  # noqa: S308


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
