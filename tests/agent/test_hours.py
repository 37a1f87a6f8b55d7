"""When a person answers, as the studio's opening hours tell it, in every sentence that calls one."""

import datetime as dt

import pytest

from agent.hours import is_open, next_opening
from agent.phrases import help_numbers, phrase
from conversations.models import Escalation

WEEK = {
    day: [["08:00", "12:00"], ["16:00", "20:00"]] for day in ("mon", "tue", "wed", "thu", "fri")
}


def wednesday(tenant, clock, days=0):
    day = dt.date(2026, 11, 18) + dt.timedelta(days=days)
    moment = dt.datetime.combine(day, dt.time.fromisoformat(clock), tzinfo=tenant.zone)
    return moment.astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("clock", "days", "opens"),
    [
        ("07:59", 0, "Wed 08:00"),
        ("13:00", 0, "Wed 16:00"),
        ("20:00", 0, "Thu 08:00"),
        ("20:30", 2, "Mon 08:00"),  # Friday evening; the weekend is closed
        ("12:00", 3, "Mon 08:00"),
    ],
)
def test_the_next_opening_is_told_over_breaks_nights_and_closed_days(ombak, clock, days, opens):
    ombak.opening_hours = WEEK
    at = wednesday(ombak, clock, days)
    opening = next_opening(ombak, at)
    assert opening is not None
    assert f"{opening:%a %H:%M}" == opens
    assert is_open(ombak, at) is False


def test_who_is_open_over_midnight_is_open(ombak):
    ombak.opening_hours = {"wed": [["20:00", "24:00"]], "thu": [["00:00", "02:00"]]}
    assert is_open(ombak, wednesday(ombak, "23:59"))
    assert is_open(ombak, wednesday(ombak, "00:30", 1))
    assert is_open(ombak, wednesday(ombak, "02:00", 1)) is False


def test_open_today_only_means_the_same_day_of_next_week(ombak):
    ombak.opening_hours = {"wed": [["08:00", "12:00"]]}
    opening = next_opening(ombak, wednesday(ombak, "13:00"))
    assert opening is not None
    assert opening.date() == dt.date(2026, 11, 25)


@pytest.mark.parametrize("hours", [{}, {"mon": []}, {"wed": [["x", "y"]]}, {"wed": [[8, 9]]}])
def test_hours_that_tell_nothing_promise_no_time(ombak, hours):
    ombak.opening_hours = hours
    assert next_opening(ombak, wednesday(ombak, "13:00")) is None
    assert "akan membalas di sini" in phrase(
        "human_request", "id", ombak, wednesday(ombak, "13:00")
    )


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("category", [*Escalation.Category.values, "told", "media"])
def test_every_hand_over_names_when_people_answer(ombak, category, language):
    ombak.opening_hours = WEEK
    closed = phrase(category, language, ombak, wednesday(ombak, "20:30"))
    assert "08:00" in closed
    assert ("Kamis" if language == "id" else "Thursday") in closed
    opened = phrase(category, language, ombak, wednesday(ombak, "09:00"))
    assert "08:00" not in opened
    assert ("segera" if language == "id" else "shortly") in opened


def test_help_numbers_are_those_of_the_country_and_can_be_set(ombak, settings):
    assert "112" in help_numbers(ombak, "id")[0]
    for zone, emergency, helpline in (
        ("Australia/Perth", "000", "13 11 14"),
        ("Asia/Singapore", "995", "1767"),
        ("Asia/Tokyo", "local emergency", "crisis line"),
    ):
        ombak.timezone = zone
        told = help_numbers(ombak, "en")
        assert emergency in told[0]
        assert helpline in told[1]
    settings.HELP_NUMBERS = {"JP": {"emergency": "119", "helpline": "TELL, 03-5774-0992"}}
    assert help_numbers(ombak, "en") == ("call 119", "You can phone TELL, 03-5774-0992.")
