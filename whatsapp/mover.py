"""Carries what the journal holds into conversations, in order of arrival; each event at least once, and
conversations takes each only once."""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import replace

from django.db import InterfaceError, OperationalError

from conversations.inbound import FromPhone, InboundMessage, Receipt
from conversations.intake import receive
from tenants import crash
from whatsapp.journal import Journal, Raw
from whatsapp.mending import mended
from whatsapp.receipts import Receipts
from whatsapp.translate import LOST, Translator

log = logging.getLogger(__name__)
TYPING_LASTS = 10.0  # seconds
LOST_AFTER = 10.0  # seconds in which a message that looks lost may still reach the journal
PORTION, LARGER = 50, 1000  # events at a time; more when all of these only wait for their time
RECEIPTS = 1000  # ids that the database is asked about at once
PATIENCE = 30  # tries, over some minutes, in which one event may hold all others


class Mover:
    """One line's mover. `told` is called when something came that may want an answer, `filed` for a file to load."""

    def __init__(
        self,
        journal: Journal,
        translator: Translator,
        *,
        clock: Callable[[], dt.datetime],
        told: Callable[[], None],
        ours: Callable[[str], bool] = lambda whatsapp_id: False,
        receipts: Receipts | None = None,
        filed: Callable[[], None] = lambda: None,
    ):
        self.translator, self._receipts = translator, receipts or Receipts()
        self._journal, self._clock, self._told, self._ours = journal, clock, told, ours
        self._filed = filed
        self._holding, self._tries = 0, 0  # the event for which the database is away, and how often
        self._stored = 0  # messages, in this process

    def step(self) -> bool:
        """Move what waits. An event that cannot be read is tried three times, then set aside."""
        moved, passed, stored = 0, None, self._stored
        for raw in self._waiting():
            try:
                moved += self._move(raw)
            except (OperationalError, InterfaceError) as error:
                if passed or not self._holds_long(raw):
                    raise  # the database is away: everything waits
                log.warning("event %s of the journal lets others pass: %s", raw.id, error)
                passed = raw
        if passed and self._stored > stored:  # not away for others
            self._failed(passed)
        if moved:
            self._told()
        return moved > 0

    def _waiting(self) -> list[Raw]:
        waiting = self._journal.waiting(PORTION)
        if len(waiting) == PORTION and all(raw.kind in LOST for raw in waiting):
            return self._journal.waiting(LARGER)
        return waiting

    def _holds_long(self, raw: Raw) -> bool:
        self._tries = self._tries + 1 if self._holding == raw.id else 1
        self._holding = raw.id
        return self._tries > PATIENCE

    def _move(self, raw: Raw) -> bool:
        if raw.kind in LOST and self._age(raw) < LOST_AFTER and not self._stale(raw):
            return False
        try:
            self._received(raw)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("event %s of the journal (%s) cannot be read", raw.id, raw.kind)
            self._failed(raw)
            return False
        crash.point("C4")
        self._journal.moved(raw)
        return True

    def _failed(self, raw: Raw) -> None:
        if self._journal.failed(raw):
            log.error("event %s of the journal is set aside", raw.id)

    def _received(self, raw: Raw) -> None:
        """Take it as it is; one whose texts hold bytes that are no text is mended first."""
        try:
            self._receive(raw)
        except (TypeError, AttributeError, UnicodeError):
            payload = mended(raw.kind, raw.payload)
            if payload == raw.payload:
                raise
            self._receive(replace(raw, payload=payload))

    def _receive(self, raw: Raw) -> None:
        if self._stale(raw):
            return
        event = self.translator.read(raw)
        if isinstance(event, Receipt):
            self._receipt(event)
        elif event is not None:
            receive(event, at=self._clock())
            self._stored += isinstance(event, InboundMessage)
            if isinstance(event, InboundMessage | FromPhone) and event.file:
                self._filed()

    def _stale(self, raw: Raw) -> bool:
        """Nobody types any more; or the message without text came with its text."""
        if raw.kind == "typing":
            return self._age(raw) > TYPING_LASTS
        without_text = raw.kind in ("undecryptable", *LOST)
        return without_text and self._journal.holds("message", raw.key)

    def _age(self, raw: Raw) -> float:
        return self._clock().timestamp() - raw.received_at

    def _receipt(self, receipt: Receipt) -> None:
        """The library itself sends again what this process sent."""
        ids = receipt.whatsapp_ids
        if receipt.kind == "retry":
            ids = tuple(each for each in ids if not self._ours(each))
        for first in range(0, len(ids), RECEIPTS):
            some = replace(receipt, whatsapp_ids=ids[first : first + RECEIPTS])
            self._receipts.take(some, self._clock())
