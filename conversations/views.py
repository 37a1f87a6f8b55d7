"""The thread of one conversation: bubbles with news, what was said before, files, export."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify

from conversations import media, reactions, staffchats, teaching, thread
from conversations.export import as_csv, as_text
from conversations.finding import RIGHT, back_to, find, number, person
from conversations.handout import handed_out
from conversations.hands import log
from conversations.inbox_page import pane
from conversations.models import Conversation, Escalation, MediaFile, QuickReply
from conversations.people_pane import colleagues, facts
from conversations.templatetags.bubbles import called
from tenants.access import allowed
from tenants.pages import frame, staff_page

KNOWN = 3000  # characters of the marks that a page tells of
# Open before resolved, urgent before normal before low, then who waits longest.
URGENT_FIRST: list[str | Combinable] = [
    Case(
        When(state=Escalation.State.RESOLVED, then=Value(9)),
        When(urgency=Escalation.Urgency.URGENT, then=Value(0)),
        When(urgency=Escalation.Urgency.NORMAL, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    ).asc(),
    "created_at",
]


def urgent_first(rows: QuerySet[Escalation]) -> QuerySet[Escalation]:
    return rows.order_by(*URGENT_FIRST)


@staff_page(RIGHT)
def page(request: HttpRequest, pk: uuid.UUID | str) -> HttpResponse:
    """The thread beside the list and what is known of the customer."""
    conversation = find(request, pk)
    shown = thread.newest(conversation, conversation.unread)
    older = thread.has_older(conversation, shown)
    return frame(
        request,
        "conversations/thread.html",
        called(conversation),
        **_context(request, conversation, shown, older, unread=conversation.unread),
        **pane(request, conversation.tenant, conversation.pk),
        **facts(conversation),
        older=older,
        quick=_quick(conversation),
        colleagues=colleagues(request, conversation.tenant),
        token=uuid.uuid4().hex,
        may_erase=allowed(request, "studio"),
        may_invite=allowed(request, "studio"),
    )


@staff_page(RIGHT)
def news(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The live bubbles from `from` on, with changed ticks; 204 when the page shows just that. Of bubbles whose marks the
    page knows, only the order is told.
    """
    conversation = find(request, pk)
    shown = thread.since(conversation, number(request.GET.get("from")))
    older = thread.has_older(conversation, shown)
    context = _context(request, conversation, shown, older)
    if request.GET.get("seen") == context["fingerprint"]:
        return HttpResponse(status=204)
    known = set(request.GET.get("known", "")[:KNOWN].split("."))
    context["items"] = thread.drawn(conversation, context["items"], known)
    return render(request, "conversations/news.html", context)


@staff_page(RIGHT)
def older(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    conversation = find(request, pk)
    last = get_object_or_404(conversation.messages, pk=number(request.GET.get("before")))
    shown = thread.before(conversation, last.pk)
    more = thread.has_older(conversation, shown)
    among = thread.notes(conversation, shown, more, until=last.created_at) if shown else []
    context = {
        "conversation": conversation,
        "items": thread.items(shown, among, 0, set()),
        "first": shown[0].pk if shown else 0,
        "older": more,
        "may_teach": allowed(request, "knowledge.change"),
    }
    return render(request, "conversations/older.html", context)


@staff_page(RIGHT)
def read(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Somebody looks at the thread: nothing is unread any more. A POST, as it changes a row."""
    conversation = find(request, pk)
    if request.method == "POST" and conversation.unread:
        Conversation.objects.filter(pk=conversation.pk).update(unread=0)
    return HttpResponse(status=204)


@staff_page(RIGHT)
def file(request: HttpRequest, pk: uuid.UUID, message: int) -> HttpResponse:
    """A file that came with a message of this conversation, to see, to hear or to save."""
    conversation = find(request, pk)
    rows = MediaFile.objects.filter(
        message__conversation=conversation, state=MediaFile.State.STORED
    )
    return handed_out(request, get_object_or_404(rows.select_related("message"), message=message))


@staff_page(RIGHT)
def load_again(request: HttpRequest, pk: uuid.UUID, message: int) -> HttpResponse:
    """A file that could not be loaded is asked for once more; for one that is gone the page says so."""
    conversation = find(request, pk)
    rows = MediaFile.objects.filter(message__conversation=conversation)
    wanted = get_object_or_404(rows, message=message)
    if request.method == "POST" and not media.try_again(wanted, timezone.now()):
        messages.warning(request, wanted.get_problem_display() or wanted.get_state_display())
    return back_to(conversation)


@staff_page(RIGHT)
def export(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The whole conversation on the studio's clock: as text, or (as=csv) for spreadsheets. No notes of colleagues.

    A POST, as the change log tells who took a customer's words along.
    """
    conversation = find(request, pk)
    if request.method != "POST":
        return back_to(conversation)
    kind = "csv" if request.POST.get("as") == "csv" else "txt"
    log(request, conversation, "exported")
    written = as_csv(conversation) if kind == "csv" else as_text(conversation)
    # Spreadsheets take a csv for Latin-1 unless it begins so.
    text = "".join(written).encode("utf-8-sig" if kind == "csv" else "utf-8")
    kinds = {"csv": "text/csv", "txt": "text/plain"}
    response = HttpResponse(text, content_type=f"{kinds[kind]}; charset=utf-8")
    name = slugify(str(conversation)) or "conversation"
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


@staff_page(RIGHT)
def correct(request: HttpRequest, pk: uuid.UUID, message: int) -> HttpResponse:
    """To a new entry of the knowledge, with the question that got this answer filled in."""
    conversation = find(request, pk)
    row = get_object_or_404(conversation.messages, pk=message)
    return redirect(teaching.entry_for(conversation, teaching.question_before(row)))


def _quick(conversation: Conversation) -> list[tuple[str, str]]:
    rows = QuickReply.objects.filter(tenant=conversation.tenant)[:100]
    return [(row.shortcut, row.text(conversation.language)) for row in rows]


def _context(
    request: HttpRequest,
    conversation: Conversation,
    shown: Sequence[thread.Row],
    older: bool,
    unread: int = 0,
) -> dict[str, Any]:
    """The fingerprint changes when, and only when, a reader would see a difference."""
    at = timezone.now()
    signs = thread.reactable(conversation, shown)
    among = thread.notes(conversation, shown, older, until=None)
    found = thread.items(shown, among, unread, signs)
    cases = list(urgent_first(conversation.escalations.filter(state=Escalation.State.OPEN)))
    waits = thread.line_waits(conversation, at)
    holder = _holder(request, conversation, at)
    mode = holder, conversation.handler_id, conversation.resumes_at, conversation.handled_since
    reasons = [(case.pk, case.urgency, case.summary) for case in cases]
    return {
        "conversation": conversation,
        "items": found,
        "first": shown[0].pk if shown else 0,
        "fingerprint": thread.fingerprint(found, mode, reasons, waits),
        "holder": holder,
        "cases": cases,
        "line_waits": waits,
        "reactions": reactions.EMOJIS,
        "reactable": signs,
        "may_teach": allowed(request, "knowledge.change"),
    }


def _holder(request: HttpRequest, conversation: Conversation, at: Any) -> str:
    """Who has the chat, as this reader sees it: assistant, mine, other (a colleague), staff (nobody special), blocked,
    or contact (somebody who gets the studio's notices: not answered as a customer).
    """
    if conversation.blocked:
        return "blocked"
    if staffchats.of_a_contact(conversation):
        return "contact"
    if not conversation.silent(at):
        return "assistant"
    if conversation.handler_id is None:
        return "staff"
    return "mine" if conversation.handler_id == person(request).pk else "other"
