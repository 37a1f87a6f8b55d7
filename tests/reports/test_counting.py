"""What is summed day by day is what the rows themselves say."""

import datetime as dt
import json
import math

import pytest

from conversations.models import Conversation
from reports.counting import count
from reports.counts import Counts, sum_of
from tenants.models import Tenant
from tests.reports import chats

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def of_day(tenant: Tenant, at: dt.datetime) -> Counts:
    day = tenant.local(at).date()
    return count(tenant, day, day)[day]


@pytest.fixture
def noon(ombak: Tenant, now: dt.datetime) -> dt.datetime:
    return ombak.local(now).replace(hour=12, minute=0).astimezone(dt.UTC)


@pytest.mark.parametrize("size", [1, 7, 31])
def test_days_counted_in_any_row_add_up_to_what_all_rows_say(
    ombak: Tenant, senja: Tenant, now: dt.datetime, size: int
) -> None:
    chats.month(ombak, now)
    chats.month(senja, now, chats=1)
    last = ombak.local(now).date() - DAY
    first = last - 24 * DAY
    total, day = Counts(), first
    while day <= last:
        part = count(ombak, day, min(day + (size - 1) * DAY, last))
        total.add(sum_of(part.values()))
        day += size * DAY
    true = chats.by_hand(ombak, first, last)
    assert {who: total.messages(who) for who in ("customer", "assistant", "staff")} == {
        who: true[who] for who in ("customer", "assistant", "staff")
    }
    for name in ("begun", "alone", "with_staff", "handed_over", "good", "bad", "answers"):
        assert getattr(total, name) == true[name], name
    assert (total.sourced, total.uses, total.cost) == (true["sourced"], true["uses"], true["cost"])
    for who, times in true["times"].items():
        assert total.replies[who].total() == len(times) > 10
        for part_of in (0.5, 0.95):
            exact = times[math.ceil(part_of * len(times)) - 1]
            assert total.replies[who].share(part_of) == pytest.approx(exact, rel=0.026)


def test_a_burst_is_answered_once_and_timed_from_its_last_message(
    ombak: Tenant, noon: dt.datetime
) -> None:
    on = chats.chat(ombak)
    chats.said(on, "customer", noon)
    chats.said(on, "customer", noon + MINUTE)
    chats.answered(on, noon + MINUTE + dt.timedelta(seconds=4))
    chats.said(on, "assistant", noon + 3 * MINUTE)
    times = of_day(ombak, noon).replies["assistant"]
    assert times.total() == 1
    assert times.share(0.5) == pytest.approx(4, rel=0.026)


@pytest.mark.parametrize("days", [0, 1])
def test_staff_are_timed_from_the_first_message_that_nobody_answered(
    ombak: Tenant, noon: dt.datetime, days: int
) -> None:
    """Also when it came on a day before, and though the customer asked again a minute before the reply."""
    on = chats.chat(ombak)
    chats.said(on, "customer", noon - 9 * DAY)  # “thanks”, of another conversation
    first = noon - days * 18 * HOUR
    for at in (first, noon + 2 * HOUR, noon + 3 * HOUR - MINUTE):
        chats.said(on, "customer", at)
    chats.said(on, "staff", noon + 3 * HOUR)
    waited = (3 * HOUR + days * 18 * HOUR).total_seconds()
    assert of_day(ombak, noon).replies["staff"].share(0.5) == pytest.approx(waited, rel=0.026)


def test_what_staff_answered_does_not_wait_any_more(ombak: Tenant, noon: dt.datetime) -> None:
    on = chats.chat(ombak)
    for minutes, author in ((0, "customer"), (5, "staff"), (60, "customer"), (62, "staff")):
        chats.said(on, author, noon + minutes * MINUTE)
    times = of_day(ombak, noon).replies["staff"]
    assert [times.share(0.5), times.share(1)] == pytest.approx([120, 300], rel=0.026)


def test_a_reply_counts_from_when_whatsapp_took_it(ombak: Tenant, noon: dt.datetime) -> None:
    on = chats.chat(ombak)
    chats.said(on, "customer", noon)
    left = noon + 10 * MINUTE
    chats.said(on, "assistant", noon + dt.timedelta(seconds=3), whatsapp_at=left)
    assert of_day(ombak, noon).replies["assistant"].share(0.5) == pytest.approx(600, rel=0.026)


