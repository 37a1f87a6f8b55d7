"""A conversation on paper: as plain text for people, as CSV for spreadsheets. Customers' text runs nowhere as a formula."""

import csv
import io
from collections.abc import Iterator

from conversations.history import plain
from conversations.models import Conversation, Message

COLUMNS = ["time", "author", "kind", "text", "state"]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_text(conversation: Conversation) -> Iterator[str]:
    """One line per message, on the studio's clock."""
    local = conversation.tenant.local
    for message in conversation.messages.order_by("pk").iterator():
        author = message.get_author_display()
        yield f"[{local(message.created_at):%Y-%m-%d %H:%M}] {author}: {plain(message)}\n"


def as_csv(conversation: Conversation) -> Iterator[str]:
    """One row per message, with a heading."""
    yield _row(COLUMNS)
    for message in conversation.messages.order_by("pk").iterator():
        yield _row(_cells(conversation, message))


def _cells(conversation: Conversation, message: Message) -> list[str]:
    time = conversation.tenant.local(message.created_at).isoformat(timespec="seconds")
    cells = [time, message.author, message.kind, message.text, message.state]
    return [harmless(cell) for cell in cells]


def harmless(cell: str) -> str:
    """A text that a spreadsheet would run as a formula becomes a text."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _row(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
