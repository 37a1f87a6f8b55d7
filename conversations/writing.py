"""What staff write: replies, notes among themselves, signs, and what is sent once more. Every change is a POST."""

import json
import uuid
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import media, outbox, reactions
from conversations.attachments import AttachmentError, queue_file
from conversations.finding import RIGHT, back_to, find, person
from conversations.hands import closed_because, log, taken, who_holds
from conversations.models import Conversation, Message, Note
from conversations.people import clean_text
from tenants.pages import staff_page

LONGEST = 4000  # characters of a reply


@staff_page(RIGHT)
def reply(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send what staff wrote, once however often it is sent. Writing takes the conversation over: a person wins."""
    conversation = find(request, pk)
    # Browsers send each new line as two signs.
    text = request.POST.get("text", "").replace("\r\n", "\n").strip()
    file = request.FILES.get("file")
    if request.method != "POST" or not (text or file):
        return _answer(request, conversation)
    if problem := _too_long(text) or _not_theirs(request, conversation):
        return _answer(request, conversation, problem)
    token = request.POST.get("token", "")[:40] or uuid.uuid4().hex
    said: dict[str, Any] = {
        "key": f"staff:{conversation.pk}:{token}",
        "at": timezone.now(),
        "written_by": person(request),
    }
    before = _replies(conversation, said["key"])
    problem = (
        _send_file(conversation, file, text, said) if file else _send(conversation, text, said)
    )
    if _replies(conversation, said["key"]) and not before:  # a double tap is one reply
        log(request, conversation, "replied")
        _goes_nowhere(conversation, said["key"])
    return _answer(request, conversation, problem)


def _send(conversation: Conversation, text: str, said: dict[str, Any]) -> str:
    outbox.queue(conversation, text, author=Message.Author.STAFF, **said)
    return ""


def _goes_nowhere(conversation: Conversation, key: str) -> None:
    """A made-up customer of a demo: the reply stands in the chat, and no line takes it."""
    if conversation.made_up:
        mine = Message.objects.filter(tenant=conversation.tenant_id, idempotency_key=key[:120])
        mine.filter(state=Message.State.QUEUED).update(state=Message.State.CANCELLED)


def _replies(conversation: Conversation, key: str) -> bool:
    rows = Message.objects.filter(tenant=conversation.tenant_id, idempotency_key=key[:120])
    return rows.exists()


def _too_long(text: str) -> str:
    """Nobody gets half of what was written."""
    if len(text) <= LONGEST:
        return ""
    return _(
        "A reply has up to %(most)s characters, this one has %(number)s. Send it in two parts."
    ) % {"most": LONGEST, "number": len(text)}


def _not_theirs(request: HttpRequest, conversation: Conversation) -> str:
    """Why this person cannot write here now; "" once the chat is in the hands of staff."""
    if problem := closed_because(conversation):
        return problem
    at, me = timezone.now(), person(request)
    if conversation.silent(at) and conversation.handler_id == me.pk:
        return ""
    if taken(request, conversation):
        conversation.refresh_from_db()
        return ""
    return who_holds(conversation)


def _send_file(
    conversation: Conversation,
    file: "UploadedFile[bytes]",
    caption: str,
    said: dict[str, Any],
) -> str:
    """A file that cannot be sent is said so, and its caption stays on the page to be sent alone."""
    data = file.read(media.LARGEST + 1)
    try:
        queue_file(conversation, data, file.name or "", caption=caption, **said)
    except AttachmentError as error:
        return str(error)
    return ""


def _answer(request: HttpRequest, conversation: Conversation, problem: str = "") -> HttpResponse:
    """The page goes on where it is, with the field emptied or the sentence beside it; without scripts it loads anew."""
    if request.headers.get("HX-Request"):
        event = {"unsaid": problem} if problem else {"said": True}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(event)})
    if problem:
        messages.error(request, problem)
        if text := request.POST.get("text", "").strip():
            messages.info(request, _("Your text was not sent: %(text)s") % {"text": text})
    return back_to(conversation)


@staff_page(RIGHT)
def note(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A word to colleagues. It is no message: nothing sends it, and no model reads it."""
    conversation = find(request, pk)
    text = clean_text(request.POST.get("text", "")).strip()[: Note.LONGEST]
    if request.method == "POST" and text:
        Note.objects.create(
            tenant=conversation.tenant,
            conversation=conversation,
            text=text,
            written_by=person(request),
            created_at=timezone.now(),
        )
    return _answer(request, conversation)


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
    return back_to(conversation)


@staff_page(RIGHT)
def react(request: HttpRequest, pk: uuid.UUID, message: int) -> HttpResponse:
    """A sign under a customer's message."""
    conversation = find(request, pk)
    row = get_object_or_404(conversation.messages, pk=message)
    if request.method == "POST" and not (conversation.blocked or conversation.made_up):
        emoji = request.POST.get("emoji", "")
        reactions.react(row, emoji, at=timezone.now(), written_by=person(request))
    return back_to(conversation)
