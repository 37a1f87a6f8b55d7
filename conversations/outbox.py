"""Everything that a customer reads leaves here: queued → on its way → sent | perhaps sent | not sent.

WhatsApp takes no message id from us, so a send that was cut off is *unknown*: receipts or a person settle it,
and it is never sent again blindly.
"""

from conversations.leaving import claim_to_send, postpone, quoted, unasked
from conversations.outcomes import not_sent, receipt, recover, send_again, sent, unknown
from conversations.queueing import insert, queue

__all__ = [
    "claim_to_send",
    "insert",
    "not_sent",
    "postpone",
    "queue",
    "quoted",
    "receipt",
    "recover",
    "send_again",
    "sent",
    "unasked",
    "unknown",
]
