"""A small sign of staff under a customer's message: it says “seen” or “thank you” without a message of its own."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction

from conversations import outbox
from conversations.models import Conversation, Message

EMOJIS = ("👍", "🙏", "❤️")


def react(
    target: Message, emoji: str, *, at: dt.datetime, written_by: User | None = None
) -> Message | None:
    """Put a sign under a customer's message; the same one twice is one. It silences nobody.

    None when the message cannot have one: it is not a customer's, or not from WhatsApp.
    """
    chat = target.conversation
    if emoji not in EMOJIS or not target.inbound or not target.whatsapp_id:
        return None
    if chat.channel != Conversation.Channel.WHATSAPP:
        return None
    key = f"react:{target.pk}:{EMOJIS.index(emoji)}"
    known = Message.objects.filter(tenant_id=target.tenant_id, idempotency_key=key).first()
    return known or _queued(target, emoji, key, at, written_by)


@transaction.atomic
def _queued(
    target: Message, emoji: str, key: str, at: dt.datetime, written_by: User | None
) -> Message:
    details = {**target.details, "staff_reaction": emoji}
    Message.objects.filter(pk=target.pk).update(details=details)
    return outbox.insert(
        target.conversation,
        emoji,
        author=Message.Author.STAFF,
        kind=Message.Kind.REACTION,
        key=key,
        at=at,
        quoted_id=target.whatsapp_id,
        written_by=written_by,
    )
