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

    def step(self) -> bool:
        """Move what waits. An event that cannot be read is tried three times, then set aside."""
        moved = 0
        for raw in self._journal.waiting():
            moved += self._move(raw)
        if moved:
            self._told()
        return moved > 0

    def _move(self, raw: Raw) -> bool:
        if raw.kind in LOST and self._age(raw) < LOST_AFTER:
            return False
        try:
            self._received(raw)
        except (OperationalError, InterfaceError):
            raise  # the database is away: everything waits
        except Exception:
            log.exception("event %s of the journal (%s) cannot be read", raw.id, raw.kind)
            if self._journal.failed(raw):
                log.error("event %s of the journal is set aside", raw.id)
            return False
        crash.point("C4")
        self._journal.moved(raw)
        return True

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
        if ids:
            self._receipts.take(replace(receipt, whatsapp_ids=ids), self._clock())
