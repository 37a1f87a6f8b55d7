"""A voice note becomes the text of its message: for the assistant that answers it, and for staff who hold the chat.

What it costs is set aside within the studio's budgets, and kept as a run of its own.
"""

import datetime as dt
import logging
import time
from decimal import Decimal
from enum import Enum

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q, QuerySet

from agent import hearing
from agent.budgets import budgets_of, reserved
from agent.hearing import Listener
from agent.models import Turn
from agent.troubles import ModelError
from conversations import media
from conversations.models import Conversation, MediaFile, Message
from tenants.models import Tenant

logger = logging.getLogger(__name__)
SPOKEN = (Message.Kind.VOICE, Message.Kind.AUDIO)
BACK = dt.timedelta(days=1)  # what is older is not written down any more
AGAIN = dt.timedelta(minutes=10)  # after a failure, or when its process died
NEVER = dt.timedelta(days=36_500)
DENSEST = 16_000  # bytes of a second of sound, whatever its sender says about its length
_MICRO = Decimal("0.000001")


class Heard(Enum):
    WORDS = "words"
    NOTHING = "nothing"  # nobody speaks, or it is too long: trying again would not help
    FAILED = "failed"


def claimed(file: MediaFile, at: dt.datetime, again: dt.timedelta = AGAIN) -> bool:
    """So that nobody else pays for it too: no other host, nor who writes down the notes of a chat that staff took over
    meanwhile. Should this process die, it is tried `again`."""
    free = MediaFile.objects.filter(Q(due_at=None) | Q(due_at__lte=at), pk=file.pk)
    return free.update(due_at=at + again) == 1


def listen(
    listener: Listener,
    message: Message,
    file: MediaFile | None,
    chat: Conversation,
    patience: float,
    *,
    at: dt.datetime,
) -> Heard:
    """Write down a note that is claimed; what was heard, or never will be, is not tried again."""
    heard = write_down(listener, message, file, chat, patience)
    if file and heard is not Heard.FAILED:
        MediaFile.objects.filter(pk=file.pk).update(due_at=at + NEVER)
    return heard


def released(file: MediaFile | None) -> None:
    """Free for the next who tries."""
    if file:
        MediaFile.objects.filter(pk=file.pk).update(due_at=None)


def write_down(
    listener: Listener,
    message: Message,
    file: MediaFile | None,
    chat: Conversation,
    patience: float,
) -> Heard:
    """Keep what is said with the message; its note says who wrote it down."""
    try:
        data = media.read(file) if file else b""
    except OSError as error:
        logger.warning("A voice note could not be read from disk: %s", error)
        return Heard.FAILED
    if not data or file is None or not hearing.can_hear(file.content_type):
        return Heard.NOTHING
    if _seconds(message, data) > hearing.LONGEST:
        return Heard.NOTHING
    cost, began = price(_seconds(message, data)), time.monotonic()
    try:
        said = _paid(listener, data, file.content_type, chat, cost, patience)
    except ModelError as spent:
        logger.warning("A voice note was not written down: %s", spent.sentence)
        return Heard.FAILED
    if said is None:
        return Heard.FAILED
    _record(listener, chat, cost, time.monotonic() - began)
    return Heard.WORDS if said and _kept(message, said, listener.model) else Heard.NOTHING


@transaction.atomic
def _kept(message: Message, said: str, model: str) -> bool:
    """Into the row as it is now: while somebody listened, the customer may have deleted the note or reacted to something."""
    row = Message.objects.select_for_update().filter(pk=message.pk).first()
    if row is None or row.text or "revoked" in row.details:
        return False
    row.text, row.details = said, {**row.details, "written_down_by": model}
    row.save(update_fields=["text", "details"])
    message.text, message.details = row.text, row.details
    return True


def read(file: MediaFile | None) -> bytes:
    try:
        return media.read(file) if file else b""
    except OSError:
        return b""


def price(seconds: float) -> Decimal:
    """In US dollars."""
    return (Decimal(str(settings.TRANSCRIPTION_PRICE)) * Decimal(str(seconds)) / 60).quantize(
        _MICRO
    )


def _seconds(message: Message, data: bytes) -> float:
    return max(float(message.details.get("seconds") or 0), len(data) / DENSEST)


def _paid(
    listener: Listener,
    data: bytes,
    content_type: str,
    chat: Conversation,
    cost: Decimal,
    patience: float,
) -> str | None:
    """Within the budgets of the studio and the customer. Raises ModelError when one is used up."""
    budgets = budgets_of(chat.tenant, chat.customer_id)
    with reserved(budgets, cost, time.monotonic() + patience) as reservation:
        said = hearing.heard(listener, data, content_type, patience)
        reservation.cost = Decimal(0) if said is None else cost
    return said


def _record(listener: Listener, chat: Conversation, cost: Decimal, seconds: float) -> None:
    Turn.objects.create(
        tenant_id=chat.tenant_id,
        conversation=chat,
        purpose=Turn.Purpose.LISTENING,
        outcome=Turn.Outcome.HEARD,
        model=listener.model,
        cost=cost,
        milliseconds=round(seconds * 1000),
    )


class HeldChats:
    """Voice notes in chats that staff hold: they read them in the thread, and no answer is made."""

    def __init__(self) -> None:
        self._first = 0  # file that came within a day
        self._look_at = dt.datetime.min.replace(tzinfo=dt.UTC)

    def step(self, at: dt.datetime) -> bool:
        """One of them is written down. False when none waits, or nobody is configured who could."""
        if not settings.TRANSCRIPTION_MODEL:
            return False
        for file in self._waiting(at)[:10]:
            listener = hearing.listener_for(file.message.tenant)
            if listener and claimed(file, at):
                message, chat = file.message, file.message.conversation
                listen(listener, message, file, chat, hearing.PATIENCE, at=at)
                return True
        return False

    def _waiting(self, at: dt.datetime) -> QuerySet[MediaFile]:
        if at >= self._look_at:
            self._look_at = at + AGAIN
            recent = MediaFile.objects.filter(message__created_at__gt=at - BACK)
            self._first = recent.aggregate(first=Min("pk"))["first"] or 0
        held = Q(message__state=Message.State.HANDED_OVER) | Q(
            message__state=Message.State.NEW,
            message__conversation__handled_by=Conversation.Handler.STAFF,
        )
        rows = MediaFile.objects.filter(
            held,
            Q(due_at=None) | Q(due_at__lte=at),
            pk__gte=self._first,
            state=MediaFile.State.STORED,
            message__kind__in=SPOKEN,
            # In one that answers nobody, or only tries MILA out, no notes of customers are heard.
            message__tenant__mode=Tenant.Mode.LIVE,
            message__tenant__active=True,
            message__author=Message.Author.CUSTOMER,
            message__text="",
            message__created_at__gt=at - BACK,
        )
        return rows.select_related("message__tenant", "message__conversation__tenant").order_by(
            "pk"
        )
