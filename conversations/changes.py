"""Afterthoughts: a message is edited, deleted, or gets an emoji. Staff lose no version."""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from conversations import early, media
from conversations.inbound import Edit, InboundMessage, Reaction, Revoke
from conversations.models import Conversation, Message
from conversations.people import clean_data, clean_text, known
from conversations.shortcuts import shortcut
from tenants.models import Tenant

Kind, State = Message.Kind, Message.State

WAITING = (State.NEW, State.LIMITED)
# An answered question that is corrected so soon is answered once more.
CORRECTED_WITHIN = dt.timedelta(minutes=15)


@transaction.atomic
def edit(event: Edit, at: dt.datetime) -> Message | None:
    """Replace the text and keep the old one; a correction soon after the answer is answered again."""
    message = _find(event)
    if message is None:
        early.keep(event, at)
        return None
    text = clean_text(event.text)[: Message.LONGEST]
    command = shortcut(text)
    text = command.question if command and command.question else text
    if message.text == text or "revoked" in message.details:
        return None
    if _superseded(message, event):
        return None
    again = message.state == State.ANSWERED and _really_different(message.text, text)
    _keep(message, "edits", {"text": message.text, "at": at.isoformat(), "id": event.edit_id})
    message.details["edited"] = event.sent_at.isoformat()
    message.text = text
    if (
        message.kind == Kind.UNREADABLE
    ):  # now it can be read, and what it said first matters no more
        message.kind = Kind.TEXT
    if again and message.inbound and at - message.created_at <= CORRECTED_WITHIN:
        _answer_again(message, at)
    message.save(update_fields=["kind", "text", "details", "state"])
    if message.state in WAITING:
        _overtake(message.conversation)
    return message


def _find(event: Edit | Revoke) -> Message | None:
    """The message, with its conversation locked. Never one that the other side wrote."""
    rows = Message.objects.filter(
        tenant_id=event.tenant_id, whatsapp_id=event.whatsapp_id[:80], from_me=event.from_me
    )
    message = rows.first()
    if message is None:
        return None
    conversations = Conversation.objects.select_for_update(no_key=True, of=("self",))
    conversation = conversations.select_related("tenant").get(pk=message.conversation_id)
    message = rows.get(pk=message.pk)  # as it is now that the conversation is ours
    message.conversation = conversation
    return message


def _superseded(message: Message, event: Edit) -> bool:
    """A copy of an edit that was made, or one that came after a later one."""
    edits = [edit.get("id") for edit in message.details.get("edits", [])]
    known = bool(event.edit_id) and event.edit_id in edits
    return known or event.sent_at.isoformat() < message.details.get("edited", "")


def _keep(message: Message, name: str, entry: dict[str, str]) -> None:
    message.details = {**message.details, name: [*message.details.get(name, []), entry]}


def _really_different(old: str, new: str) -> bool:
    def letters(text: str) -> str:
        return "".join(c for c in text.casefold() if c.isalnum())

    return letters(old) != letters(new)


def _answer_again(message: Message, at: dt.datetime) -> None:
    conversation = message.conversation
    live = conversation.tenant.mode == Tenant.Mode.LIVE or message.details.get("test")
    if conversation.silent(at) or not live or conversation.blocked:
        return
    message.state = State.NEW
    message.details = {**message.details, "corrected": True}
    Conversation.objects.filter(pk=conversation.pk).update(
        reply_due_at=at, waiting_since=conversation.waiting_since or at, quiet_until=None
    )


def _overtake(conversation: Conversation) -> None:
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(waiting_version=F("waiting_version") + 1)


