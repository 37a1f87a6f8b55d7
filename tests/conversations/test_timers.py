"""Chats whose messages vanish."""

import pytest

from conversations import intake, outbox
from conversations.inbound import Timer
from conversations.models import Conversation
from conversations.people import customer_of
from tests.conversations.cast import ANA, BUDI, after, chat_of, inbound, typed, writes
from tests.factories import NOW

DAY, WEEK = 86_400, 604_800


def timer(message):
    return chat_of(message).disappears_after


def says(tenant, seconds, at=NOW, **fields):
    return writes(tenant, disappears_after=seconds, at=at, **fields)


def test_the_latest_message_that_tells_it_sets_the_timer_of_its_chat(ombak):
    other = says(ombak, 0, person=BUDI)
    message = says(ombak, DAY)
    assert timer(message) == DAY
    says(ombak, None, after(1))  # a sticker, perhaps: it says nothing
    assert timer(message) == DAY
    says(ombak, WEEK, after(2))
    assert timer(message) == WEEK
    says(ombak, 0, after(3))
    assert (timer(message), timer(other)) == (0, 0)


def test_an_older_message_that_comes_late_changes_nothing(ombak):
    message = says(ombak, DAY)
    says(ombak, 0, after(60))
    late = inbound(ombak, disappears_after=DAY, sent_at=after(30))
    intake.receive(late, at=after(90))
    assert timer(message) == 0


def test_an_older_one_counts_for_less_than_one_that_told_the_same_again(ombak):
    message = says(ombak, WEEK)
    says(ombak, DAY, after(10))
    says(ombak, DAY, after(60))
    intake.receive(inbound(ombak, disappears_after=WEEK, sent_at=after(30)), at=after(90))
    assert timer(message) == DAY


def test_the_studios_phone_tells_it_too(ombak):
    message = intake.receive(typed(ombak, disappears_after=DAY), at=NOW)
    assert timer(message) == DAY


@pytest.mark.parametrize("seconds", [-1, 2**32 - 1])
def test_a_timer_that_no_phone_offers_is_none(ombak, seconds):
    assert timer(says(ombak, seconds)) == 0


def test_switching_it_on_and_off_is_heard_for_this_chat_only(ombak, senja):
    mine, budis, theirs = says(ombak, 0), says(ombak, 0, person=BUDI), says(senja, 0)
    intake.receive(Timer(ombak.pk, ANA, DAY, after(5)), at=after(5))
    assert [timer(each) for each in (mine, budis, theirs)] == [DAY, 0, 0]
    intake.receive(Timer(ombak.pk, ANA, WEEK, after(1)), at=after(6))  # came late
    assert timer(mine) == DAY
    intake.receive(Timer(ombak.pk, ANA, 0, after(7)), at=after(7))
    assert timer(mine) == 0


def test_what_leaves_knows_the_timer_without_another_query(ombak, django_assert_num_queries):
    chat = chat_of(says(ombak, DAY))
    outbox.queue(chat, "Ya", author="staff", key="k", at=NOW)
    message = outbox.claim_to_send(ombak.pk, NOW)
    assert message is not None
    with django_assert_num_queries(0):
        assert message.conversation.disappears_after == DAY


def test_two_chats_of_one_person_keep_the_timer_that_was_told_last(ombak):
    by_phone, by_lid = ANA.__class__(ANA.phone, None), ANA.__class__(None, ANA.lid)
    says(ombak, WEEK, after(1), person=by_phone)
    says(ombak, DAY, after(2), person=by_lid)
    customer_of(ombak, ANA)
    assert Conversation.objects.get().disappears_after == DAY
