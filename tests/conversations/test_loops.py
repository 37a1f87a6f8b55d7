import datetime as dt

import pytest

from conversations import mailbox
from conversations.models import Escalation, Message
from conversations.sentences import sentence
from tests.conversations.cast import after, claim, draft, writes
from tests.factories import NOW

State = Message.State


def answers(at: dt.datetime) -> bool:
    """The assistant answers what is due."""
    taken = mailbox.claim_next("thread", at, 30)
    return bool(taken and mailbox.decide(taken, draft(), at=at))


def talk(tenant, times, every, text="baik, ada yang bisa dibantu? {}"):
    """Somebody writes again and again, and is answered as long as the assistant answers. Returns how often."""
    return sum(
        writes(tenant, text.format(number), at=NOW + every * number).state == State.NEW
        and answers(NOW + every * number)
        for number in range(times)
    )


def test_two_programs_that_answer_each_other_are_stopped_and_staff_know(ombak):
    assert talk(ombak, 60, dt.timedelta(seconds=8)) == 15
    task = Escalation.objects.get()
    assert (task.category, task.state) == ("cannot_answer", "open")
    told = Message.objects.filter(text=sentence("cannot_answer", "id"))
    assert told.count() == 1
    assert Message.objects.filter(state=State.HANDED_OVER).count() > 30  # all of it can be read


def test_a_program_that_says_the_same_again_and_again_is_stopped_sooner(ombak):
    assert talk(ombak, 30, dt.timedelta(seconds=20), text="Kami sedang tutup.") < 12


def test_a_slow_loop_ends_after_forty_answers_a_day(ombak):
    assert talk(ombak, 100, dt.timedelta(minutes=2)) == 40


def test_a_customer_with_many_questions_is_answered(ombak):
    assert talk(ombak, 14, dt.timedelta(seconds=40)) == 14
    assert talk_later(ombak, 10) == 10


def talk_later(tenant, times):
    later = [after(hours=3, minutes=5 * number) for number in range(times)]
    return sum(bool(writes(tenant, f"lagi {at}", at=at)) and answers(at) for at in later)


def test_who_repeats_a_question_that_was_not_answered_is_no_loop(ombak):
    for number in range(8):
        writes(ombak, "halo?", at=after(number * 7))
    assert len(claim(after(60)).messages) == 8


@pytest.mark.parametrize("silence", [3, 9])
def test_looking_for_loops_costs_a_quiet_customer_nothing(
    ombak, silence, django_assert_max_num_queries
):
    for number in range(10):
        writes(ombak, f"tanya {number}", at=after(hours=-silence, minutes=number))
    with django_assert_max_num_queries(6):
        writes(ombak)
