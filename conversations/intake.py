"""Everything that happens in a chat enters here, and any event may come twice.

One short transaction per message: customer, conversation, row, and when a reply is due.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from conversations import changes, handling, limits, outbox, people
from conversations.inbound import (
    Edit,
    Event,
    FromPhone,
    InboundMessage,
    Reaction,
    Receipt,
    Revoke,
    Typing,
)
from conversations.models import Conversation, Message
from conversations.sentences import sentence
from conversations.shortcuts import Shortcut, shortcut
from tenants.models import Tenant

Author, Channel, Kind, State = Message.Author, Conversation.Channel, Message.Kind, Message.State

TEXT_LIMIT = 20_000
QUIET_CAP = dt.timedelta(seconds=8)
# A backlog comes in any order and may hold the studio's own answers from its phone: let it come in first.
BACKLOG_WAIT = dt.timedelta(seconds=3)
# WhatsApp may still deliver the text of an unreadable message under the same id.
UNREADABLE_WAIT = dt.timedelta(seconds=60)
_THANKS = re.compile(
    r"(?:(?:ok|oke|okay|okey|okee|sip|siap|baik|noted|got it|great|ya|yes|kak|ka|min|mba|mbak|mas|bu|banyak|so much|a lot|very much"
    r"|terima ?kasih|trima ?kasih|makasih+|mksh|mks|makasi|trims|tq|thx|thanks+|thank (?:you|u)|ty|suksma"
    r"|[🙏👍❤😊🥰😁✨☺🤗💕👌🏻🏼🏽🏾🏿\ufe0f\u200d!.,]+)(?:\b|\s|$)\s*)+",
    re.IGNORECASE,
)
_THANKING = re.compile(
    r"kasih|makasi|mksh|mks|trims|\btq\b|thx|thank|\bty\b|suksma|[🙏👍❤🥰]", re.IGNORECASE
)


@dataclass(frozen=True)
class Fate:
    """What becomes of a new message: its state, when a reply is due, what the customer is told at once."""

    state: str
    due_at: dt.datetime | None = None
    limited_until: dt.datetime | None = None
    note: str = ""


def receive(event: Event, *, at: dt.datetime) -> Message | None:
    """Take in one event. Returns the row of a new message; None when there is nothing new."""
    match event:
        case InboundMessage():
            return _message(event, at)
        case FromPhone():
            return _from_phone(event, at)
        case Edit():
            return changes.edit(event, at)
        case Revoke():
            return changes.revoke(event, at)
        case Reaction():
            return changes.reaction(event)
        case Receipt():
            _receipt(event, at)
        case Typing():
            _typing(event, at)
    return None


def _message(event: InboundMessage, at: dt.datetime) -> Message | None:
    if event.own_chat and shortcut(event.text) is None:
        return None  # what the studio notes down for itself is none of our business
    try:
        return _store(event, at)
    except IntegrityError:  # the message is known, or its customer was made a moment ago
        return None if _known(event, at) else _store(event, at)


@transaction.atomic
def _store(event: InboundMessage, at: dt.datetime) -> Message:
    conversation = _own_chat(event) if event.own_chat else _conversation(event)
    command = shortcut(event.text)
    fate = _fate(event, conversation, command, at)
    message = _row(event, conversation, command, fate, at)
    _update(event, conversation, fate, at)
    _note(event, conversation, fate, at)
    return message


def _fate(
    event: InboundMessage, conversation: Conversation, command: Shortcut | None, at: dt.datetime
) -> Fate:
    mode = conversation.tenant.mode if conversation.tenant.active else Tenant.Mode.OFF
    silent = conversation.silent(at)
    wants = command is not None or (_wants_answer(event) and mode == Tenant.Mode.LIVE)
    if mode == Tenant.Mode.OFF or not wants:
        return Fate(State.HANDED_OVER if silent and _wants_answer(event) else State.SEEN)
    held = limits.held_until(conversation, event.sent_at if event.backlog else at)
    if held and not silent:
        return Fate(State.LIMITED, limited_until=max(held, at), note="limited")
    if command and command.name == "ping":
        return Fate(State.SEEN, note="pong")
    if command and not command.question:
        return Fate(State.SEEN, note="test_usage")
    if silent and conversation.resumes_at is None:
        return Fate(State.HANDED_OVER)
    return Fate(State.NEW, due_at=_due_at(event, conversation, silent, at))


def _wants_answer(event: InboundMessage) -> bool:
    """A sticker, an empty text and a mere thank-you need no answer; any other picture or voice note does."""
    if event.kind == Kind.STICKER:
        return False
    if event.kind != Kind.TEXT:
        return True
    text = people.clean_text(event.text).strip()
    return bool(text) and not thanks_only(text)


def thanks_only(text: str) -> bool:
    """Whether this is a thank-you or a thumbs-up and nothing else."""
    return len(text) < 60 and bool(_THANKING.search(text) and _THANKS.fullmatch(text))


def _due_at(
    event: InboundMessage, conversation: Conversation, silent: bool, at: dt.datetime
) -> dt.datetime:
    if silent and conversation.resumes_at:
        return conversation.resumes_at
    if event.kind == Kind.UNREADABLE:
        return at + UNREADABLE_WAIT
    return at + BACKLOG_WAIT if event.backlog else at


def _row(
    event: InboundMessage,
    conversation: Conversation,
    command: Shortcut | None,
    fate: Fate,
    at: dt.datetime,
) -> Message:
    text = people.clean_text(event.text)
    details = dict(event.details)
    if event.backlog:
        details["backlog"] = True
    if len(text) > TEXT_LIMIT:
        details["cut_from"] = len(text)
    if command:
        details["command"] = command.name
        text = command.question or text
        if command.name == "test" and command.question:
            details["test"] = True
    return Message.objects.create(
        tenant_id=event.tenant_id,
        conversation=conversation,
        author=Author.CUSTOMER,
        kind=event.kind if event.kind in Kind.values else Kind.OTHER,
        text=text[:TEXT_LIMIT],
        state=fate.state,
        whatsapp_id=event.whatsapp_id[:80],
        from_me=event.own_chat,
        whatsapp_at=event.sent_at,
        quoted_id=event.quoted_id[:80],
        details=details,
        created_at=at,
    )


def _update(event: InboundMessage, conversation: Conversation, fate: Fate, at: dt.datetime) -> None:
    """One UPDATE: the thread moves up, the reply becomes due, one in the making is overtaken."""
    changed: dict[str, Any] = {"last_message_at": at, "unread": F("unread") + 1}
    if event.chat:
        changed["chat"] = event.chat[:80]
    if fate.due_at:
        earlier = conversation.reply_due_at
        since = conversation.waiting_since or at
        changed |= {
            "waiting_version": F("waiting_version") + 1,
            "reply_due_at": min(earlier, fate.due_at) if earlier else fate.due_at,
            "waiting_since": since,
            "quiet_until": quiet_until(since, at),
        }
    if fate.limited_until:
        until = conversation.limited_until or fate.limited_until
        changed |= {
            "limited_until": until,
            "reply_due_at": conversation.reply_due_at or until,
        }
    Conversation.objects.filter(pk=conversation.pk).update(**changed)


def quiet_until(since: dt.datetime, at: dt.datetime) -> dt.datetime:
    """No reply leaves before: a moment after the last message, but soon enough after the first unanswered one."""
    quiet = at + dt.timedelta(seconds=settings.AGENT_QUIET_SECONDS)
    return max(min(quiet, since + QUIET_CAP), at)


def _note(event: InboundMessage, conversation: Conversation, fate: Fate, at: dt.datetime) -> None:
    if fate.note == "limited":
        limits.note(conversation, at)
    elif fate.note:
        usage = fate.note == "test_usage"
        text = sentence("test_usage", conversation.language) if usage else "pong"
        outbox.queue(
            conversation,
            text,
            author=Author.SYSTEM,
            key=f"{fate.note}:{event.whatsapp_id}",
            at=at,
            details={"note": fate.note},
        )


def _conversation(event: InboundMessage | FromPhone) -> Conversation:
    """The chat with this customer, locked; in one query when nothing about the customer is new."""
    person = event.person
    found = list(
        Conversation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("tenant", "customer")
        .filter(
            people.known_as(person, "customer__"),
            tenant_id=event.tenant_id,
            channel=Channel.WHATSAPP,
        )[:2]
    )
    if len(found) == 1 and found[0].customer and people.matches(found[0].customer, person):
        _rename(found[0], person.name)
        return found[0]
    tenant = Tenant.objects.get(pk=event.tenant_id)
    customer = people.customer_of(tenant, person)
    conversation, _new = Conversation.objects.get_or_create(
        tenant=tenant,
        customer=customer,
        channel=Channel.WHATSAPP,
        defaults={"chat": event.chat[:80]},
    )
    conversation = _locked(conversation)
    _rename(conversation, person.name)
    return conversation


def _locked(conversation: Conversation) -> Conversation:
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("tenant", "customer").get(pk=conversation.pk)


def _rename(conversation: Conversation, name: str) -> None:
    customer, name = conversation.customer, people.clean_name(name)
    if customer and name and customer.name != name:
        customer.name = name
        customer.save(update_fields=["name"])


def _own_chat(event: InboundMessage) -> Conversation:
    conversation, _new = Conversation.objects.get_or_create(
        tenant_id=event.tenant_id, channel=Channel.OWN_CHAT
    )
    return _locked(conversation)


@transaction.atomic
def _known(event: InboundMessage, at: dt.datetime) -> bool:
    """A second copy only fills in what the first did not say: phone, hidden id, name, or the text itself."""
    message = Message.objects.filter(
        tenant_id=event.tenant_id, whatsapp_id=event.whatsapp_id[:80], from_me=event.own_chat
    ).first()
    if message is None:
        return False
    if not event.own_chat:
        _conversation(event)
    if message.kind == Kind.UNREADABLE and event.kind != Kind.UNREADABLE:
        changes.readable(message, event.kind, people.clean_text(event.text)[:TEXT_LIMIT], at)
    return True


def _from_phone(event: FromPhone, at: dt.datetime) -> Message | None:
    """What staff type on the phone is theirs: stored, and the assistant is silent in this chat for a while."""
    try:
        return _store_from_phone(event, at)
    except IntegrityError:
        return None if _ours(event) else _store_from_phone(event, at)


@transaction.atomic
def _store_from_phone(event: FromPhone, at: dt.datetime) -> Message | None:
    if _ours(event):
        return None
    conversation = _conversation(event)
    if changes.echo(conversation, event):
        return None
    when = min(event.sent_at, at)
    minutes = conversation.tenant.phone_silence_minutes
    still = when + dt.timedelta(minutes=minutes) > at
    handling.staff_wrote(conversation, when, answered_until=when, now=still)
    message = Message.objects.create(
        tenant_id=event.tenant_id,
        conversation=conversation,
        author=Author.STAFF,
        kind=event.kind if event.kind in Kind.values else Kind.OTHER,
        text=people.clean_text(event.text)[:TEXT_LIMIT],
        state=State.SENT,
        whatsapp_id=event.whatsapp_id[:80],
        from_me=True,
        whatsapp_at=event.sent_at,
        details={"from_phone": True},
        created_at=at,
    )
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(last_message_at=at, chat=event.chat[:80] or conversation.chat)
    return message


def _ours(event: FromPhone) -> bool:
    """An echo of what MILA sent, or a copy of what was stored."""
    rows = Message.objects.filter(tenant_id=event.tenant_id, from_me=True)
    return rows.filter(whatsapp_id=event.whatsapp_id[:80]).exists()


def _receipt(event: Receipt, at: dt.datetime) -> None:
    if event.kind == "delivered":
        outbox.delivered(event.tenant_id, event.whatsapp_ids)
    elif event.kind == "read":
        outbox.read(event.tenant_id, event.whatsapp_ids)
    else:
        outbox.unreadable(event.tenant_id, event.whatsapp_ids, at)


def _typing(event: Typing, at: dt.datetime) -> None:
    """The reply waits while the customer types, up to the cap."""
    waiting = Conversation.objects.filter(
        people.known_as(event.person, "customer__"),
        tenant_id=event.tenant_id,
        channel=Channel.WHATSAPP,
    )
    for conversation in waiting:
        if since := conversation.waiting_since:
            rows = Conversation.objects.filter(pk=conversation.pk, waiting_since=since)
            rows.update(quiet_until=quiet_until(since, at))
