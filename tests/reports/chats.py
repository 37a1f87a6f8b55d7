"""Rows for the tests of figures: chats told in a line, and a slow count that nobody could get wrong."""

import datetime as dt
import itertools
import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, Subquery

from agent.models import Turn
from conversations.models import Conversation, Customer, Escalation, Message
from tenants.models import Tenant

_number = itertools.count(1)


def chat(tenant: Tenant, **fields: Any) -> Conversation:
    customer = Customer.objects.create(tenant=tenant, phone=f"+62811{next(_number):07}")
    return Conversation.objects.create(tenant=tenant, customer=customer, chat="x@lid", **fields)


def said(on: Conversation, author: str, at: dt.datetime, **fields: Any) -> Message:
    message = _said(on, author, at, **fields)
    message.save(force_insert=True)
    return message


def _said(on: Conversation, author: str, at: dt.datetime, **fields: Any) -> Message:
    values = {"text": "x", "state": "seen" if author == "customer" else "read", **fields}
    return Message(tenant=on.tenant, conversation=on, author=author, created_at=at, **values)


def answered(on: Conversation, at: dt.datetime, *entries: str, **fields: Any) -> Turn:
    """An answer of the assistant with its turn."""
    reply = said(on, "assistant", at, details=fields.pop("details", {}))
    turn = _turn(reply, entries, **fields)
    turn.save(force_insert=True)
    Turn.objects.filter(pk=turn.pk).update(created_at=at)
    return turn


def _turn(reply: Message, entries: Iterable[str], **fields: Any) -> Turn:
    values = {"purpose": "customer", "outcome": "answered", "cost": "0.002", **fields}
    on = reply.conversation
    return Turn(tenant=on.tenant, conversation=on, reply=reply, entries=list(entries), **values)


def task(on: Conversation, at: dt.datetime, **fields: Any) -> Escalation:
    escalation = _task(on, at, **fields)
    escalation.save(force_insert=True)
    return escalation


def _task(on: Conversation, at: dt.datetime, **fields: Any) -> Escalation:
    values = {"category": "refund", "summary": "x", **fields}
    return Escalation(tenant=on.tenant, conversation=on, created_at=at, **values)


def month(tenant: Tenant, at: dt.datetime, chats: int = 9, days: int = 28) -> None:
    """Messages of a month at random, the same each time: bursts, nights, staff, hand-overs, reactions."""
    chance = random.Random("a month")
    hours = dt.timedelta(hours=1)
    messages: list[Message] = []
    turns: list[Turn] = []
    tasks: list[Escalation] = []
    for _ in range(chats):
        on = chat(tenant)
        now = at - dt.timedelta(days=days) + chance.random() * 24 * hours
        while (now := now + chance.expovariate(1 / 9) * hours) < at:
            for _ in range(chance.choice((1, 1, 2, 3))):
                messages.append(_said(on, "customer", now))
                now += dt.timedelta(seconds=chance.uniform(1, 40))
            if chance.random() < 0.7:
                now += dt.timedelta(seconds=chance.lognormvariate(1.2, 0.7))
                marks: dict[str, Any] = dict(
                    chance.choice(({}, {}, {"feedback": "good"}, {"feedback": "bad"}))
                )
                marks |= {"escalation": {"category": "refund"}} if chance.random() < 0.3 else {}
                messages.append(_said(on, "assistant", now, details=marks))
                turns.append(_turn(messages[-1], chance.sample("abcd", chance.randint(0, 3))))
            if chance.random() < 0.15:
                category = chance.choice(Escalation.Category.values)
                tasks.append(_task(on, now, category=category, state="resolved"))
            if chance.random() < 0.2:
                now += dt.timedelta(minutes=chance.uniform(1, 2000))
                messages.append(_said(on, "staff", now))
    _stored(messages, turns, tasks)


def _stored(messages: list[Message], turns: list[Turn], tasks: list[Escalation]) -> None:
    """All at once: one by one they took most of the time of these tests."""
    Message.objects.bulk_create(messages)
    Turn.objects.bulk_create(turns)
    Escalation.objects.bulk_create(tasks)
    at = Message.objects.filter(pk=OuterRef("reply_id")).values("created_at")
    Turn.objects.filter(pk__in=[turn.pk for turn in turns]).update(created_at=Subquery(at))


def by_hand(tenant: Tenant, first: dt.date, last: dt.date) -> dict[str, Any]:
    """The figures of these days from all rows there are, chat by chat, without a thought for speed."""
    found: Counter[str] = Counter()
    times: dict[str, list[float]] = {"assistant": [], "staff": []}
    day = dt.timedelta(hours=24)

    def inside(at: dt.datetime) -> bool:
        return first <= tenant.local(at).date() <= last

    for on in Conversation.objects.filter(tenant=tenant, channel="whatsapp"):
        rows = list(on.messages.order_by("created_at", "pk"))
        tasks = list(on.escalations.all())
        wrote: dt.datetime | None = None
        waits: dict[str, dt.datetime] = {}
        for row in rows:
            found[row.author] += inside(row.created_at)
            if row.author == "customer":
                begins = wrote is None or row.created_at - wrote >= day
                if begins and inside(row.created_at):
                    reach = [
                        m for m in rows if row.created_at <= m.created_at < row.created_at + day
                    ]
                    who = {m.author for m in reach}
                    called = any(
                        row.created_at <= t.created_at < row.created_at + day for t in tasks
                    )
                    found["begun"] += 1
                    found["with_staff"] += "staff" in who
                    found["handed_over"] += called
                    found["alone"] += "assistant" in who and "staff" not in who and not called
                wrote = row.created_at
                waits["assistant"] = wrote
                waits["staff"] = wrote if begins else waits.get("staff", wrote)
                continue
            if row.author in waits and inside(row.created_at):
                times[row.author].append((row.created_at - waits[row.author]).total_seconds())
            handed_over = row.author == "assistant" and "escalation" in row.details
            waits = {"staff": waits["staff"]} if handed_over and "staff" in waits else {}
            if inside(row.created_at):
                found[row.details.get("feedback", "")] += 1
    turns = [turn for turn in Turn.objects.filter(tenant=tenant) if inside(turn.created_at)]
    return {
        **{
            name: found[name]
            for name in ("customer", "assistant", "staff", "begun", "alone", "with_staff")
        },
        **{name: found[name] for name in ("handed_over", "good", "bad")},
        "answers": len(turns),
        "sourced": sum(bool(turn.entries) for turn in turns),
        "uses": Counter(name for turn in turns for name in turn.entries),
        "cost": sum(int(turn.cost * 1_000_000) for turn in turns),
        "times": {who: sorted(each) for who, each in times.items()},
    }
