"""The preview beside the form: Markdown made into a page by the server."""

from functools import cache

import nh3
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST
from markdown_it import MarkdownIt

from tenants.pages import staff_page

LONGEST = 20_000


@staff_page("knowledge")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    return HttpResponse(as_page(request.POST.get("content", "")[:LONGEST]))


def as_page(text: str) -> SafeString:
    """Markdown as HTML. Raw HTML in it stays text, and what comes out is cleaned once more."""
    return mark_safe(nh3.clean(_markdown().render(text)))  # noqa: S308


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
