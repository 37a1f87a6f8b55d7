"""From messages, turns and hand-overs to the figures of days: one reading for a row of days.

Only chats with customers on WhatsApp count, and of what was written there neither notes of MILA itself nor what
never left. A day is the studio's own.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import Max, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from agent.models import Turn
from conversations.models import Conversation, Escalation, Message
from reports.counts import Counts
from tenants.models import Tenant

SILENCE = dt.timedelta(hours=24)  # after which a customer's message begins a new conversation
Author, State = Message.Author, Message.State
_REPLIES = (Author.ASSISTANT, Author.STAFF)
_NEVER_LEFT = (State.CANCELLED, State.FAILED)
_NOT_SAID = (
    Q(author=Author.SYSTEM)
    | Q(kind=Message.Kind.REACTION)
    | Q(state__in=(State.CANCELLED, State.FAILED))
)
_ANSWERED = (Turn.Outcome.ANSWERED, Turn.Outcome.FROM_KNOWLEDGE, Turn.Outcome.HANDED_OVER)
Days = dict[dt.date, Counts]


def _last(of: Q) -> Max:
    return Max("created_at", filter=of)


_BY_STAFF = Q(author=Author.STAFF)
_HANDED_OVER = Q(author=Author.ASSISTANT, details__has_key="escalation")
_LAST = {
    "last_wrote": _last(Q(author=Author.CUSTOMER)),
    "last_replied": _last(Q(author__in=_REPLIES)),
    "last_settled": _last(_BY_STAFF | (Q(author=Author.ASSISTANT) & ~_HANDED_OVER)),
}


class Said(NamedTuple):
    """One message, as far as figures need it."""

    chat: uuid.UUID
    author: str
    at: dt.datetime
    left_at: dt.datetime | None
    feedback: str | None
    task: str | None  # what the assistant handed over with it


@dataclass
class _Begun:
    """A conversation that began on a day that is counted."""

    at: dt.datetime
    counts: Counts
    answered: bool = False
    staff: bool = False
    handed_over: bool = False

    def reaches(self, at: dt.datetime) -> bool:
        return self.at <= at < self.at + SILENCE


def midnight(tenant: Tenant, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tenant.zone).astimezone(dt.UTC)


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def count(tenant: Tenant, first: dt.date, last: dt.date) -> Days:
    """The figures of these days, the last one included."""
    days = {day: Counts() for day in days_between(first, last)}
    start, end = midnight(tenant, first), midnight(tenant, last + dt.timedelta(days=1))
    begun = _Messages(tenant, days, start, end).read()
    _count_tasks(tenant, begun, start, end)
    _judge(each for several in begun.values() for each in several)
    _count_turns(tenant, days, start, end)
    return days


def messages_of(tenant: Tenant) -> QuerySet[Message]:
    """What customers and staff see as messages of a chat with a customer."""
    rows = Message.objects.filter(
        tenant=tenant, conversation__channel=Conversation.Channel.WHATSAPP
    )
    return rows.exclude(author=Author.SYSTEM).exclude(kind=Message.Kind.REACTION)


class _Messages:
    """Reads the messages of some days in the order of time, and those of the day after for what became of them."""

    def __init__(self, tenant: Tenant, days: Days, start: dt.datetime, end: dt.datetime):
        self._tenant, self._days, self._start, self._end = tenant, days, start, end
        self._zone = tenant.zone
        self._begun: dict[uuid.UUID, list[_Begun]] = {}
        self._wrote: dict[uuid.UUID, dt.datetime] = {}  # when the customer wrote last
        self._waits: dict[uuid.UUID, dt.datetime] = {}  # last message of a burst, for a first reply
        # First message of a conversation that waits for staff: what was handed over still does.
        self._waits_for_staff: dict[uuid.UUID, dt.datetime] = {}

    def read(self) -> dict[uuid.UUID, list[_Begun]]:
        said = list(self._said())
        self._look_back({each.chat for each in said})
        for each in said:
            self._take(each)
        return self._begun

    def _said(self) -> Iterator[Said]:
        rows = messages_of(self._tenant).filter(
            created_at__gte=self._start, created_at__lt=self._end + SILENCE
        )
        rows = rows.exclude(state__in=_NEVER_LEFT).order_by("created_at", "pk")
        feedback, task = (KeyTextTransform(name, "details") for name in ("feedback", "escalation"))
        told = rows.values_list(
            "conversation_id", "author", "created_at", "whatsapp_at", feedback, task
        )
        for row in told.iterator(chunk_size=2000):
            yield Said(*row)

    def _look_back(self, chats: set[uuid.UUID]) -> None:
        """Who already wrote before the first day, and waits since then."""
        # By chat alone: with the studio as well, SQLite reads all that was ever written in it.
        before = Message.objects.filter(created_at__lt=self._start).exclude(_NOT_SAID)
        open_since: dict[uuid.UUID, dt.datetime | None] = {}
        for part in _parts(sorted(chats, key=str)):
            last = before.filter(conversation__in=part).order_by().values_list("conversation")
            for chat, wrote, replied, settled in last.annotate(**_LAST):
                if wrote:
                    self._wrote[chat] = wrote
                if wrote and (replied is None or replied < wrote):
                    self._waits[chat] = wrote
                if wrote and (settled is None or settled < wrote):
                    open_since[chat] = settled
        for some in _parts(sorted(open_since, key=str), 100):
            self._waits_for_staff |= _first_unanswered(before, {c: open_since[c] for c in some})

    def _take(self, said: Said) -> None:
        counted = said.at < self._end
        local = said.at.astimezone(self._zone)
        counts = self._days[local.date()] if counted else Counts()
        if counted:
            counts.hours[said.author][local.hour] += 1
        if said.author == Author.CUSTOMER:
            self._asked(said, counts if counted else None)
        else:
            self._replied(said, counts)

    def _asked(self, said: Said, counts: Counts | None) -> None:
        before = self._wrote.get(said.chat)
        begins = before is None or said.at - before >= SILENCE
        if counts and begins:
            counts.begun += 1
            self._begun.setdefault(said.chat, []).append(_Begun(said.at, counts))
        if begins or said.chat not in self._waits_for_staff:
            self._waits_for_staff[said.chat] = said.at
        self._wrote[said.chat] = self._waits[said.chat] = said.at

    def _replied(self, said: Said, counts: Counts) -> None:
        first = self._waits.pop(said.chat, None)
        if said.author == Author.STAFF or not said.task:
            handed_over = self._waits_for_staff.pop(said.chat, None)
        asked_at = handed_over if said.author == Author.STAFF else first
        if asked_at is not None:
            left_at = max(said.left_at or said.at, said.at)
            counts.replies[said.author].note((left_at - asked_at).total_seconds())
        for begun in self._begun.get(said.chat, ()):
            if begun.reaches(said.at):
                begun.answered |= said.author == Author.ASSISTANT
                begun.staff |= said.author == Author.STAFF
        counts.good += said.feedback == "good"
        counts.bad += said.feedback == "bad"


def _first_unanswered(
    said: QuerySet[Message], since: dict[uuid.UUID, dt.datetime | None]
) -> dict[uuid.UUID, dt.datetime]:
    """When each customer first wrote in the conversation that is still open; `since` says what was settled before."""
    each = [Q(conversation=chat, **_later(settled)) for chat, settled in since.items()]
    rows = said.filter(reduce(or_, each), author=Author.CUSTOMER).order_by("-created_at")
    found: dict[uuid.UUID, dt.datetime] = {}
    for chat, at in rows.values_list("conversation_id", "created_at"):
        if chat not in found or found[chat] - at < SILENCE:
            found[chat] = at  # what came before a day of silence was another conversation
    return found


def _later(settled: dt.datetime | None) -> dict[str, dt.datetime]:
    return {"created_at__gt": settled} if settled else {}


def _parts(chats: list[uuid.UUID], most: int = 500) -> Iterator[list[uuid.UUID]]:
    """No statement names more than so many: SQLite has a limit."""
    for begin in range(0, len(chats), most):
        yield chats[begin : begin + most]


def _count_tasks(tenant: Tenant, begun: dict[Any, list[_Begun]], start: Any, end: Any) -> None:
    rows = Escalation.objects.filter(
        tenant=tenant, created_at__gte=start, created_at__lt=end + SILENCE
    )
    for chat, at in rows.order_by().values_list("conversation_id", "created_at"):
        for each in begun.get(chat, ()):
            each.handed_over |= each.reaches(at)


def _judge(begun: Iterable[_Begun]) -> None:
    """A conversation is resolved without staff when the assistant answered, and nobody of the staff had to."""
    for each in begun:
        each.counts.with_staff += each.staff
        each.counts.handed_over += each.handed_over
        each.counts.alone += each.answered and not each.staff and not each.handed_over


def answers_since(tenant: Tenant, start: dt.datetime) -> QuerySet[Turn]:
    """The turns of which customers got an answer."""
    rows = Turn.objects.filter(tenant=tenant, created_at__gte=start, purpose=Turn.Purpose.CUSTOMER)
    return rows.filter(reply__isnull=False, outcome__in=_ANSWERED)


def _count_turns(tenant: Tenant, days: Days, start: dt.datetime, end: dt.datetime) -> None:
    rows = Turn.objects.filter(tenant=tenant, created_at__gte=start, created_at__lt=end)
    names = ("created_at", "purpose", "outcome", "reply_id", "entries", "cost", "input_tokens")
    more = ("output_tokens", "cache_read_tokens", "cache_write_tokens")
    zone = tenant.zone
    for row in rows.order_by().values_list(*names, *more).iterator(chunk_size=2000):
        _count_turn(days[row[0].astimezone(zone).date()], *row[1:])


def _count_turn(
    counts: Counts,
    purpose: str,
    outcome: str,
    reply: int | None,
    entries: list[str],
    cost: Any,
    told: int,
    said: int,
    read: int,
    written: int,
) -> None:
    micro = int(cost * 1_000_000)
    if purpose == Turn.Purpose.LISTENING:  # to a customer's voice note
        counts.cost += micro
        return
    if purpose != Turn.Purpose.CUSTOMER:
        counts.other_cost += micro
        return
    counts.cost += micro
    counts.tokens_in += told + written
    counts.tokens_cached += read
    counts.tokens_out += said
    if reply is not None and outcome in _ANSWERED:
        counts.answers += 1
        counts.sourced += bool(entries)
        counts.uses.update(set(entries))
        counts.first.update(entries[:1])
