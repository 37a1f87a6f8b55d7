"""Everything that a customer reads leaves here, one message at a time and in order."""

import datetime as dt
import logging
import sqlite3
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from conversations import changes, media, outbox, people
from conversations.models import Conversation, Message
from tenants import crash
from whatsapp.courtesy import Ticks
from whatsapp.models import WhatsAppAccount
from whatsapp.pace import Pace
from whatsapp.receipts import Receipts
from whatsapp.secrets import secret_of, secrets_of
from whatsapp.session import File, Quote, SendError, WhatsAppSession
from whatsapp.store import Store

log = logging.getLogger(__name__)
REST = dt.timedelta(hours=24)
ONCE_MORE = dt.timedelta(seconds=30)
# The library gives the last so many of its messages out again to a phone that could not read them.
SERVED = 256
# What nobody could settle in this time stays as it is: staff decide.
ASKED_FOR = dt.timedelta(days=3)


class Ids:
    """The messages that the library of this process still serves."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def add(self, whatsapp_id: str) -> None:
        self._ids[whatsapp_id] = None
        while len(self._ids) > SERVED:
            self._ids.popitem(last=False)

    def __contains__(self, whatsapp_id: str) -> bool:
        return whatsapp_id in self._ids


class Sender:
    """One studio's way out. `ids` are those that this process sent lately."""

    def __init__(
        self,
        tenant_id: uuid.UUID,
        session: WhatsAppSession,
        clock: Callable[[], dt.datetime],
        store: Store | None = None,
        receipts: Receipts | None = None,
        ticks: Ticks | None = None,
    ):
        self._tenant_id, self._session, self._clock = tenant_id, session, clock
        self._ticks = ticks or Ticks(session)
        self._store, self._receipts = store, receipts or Receipts()
        self._pace = Pace()
        self.ids = Ids()
        self._untold: deque[Callable[[], object]] = deque()  # what the database does not know yet

    def send_next(self) -> bool:
        """Send the next message that waits. False when none does, or none may leave now."""
        self.catch_up()
        at = self._clock()
        if self._pace.next_at(at, unasked=False) > at:
            return False
        message = outbox.claim_to_send(self._tenant_id, at)
        if message is None:
            return False
        crash.point("C8")
        try:
            if self._has_to_wait(message, at):
                return True
            whatsapp_id = self._send(message)
        except SendError as error:
            self._failed(message, error)
        except (OperationalError, InterfaceError):  # asked before anything was sent
            self._failed(message, SendError("the database did not answer"))
        except Exception as error:
            log.exception("message %s", message.pk)
            self._failed(message, SendError(str(error), unknown=True))
        else:
            crash.point("C11")
            left_at = self._clock()
            self._record(lambda: self._left(message, whatsapp_id, left_at))
            # Also for what was answered too quickly for the ticks of a turn in the making.
            self._ticks.give(message.conversation.chat, _answered_by(message))
        return True

    def _has_to_wait(self, message: Message, at: dt.datetime) -> bool:
        unasked = outbox.unasked(message, at)
        if (unasked and self._postponed(message, at)) or self._drips(message, at):
            return True
        self._pace.sent(at, unasked=unasked)
        return False

    def _send(self, message: Message) -> str:
        chat, secret = message.conversation.chat, secret_of(message)
        expires = message.conversation.disappears_after
        if message.kind == Message.Kind.REACTION:
            whatsapp_id = self._session.react(chat, message.quoted_id, message.text, secret=secret)
        elif file := _file(message):
            quote = _quote(message)
            whatsapp_id = self._session.send_file(
                chat, file, secret=secret, quote=quote, expires=expires
            )
        else:
            quote = _quote(message)
            whatsapp_id = self._session.send_text(
                chat, message.text, secret=secret, quote=quote, expires=expires
            )
        self.ids.add(whatsapp_id)
        return whatsapp_id

    def _left(self, message: Message, whatsapp_id: str, at: dt.datetime) -> None:
        outbox.sent(message, whatsapp_id, at)
        crash.point("C12")
        self._receipts.apply(whatsapp_id, at)
        changes.make_up_for(self._tenant_id, whatsapp_id, at)
        self._learn(message.conversation)

    def _learn(self, chat: Conversation) -> None:
        """Who gets notices may write back by the hidden id alone, and is known by it from the first notice on."""
        phone, _at, server = chat.chat.partition("@")
        if chat.channel != Conversation.Channel.STAFF or server != "s.whatsapp.net":
            return
        if chat.customer_id and self._store and (lid := self._store.lid_of(phone)):
            people.learned(chat.customer_id, lid)

    def _postponed(self, message: Message, at: dt.datetime) -> bool:
        """Whether a message that nobody asked for has to wait: they leave slowly, and not while WhatsApp refuses them."""
        accounts = WhatsAppAccount.objects.filter(tenant=self._tenant_id)
        refused = accounts.filter(unasked_from__gt=at).values_list("unasked_from", flat=True)
        until = refused.first() or self._pace.next_at(at, unasked=True)
        if until <= at:
            return False
        reason = _("WhatsApp lets this number write first only to a few people. It is sent later.")
        self._record(lambda: outbox.postpone(message, until, reason))
        return True

    def _drips(self, message: Message, at: dt.datetime) -> bool:
        """Whether an answer to what came while MILA was away has to wait: many at once look like a machine's."""
        if "drips" not in message.details:
            return False
        if (until := self._pace.turn_of(message.pk, at)) > at:
            reason = _("Answers to what came while MILA was away leave one by one.")
            self._record(lambda: outbox.postpone(message, until, reason))
            return True
        self._pace.dripped(at)
        return False

    def _failed(self, message: Message, error: SendError) -> None:
        log.warning("message %s: %s", message.pk, error)
        at = self._clock()
        if error.unknown:
            if whatsapp_id := self._tried_as(message):
                self.ids.add(whatsapp_id)
            self._record(lambda: self._unsure(message, str(error), at, whatsapp_id))
            return
        if error.unasked:
            self._untold.append(lambda: _rest(self._tenant_id, at))
        again = not error.permanent and not (error.once and message.attempts > 1)
        wait = ONCE_MORE if error.once else None
        self._record(
            lambda: outbox.not_sent(message, error.sentence, at, permanent=not again, wait=wait)
        )

    def _unsure(
        self, message: Message, error: str, at: dt.datetime, whatsapp_id: str | None
    ) -> None:
        outbox.unknown(message, error, at, whatsapp_id)
        if whatsapp_id:
            self._receipts.apply(whatsapp_id, at)

    def _record(self, write: Callable[[], object]) -> None:
        """What happened on the wire must reach the database, also when it is away for a while."""
        self._untold.append(write)
        for pause in (0.1, 0.5, 2.0):
            try:
                return self.catch_up()
            except (OperationalError, InterfaceError):
                time.sleep(pause)
        return self.catch_up()

    def catch_up(self) -> None:
        """Tell the database what it could not hear; nothing else leaves before. What it hears and cannot take
        is logged and dropped: it would fail for ever, and nothing would leave any more."""
        while self._untold:
            try:
                self._untold[0]()
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                log.exception("what became of a message could not be stored")
            self._untold.popleft()

    def _tried_as(self, message: Message) -> str | None:
        """The id that WhatsApp's library gave to a message, also when nobody knows whether it arrived."""
        try:
            return _given_out(message, self._store) if self._store else None
        except sqlite3.Error as error:
            log.info("the id of message %s is not known yet: %s", message.pk, error)
            return None


