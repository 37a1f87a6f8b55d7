"""What became of a message that was sent: it arrived, it did not, or nobody knows yet."""

import datetime as dt
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from conversations import escalations, media
from conversations.inbound import Receipt
from conversations.models import Conversation, Escalation, Message, MessageQuerySet
from conversations.queueing import insert
from tenants.prepared import PreparedUpdate, number_slot, savepoint

State = Message.State

# After these waits a message that certainly did not leave is tried again.
RETRIES = tuple(dt.timedelta(seconds=wait) for wait in (2, 8, 30, 120, 600))


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
            tell_staff(message.conversation, error, at)


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
        try:
            _copy(message, at)
        except OSError:  # a file without its bytes: staff can attach it once more
            tell_staff(message.conversation, _("The file is gone. Attach it once more."), at)


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


def tell_staff(conversation: Conversation, reason: str, at: dt.datetime) -> None:
    if conversation.channel == Conversation.Channel.STAFF:
        return  # a notice that did not arrive is told in other ways (notices)
    Conversation.objects.filter(pk=conversation.pk).update(unread=F("unread") + 1)
    escalations.escalate(
        conversation,
        Escalation.Category.CANNOT_ANSWER,
        Escalation.Urgency.NORMAL,
        _("An answer did not reach the customer: %(reason)s") % {"reason": reason},
        at,
    )
