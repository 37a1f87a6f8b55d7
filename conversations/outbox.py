"""Everything that a customer reads leaves here: queued → on its way → sent | perhaps sent | not sent.

WhatsApp takes no message id from us, so a send that was cut off is *unknown*: receipts or a person settle it,
and it is never sent again blindly.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from conversations import escalations, handling, media
from conversations.inbound import Receipt
from conversations.models import Conversation, Escalation, Message, MessageQuerySet
from conversations.parts import parts
from conversations.people import clean_text
from tenants.models import Tenant
from tenants.prepared import Prepared, PreparedUpdate, id_slot, number_slot, savepoint

Author, Channel, State = Message.Author, Conversation.Channel, Message.State

# Who wrote within a day has asked; others are written to slowly.
ASKED_WITHIN = dt.timedelta(hours=24)
# After these waits a message that certainly did not leave is tried again.
RETRIES = tuple(dt.timedelta(seconds=wait) for wait in (2, 8, 30, 120, 600))


def queue(
    conversation: Conversation,
    text: str,
    *,
    author: str,
    key: str,
    at: dt.datetime,
    kind: str = Message.Kind.TEXT,
    written_by: User | None = None,
    not_before: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
    quoted_id: str = "",
    details: Mapping[str, Any] | None = None,
) -> Message:
    """Put a message into the outbox; the same `key` twice is one message. A long text becomes up to three rows, of
    which the first is returned. Staff who write silence the assistant a while.
    """
    known = Message.objects.filter(tenant_id=conversation.tenant_id, idempotency_key=key)
    if message := known.first():
        return message
    try:
        with transaction.atomic():
            if author == Author.STAFF:
                handling.staff_wrote(conversation, at)
            rows = [
                insert(
                    conversation,
                    part,
                    author=author,
                    kind=Message.Kind.TEXT if number else kind,
                    key=f"{key}:{number}" if number else key,
                    at=at,
                    written_by=written_by,
                    not_before=not_before,
                    expires_at=expires_at,
                    quoted_id="" if number else quoted_id,
                    details=dict(details or {}),
                )
                for number, part in enumerate(parts(text))
            ]
            Conversation.objects.filter(pk=conversation.pk).update(last_message_at=at)
    except IntegrityError:
        return known.get()
    return rows[0]


def insert(
    conversation: Conversation, text: str, *, author: str, key: str, at: dt.datetime, **fields: Any
) -> Message:
    """One row, inside the caller's transaction; IntegrityError for a known key. Playground: shown at once, never sent."""
    shown = conversation.channel == Channel.PLAYGROUND
    message = Message(
        tenant_id=conversation.tenant_id,
        conversation=conversation,
        author=author,
        text=clean_text(text),
        state=State.SHOWN if shown else State.QUEUED,
        idempotency_key=key[:120],
        # A change of hands overtakes what MILA says; what staff say always leaves.
        mode_version=None if author == Author.STAFF else conversation.mode_version,
        from_me=True,
        created_at=at,
        **fields,
    )
    return message.insert()


def claim_to_send(tenant_id: uuid.UUID, at: dt.datetime) -> Message | None:
    """The next message that may leave, marked as on its way; it comes with its conversation and studio."""
    while message := _first(tenant_id, at):
        reason = _obstacle(message, at)
        if reason:
            _cancel(message, reason, at)
            continue
        leaves = {"state": State.SENDING, "sending_since": at, "attempts": F("attempts") + 1}
        if _QUEUED(leaves, pk=message.pk) == 1:
            message.state, message.sending_since = State.SENDING, at
            message.attempts += 1
            return message
    return None


_QUEUED = PreparedUpdate(
    lambda: Message.objects.filter(pk=number_slot("pk"), state=State.QUEUED).order_by()
)


