"""The thread of one conversation: bubbles, take-over, replies, export. Every change is a POST."""

import hashlib
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from conversations import escalations, handling, media, outbox, reactions
from conversations.attachments import AttachmentError, queue_file
from conversations.handout import handed_out
from conversations.models import Conversation, Escalation, MediaFile, Message
from tenants.access import visible
from tenants.pages import frame, staff_page
from tenants.phones import readable

RIGHT = "inbox"
STEP = 60  # messages per “Load older”
LONGEST = 4000  # characters of a reply

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


def find(request: HttpRequest, pk: uuid.UUID | str) -> Conversation:
    """The conversation, if it belongs to the chosen studio; a Playground only to the one who asks there."""
    rows = visible(request, Conversation.objects.select_related("customer", "tenant", "handler"))
    rows = rows.exclude(channel__in=Conversation.WITHIN)
    try:
        return get_object_or_404(rows, pk=pk)
    except ValidationError:
        return get_object_or_404(rows.none())


@staff_page(RIGHT)
def thread(request: HttpRequest, pk: uuid.UUID | str) -> HttpResponse:
    conversation = find(request, pk)
    shown = _before(conversation, None)
    return frame(
        request,
        "conversations/thread.html",
        str(conversation),
        **_context(conversation, shown),
        older=_has_older(conversation, shown),
        escalations=conversation.escalations.filter(state=Escalation.State.OPEN),
        phone=readable(conversation.customer.phone) if conversation.customer else "",
        token=uuid.uuid4().hex,
    )


