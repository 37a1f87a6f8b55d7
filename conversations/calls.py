"""Customers who ring. The studio's phone rings and may be picked up; nobody else can, so they are asked to write."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from conversations import outbox, people
from conversations.history import EPISODE
from conversations.inbound import Call
from conversations.models import Conversation, Message, MessageQuerySet
from conversations.sentences import sentence
from tenants.models import Tenant

State = Message.State

RINGS = dt.timedelta(seconds=45)  # WhatsApp rings about so long, and does not always tell the end
LATE = dt.timedelta(minutes=15)  # who rang earlier is not told any more that we missed it


def receive(event: Call, at: dt.datetime) -> Message | None:
    """Keep the call for staff; who rings in vain is asked to write, once in an episode."""
    try:
        return _STAGES[event.stage](event, at)
    except IntegrityError:  # the call is known, or its customer was made a moment ago
        return _STAGES[event.stage](event, at)


@transaction.atomic
def _offered(event: Call, at: dt.datetime) -> Message | None:
    if _call(event):
        return None
    conversation = people.conversation_with(event.tenant_id, event.person, event.chat)
    message = Message.objects.create(
        tenant_id=event.tenant_id,
        conversation=conversation,
        author=Message.Author.CUSTOMER,
        kind=Message.Kind.CALL,
        state=State.SEEN,
        idempotency_key=_key(event),
        whatsapp_at=event.at,
        created_at=at,
    )
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(
        last_message_at=at, unread=F("unread") + 1, chat=conversation.chat or event.chat[:80]
    )
    conversation.chat = conversation.chat or event.chat[:80]
    if _wants_word(event, conversation, at):
        _ask_to_write(event, conversation, at)
    return message


def _wants_word(event: Call, conversation: Conversation, at: dt.datetime) -> bool:
    if conversation.channel == Conversation.Channel.STAFF:
        return False
    live = conversation.tenant.active and conversation.tenant.mode == Tenant.Mode.LIVE
    if not live or conversation.blocked or conversation.silent(at) or at - event.at > LATE:
        return False
    said = conversation.messages.filter(
        idempotency_key__startswith=f"called:{conversation.pk}:", created_at__gt=at - EPISODE
    )
    return not said.exclude(state=State.CANCELLED).exists()


def _ask_to_write(event: Call, conversation: Conversation, at: dt.datetime) -> None:
    outbox.queue(
        conversation,
        sentence("called", conversation.language),
        author=Message.Author.SYSTEM,
        key=_note_key(event, conversation),
        at=at,
        not_before=at + RINGS,
        expires_at=at + LATE,
        details={"note": "called"},
    )


@transaction.atomic
def _ended(event: Call, at: dt.datetime) -> Message | None:
    """It rang in vain: no need to wait for the end any more."""
    if call := _call(event):
        _note(event, call).update(not_before=None)
    return None


@transaction.atomic
def _taken(event: Call, at: dt.datetime) -> Message | None:
    """Somebody picked up on the studio's phone."""
    call = _call(event)
    if call is None or "taken" in call.details:
        return None
    _note(event, call).update(
        state=State.CANCELLED, error=_("The call was taken on the studio's phone.")
    )
    call.details = {**call.details, "taken": True}
    call.save(update_fields=["details"])
    return call


def _call(event: Call) -> Message | None:
    rows = Message.objects.filter(tenant_id=event.tenant_id, idempotency_key=_key(event))
    return rows.select_related("conversation").first()


def _note(event: Call, call: Message) -> MessageQuerySet:
    key = _note_key(event, call.conversation)
    return Message.objects.filter(
        tenant_id=event.tenant_id, idempotency_key=key, state=State.QUEUED
    )


def _key(event: Call) -> str:
    return f"call:{event.call_id}"[:120]


def _note_key(event: Call, conversation: Conversation) -> str:
    return f"called:{conversation.pk}:{event.call_id}"[:120]


_STAGES = {"offered": _offered, "taken": _taken, "ended": _ended}
