"""What must hold when threads really meet, on both engines."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections

from conversations import handling, intake, mailbox, outbox
from conversations.inbound import Person
from conversations.models import Conversation, Customer, Message
from tenants.models import Tenant
from tests import factories
from tests.conversations.cast import after, chat_of, claim, draft, fresh, inbound, writes
from tests.factories import NOW
from tests.postgres import postgres, real_database

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("races")]
__all__ = ["postgres", "real_database"]

State = Message.State
ROUNDS = 25


@pytest.fixture
def studio(real_database: str) -> Tenant:
    assert connection.vendor == {"postgres": "postgresql"}.get(real_database, real_database)
    return factories.studio("ombak")


def person(number: int) -> Person:
    return Person(f"+62813{number:08}", f"{number}@lid", f"Customer {number}")


def together(*calls: Callable[[], Any]) -> list[Any]:
    """All calls at the same moment, each in a thread with a connection of its own."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(run, call) for call in calls]]


def test_each_conversation_is_claimed_once_by_many_claimers(studio):
    for number in range(ROUNDS):
        writes(studio, person=person(number))

    def claims() -> list[Any]:
        taken = []
        while Conversation.objects.due(NOW).exists():
            if found := mailbox.claim_next("thread", NOW, 30):
                taken.append(found.conversation.pk)
        return taken

    taken = [pk for chunk in together(*[claims] * 6) for pk in chunk]
    assert len(taken) == len(set(taken)) == ROUNDS


def test_a_message_that_meets_a_decision_is_answered_once_and_never_lost(studio):
    decided = 0
    for number in range(ROUNDS):
        first = writes(studio, person=person(number))
        taken = claim()
        event = inbound(studio, "dan jam?", person(number))
        reply, second = together(
            partial(mailbox.decide, taken, draft(), at=after(1)),
            partial(intake.receive, event, at=after(1)),
        )
        decided += reply is not None
        assert fresh(first).state == (State.ANSWERED if reply else State.NEW)
        assert fresh(second).state == State.NEW
        again = claim(after(2))
        assert again.messages == ([second] if reply else [first, second])
        assert mailbox.decide(again, draft(), at=after(3)) is not None
    assert Message.objects.filter(author="assistant").count() == ROUNDS + decided


def test_two_decisions_of_one_conversation_make_one_reply(studio):
    for number in range(ROUNDS):
        writes(studio, person=person(number))
        one = claim(NOW, "one")
        two = claim(after(31), "two")
        replies = together(
            partial(mailbox.decide, one, draft(), at=after(31)),
            partial(mailbox.decide, two, draft(), at=after(31)),
        )
        assert [reply is not None for reply in replies] == [False, True]
    assert Message.objects.filter(author="assistant").count() == ROUNDS


def test_after_a_take_over_nothing_of_the_assistant_waits_to_leave(studio):
    sari = factories.staff("sari", studio)
    for number in range(ROUNDS):
        message = writes(studio, person=person(number))
        taken, chat = claim(), chat_of(message)
        reply, took, left = together(
            partial(mailbox.decide, taken, draft(), at=after(1)),
            partial(handling.take_over, chat, sari, after(1)),
            partial(outbox.claim_to_send, studio.pk, after(1)),
        )
        assert took
        if reply:
            assert fresh(reply).state == (State.SENDING if left else State.CANCELLED)
        assert outbox.claim_to_send(studio.pk, after(2)) is None
        assert not Message.objects.filter(state=State.QUEUED).exists()
        if left:
            outbox.sent(left, f"W{number}", after(2))


def test_the_first_message_of_a_customer_that_comes_many_times_at_once_is_one_row(studio):
    for number in range(ROUNDS):
        event = inbound(studio, "halo", person(number))
        rows = together(*[partial(intake.receive, event, at=NOW)] * 4)
        assert sum(row is not None for row in rows) == 1
    assert Customer.objects.count() == Conversation.objects.count() == ROUNDS
    assert Message.objects.count() == ROUNDS


def test_different_first_messages_of_a_customer_at_once_are_all_kept(studio):
    for number in range(ROUNDS):
        events = [inbound(studio, f"{n}", person(number)) for n in range(3)]
        rows = together(*[partial(intake.receive, event, at=NOW) for event in events])
        assert all(rows)
        assert len({row.conversation_id for row in rows}) == 1
        assert len(claim().messages) == 3


def test_each_message_is_taken_by_one_sender(studio):
    for number in range(ROUNDS):
        writes(studio, person=person(number))
        mailbox.decide(claim(), draft(), at=NOW)

    def sends() -> list[int]:
        taken = []
        while message := outbox.claim_to_send(studio.pk, NOW):
            taken.append(message.pk)
        return taken

    taken = [pk for chunk in together(sends, sends, sends) for pk in chunk]
    assert len(taken) == len(set(taken)) == ROUNDS


def test_merging_two_rows_while_they_write_loses_nothing(studio):
    for number in range(ROUNDS // 5):
        both = person(number)
        writes(studio, "satu", person=Person(both.phone, None))
        writes(studio, "dua", person=Person(None, both.lid))
        events = [
            inbound(studio, "tiga", both),
            inbound(studio, "empat", Person(both.phone, None)),
            inbound(studio, "lima", Person(None, both.lid)),
        ]
        together(*[partial(intake.receive, event, at=NOW) for event in events])
        chat = Conversation.objects.get(customer__phone=both.phone)
        assert sorted(chat.messages.values_list("text", flat=True)) == sorted(
            ["satu", "dua", "tiga", "empat", "lima"]
        )