def test_staff_who_answer_yesterdays_question_are_timed_apart_and_on_the_day_of_their_reply(
    ombak: Tenant, noon: dt.datetime
) -> None:
    on = chats.chat(ombak)
    chats.said(on, "customer", noon - DAY)
    chats.said(on, "staff", noon)
    counts = of_day(ombak, noon)
    assert counts.replies["staff"].share(0.5) == pytest.approx(86400, rel=0.026)
    assert not counts.replies["assistant"]
    assert not of_day(ombak, noon - DAY).replies["staff"]


def test_staff_are_timed_from_what_was_handed_over_to_them_and_not_from_what_was_answered(
    ombak: Tenant, noon: dt.datetime
) -> None:
    for handed_over in (True, False):
        on = chats.chat(ombak)
        chats.said(on, "customer", noon)
        details = {"escalation": {"category": "refund"}} if handed_over else {}
        chats.said(on, "assistant", noon + dt.timedelta(seconds=4), details=details)
        chats.said(on, "staff", noon + 30 * MINUTE)
    counts = of_day(ombak, noon)
    assert counts.replies["staff"].total() == 1
    assert counts.replies["staff"].share(0.5) == pytest.approx(1800, rel=0.026)
    assert counts.replies["assistant"].total() == 2


def test_a_conversation_ends_with_24_hours_of_silence(ombak: Tenant, noon: dt.datetime) -> None:
    on = chats.chat(ombak)
    for at in (noon - 2 * DAY, noon - 2 * DAY + 23 * HOUR, noon):
        chats.said(on, "customer", at)
        chats.answered(on, at + MINUTE, "a")
    assert [of_day(ombak, noon - n * DAY).begun for n in (2, 1, 0)] == [1, 0, 1]


@pytest.mark.parametrize(("helped", "alone"), [("nobody", 1), ("staff", 0), ("task", 0)])
def test_who_stepped_in_within_24_hours_resolved_it(
    ombak: Tenant, noon: dt.datetime, helped: str, alone: int
) -> None:
    on = chats.chat(ombak)
    chats.said(on, "customer", noon)
    chats.answered(on, noon + MINUTE, "a")
    late = noon + 20 * HOUR  # on the next day
    if helped == "staff":
        chats.said(on, "staff", late)
    elif helped == "task":
        chats.task(on, late)
    counts = of_day(ombak, noon)
    assert (counts.begun, counts.alone) == (1, alone)
    assert (counts.with_staff, counts.handed_over) == (helped == "staff", helped == "task")


def test_what_nobody_answered_is_not_resolved(ombak: Tenant, noon: dt.datetime) -> None:
    chats.said(chats.chat(ombak), "customer", noon)
    counts = of_day(ombak, noon)
    assert (counts.begun, counts.alone) == (1, 0)


def test_playground_notes_and_what_never_left_do_not_count_but_the_playground_costs(
    ombak: Tenant, noon: dt.datetime
) -> None:
    played = Conversation.objects.create(tenant=ombak, channel="playground")
    chats.said(played, "customer", noon)
    chats.answered(played, noon, "a", purpose="playground", cost="0.5")
    on = chats.chat(ombak)
    chats.said(on, "system", noon)
    chats.said(on, "assistant", noon, state="cancelled")
    chats.said(on, "staff", noon, state="failed")
    counts = of_day(ombak, noon)
    assert [counts.messages(who) for who in ("customer", "assistant", "staff")] == [0, 0, 0]
    assert (counts.answers, counts.cost, counts.other_cost) == (0, 0, 500_000)


def test_the_day_is_the_studios_own(ombak: Tenant, senja: Tenant, now: dt.datetime) -> None:
    late = ombak.local(now).replace(hour=0, minute=20).astimezone(dt.UTC)  # 23:20 in Jakarta
    for studio in (ombak, senja):
        chats.said(chats.chat(studio), "customer", late)
    assert of_day(ombak, late).hours["customer"][0] == 1
    assert of_day(senja, late).hours["customer"][23] == 1
    assert ombak.local(late).date() != senja.local(late).date()


def test_nothing_of_another_studio_is_counted(
    ombak: Tenant, senja: Tenant, noon: dt.datetime
) -> None:
    on = chats.chat(senja)
    chats.said(on, "customer", noon)
    chats.answered(on, noon, "a")
    chats.task(on, noon)
    assert of_day(ombak, noon).stored() == Counts().stored()


def test_figures_come_back_from_json_as_they_were(ombak: Tenant, now: dt.datetime) -> None:
    chats.month(ombak, now, chats=4)
    counts = of_day(ombak, now - DAY)
    assert Counts.of(json.loads(json.dumps(counts.stored()))) == counts
