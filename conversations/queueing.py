"""Messages that are to leave, as rows: the same key twice is one message."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from conversations import handling
from conversations.models import Conversation, Message
from conversations.parts import parts
from conversations.people import clean_text

Author, Channel, State = Message.Author, Conversation.Channel, Message.State


def queue(
    conversation: Conversation,
    text: str,
    *,
    author: str,
    key: str,
    at: dt.datetime,
    kind: str = Message.Kind.TEXT,
    written_by: User | None = None,
    not_before: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
    quoted_id: str = "",
    details: Mapping[str, Any] | None = None,
) -> Message:
    """Put a message into the outbox; the same `key` twice is one message. A long text becomes up to three rows, of
    which the first is returned. Staff who write silence the assistant a while.
    """
    known = Message.objects.filter(tenant_id=conversation.tenant_id, idempotency_key=key)
    if message := known.first():
        return message
    try:
        with transaction.atomic():
            if author == Author.STAFF:
                handling.staff_wrote(conversation, at)
            rows = [
                insert(
                    conversation,
                    part,
                    author=author,
                    kind=Message.Kind.TEXT if number else kind,
                    key=f"{key}:{number}" if number else key,
                    at=at,
                    written_by=written_by,
                    not_before=not_before,
                    expires_at=expires_at,
                    quoted_id="" if number else quoted_id,
                    details=dict(details or {}),
                )
                for number, part in enumerate(parts(text))
            ]
            Conversation.objects.filter(pk=conversation.pk).update(last_message_at=at)
    except IntegrityError:
        return known.get()
    return rows[0]


def insert(
    conversation: Conversation, text: str, *, author: str, key: str, at: dt.datetime, **fields: Any
) -> Message:
    """One row, inside the caller's transaction; IntegrityError for a known key. Playground: shown at once, never sent."""
    shown = conversation.channel == Channel.PLAYGROUND
    message = Message(
        tenant_id=conversation.tenant_id,
        conversation=conversation,
        author=author,
        text=clean_text(text),
        state=State.SHOWN if shown else State.QUEUED,
        idempotency_key=key[:120],
        # A change of hands overtakes what MILA says; what staff say always leaves.
        mode_version=None if author == Author.STAFF else conversation.mode_version,
        from_me=True,
        created_at=at,
        **fields,
    )
    return message.insert()