def _file(message: Message) -> File | None:
    """The file of this message; SendError when it is not there any more."""
    stored = media.of(message) if message.kind != Message.Kind.TEXT else None
    if stored is None:
        return None
    try:
        data = media.read(stored)
    except OSError as error:
        raise SendError(_("The file is gone. Attach it once more."), permanent=True) from error
    return File(data, stored.content_type, media.saved_as(stored), message.text)


def _quote(message: Message) -> Quote | None:
    """What the message shows that it answers."""
    told = outbox.quoted(message)
    if told is None or not told.whatsapp_id:
        return None
    return Quote(told.whatsapp_id, message.conversation.chat, told.text)


def _rest(tenant_id: uuid.UUID, at: dt.datetime) -> None:
    """WhatsApp refused a message to somebody who had not written: others wait a day, answers go on."""
    WhatsAppAccount.objects.filter(tenant=tenant_id).update(unasked_from=at + REST)


def settle(tenant_id: uuid.UUID, store: Store, at: dt.datetime, *, certain: bool = True) -> None:
    """At a line's start: what was being sent when the last one ended was either never tried, then it waits
    again, or perhaps sent, then receipts or staff decide. `certain`: the last one is surely gone."""
    linked = certain and store.me() is not None
    for message in _unsettled(tenant_id, at):
        whatsapp_id = _given_out(message, store)
        sending = message.state == Message.State.SENDING
        if sending and linked and whatsapp_id is None:
            outbox.not_sent(message, "MILA stopped before it was sent", at, permanent=False)
        elif whatsapp_id is not None:
            Message.objects.filter(pk=message.pk).update(whatsapp_id=whatsapp_id)
    outbox.recover(tenant_id, at)


def _unsettled(tenant_id: uuid.UUID, at: dt.datetime) -> QuerySet[Message]:
    """What was being sent, and what was sent perhaps and lately."""
    sending = Q(state=Message.State.SENDING)
    lately = Q(state=Message.State.UNKNOWN, sending_since__gt=at - ASKED_FOR)
    return Message.objects.filter(sending | lately, tenant_id=tenant_id, whatsapp_id=None)


def _given_out(message: Message, store: Store) -> str | None:
    found = (store.sent_with(secret) for secret in secrets_of(message))
    return next((whatsapp_id for whatsapp_id in found if whatsapp_id), None)


def _answered_by(message: Message) -> list[str]:
    """The customer's messages that this one answers: an answer of the assistant's names them."""
    if "answers" in message.details:
        return list(message.details["answers"])
    before = Message.objects.filter(conversation=message.conversation_id, pk__lt=message.pk)
    answered = before.filter(author=Message.Author.CUSTOMER).exclude(whatsapp_id=None)
    last = before.filter(from_me=True).order_by("-pk").values_list("pk", flat=True).first() or 0
    ids = answered.filter(pk__gt=last).values_list("whatsapp_id", flat=True)[:50]
    return [whatsapp_id for whatsapp_id in ids if whatsapp_id]
