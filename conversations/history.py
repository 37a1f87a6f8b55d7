"""What was said before in a conversation, as the assistant gets it: one short episode, plain lines."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conversations.models import Conversation, Message
from tenants.prepared import Prepared, id_slot, number_slot, time_slot

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
    # Of an answer: the references of its entries, each with what it said then (agent/anchors.py).
    rests_on: Mapping[str, str] = field(default_factory=dict, compare=False)


def history(conversation: Conversation, before: int, at: dt.datetime) -> list[Line]:
    """The last messages of a day before the row `before`, oldest first; no notes, nothing deleted or never said."""
    rows = _BEFORE(conversation=conversation.pk, before=before, since=at - EPISODE)
    lines = [
        Line(author, worded(kind, text), when, details.get("rests_on", {}))
        for author, kind, text, state, details, when in rows
        if state not in _UNSAID and kind != Message.Kind.REACTION
        if worded(kind, text) and not _aside(details)
    ]
    return lines[:LINES][::-1]


_BEFORE = Prepared(
    lambda: (
        Message.objects.filter(
            conversation=id_slot("conversation"),
            pk__lt=number_slot("before"),
            created_at__gt=time_slot("since"),
        )
        .order_by("-pk")
        .values_list("author", "kind", "text", "state", "details", "created_at")[: 2 * LINES]
    )
)


def references(messages: Iterable[Message]) -> list[Line]:
    """What the customer refers to without saying it, marked as people mark it: “> ” before the message they answer,
    [ad: …] for the ad they came from. Without words of ours, which would look like the customer's language."""
    lines = []
    for message in messages:
        quoted, ad = message.details.get("quoted"), message.details.get("ad")
        if quoted and (text := str(quoted.get("text", "")).strip()):
            lines.append("> " + text.replace("\n", "\n> "))
        if ad:
            words = ": ".join(str(ad[name]) for name in ("title", "body") if ad.get(name))
            lines.append(f"[ad: {words or '?'}]")
    return [Line(Message.Author.CUSTOMER, line, message.created_at) for line in lines]


def _aside(details: dict[str, Any]) -> bool:
    """Notes of MILA's own, what was deleted, and `!ping`: nothing that was talked about."""
    return "note" in details or "revoked" in details or details.get("command") == "ping"


def plain(row: Message) -> str:
    """The text, or what kind of thing it was: “[voice]”."""
    return worded(row.kind, row.text)


def worded(kind: str, text: str) -> str:
    return text.strip() if kind == Message.Kind.TEXT else f"[{kind}] {text}".strip()
