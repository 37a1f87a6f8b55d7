"""What a thread shows: bubbles, notes among them, days, and where the unread begin. Only what changed is drawn anew."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.glimpses import Glimpse, glimpsed
from conversations.models import Conversation, Message, Note

STEP = 60  # messages per “Load older”
LONGEST = 300  # messages of one look, however many are unread
STUCK = dt.timedelta(seconds=20)  # a line that is up sends a reply sooner
LOOKED_AT = 20  # messages that wait to leave, the first


Row = Message | Glimpse


@dataclass(frozen=True)
class Item:
    """A bubble, a note, a day, or the line above the first unread message. `mark` changes with what is seen of it.
    `kind` is message, known (a message that the page shows already), note, day or unread.
    """

    kind: str
    key: str
    mark: str
    row: Any = None
    text: str = ""


def rows_of(conversation: Conversation) -> QuerySet[Message]:
    """With the turn behind each answer: it belongs to an app above this one, which points here."""
    rows = conversation.messages.select_related("turn", "written_by", "media")
    wrong = (Message.State.FAILED, Message.State.UNKNOWN)
    # A reaction is shown under its message; as a bubble only when it did not arrive.
    return rows.exclude(~Q(state__in=wrong), kind=Message.Kind.REACTION)


def newest(conversation: Conversation, unread: int = 0) -> list[Message]:
    """The last step of messages, further back when more is unread."""
    most = min(max(STEP, unread + STEP // 2), LONGEST)
    return list(reversed(rows_of(conversation).order_by("-pk")[:most]))


def before(conversation: Conversation, pk: int) -> list[Message]:
    return list(reversed(rows_of(conversation).filter(pk__lt=pk).order_by("-pk")[:STEP]))


def since(conversation: Conversation, pk: int) -> list[Glimpse]:
    """What is told of the row `pk` and of those after it, but of no more than anybody reads at once."""
    rows = rows_of(conversation).filter(pk__gte=pk).order_by("-pk")
    return list(reversed(glimpsed(rows[:LONGEST])))


def drawn(conversation: Conversation, found: Sequence[Item], known: set[str]) -> list[Item]:
    """With the messages themselves; one whose mark is `known` is shown just so already, and only named."""
    new = [item.row.pk for item in found if item.kind == "message" and item.mark not in known]
    rows = {row.pk: row for row in rows_of(conversation).filter(pk__in=new)} if new else {}
    return [_drawn(item, rows) if item.kind == "message" else item for item in found]


def _drawn(item: Item, rows: dict[int, Message]) -> Item:
    row = rows.get(item.row.pk)
    return replace(item, row=row) if row else replace(item, kind="known", row=None)


def has_older(conversation: Conversation, shown: Sequence[Row]) -> bool:
    return bool(shown) and conversation.messages.filter(pk__lt=shown[0].pk).exists()


def notes(
    conversation: Conversation, shown: Sequence[Row], older: bool, until: dt.datetime | None
) -> list[Note]:
    """Those among these messages; before the first one only where nothing older is."""
    rows = conversation.notes.select_related("written_by").order_by("created_at")
    if shown and older:
        rows = rows.filter(created_at__gte=shown[0].created_at)
    if until:
        rows = rows.filter(created_at__lt=until)
    return list(rows[:LONGEST])


def items(shown: Sequence[Row], among: Sequence[Note], unread: int, signs: set[int]) -> list[Item]:
    """All in the order of time, with days between."""
    first = _first_unread(shown, unread)
    rows: list[Row | Note] = [*shown, *among]
    both = sorted(rows, key=lambda row: (row.created_at, isinstance(row, Note)))
    found: list[Item] = []
    day = ""
    for row in both:
        local = timezone.localtime(row.created_at)
        if f"day-{local:%Y-%m-%d}" != day:
            day = f"day-{local:%Y-%m-%d}"
            word = _day(local)  # in its mark, too: at midnight “Today” becomes “Yesterday”
            found.append(Item("day", day, word, text=word))
        if row is first:
            found.append(Item("unread", "unread", "unread", text=_("Unread")))
        found.append(_note(row) if isinstance(row, Note) else _bubble(row, row.pk in signs))
    return found


def _first_unread(shown: Sequence[Row], unread: int) -> Row | None:
    inbound = [row for row in shown if row.inbound]
    return inbound[-min(unread, len(inbound))] if unread and inbound else None


def _day(at: dt.datetime) -> str:
    today = timezone.localdate()
    if at.date() == today:
        return _("Today")
    if at.date() == today - dt.timedelta(days=1):
        return _("Yesterday")
    return date_format(at, "DATE_FORMAT")


def _bubble(row: Row, sign: bool) -> Item:
    # With its key, as people say the same thing twice.
    seen = (row.pk, row.state, row.text, row.error, str(row.details), _file_state(row), sign)
    return Item("message", f"message-{row.pk}", fingerprint_of(seen), row)


def _note(row: Note) -> Item:
    return Item("note", f"note-{row.pk}", "note", row)


def _file_state(row: Row) -> str:
    media = getattr(row, "media", None)
    return f"{media.state} {media.problem}" if media else ""


def fingerprint_of(*seen: object) -> str:
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:12]


def fingerprint(shown: Sequence[Item], *more: object) -> str:
    return fingerprint_of(
        ([(item.key, item.mark) for item in shown if item.kind != "unread"], more)
    )


def line_waits(conversation: Conversation, at: dt.datetime) -> bool:
    """Whether something of the studio should have left and did not: WhatsApp is not connected now.

    Asked as the line itself asks, in the order of leaving: only so the small index of what leaves is used.
    """
    first = Message.objects.leaving(conversation.tenant_id).values_list("created_at", "not_before")
    return any(max(made, after or made) < at - STUCK for made, after in first[:LOOKED_AT])


def reactable(conversation: Conversation, shown: Sequence[Row]) -> set[int]:
    """The newest few messages of the customer: nobody reacts to old ones."""
    if conversation.channel != Conversation.Channel.WHATSAPP or conversation.blocked:
        return set()
    if conversation.made_up:
        return set()
    rows = [row.pk for row in shown if row.inbound and row.whatsapp_id]
    return set(rows[-3:])
