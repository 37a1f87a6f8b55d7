"""Everything that happens in a chat enters here, and any event may come twice.

One short transaction per message: customer, conversation, row, and when a reply is due.
"""

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from conversations import (
    calls,
    changes,
    early,
    limits,
    loops,
    media,
    outbox,
    people,
    phone,
    timers,
)
from conversations.fate import Fate, fate_of
from conversations.inbound import (
    Call,
    Edit,
    Event,
    FromPhone,
    InboundMessage,
    Reaction,
    Receipt,
    Revoke,
    Timer,
    Typing,
)
from conversations.models import Conversation, Message
from conversations.sentences import sentence
from conversations.shortcuts import Shortcut, shortcut
from tenants import crash
from tenants.prepared import PreparedUpdate, id_slot

Channel, Kind, State = Conversation.Channel, Message.Kind, Message.State

_ONE_UNREAD, _NEWER = F("unread") + 1, F("waiting_version") + 1
_KINDS, _OTHER = frozenset(Kind.values), Kind.OTHER
QUIET_CAP = dt.timedelta(seconds=8)


def receive(event: Event, *, at: dt.datetime) -> Message | None:
    """Take in one event. Returns the row of a new or changed message; None when there is nothing new."""
    match event:
        case InboundMessage():
            return _message(event, at)
        case FromPhone():
            return phone.receive(event, at)
        case Edit():
            return changes.edit(event, at)
        case Revoke():
            return changes.revoke(event, at)
        case Reaction():
            return changes.reaction(event, at)
        case Timer():
            timers.receive(event)
        case Call():
            return calls.receive(event, at)
        case Receipt():
            outbox.receipt(event, at)
        case Typing():
            _typing(event, at)
    return None


def _message(event: InboundMessage, at: dt.datetime) -> Message | None:
    if event.own_chat and shortcut(event.text) is None:
        return None  # what the studio notes down for itself is none of our business
    try:
        return _store(event, at)
    except IntegrityError:  # the message is known, or its customer was made a moment ago
        return _again(event, at)


@transaction.atomic
def _store(event: InboundMessage, at: dt.datetime) -> Message:
    conversation = _conversation(event)
    waited: list[early.Change] = []  # those of an unreadable one wait on: its text may still come
    if event.kind != Kind.UNREADABLE and early.waits_for(conversation):
        waited = early.take(event.tenant_id, event.whatsapp_id, event.own_chat)
        event = early.edited(event, waited)
    command = shortcut(event.text)
    fate = fate_of(event, conversation, command, at)
    message = _row(event, conversation, command, fate, at)
    crash.point("C3")
    if event.file:
        media.expect(message, event.file, at)
    _update(event, conversation, fate, at)
    _note(event, conversation, fate, at)
    return changes.make_up(waited, at) or message


@transaction.atomic
def _again(event: InboundMessage, at: dt.datetime) -> Message | None:
    """A second copy only fills in what the first did not say: phone, hidden id, name, or the content itself."""
    rows = Message.objects.filter(
        tenant_id=event.tenant_id, whatsapp_id=event.whatsapp_id[:80], from_me=event.own_chat
    )
    first = rows.first()
    if first is None:
        return _store(event, at)
    if first.kind == Kind.UNREADABLE and event.kind != Kind.UNREADABLE:
        if "revoked" in first.details:
            return None  # its sender does not want it to be read
        first.delete()  # the text came after all: it is received as if it were new
        return _store(event, at)
    if not event.own_chat:
        _conversation(event)
    return changes.fill_in(first, event)


def _conversation(event: InboundMessage) -> Conversation:
    if event.own_chat:
        return _own_chat(event.tenant_id)
    return people.conversation_with(event.tenant_id, event.person, event.chat, event.whatsapp_id)


def _own_chat(tenant_id: uuid.UUID) -> Conversation:
    made, _new = Conversation.objects.get_or_create(tenant_id=tenant_id, channel=Channel.OWN_CHAT)
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("tenant", "customer").get(pk=made.pk)


