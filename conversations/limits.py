"""How much one customer may write: so many messages a minute get an answer, the others wait for one turn.

Counted in rows, so that it holds across processes and restarts.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from conversations import loops, outbox
from conversations.models import Conversation, Message
from conversations.sentences import sentence
from tenants.prepared import Prepared, id_slot

WINDOW = dt.timedelta(seconds=60)
NOTE_EVERY = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Pace:
    """How fast a customer writes: `held_until` when they may have a turn again (None: now), and whether they are so
    busy that a loop is possible."""

    held_until: dt.datetime | None = None
    busy: bool = False


def pace(conversation: Conversation, at: dt.datetime) -> Pace:
    """`at` is the time of the message: for a backlog WhatsApp's time, as a backlog is no spam."""
    limit = max(1, conversation.tenant.messages_per_minute)
    oldest = _earlier(limit)(conversation=conversation.pk)
    if not oldest or oldest[0] <= at - loops.BUSY:
        return Pace()  # nearly always, and one row says so
    held = _held_until(conversation, limit, at) if oldest[0] > at - WINDOW else None
    return Pace(held, busy=True)


def _held_until(conversation: Conversation, limit: int, at: dt.datetime) -> dt.datetime | None:
    rows = Message.objects.filter(conversation=conversation, author=Message.Author.CUSTOMER)
    newest = rows.order_by("-pk").values_list("created_at", "whatsapp_at", "details")[:limit]
    times = [
        (whatsapp_at if details.get("backlog") else None) or created_at
        for created_at, whatsapp_at, details in newest
    ]
    if len(times) < limit or min(times) <= at - WINDOW:
        return None
    return min(times) + WINDOW


@lru_cache(maxsize=100)
def _earlier(limit: int) -> "Prepared[dt.datetime]":
    """When the customer's last message but `limit` came."""
    return Prepared(
        lambda: (
            Message.objects.filter(
                conversation=id_slot("conversation"), author=Message.Author.CUSTOMER
            )
            .order_by("-pk")
            .values_list("created_at", flat=True)[limit - 1 : limit]
        )
    )


def note(conversation: Conversation, at: dt.datetime) -> None:
    """Tell the customer once in ten minutes that their messages wait."""
    earlier = conversation.messages.filter(
        idempotency_key__startswith="limited:", created_at__gt=at - NOTE_EVERY
    )
    if not earlier.exists():
        outbox.queue(
            conversation,
            sentence("limited", conversation.language),
            author=Message.Author.SYSTEM,
            key=f"limited:{conversation.pk}:{at:%Y%m%d%H%M%S}",
            at=at,
            expires_at=at + NOTE_EVERY,
            details={"note": "limited"},
        )