@staff_page(RIGHT)
def news(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The live bubbles from `from` on, with changed ticks; 204 when the page shows just that."""
    conversation = find(request, pk)
    first = _number(request.GET.get("from"))
    shown = list(_rows(conversation).filter(pk__gte=first).order_by("pk"))
    context = _context(conversation, shown)
    if request.GET.get("seen") == context["fingerprint"]:
        return HttpResponse(status=204)
    return render(request, "conversations/news.html", context)


@staff_page(RIGHT)
def older(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    conversation = find(request, pk)
    shown = _before(conversation, _number(request.GET.get("before")))
    context = _context(conversation, shown) | {"older": _has_older(conversation, shown)}
    return render(request, "conversations/older.html", context)


@staff_page(RIGHT)
def read(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Somebody looks at the thread: nothing is unread any more. A POST, as it changes a row."""
    conversation = find(request, pk)
    if request.method == "POST":
        Conversation.objects.filter(pk=conversation.pk).update(unread=0)
    return HttpResponse(status=204)


@staff_page(RIGHT)
def take_over(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    conversation = find(request, pk)
    if request.method == "POST" and not _taken(request, conversation):
        conversation.refresh_from_db()
        messages.warning(
            request, _("%(name)s already holds this conversation.") % {"name": conversation.handler}
        )
    return _to(conversation)


@staff_page(RIGHT)
def hand_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    conversation = find(request, pk)
    if request.method == "POST":
        handling.hand_back(conversation, _person(request), timezone.now())
    return _to(conversation)


@staff_page(RIGHT)
def reply(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send what staff wrote, once however often it is sent. Writing takes the conversation over: a person wins."""
    conversation = find(request, pk)
    text, file = request.POST.get("text", "").strip(), request.FILES.get("file")
    if request.method != "POST" or not (text or file):
        return _to(conversation)
    if conversation.handled_by != Conversation.Handler.STAFF:
        _taken(request, conversation)
        conversation.refresh_from_db()
    token = request.POST.get("token", "")[:40] or uuid.uuid4().hex
    said: dict[str, Any] = {
        "key": f"staff:{conversation.pk}:{token}",
        "at": timezone.now(),
        "written_by": _person(request),
    }
    if file:
        _send_file(request, conversation, file, text[:LONGEST], said)
    else:
        outbox.queue(conversation, text[:LONGEST], author=Message.Author.STAFF, **said)
    return _to(conversation)


def _send_file(
    request: HttpRequest,
    conversation: Conversation,
    file: "UploadedFile[bytes]",
    caption: str,
    said: dict[str, Any],
) -> None:
    """A file that cannot be sent is said so, and its caption stays on the page to be sent alone."""
    data = file.read(media.LARGEST + 1)
    try:
        queue_file(conversation, data, file.name or "", caption=caption, **said)
    except AttachmentError as error:
        messages.error(request, str(error))
        if caption:
            messages.info(request, _("Your text was not sent: %(text)s") % {"text": caption})


@staff_page(RIGHT)
def send_again(request: HttpRequest, pk: uuid.UUID, message: int) -> HttpResponse:
    """A message that failed, or perhaps left, is sent again because a person says so."""
    conversation = find(request, pk)
    row = get_object_or_404(conversation.messages, pk=message)
    if request.method == "POST" and row.state in (Message.State.FAILED, Message.State.UNKNOWN):
        try:
            outbox.send_again(row, timezone.now())
        except OSError:  # nothing was queued
            messages.error(request, _("Its file is not stored any more. Send the file anew."))
    return _to(conversation)


@staff_page(RIGHT)
def react(request: HttpRequest, pk: uuid.UUID, message: int) -> HttpResponse:
    """A sign under a customer's message."""
    conversation = find(request, pk)
    row = get_object_or_404(conversation.messages, pk=message)
    if request.method == "POST":
        emoji = request.POST.get("emoji", "")
        reactions.react(row, emoji, at=timezone.now(), written_by=_person(request))
    return _to(conversation)


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
    return _to(conversation)


@staff_page(RIGHT)
def resolve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Close an escalation with its outcome."""
    rows = visible(request, Escalation.objects.select_related("conversation"))
    escalation = get_object_or_404(rows, pk=pk)
    if request.method == "POST":
        outcome = request.POST.get("outcome", "").strip()[:200]
        escalations.resolve(escalation, _person(request), outcome, timezone.now())
        messages.success(request, _("The escalation is resolved."))
    return redirect("admin:conversations_conversation_change", escalation.conversation_id)


@staff_page(RIGHT)
def export(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The whole conversation as plain text, on the studio's clock."""
    conversation = find(request, pk)
    lines = [_line(message) for message in conversation.messages.order_by("pk").iterator()]
    response = HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")
    name = slugify(str(conversation)) or "conversation"
    response["Content-Disposition"] = f'attachment; filename="{name}.txt"'
    return response


def urgent_first(rows: QuerySet[Escalation]) -> QuerySet[Escalation]:
    return rows.order_by(*URGENT_FIRST)


def _line(message: Message) -> str:
    at = timezone.localtime(message.created_at)
    text = message.text or message.get_kind_display()
    return f"[{at:%Y-%m-%d %H:%M}] {message.get_author_display()}: {text}\n"


def _taken(request: HttpRequest, conversation: Conversation) -> bool:
    return handling.take_over(conversation, _person(request), timezone.now())


def _to(conversation: Conversation) -> HttpResponse:
    return redirect("admin:conversations_conversation_change", conversation.pk)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the site let them in
    return request.user


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0


def _rows(conversation: Conversation) -> QuerySet[Message]:
    """With the turn behind each answer: it belongs to an app above this one, which points here."""
    rows = conversation.messages.select_related("turn", "written_by", "media")
    wrong = (Message.State.FAILED, Message.State.UNKNOWN)
    # A reaction is shown under its message; as a bubble only when it did not arrive.
    return rows.exclude(~Q(state__in=wrong), kind=Message.Kind.REACTION)


def _before(conversation: Conversation, pk: int | None) -> list[Message]:
    rows = _rows(conversation)
    if pk is not None:
        rows = rows.filter(pk__lt=pk)
    return list(reversed(rows.order_by("-pk")[:STEP]))


def _file_state(message: Message) -> str:
    media = getattr(message, "media", None)
    return f"{media.state} {media.problem}" if media else ""


def _has_older(conversation: Conversation, shown: list[Message]) -> bool:
    return bool(shown) and conversation.messages.filter(pk__lt=shown[0].pk).exists()


def _context(conversation: Conversation, shown: list[Message]) -> dict[str, Any]:
    """The fingerprint changes when, and only when, a reader would see a difference."""
    ticks = [(m.pk, m.state, m.text, m.error, str(m.details), _file_state(m)) for m in shown]
    mode = conversation.handled_by, conversation.handler_id, conversation.resumes_at
    seen = hashlib.sha256(repr((ticks, mode)).encode()).hexdigest()[:16]
    return {
        "conversation": conversation,
        "bubbles": shown,
        "first": shown[0].pk if shown else 0,
        "fingerprint": seen,
        "held_by_staff": conversation.handled_by == Conversation.Handler.STAFF,
        "reactions": reactions.EMOJIS,
        "reactable": _reactable(conversation, shown),
    }


def _reactable(conversation: Conversation, shown: list[Message]) -> set[int]:
    """The newest few messages of the customer: nobody reacts to old ones."""
    if conversation.channel != Conversation.Channel.WHATSAPP:
        return set()
    rows = [row.pk for row in shown if row.inbound and row.whatsapp_id]
    return set(rows[-3:])