def _row(
    event: InboundMessage,
    conversation: Conversation,
    command: Shortcut | None,
    fate: Fate,
    at: dt.datetime,
) -> Message:
    text = people.clean_text(event.text)
    message = Message(
        tenant_id=event.tenant_id,
        conversation=conversation,
        author=Message.Author.CUSTOMER,
        kind=event.kind if event.kind in _KINDS else _OTHER,
        text=(command.question if command and command.question else text)[: Message.LONGEST],
        state=fate.state,
        whatsapp_id=event.whatsapp_id[:80],
        from_me=event.own_chat,
        whatsapp_at=event.sent_at,
        quoted_id=event.quoted_id[:80],
        details=_details(event, command, text),
        created_at=at,
    )
    if event.quoted_id:
        _quote(message)
    return message.insert()


def _quote(message: Message) -> None:
    """What the customer answers, in our own words where we have them: their phone may tell anything."""
    ours = Message.objects.filter(tenant_id=message.tenant_id, whatsapp_id=message.quoted_id)
    quoted = ours.filter(conversation_id=message.conversation_id).first()
    if quoted and "revoked" not in quoted.details:
        words = {"kind": quoted.kind, "text": quoted.text[:500], "author": quoted.author}
        message.details["quoted"] = words
    elif quoted:
        message.details.pop("quoted", None)


def _details(event: InboundMessage, command: Shortcut | None, text: str) -> dict[str, Any]:
    details = people.clean_data(event.details) if event.details else {}
    if event.backlog:
        details["backlog"] = True
    if len(text) > Message.LONGEST:
        details["cut_from"] = len(text)
    if command:
        details["command"] = command.name
    if command and command.question:
        details["test"] = True
    return details


def _update(event: InboundMessage, conversation: Conversation, fate: Fate, at: dt.datetime) -> None:
    """One UPDATE: the thread moves up, the reply becomes due, one in the making is overtaken."""
    changed: dict[str, Any] = {"last_message_at": at, "unread": _ONE_UNREAD}
    if event.chat:
        changed["chat"] = event.chat[:80]
    changed |= timers.told(event, conversation)
    if fate.due_at:
        changed |= _due(event, conversation, fate.due_at, at)
    if fate.limited_until:
        until = conversation.limited_until or fate.limited_until
        changed |= {
            "limited_until": until,
            "reply_due_at": conversation.reply_due_at or until,
        }
    _CONVERSATION(changed, pk=conversation.pk)


_CONVERSATION = PreparedUpdate(lambda: Conversation.objects.filter(pk=id_slot("pk")))


def _due(
    event: InboundMessage, conversation: Conversation, due_at: dt.datetime, at: dt.datetime
) -> dict[str, Any]:
    """The turn starts at once (a backlog waits until it is in); its reply waits for quiet."""
    earlier = None if event.backlog else conversation.reply_due_at
    since = conversation.waiting_since or at
    return {
        "waiting_version": _NEWER,
        "reply_due_at": min(earlier, due_at) if earlier else due_at,
        "waiting_since": since,
        "quiet_until": quiet_until(since, at),
    }


def quiet_until(since: dt.datetime, at: dt.datetime) -> dt.datetime:
    """No reply leaves before: a moment after the last message, but soon enough after the first unanswered one."""
    quiet = at + dt.timedelta(seconds=settings.AGENT_QUIET_SECONDS)
    return max(min(quiet, since + QUIET_CAP), at)


def _note(event: InboundMessage, conversation: Conversation, fate: Fate, at: dt.datetime) -> None:
    if fate.note == "limited":
        limits.note(conversation, at)
    elif fate.note == "loop":
        loops.stop(conversation, at)
    elif fate.note:
        usage = fate.note == "test_usage"
        outbox.queue(
            conversation,
            sentence("test_usage", conversation.language) if usage else "pong",
            author=Message.Author.SYSTEM,
            key=f"{fate.note}:{event.whatsapp_id}",
            at=at,
            details={"note": fate.note},
        )


def _typing(event: Typing, at: dt.datetime) -> None:
    """The reply waits while the customer types, up to the cap."""
    chats = Conversation.objects.filter(
        customer__in=people.known(event.tenant_id, event.person), channel=Channel.WHATSAPP
    )
    for conversation in chats:
        if since := conversation.waiting_since:
            rows = Conversation.objects.filter(pk=conversation.pk, waiting_since=since)
            rows.update(quiet_until=quiet_until(since, at))