def fill_in(message: Message, event: InboundMessage) -> Message | None:
    """A copy of a message that says what the first did not: it was read anew by a better reader. Staff look at it."""
    unread = message.kind == Kind.OTHER or not (message.text or message.details.keys() & _CHANGED)
    text = clean_text(event.text)[: Message.LONGEST]
    better = event.kind in Kind.values and (event.kind, text) != (message.kind, message.text)
    if not unread or not better or event.kind in (Kind.OTHER, Kind.UNREADABLE):
        return None
    message.kind, message.text = event.kind, text or message.text
    message.details = {**clean_data(event.details), **message.details}
    if event.file and not media.of(message):
        media.expect(message, event.file, message.created_at)
    if message.state == State.SEEN and message.inbound and text:
        message.state = State.HANDED_OVER
        Conversation.objects.filter(pk=message.conversation_id).update(unread=F("unread") + 1)
    message.save(update_fields=["kind", "text", "details", "state"])
    return message


_CHANGED = {"revoked", "edits", "command"}


@transaction.atomic
def revoke(event: Revoke, at: dt.datetime) -> Message | None:
    """Drop what waits; hide the text from pages and prompts (kept in details for cases of abuse)."""
    message = _find(event)
    if message is None:
        early.keep(event, at)
    if message is None or "revoked" in message.details:
        return None
    waited = message.state in WAITING
    message.details = {
        **message.details,
        "revoked": {"text": message.text, "at": event.sent_at.isoformat()},
    }
    message.text = ""
    message.state = State.SEEN if waited else message.state
    message.save(update_fields=["text", "details", "state"])
    media.take_back(message)
    if waited:
        _overtake(message.conversation)
        _nothing_due(message.conversation)
    return message


def _nothing_due(conversation: Conversation) -> None:
    if not conversation.messages.filter(state__in=WAITING).exists():
        rows = Conversation.objects.filter(pk=conversation.pk)
        rows.update(reply_due_at=None, waiting_since=None, limited_until=None)


@transaction.atomic
def reaction(event: Reaction, at: dt.datetime) -> Message | None:
    """Note the emoji on our message. No reply. 👍 and 👎 on an answer are feedback on it; staff look at a 👎."""
    anywhere = Message.objects.filter(tenant_id=event.tenant_id, whatsapp_id=event.whatsapp_id[:80])
    rows = anywhere.filter(from_me=True)
    if not event.from_me:  # a customer marks only what they were sent
        rows = rows.filter(conversation__customer__in=known(event.tenant_id, event.person))
    message = rows.select_for_update(no_key=True, of=("self",)).first()
    if message is None and not anywhere.exists():
        early.keep(event, at)
    if message is None:
        return None
    name = "staff_reaction" if event.from_me else "reaction"
    marks = {name: clean_text(event.emoji)[:16]}
    if not event.from_me and message.author == Message.Author.ASSISTANT:
        marks["feedback"] = _FEEDBACK.get(event.emoji[:1], "")
    return _marked(message, marks)


def make_up_for(tenant_id: uuid.UUID, whatsapp_id: str, at: dt.datetime) -> None:
    """What the customer did with a message of ours before we knew its id; nearly always nothing."""
    if early.waits(tenant_id, whatsapp_id):
        with transaction.atomic():
            make_up(early.take(tenant_id, whatsapp_id, from_me=True), at)


def make_up(changes: Sequence[early.Change], at: dt.datetime) -> Message | None:
    """Make changes that came before their message, which is here now. The message as it stands then, if it changed."""
    message = None
    for change in changes:
        if isinstance(change, Edit):
            message = edit(change, at) or message
        elif isinstance(change, Revoke):
            message = revoke(change, at) or message
        else:
            message = reaction(change, at) or message
    return message


_FEEDBACK = {"👍": "good", "👎": "bad"}


def _marked(message: Message, marks: dict[str, str]) -> Message | None:
    """Keep these marks, and forget those that were taken back; None when nothing is new."""
    others = {key: value for key, value in message.details.items() if key not in marks}
    details = {**others, **{name: mark for name, mark in marks.items() if mark}}
    if details == message.details:
        return None
    if details.get("feedback") == "bad" != message.details.get("feedback"):
        rows = Conversation.objects.filter(pk=message.conversation_id)
        rows.update(unread=F("unread") + 1)
    message.details = details
    message.save(update_fields=["details"])
    return message
