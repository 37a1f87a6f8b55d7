"""Beside the form of an entry: its preview, its file, and the approval of a text that waits for review."""

import uuid
from functools import cache

import nh3
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from markdown_it import MarkdownIt

from knowledge import attachments, review
from knowledge.models import Attachment, KnowledgeEntry
from tenants.access import is_staff, visible
from tenants.pages import staff_page

LONGEST = 20_000


@staff_page("knowledge")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    return HttpResponse(as_page(request.POST.get("content", "")[:LONGEST]))


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


def as_page(text: str) -> SafeString:
    """Markdown as HTML. Raw HTML in it stays text, and what comes out is cleaned once more."""
    return mark_safe(nh3.clean(_markdown().render(text)))  # noqa: S308


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
