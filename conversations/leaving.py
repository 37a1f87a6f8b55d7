"""Which message leaves next, and whether it still may."""

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from conversations.models import Message, MessageQuerySet
from conversations.outcomes import tell_staff
from tenants.models import Tenant
from tenants.prepared import Prepared, PreparedUpdate, id_slot, number_slot

Author, State = Message.Author, Message.State

# Who wrote within a day has asked; others are written to slowly.
ASKED_WITHIN = dt.timedelta(hours=24)
_ONE_MORE = F("attempts") + 1


def claim_to_send(tenant_id: uuid.UUID, at: dt.datetime) -> Message | None:
    """The next message that may leave, marked as on its way; it comes with its conversation and studio."""
    while message := _first(tenant_id, at):
        reason = _obstacle(message, at)
        if reason:
            _cancel(message, reason, at)
            continue
        leaves = {"state": State.SENDING, "sending_since": at, "attempts": _ONE_MORE}
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
    held: dict[uuid.UUID, Message] = {}  # by conversation, the one that holds back
    stuck: dict[uuid.UUID, Message] = {}  # of these, those that somebody may have asked for by now
    after = 0
    while rows := _LEAVING(tenant=tenant_id, after=after):
        for message in rows:
            soon = message.not_before is not None and message.not_before > at
            begun = message.attempts or "postponed" in message.details
            if message.state == State.SENDING or (begun and soon):
                held.setdefault(message.conversation_id, message)
            elif not soon:
                first = held.get(message.conversation_id)
                if first is None:
                    return message
                if _unasked_then(first):
                    stuck[message.conversation_id] = first
        after = rows[-1].pk
    return _asked_meanwhile(stuck, at) if stuck else None


def _unasked_then(message: Message) -> bool:
    """Whether it waits only because nobody had asked for it, and not to be tried again."""
    until = message.details.get("postponed") if message.state == State.QUEUED else None
    if until is None or message.author == Author.ASSISTANT:
        return False
    return dt.datetime.fromisoformat(until) == message.not_before


def _asked_meanwhile(stuck: dict[uuid.UUID, Message], at: dt.datetime) -> Message | None:
    """The customer wrote while it waited: it leaves now, and what stands behind it can follow."""
    written = Message.objects.filter(
        conversation__in=stuck, author=Author.CUSTOMER, created_at__gt=at - ASKED_WITHIN
    )
    asked = written.order_by().values_list("conversation_id", flat=True)[:1]
    return next((stuck[conversation_id] for conversation_id in asked), None)


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
        tell_staff(message.conversation, reason, at)


def postpone(message: Message, until: dt.datetime, reason: str) -> None:
    """Not now: it was not tried, and leaves later. Later messages of the conversation wait for it."""
    rows = Message.objects.filter(pk=message.pk, state=State.SENDING)
    rows.update(
        state=State.QUEUED,
        not_before=until,
        error=reason,
        attempts=max(message.attempts - 1, 0),
        details=message.details | {"postponed": until.isoformat()},
    )


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
