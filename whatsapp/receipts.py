"""Receipts that come before the id of our own message is known here: the customer's phone may be faster than
WhatsApp's answer to us."""

import datetime as dt
import threading
from collections import OrderedDict
from dataclasses import replace

from conversations import outbox
from conversations.inbound import Receipt

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
        """The message has its id now: what was said about it before."""
        for receipt in self._forget(whatsapp_id):
            outbox.receipt(replace(receipt, whatsapp_ids=(whatsapp_id,)), at)

    def _remember(self, receipt: Receipt) -> None:
        with self._lock:
            for whatsapp_id in receipt.whatsapp_ids:
                self._early.setdefault(whatsapp_id, []).append(receipt)
            while len(self._early) > MOST:
                self._early.popitem(last=False)

    def _forget(self, whatsapp_id: str) -> list[Receipt]:
        with self._lock:
            return self._early.pop(whatsapp_id, [])
