"""Days are counted once, in bounded steps, and anew when something late may have changed them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Message
from reports import days
from reports.counts import sum_of
from reports.models import Day
from tenants.models import Tenant
from tests.reports import chats

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture
def first(ombak: Tenant, now: dt.datetime) -> dt.date:
    return ombak.local(now).date() - 9 * DAY


def test_what_is_stored_and_today_live_are_together_what_all_rows_say(
    ombak: Tenant, now: dt.datetime, first: dt.date
) -> None:
    chats.month(ombak, now, chats=4)
    assert days.catch_up(ombak, first, now, seconds=60).missing == 0
    found, missing = days.known(ombak, first, now)
    true = chats.by_hand(ombak, first, ombak.local(now).date())
    total = sum_of(found.values())
    assert missing == 0
    assert len(found) == 10
    assert total.messages("customer") == true["customer"]
    assert (total.begun, total.alone) == (true["begun"], true["alone"])
    assert (total.uses, total.cost) == (true["uses"], true["cost"])


def test_today_is_never_stored(ombak: Tenant, now: dt.datetime, first: dt.date) -> None:
    days.catch_up(ombak, first, now, seconds=60)
    assert Day.objects.latest("day").day == ombak.local(now).date() - DAY


def test_a_step_ends_when_its_time_is_used_up_and_the_next_one_goes_on(
    ombak: Tenant, now: dt.datetime, first: dt.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "PART", 1)  # one day at a time
    on = chats.chat(ombak)
    for back in range(12):
        chats.said(on, "customer", now - back * DAY)
    ticks = iter(range(1000))
    monkeypatch.setattr("reports.days.time.monotonic", lambda: next(ticks))
    told = [days.catch_up(ombak, first, now, seconds=3.5) for _ in range(4)]
    assert [one.done for one in told] == [3, 6, 9, 9]
    assert told[0].total == 9
    assert Day.objects.count() == 9


def test_a_page_counts_little_at_once_and_says_what_is_missing(
    ombak: Tenant, now: dt.datetime, first: dt.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = chats.chat(ombak)
    chats.said(on, "customer", now - 2 * DAY)
    chats.said(on, "customer", now)
    found, missing = days.known(ombak, first, now)
    assert (len(found), missing) == (10, 0)
    monkeypatch.setattr(days, "AT_ONCE", 2)
    found, missing = days.known(ombak, first, now)
    assert (len(found), missing) == (1, 9)


@pytest.mark.parametrize(
    ("back", "wait", "anew"), [(1, 11, True), (1, 9, False), (5, 61, True), (5, 50, False)]
)
def test_a_late_thumb_is_found_when_the_day_is_counted_anew(
    ombak: Tenant, now: dt.datetime, first: dt.date, back: int, wait: int, anew: bool
) -> None:
    on = chats.chat(ombak)
    answer = chats.said(on, "assistant", now - back * DAY)
    days.catch_up(ombak, first, now, seconds=60)
    Message.objects.filter(pk=answer.pk).update(details={"feedback": "bad"})
    later = now + dt.timedelta(minutes=wait)
    days.catch_up(ombak, first, later, seconds=60)
    found, _missing = days.known(ombak, first, later)
    assert found[ombak.local(answer.created_at).date()].bad == anew


def test_days_older_than_a_month_stay_when_their_messages_go(
    ombak: Tenant, now: dt.datetime
) -> None:
    first = ombak.local(now).date() - 60 * DAY
    chats.said(chats.chat(ombak), "customer", now - 50 * DAY)
    days.catch_up(ombak, first, now, seconds=60)
    Message.objects.all().delete()
    days.catch_up(ombak, first, now + 30 * HOUR, seconds=60)
    assert Day.objects.filter(customer_messages=1).count() == 1


def test_another_time_zone_makes_other_days(
    ombak: Tenant, now: dt.datetime, first: dt.date
) -> None:
    late = ombak.local(now - 3 * DAY).replace(hour=0, minute=20).astimezone(dt.UTC)
    chats.said(chats.chat(ombak), "customer", late)
    days.catch_up(ombak, first, now, seconds=60)
    ombak.timezone = "Asia/Jakarta"
    ombak.save()
    assert days.catch_up(ombak, first, now, seconds=60).missing == 0
    found, _missing = days.known(ombak, first, now)
    written = {day for day, counts in found.items() if counts.messages("customer")}
    assert written == {ombak.local(late).date()}


def test_reading_counted_days_takes_the_same_queries_however_much_was_written(
    ombak: Tenant, now: dt.datetime, first: dt.date
) -> None:
    chats.month(ombak, now, chats=1)
    days.catch_up(ombak, first, now, seconds=60)
    with CaptureQueriesContext(connection) as few:
        days.known(ombak, first, now)
    chats.month(ombak, now, chats=3)
    days.catch_up(ombak, first, now + DAY, seconds=60)
    with CaptureQueriesContext(connection) as many:
        days.known(ombak, first, now + DAY)
    assert len(many) <= 6 >= len(few)