def _first(tenant_id: uuid.UUID, at: dt.datetime) -> Message | None:
    """The first that may go, as far as its conversation goes: an earlier one that is on its way, or is tried
    again soon, holds back later ones. Asked in small portions: a line asks several times a second."""
    held: set[uuid.UUID] = set()
    after = 0
    while rows := _LEAVING(tenant=tenant_id, after=after):
        for message in rows:
            soon = message.not_before is not None and message.not_before > at
            if message.state == State.SENDING or (message.attempts and soon):
                held.add(message.conversation_id)
            elif not soon and message.conversation_id not in held:
                return message
        after = rows[-1].pk
    return None


def _leaving() -> MessageQuerySet:
    """Messages on their way or waiting, with what sending asks of them, their conversation and their studio."""
    rows = Message.objects.leaving(id_slot("tenant")).filter(pk__gt=number_slot("after"))
    return rows.select_related("conversation", "tenant").only(*_SENT_BY)[:5]


_LEAVING = Prepared(_leaving)

_SENT_BY = (
    *("author", "kind", "text", "state", "details", "public_id", "attempts", "not_before"),
    *("expires_at", "mode_version", "sending_since", "written_by", "whatsapp_id", "quoted_id"),
    *("conversation__chat", "conversation__mode_version", "conversation__channel"),
    *("conversation__disappears_after", "conversation__tenant", "conversation__customer"),
    *("tenant__mode", "tenant__active"),
)


def _obstacle(message: Message, at: dt.datetime) -> str:
    """Why this message must not leave any more, for staff; "" when it may. Asked right before sending."""
    if message.expires_at and message.expires_at <= at:
        return _("It waited too long to be sent.")
    if message.author == Author.STAFF:
        return ""
    if message.mode_version != message.conversation.mode_version:
        return _("A person took over the conversation first.")
    if message.tenant.mode == Tenant.Mode.OFF or not message.tenant.active:
        return _("The studio is switched off.")
    return ""


@transaction.atomic
def _cancel(message: Message, reason: str, at: dt.datetime) -> None:
    """Withdraw a message; an answer that a customer waits for becomes a task for staff."""
    gone = Message.objects.filter(pk=message.pk, state=State.QUEUED)
    if not gone.update(state=State.CANCELLED, error=reason):
        return
    overtaken = message.mode_version != message.conversation.mode_version
    if message.author == Author.ASSISTANT and not overtaken:
        _tell_staff(message.conversation, reason, at)


def _tell_staff(conversation: Conversation, reason: str, at: dt.datetime) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(unread=F("unread") + 1)
    escalations.escalate(
        conversation,
        Escalation.Category.CANNOT_ANSWER,
        Escalation.Urgency.NORMAL,
        _("An answer did not reach the customer: %(reason)s") % {"reason": reason},
        at,
    )


def sent(message: Message, whatsapp_id: str, at: dt.datetime) -> None:
    """WhatsApp took it (or proof of that was found later for one that was *unknown*)."""
    told = {"state": State.SENT, "whatsapp_at": at, "error": ""}
    try:
        with savepoint():
            _ON_ITS_WAY(told | {"whatsapp_id": whatsapp_id}, pk=message.pk)
    except IntegrityError:  # its echo came first and was stored as typed on the phone
        _ON_ITS_WAY(told, pk=message.pk)


_ON_ITS_WAY = PreparedUpdate(
    lambda: Message.objects.filter(
        pk=number_slot("pk"), state__in=(State.SENDING, State.UNKNOWN)
    ).order_by()
)


def unknown(message: Message, error: str, at: dt.datetime, whatsapp_id: str | None = None) -> None:
    """The send was cut off: nobody knows yet whether it left. Staff see it; by its id a receipt can settle it."""
    rows = Message.objects.filter(pk=message.pk, state=State.SENDING)
    if rows.update(state=State.UNKNOWN, error=error, whatsapp_id=whatsapp_id):
        Conversation.objects.filter(pk=message.conversation_id).update(unread=F("unread") + 1)


def postpone(message: Message, until: dt.datetime, reason: str) -> None:
    """Not now: it was not tried, and leaves later. Later messages of the conversation wait for it."""
    rows = Message.objects.filter(pk=message.pk, state=State.SENDING)
    rows.update(state=State.QUEUED, not_before=until, error=reason, attempts=1)


