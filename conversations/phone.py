"""What somebody types on the studio's own phone: a staff message that MILA sees, stores, and makes room for."""

import dataclasses
import datetime as dt

from django.db import IntegrityError, transaction

from conversations import changes, early, handling, media, people, timers
from conversations.inbound import FromPhone
from conversations.models import Conversation, Message

Kind, State = Message.Kind, Message.State

ECHO_WITHIN = dt.timedelta(minutes=2)


def receive(event: FromPhone, at: dt.datetime) -> Message | None:
    """Store it; the assistant is silent in this chat for a while. None for our own echo or a second copy."""
    try:
        return _store(event, at)
    except IntegrityError:  # known by now, or its customer was made a moment ago
        return _store(event, at)


@transaction.atomic
def _store(event: FromPhone, at: dt.datetime) -> Message | None:
    if _known(event):
        return None
    customer = dataclasses.replace(event.person, name="")  # the name is the studio's own
    conversation = people.conversation_with(
        event.tenant_id, customer, event.chat, event.whatsapp_id
    )
    if _echo(conversation, event):
        return None
    _make_room(conversation, event, at)
    waited: list[early.Change] = []
    if early.waits_for(conversation):
        waited = early.take(event.tenant_id, event.whatsapp_id, from_me=True)
    event = early.edited(event, waited)
    message = _row(conversation, event, at)
    if event.file:
        media.expect(message, event.file, at)
    told = timers.told(event, conversation)
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(last_message_at=at, chat=event.chat[:80] or conversation.chat, **told)
    return changes.make_up(waited, at) or message


def _known(event: FromPhone) -> bool:
    """An echo of what MILA sent, or a copy of what was stored."""
    rows = Message.objects.filter(tenant_id=event.tenant_id, from_me=True)
    return rows.filter(whatsapp_id=event.whatsapp_id[:80]).exists()


def _echo(conversation: Conversation, event: FromPhone) -> bool:
    """Whether this is the echo of a send whose id we do not know yet; then it is proof that it left."""
    message = conversation.messages.filter(
        state__in=(State.SENDING, State.UNKNOWN),
        whatsapp_id=None,
        kind=event.kind,
        text=event.text,
        sending_since__gt=event.sent_at - ECHO_WITHIN,
        sending_since__lt=event.sent_at + ECHO_WITHIN,
    ).first()
    if message is None:
        return False
    message.state, message.whatsapp_id = State.SENT, event.whatsapp_id[:80]
    message.whatsapp_at, message.error = event.sent_at, ""
    message.save(update_fields=["state", "whatsapp_id", "whatsapp_at", "error"])
    return True


def _make_room(conversation: Conversation, event: FromPhone, at: dt.datetime) -> None:
    """The silence counts from the typing: a message of this morning that arrives now silences nothing."""
    if conversation.channel == Conversation.Channel.STAFF:
        return  # nobody waits for the assistant there
    typed = min(event.sent_at, at)
    minutes = conversation.tenant.phone_silence_minutes
    handling.answered_by_staff(conversation, typed)
    if typed + dt.timedelta(minutes=minutes) > at:
        handling.silence_for_phone(conversation, typed)


def _row(conversation: Conversation, event: FromPhone, at: dt.datetime) -> Message:
    return Message.objects.create(
        tenant_id=event.tenant_id,
        conversation=conversation,
        author=Message.Author.STAFF,
        kind=event.kind if event.kind in Kind.values else Kind.OTHER,
        text=people.clean_text(event.text)[: Message.LONGEST],
        state=State.SENT,
        whatsapp_id=event.whatsapp_id[:80],
        from_me=True,
        whatsapp_at=event.sent_at,
        details={**people.clean_data(event.details), "from_phone": True},
        created_at=at,
    )
