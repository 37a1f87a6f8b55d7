"""A conversation on paper: as plain text for people, as CSV for spreadsheets. Customers' text runs nowhere as a formula."""

from collections.abc import Iterator

from conversations.history import plain
from conversations.models import Conversation, Message
from tenants.cells import row

COLUMNS = ["time", "author", "kind", "text", "state"]


def as_text(conversation: Conversation) -> Iterator[str]:
    """One line per message, on the studio's clock."""
    local = conversation.tenant.local
    for message in conversation.messages.order_by("pk").iterator():
        author = message.get_author_display()
        yield f"[{local(message.created_at):%Y-%m-%d %H:%M}] {author}: {plain(message)}\n"


def as_csv(conversation: Conversation) -> Iterator[str]:
    """One row per message, with a heading."""
    yield row(COLUMNS)
    for message in conversation.messages.order_by("pk").iterator():
        yield row(_cells(conversation, message))


def _cells(conversation: Conversation, message: Message) -> list[str]:
    time = conversation.tenant.local(message.created_at).isoformat(timespec="seconds")
    return [time, message.author, message.kind, message.text, message.state]
