"""What was said before in a conversation, as the assistant gets it: one short episode, plain lines."""

import datetime as dt
from dataclasses import dataclass

from conversations.models import Conversation, Message

State = Message.State

LINES = 12
# What is older belongs to an earlier episode: an old hand-over must not colour today's question.
EPISODE = dt.timedelta(hours=24)
_UNSAID = (State.NEW, State.LIMITED, State.CANCELLED, State.FAILED)


@dataclass(frozen=True)
class Line:
    author: str  # one of Message.Author
    text: str
    at: dt.datetime


def history(conversation: Conversation, before: int, at: dt.datetime) -> list[Line]:
    """The last messages of a day before the row `before`, oldest first; no notes, nothing deleted or never said."""
    rows = (
        conversation.messages.filter(pk__lt=before, created_at__gt=at - EPISODE)
        .exclude(state__in=_UNSAID)
        .order_by("-pk")[: 2 * LINES]
    )
    lines = [
        Line(row.author, plain(row), row.created_at)
        for row in rows
        if plain(row) and not {"note", "revoked"} & row.details.keys() and not _ping(row)
    ]
    return lines[:LINES][::-1]


def _ping(row: Message) -> bool:
    return bool(row.details.get("command") == "ping")


def plain(row: Message) -> str:
    """The text, or what kind of thing it was: “[voice]”."""
    if row.kind == Message.Kind.TEXT:
        return row.text.strip()
    return f"[{row.kind}] {row.text}".strip()
