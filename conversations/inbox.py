"""Which conversations the inbox lists, in which order, and what stands in each line of the list.

A studio may have ten thousand: a list asks for one page by the time of the last message, the last lines by their keys,
and counts no further than staff would read.
"""

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy

from conversations.models import Conversation, Customer, Escalation, Message
from tenants.models import Tenant
from tenants.prepared import Literal

Handler = Conversation.Handler

TABS = {
    "waiting": gettext_lazy("Needs a person"),
    "mine": gettext_lazy("Mine"),
    "assistant": gettext_lazy("Assistant"),
    "all": gettext_lazy("All"),
}
STEP, MOST = 30, 300  # rows of a list; more are on its next page
COUNTED = 1000  # in the tabs that staff work off; a number beyond is told as “999+”
FEW = 100  # counted so far in the tabs that nobody works off; a number beyond is told as “99+”
SEARCHED = 20_000  # of a studio's messages, the newest
FOUND = 200  # conversations that a search by text finds
SHOWN = 160  # characters of a last line


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see: a tab or a search, from where on, and how many rows."""

    tab: str = "waiting"
    words: str = ""
    after: str = ""
    rows: int = STEP


@dataclass(frozen=True)
class Line:
    conversation: Conversation
    author: str
    text: str
    case: str  # the reason of the most urgent open escalation, in words
    urgent: bool
    held: bool  # by staff, now


@dataclass(frozen=True)
class Listed:
    lines: Sequence[Line]
    counts: dict[str, str]
    more: str  # where the next page begins; "" at the end
    any: bool  # whether the studio has conversations at all

    @property
    def fingerprint(self) -> str:
        """Changes when, and only when, a reader would see a difference."""
        seen = [
            (c.pk, str(c), c.last_message_at, c.unread, c.handler_id, c.blocked, *_words(line))
            for line in self.lines
            if (c := line.conversation)
        ]
        return hashlib.sha256(repr((seen, self.counts, self.more)).encode()).hexdigest()[:16]


def _words(line: Line) -> tuple[object, ...]:
    return line.author, line.text, line.case, line.urgent, line.held


def listed(tenant: Tenant, user: User, asked: Asked, at: dt.datetime) -> Listed:
    rows, snippets = _wanted(tenant, user, asked, at)
    page = list(_after(rows, asked.after)[: asked.rows + 1])
    shown = page[: asked.rows]
    more = _mark(shown[-1]) if len(page) > len(shown) else ""
    lines = _lines(shown, snippets, at)
    return Listed(lines, counts(tenant, user, at), more, bool(lines) or chats(tenant).exists())


def chats(tenant: Tenant) -> QuerySet[Conversation]:
    """A studio's conversations with customers (and with itself) in which something was said."""
    rows = Conversation.objects.filter(tenant=tenant, last_message_at__isnull=False)
    return rows.exclude(channel__in=Conversation.WITHIN)


def with_staff(at: dt.datetime) -> Q:
    """A person has the chat; the words stand in the SQL itself, as SQLite finds its small index only so."""
    held = Q(handled_by=Literal("staff"))
    return held & (Q(resumes_at=None) | Q(resumes_at__gt=at))


def waiting(tenant: Tenant, at: dt.datetime) -> QuerySet[Conversation]:
    """Those that need a person: an open case, or unread messages while staff hold the chat. Home and the menu ask here too."""
    open_cases = Escalation.objects.filter(tenant=tenant, state=Escalation.State.OPEN)
    unread = Conversation.objects.filter(with_staff(at), tenant=tenant, unread__gt=0)
    wait = Q(pk__in=open_cases.order_by().values("conversation"))
    return chats(tenant).filter(wait | Q(pk__in=unread.order_by().values("pk")))


def of_tab(tenant: Tenant, user: User, tab: str, at: dt.datetime) -> QuerySet[Conversation]:
    rows = chats(tenant)
    if tab == "waiting":
        return waiting(tenant, at)
    if tab == "mine":
        return rows.filter(with_staff(at), handler=user)
    if tab == "assistant":
        free = Q(handled_by=Handler.ASSISTANT) | Q(resumes_at__lte=at)
        return rows.filter(free, Q(customer=None) | Q(customer__blocked_at=None))
    return rows


def counts(tenant: Tenant, user: User, at: dt.datetime) -> dict[str, str]:
    """How many stand in each tab: exactly in those that staff work off, and no further than a glance in the others."""
    return {tab: _told_up_to(of_tab(tenant, user, tab, at), _most(tab)) for tab in TABS}


def _most(tab: str) -> int:
    return COUNTED if tab in ("waiting", "mine") else FEW


def _told_up_to(rows: QuerySet[Conversation], most: int) -> str:
    number = rows.order_by("-last_message_at")[
        :most
    ].count()  # in the order of an index: it ends there
    return f"{most - 1}+" if number >= most else str(number)


