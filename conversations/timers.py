"""Chats whose messages vanish after a while: what MILA says there vanishes with them."""

import datetime as dt
from typing import Any

from django.db.models import Q

from conversations.inbound import FromPhone, InboundMessage, Timer
from conversations.models import Conversation
from conversations.people import known

LONGEST = dt.timedelta(days=366)  # WhatsApp offers a day, a week and 90 days


def told(event: InboundMessage | FromPhone, conversation: Conversation) -> dict[str, Any]:
    """What a message changes about the timer of its chat; nothing, as a rule. An older one changes nothing."""
    seconds, told_at = event.disappears_after, conversation.disappears_told_at
    if seconds is None or not _sane(seconds) or (told_at and event.sent_at < told_at):
        return {}
    if seconds == conversation.disappears_after:  # told again: of a timer that was ever set
        return {"disappears_told_at": event.sent_at} if told_at else {}
    return {"disappears_after": seconds, "disappears_told_at": event.sent_at}


def receive(event: Timer) -> None:
    """The timer was set, or switched off, by either side."""
    chats = Conversation.objects.filter(
        Q(disappears_told_at=None) | Q(disappears_told_at__lte=event.at),
        customer__in=known(event.tenant_id, event.person),
        channel=Conversation.Channel.WHATSAPP,
    )
    if _sane(event.seconds):
        chats.update(disappears_after=event.seconds, disappears_told_at=event.at)


def _sane(seconds: int) -> bool:
    return 0 <= seconds <= LONGEST.total_seconds()
