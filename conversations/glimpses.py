"""What a poll needs of each message to see whether its bubble changed: a fifth of its columns, and no objects.

A tab asks every two seconds, and mostly nothing is new.
"""

import datetime as dt
from typing import Any, NamedTuple

from django.db.models import QuerySet

from conversations.models import Message

FIELDS = ("pk", "author", "state", "text", "error", "details", "whatsapp_id", "created_at")
FILE = ("media__state", "media__problem")


class File(NamedTuple):
    state: str
    problem: str


class Glimpse(NamedTuple):
    """A message as far as its mark tells of it."""

    pk: int
    author: str
    state: str
    text: str
    error: str
    details: dict[str, Any]
    whatsapp_id: str | None
    created_at: dt.datetime
    media: File | None

    @property
    def inbound(self) -> bool:
        return self.author == Message.Author.CUSTOMER


def glimpsed(rows: QuerySet[Message]) -> list[Glimpse]:
    return [_glimpse(*row) for row in rows.values_list(*FIELDS, *FILE)]


def _glimpse(*row: Any) -> Glimpse:
    *fields, state, problem = row
    return Glimpse._make([*fields, File(state, problem) if state else None])
