"""How fast one account writes."""

import datetime as dt

import pytest

from tests.factories import NOW
from whatsapp.pace import ANSWERS, DRIP, MINUTE, UNASKED, Pace


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def gone(pace: Pace, number: int, *, unasked: bool = False) -> None:
    """So many messages, one a tenth of a second."""
    for each in range(number):
        pace.sent(after(each / 10), unasked=unasked)


@pytest.mark.parametrize(("unasked", "most"), [(False, ANSWERS), (True, UNASKED)])
def test_the_next_one_leaves_when_the_oldest_of_a_minute_is_a_minute_old(unasked: bool, most: int):
    pace = Pace()
    gone(pace, most - 1, unasked=unasked)
    assert pace.next_at(after(10), unasked=unasked) == after(10)
    pace.sent(after(10), unasked=unasked)
    assert pace.next_at(after(11), unasked=unasked) == NOW + MINUTE
    assert pace.next_at(NOW + MINUTE, unasked=unasked) == NOW + MINUTE
    pace.sent(NOW + MINUTE, unasked=unasked)
    assert pace.next_at(NOW + MINUTE, unasked=unasked) == after(60.1)


def test_messages_that_nobody_asked_for_count_among_all_and_answers_do_not_count_among_them():
    pace = Pace()
    gone(pace, ANSWERS - 1)
    assert pace.next_at(after(20), unasked=True) == after(20)
    pace.sent(after(20), unasked=True)
    assert pace.next_at(after(20), unasked=False) == NOW + MINUTE


def test_what_is_older_than_a_minute_is_not_remembered():
    pace = Pace()
    gone(pace, 50)
    pace.next_at(after(70), unasked=False)
    assert not pace._left[False]


def test_each_that_drips_has_a_turn_of_its_own_and_keeps_it():
    pace = Pace()
    assert [pace.turn_of(each, NOW) for each in range(3)] == [NOW, NOW + DRIP, NOW + 2 * DRIP]
    assert pace.turn_of(1, after(1)) == NOW + DRIP
    assert pace.turn_of(2, after(1)) == NOW + 2 * DRIP
    pace.dripped(NOW)
    assert pace.turn_of(1, NOW + DRIP) == NOW + DRIP


def test_after_a_quiet_time_the_first_leaves_at_once_and_the_next_three_seconds_later():
    pace = Pace()
    pace.dripped(NOW)
    assert pace.turn_of(1, after(100)) == after(100)
    pace.dripped(after(101))
    assert pace.turn_of(2, after(101)) == after(104)
