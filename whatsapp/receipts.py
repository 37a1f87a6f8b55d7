"""Receipts that come before the id of our own message is known here: the customer's phone may be faster than
WhatsApp's answer to us."""

import datetime as dt
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from conversations import outbox
from conversations.inbound import Receipt
from conversations.models import Message
from whatsapp.journal import FLEETING_SECONDS, MOVED, Journal, Raw

MOST = 500  # ids that are remembered; a message whose receipt is forgotten still counts as sent


class Receipts:
    """Between a line's mover, which reads receipts, and its sender, which learns the ids."""

    def __init__(self) -> None:
        self._early: OrderedDict[str, list[Receipt]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, receipt: Receipt, at: dt.datetime) -> None:
        """Apply a receipt; what belongs to no message yet is remembered first, so that the sender cannot miss it."""
        self._remember(receipt)
        for known in outbox.receipt(receipt, at):
            self._forget(known)

    def apply(self, whatsapp_id: str, at: dt.datetime) -> None:
        """The message has its id now: what was said about it before. It is forgotten when the database knows it.
        It was sent by this process, so who could not read it was served by the library."""
        for receipt in self._heard(whatsapp_id):
            if receipt.kind == "retry":
                continue
            outbox.receipt(replace(receipt, whatsapp_ids=(whatsapp_id,)), at)
        self._forget(whatsapp_id)

    def _remember(self, receipt: Receipt) -> None:
        with self._lock:
            for whatsapp_id in receipt.whatsapp_ids:
                self._early.setdefault(whatsapp_id, []).append(receipt)
            while len(self._early) > MOST:
                self._early.popitem(last=False)

    def _heard(self, whatsapp_id: str) -> list[Receipt]:
        with self._lock:
            return list(self._early.get(whatsapp_id, ()))

    def _forget(self, whatsapp_id: str) -> None:
        with self._lock:
            self._early.pop(whatsapp_id, None)


def hear_again(
    tenant_id: uuid.UUID, journal: Journal, read: Callable[[Raw], object], at: dt.datetime
) -> None:
    """At a line's start: receipts that the last one read before anybody knew the id of their message."""
    unsure = Message.objects.filter(
        tenant_id=tenant_id,
        from_me=True,
        whatsapp_id__isnull=False,
        state=Message.State.UNKNOWN,
        sending_since__gt=at - dt.timedelta(seconds=FLEETING_SECONDS),
    )
    sent = dict(unsure.values_list("whatsapp_id", "sending_since"))
    times = [since.timestamp() for since in sent.values() if since]
    for raw in journal.kept(("receipt",), min(times) - 1) if times else ():
        receipt = read(raw) if raw.state == MOVED else None
        if not isinstance(receipt, Receipt) or receipt.kind == "retry":
            continue
        if ids := tuple(each for each in receipt.whatsapp_ids if each in sent):
            outbox.receipt(replace(receipt, whatsapp_ids=ids), at)
