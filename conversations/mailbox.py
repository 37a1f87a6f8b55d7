"""Conversations that wait for the assistant: claimed with a lease, decided in one short transaction.

No model is called here. A claim that was overtaken changes nothing; the conversation is due again.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from conversations.claiming import claim_due, claim_next, give_up
from conversations.claims import Claim, Draft, EscalationDraft
from conversations.deciding import StillWriting, decide, overtaken, quiet_until
from conversations.models import Conversation, Message
from conversations.settling import release

__all__ = [
    "Claim",
    "Draft",
    "EscalationDraft",
    "InTheMaking",
    "StillWriting",
    "claim_due",
    "claim_next",
    "decide",
    "give_up",
    "in_the_making",
    "overtaken",
    "quiet_until",
    "release",
]


@dataclass(frozen=True)
class InTheMaking:
    """A WhatsApp chat whose answer somebody is making now, and what it answers."""

    chat: str
    whatsapp_ids: list[str]


def in_the_making(tenant_id: uuid.UUID, at: dt.datetime) -> list[InTheMaking]:
    """The studio's chats that are claimed now."""
    chats = Conversation.objects.filter(
        tenant=tenant_id,
        channel=Conversation.Channel.WHATSAPP,
        reply_due_at__lte=at,
        lease_until__gt=at,
    )
    read: dict[str, list[str]] = {}
    rows = Message.objects.filter(conversation__in=chats, state=Message.State.NEW)
    for chat, whatsapp_id in rows.values_list("conversation__chat", "whatsapp_id"):
        read.setdefault(chat, []).append(whatsapp_id or "")
    return [InTheMaking(chat, ids) for chat, ids in read.items()]