def _wanted(
    tenant: Tenant, user: User, asked: Asked, at: dt.datetime
) -> tuple[QuerySet[Conversation], dict[uuid.UUID, int]]:
    """The rows, and for a search by text which message was found in each."""
    words = asked.words.strip()
    if not words:
        return of_tab(tenant, user, asked.tab, at), {}
    found = _by_text(tenant, words) if len(words) > 1 else {}
    people = _people(tenant, words).order_by().values("pk")
    return chats(tenant).filter(Q(customer__in=people) | Q(pk__in=list(found))), found


def _people(tenant: Tenant, words: str) -> QuerySet[Customer]:
    match = Q(name__icontains=words)
    digits = re.sub(r"\D", "", words).removeprefix("62").lstrip("0")
    if len(digits) > 2 and not re.search(r"[^\d\s()+.-]", words):
        match |= Q(phone__contains=digits)
    return Customer.objects.filter(match, tenant=tenant)


def _by_text(tenant: Tenant, words: str) -> dict[uuid.UUID, int]:
    """By conversation the newest message that holds the words, among the newest of the studio."""
    rows = _newest(tenant).filter(text__icontains=words)
    found: dict[uuid.UUID, int] = {}
    for conversation, pk in rows.values_list("conversation_id", "pk")[: 3 * FOUND]:
        found.setdefault(conversation, pk)
    return dict(list(found.items())[:FOUND])


def _newest(tenant: Tenant) -> QuerySet[Message]:
    """By time, which is the order of an index of each studio: by key, others' messages between them are read too."""
    rows = Message.objects.filter(tenant=tenant).order_by("-created_at", "-pk")
    oldest = rows.values_list("created_at", flat=True)[SEARCHED - 1 : SEARCHED].first()
    return rows.filter(created_at__gte=oldest) if oldest else rows


def _after(rows: QuerySet[Conversation], mark: str) -> QuerySet[Conversation]:
    """The newest first; from the row behind `mark` on."""
    when, _sep, pk = mark.partition("~")
    try:
        at, last = dt.datetime.fromisoformat(when), uuid.UUID(pk)
    except ValueError:
        at = last = None  # type: ignore[assignment]
    if at is not None and at.tzinfo is not None:
        rows = rows.filter(Q(last_message_at__lt=at) | Q(last_message_at=at, pk__lt=last))
    newest = Message.objects.filter(conversation=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    rows = rows.select_related("customer", "handler").annotate(newest=Subquery(newest))
    return rows.order_by("-last_message_at", "-pk")


def _mark(conversation: Conversation) -> str:
    assert conversation.last_message_at is not None
    return f"{conversation.last_message_at.isoformat()}~{conversation.pk}"


def _lines(
    rows: Sequence[Conversation], snippets: dict[uuid.UUID, int], at: dt.datetime
) -> list[Line]:
    keys = {row.pk: snippets.get(row.pk) or row.newest for row in rows}  # type: ignore[attr-defined]
    said = _said([key for key in keys.values() if key])
    cases = _cases([row.pk for row in rows])
    return [_line(row, said.get(keys[row.pk], {}), cases.get(row.pk), at) for row in rows]


def _line(
    row: Conversation, said: dict[str, Any], case: tuple[str, str] | None, at: dt.datetime
) -> Line:
    reason, urgency = case or ("", "")
    urgent = urgency == Escalation.Urgency.URGENT
    author = said.get("author", "")
    return Line(row, author, _told(said), _category(reason), urgent, row.silent(at))


def _category(value: str) -> str:
    return str(Escalation.Category(value).label) if value else ""


def _said(keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = Message.objects.filter(pk__in=keys).annotate(start=Left("text", SHOWN)).order_by()
    return {row["pk"]: dict(row) for row in rows.values("pk", "author", "kind", "start")}


def _told(said: dict[str, Any]) -> str:
    """One line: the words, or what kind of thing it was."""
    if not said:
        return ""
    words = " ".join(said["start"].split())
    kind = "" if said["kind"] == Message.Kind.TEXT else str(Message.Kind(said["kind"]).label)
    return f"{kind}: {words}" if kind and words else kind or words


def _cases(keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    """The most urgent open escalation of each."""
    rows = Escalation.objects.filter(conversation__in=keys, state=Escalation.State.OPEN).order_by()
    rank = list(Escalation.Urgency.values)
    found: dict[uuid.UUID, tuple[str, str]] = {}
    for key, reason, urgency in rows.values_list("conversation_id", "category", "urgency"):
        if key not in found or rank.index(urgency) > rank.index(found[key][1]):
            found[key] = (reason, urgency)
    return found
