"""Everything that a customer reads leaves here, one message at a time and in order."""

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable

from django.db import OperationalError
from django.utils.crypto import salted_hmac

from conversations import outbox
from conversations.models import Message
from tenants import crash
from whatsapp.session import SendError, WhatsAppSession
from whatsapp.store import Store

log = logging.getLogger(__name__)


def secret_of(message: Message) -> bytes:
    """32 bytes that only this row has. WhatsApp's library keeps them with the id before it sends anything,
    so a send that was cut off can be told from one that was never tried."""
    return salted_hmac("whatsapp.sender", str(message.public_id), algorithm="sha256").digest()


class Sender:
    """One studio's way out. `ids` are those that this process sent."""

    def __init__(
        self, tenant_id: uuid.UUID, session: WhatsAppSession, clock: Callable[[], dt.datetime]
    ):
        self._tenant_id, self._session, self._clock = tenant_id, session, clock
        self.ids: set[str] = set()

    def send_next(self) -> bool:
        """Send the next message that waits. False when none does."""
        message = outbox.claim_to_send(self._tenant_id, self._clock())
        if message is None:
            return False
        crash.point("C8")
        try:
            whatsapp_id = self._send(message)
        except SendError as error:
            _not_sent(message, error, self._clock())
        else:
            crash.point("C11")
            _record(lambda: outbox.sent(message, whatsapp_id, self._clock()))
            crash.point("C12")
            _mark_read(message, self._session)
        return True

    def _send(self, message: Message) -> str:
        chat = message.conversation.chat
        whatsapp_id = self._session.send_text(chat, message.text, secret=secret_of(message))
        self.ids.add(whatsapp_id)
        return whatsapp_id


def settle(tenant_id: uuid.UUID, store: Store, at: dt.datetime) -> None:
    """At a line's start: what was being sent when the last one ended was either never tried, then it waits
    again, or perhaps sent, then receipts or staff decide."""
    linked = store.me() is not None
    for message in Message.objects.filter(tenant_id=tenant_id, state=Message.State.SENDING):
        whatsapp_id = store.sent_with(secret_of(message))
        if linked and whatsapp_id is None:
            outbox.not_sent(message, "MILA stopped before it was sent", at, permanent=False)
        elif whatsapp_id is not None:
            Message.objects.filter(pk=message.pk).update(whatsapp_id=whatsapp_id)
    outbox.recover(tenant_id, at)


def _not_sent(message: Message, error: SendError, at: dt.datetime) -> None:
    log.warning("message %s: %s", message.pk, error)
    if error.unknown:
        _record(lambda: outbox.unknown(message, str(error), at))
    else:
        _record(lambda: outbox.not_sent(message, str(error), at, permanent=error.permanent))


def _mark_read(message: Message, session: WhatsAppSession) -> None:
    """Blue ticks for what this message answers; only now, so that nothing looks read that was skipped."""
    ids, chat = _answered_by(message), message.conversation.chat
    try:
        if ids:
            session.mark_read(chat, chat, ids)
    except Exception as error:  # noqa: BLE001  ticks are a courtesy
        log.info("read marks: %s", error)


def _answered_by(message: Message) -> list[str]:
    """The customer's messages that this one answers: an answer of the assistant's names them."""
    if "answers" in message.details:
        return list(message.details["answers"])
    before = Message.objects.filter(conversation=message.conversation_id, pk__lt=message.pk)
    answered = before.filter(author=Message.Author.CUSTOMER).exclude(whatsapp_id=None)
    last = before.filter(from_me=True).order_by("-pk").values_list("pk", flat=True).first() or 0
    ids = answered.filter(pk__gt=last).values_list("whatsapp_id", flat=True)[:50]
    return [whatsapp_id for whatsapp_id in ids if whatsapp_id]


def _record(write: Callable[[], object]) -> None:
    """What happened on the wire must reach the database, also when it is busy for a moment."""
    for pause in (0.1, 0.5, 2.0):
        try:
            write()
        except OperationalError:
            time.sleep(pause)
        else:
            return
    write()