def not_sent(
    message: Message,
    error: str,
    at: dt.datetime,
    permanent: bool,
    wait: dt.timedelta | None = None,
) -> None:
    """It certainly did not leave: tried again after a wait, or given up and told to staff."""
    rows = Message.objects.filter(pk=message.pk, state__in=(State.SENDING, State.UNKNOWN))
    again = not permanent and message.attempts <= len(RETRIES)
    with transaction.atomic():
        if again:
            wait = wait or RETRIES[max(message.attempts, 1) - 1]
            rows.update(state=State.QUEUED, not_before=at + wait, error=error)
        elif rows.update(state=State.FAILED, error=error):
            _tell_staff(message.conversation, error, at)


def unasked(message: Message, at: dt.datetime) -> bool:
    """Whether it goes to somebody who did not write within a day. An answer of the assistant's never does."""
    if message.author == Author.ASSISTANT:
        return False
    written = Message.objects.filter(
        conversation=message.conversation_id,
        author=Author.CUSTOMER,
        created_at__gt=at - ASKED_WITHIN,
    )
    return not written.exists()


def quoted(message: Message) -> Message | None:
    """The message that this one answers, when it names one."""
    if not message.quoted_id:
        return None
    chat = Message.objects.filter(conversation=message.conversation_id)
    return chat.filter(whatsapp_id=message.quoted_id).first()


def recover(tenant_id: uuid.UUID, at: dt.datetime) -> int:
    """When a line starts: what an earlier process was sending is *unknown* now. Returns how many."""
    return Message.objects.filter(tenant_id=tenant_id, state=State.SENDING).update(
        state=State.UNKNOWN, error=_("MILA stopped while this message was being sent.")
    )


def receipt(event: Receipt, at: dt.datetime) -> set[str]:
    """Messages only move forward: sent < delivered < read. A receipt also settles what was *unknown*.

    Returns the ids that are known here.
    """
    ours = Message.objects.filter(
        tenant_id=event.tenant_id, from_me=True, whatsapp_id__in=event.whatsapp_ids
    )
    reached = (State.SENDING, State.UNKNOWN, State.SENT)
    if event.kind == "delivered":
        ours.filter(state__in=reached).update(state=State.DELIVERED, error="")
    elif event.kind == "read":
        ours.filter(state__in=(*reached, State.DELIVERED)).update(state=State.READ, error="")
    else:
        _unreadable(ours, at)
    return {
        whatsapp_id for whatsapp_id in ours.values_list("whatsapp_id", flat=True) if whatsapp_id
    }


def _unreadable(ours: MessageQuerySet, at: dt.datetime) -> None:
    """The customer's phone could not decrypt these: nobody read them, so once more is no double answer."""
    for message in ours.exclude(state=State.READ).exclude(text="", kind=Message.Kind.TEXT):
        _copy(message, at)


def send_again(message: Message, at: dt.datetime) -> Message | None:
    """Staff decided that a message did not arrive: a new row with its text. None for one that did arrive."""
    if message.state not in (State.UNKNOWN, State.FAILED, State.CANCELLED):
        return None
    return _copy(message, at)


def _file_name(message: Message) -> dict[str, Any]:
    return {name: message.details[name] for name in ("file_name",) if name in message.details}


def _copy(message: Message, at: dt.datetime) -> Message:
    """The same text once more; twice asked is one row."""
    conversation = Conversation.objects.get(pk=message.conversation_id)
    key = f"again:{message.pk}"
    known = Message.objects.filter(tenant_id=message.tenant_id, idempotency_key=key).first()
    if known:
        return known
    with transaction.atomic():
        copy = insert(
            conversation,
            message.text,
            author=message.author,
            kind=message.kind,
            key=key,
            at=at,
            written_by_id=message.written_by_id,
            quoted_id=message.quoted_id,
            details=_file_name(message) | {"again": message.pk},
        )
        if (file := media.of(message)) and file.path:
            media.keep(copy, media.read(file), file.content_type)
    return copy
