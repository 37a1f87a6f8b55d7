"""What the model may cost: set aside before a call, booked after it, by studio and customer, day and month."""

import datetime as dt
import time
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from agent import budgets, troubles
from agent.budgets import budgets_of, reserved
from agent.claude import ModelError
from agent.models import Purse, Turn
from agent.turns import answer_next
from conversations.models import Customer
from tests import factories
from tests import model_server as script
from tests.agent.conftest import Serve
from tests.agent.test_turns import Clock, replies, write

CENT = Decimal("0.01")


@pytest.fixture(autouse=True)
def money(monkeypatch, settings):
    settings.EXCHANGE_RATES = {"USD": 1.0, "IDR": 10_000.0}
    pauses: list[float] = []
    monkeypatch.setattr(budgets, "pause", pauses.append)
    monkeypatch.setattr(budgets, "WAIT", 0.0)
    return pauses


@pytest.fixture
def limited(ombak):
    """A studio that may spend ten cents a day."""
    ombak.budget_day = Decimal(1000)
    ombak.save()
    return ombak


def spend(tenant, cost, customer=None, most=CENT):
    with reserved(budgets_of(tenant, customer), most, time.monotonic() + 5) as reservation:
        reservation.cost = cost


def refused(tenant, customer=None):
    try:
        spend(tenant, CENT, customer)
    except ModelError as error:
        return error.sentence
    return ""


def test_without_a_limit_nothing_is_asked_of_the_database(ombak, django_assert_num_queries):
    with django_assert_num_queries(0):
        spend(ombak, CENT)


def test_with_a_limit_a_call_takes_one_statement_before_and_one_after(
    limited, django_assert_num_queries
):
    spend(limited, CENT)
    with django_assert_num_queries(2):
        spend(limited, CENT)


def test_the_limit_is_in_the_studios_money_and_empty_means_that_of_the_installation(
    ombak, settings
):
    settings.AGENT_BUDGET_DAY = 2.0
    assert [budget.day for budget in budgets_of(ombak)] == [2_000_000]
    ombak.budget_day = Decimal(5000)
    assert [budget.day for budget in budgets_of(ombak)] == [500_000]
    ombak.budget_day = Decimal(0)
    assert budgets_of(ombak) == ()


def test_a_limit_in_money_that_nobody_can_convert_lets_nothing_be_spent_twice(limited):
    limited.currency = "XYZ"
    spend(limited, CENT)
    assert refused(limited) == troubles.SPENT


def test_when_all_is_spent_no_call_is_made_until_the_studios_next_day(limited, monkeypatch, now):
    monkeypatch.setattr(timezone, "now", lambda: now)  # 16:30 in Bali
    for _ in range(10):
        assert refused(limited) == ""
    assert refused(limited) == troubles.SPENT
    monkeypatch.setattr(timezone, "now", lambda: now + dt.timedelta(hours=7, minutes=29))
    assert refused(limited) == troubles.SPENT
    monkeypatch.setattr(timezone, "now", lambda: now + dt.timedelta(hours=7, minutes=30))
    assert refused(limited) == ""


def test_the_month_counts_over_its_days(ombak, monkeypatch, now):
    ombak.budget_month = Decimal(300)
    days = [now + dt.timedelta(days=day) for day in (0, 1, 2, 3, 13)]  # the last is in December
    told = []
    for day in days:
        monkeypatch.setattr(timezone, "now", lambda day=day: day)
        told.append(refused(ombak))
    assert told == ["", "", "", troubles.SPENT, ""]


def test_one_customer_does_not_use_up_what_is_for_all(ombak):
    ombak.budget_customer_day = Decimal(100)
    greedy, other = [Customer.objects.create(tenant=ombak, name=name).pk for name in "ab"]
    spend(ombak, CENT, greedy)
    assert refused(ombak, greedy) == troubles.CUSTOMER_SPENT
    assert refused(ombak, other) == ""


def test_what_others_have_set_aside_is_not_given_out_again(limited, money):
    spend(limited, CENT)
    most = Decimal("0.09")
    with reserved(budgets_of(limited), most, time.monotonic() + 5) as running:
        assert refused(limited) == troubles.BUSY
        running.cost = CENT
    assert refused(limited) == ""


def test_a_call_waits_for_what_others_give_back(limited, monkeypatch):
    spend(limited, CENT)
    monkeypatch.setattr(budgets, "WAIT", 5.0)
    other = reserved(budgets_of(limited), Decimal("0.09"), time.monotonic() + 30)
    running = other.__enter__()
    running.cost = CENT
    monkeypatch.setattr(budgets, "pause", lambda _seconds: other.__exit__(None, None, None))
    assert refused(limited) == ""


def test_the_first_call_goes_alone_as_nobody_knows_what_a_call_costs(limited):
    with reserved(budgets_of(limited), CENT, time.monotonic() + 5) as first:
        assert refused(limited) == troubles.BUSY
        first.cost = CENT
    with reserved(budgets_of(limited), CENT, time.monotonic() + 5) as second:
        assert refused(limited) == ""
        second.cost = CENT


def test_a_call_sets_aside_at_least_what_the_dearest_one_has_cost(limited):
    spend(limited, Decimal("0.04"))
    with reserved(budgets_of(limited), CENT, time.monotonic() + 5) as running:
        assert Purse.objects.get().reserved == 40_000
        running.cost = CENT


def test_what_a_killed_process_had_set_aside_counts_as_spent(limited, monkeypatch):
    spend(limited, CENT)
    at = timezone.now()
    killed = reserved(budgets_of(limited), Decimal("0.05"), time.monotonic() + 5)
    killed.__enter__()
    assert refused(limited) == ""
    later = at + dt.timedelta(seconds=5 + budgets.GRACE + 1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert refused(limited) == ""
    row = Purse.objects.get()
    assert (row.reserved, row.day_spent) == (0, 80_000)


def test_a_process_that_was_only_frozen_frees_nothing_twice(limited, monkeypatch):
    spend(limited, CENT)
    at = timezone.now()
    frozen = reserved(budgets_of(limited), Decimal("0.05"), time.monotonic() + 5)
    frozen.__enter__().cost = CENT
    monkeypatch.setattr(timezone, "now", lambda: at + dt.timedelta(seconds=60))
    other = reserved(budgets_of(limited), CENT, time.monotonic() + 5)
    other.__enter__().cost = CENT
    frozen.__exit__(None, None, None)
    assert Purse.objects.get().reserved == 10_000  # still the other's
    other.__exit__(None, None, None)
    row = Purse.objects.get()
    assert (row.reserved, row.day_spent) == (0, 70_000)


@pytest.mark.parametrize(("uncertain", "booked"), [(True, 10_000), (False, 0)])
def test_a_call_that_failed_is_booked_when_it_may_have_been_billed(limited, uncertain, booked):
    error = ModelError(troubles.TOO_SLOW, permanent=False, uncertain=uncertain)
    with (
        pytest.raises(ModelError),
        reserved(budgets_of(limited), CENT, time.monotonic() + 5),
    ):
        raise error
    row = Purse.objects.get()
    assert (row.reserved, row.day_spent) == (0, booked)


def test_a_used_up_budget_means_approved_text_only_and_staff_see_why(limited, now, serve: Serve):
    factories.entry(limited, "Alamat", content="Jalan Pantai 12.", external_id="address")
    for topic in ("Parkir", "Loker", "Handuk", "Kafe", "Toilet", "Pintu", "Musik", "Taman"):
        factories.entry(limited, topic, content=f"{topic} ada di lantai bawah.")
    server = serve([script.text("Jalan Pantai 12.", input_tokens=200_000)])
    for number in range(2):
        clock = Clock(now)
        write(limited, "alamatnya di mana kak?", now, f"m{number}")
        assert answer_next("test", clock=clock, wait=clock.wait)
    assert len(server.requests) == 1
    second, first = Turn.objects.all()
    assert (first.outcome, second.outcome) == ("answered", "from_knowledge")
    assert (second.error, second.rounds, first.rounds) == (troubles.SPENT, 0, 1)
    assert "Jalan Pantai 12" in replies()[-1]


def test_a_limit_in_money_without_a_rate_is_refused_when_it_is_entered(ombak):
    ombak.currency, ombak.budget_day = "XYZ", Decimal(5)
    with pytest.raises(ValidationError) as caught:
        ombak.full_clean()
    assert "EXCHANGE_RATES" in caught.value.message_dict["budget_day"][0]
    ombak.budget_day = Decimal(0)
    ombak.full_clean()
    ombak.currency, ombak.budget_month = "IDR", Decimal(-1)
    with pytest.raises(ValidationError):
        ombak.full_clean()


def test_an_owner_sets_the_limits_of_the_studio(ombak, sari):
    client = Client()
    client.force_login(sari)
    page = client.get("/admin/studio/settings/limits/").content.decode()
    for name in ("budget_day", "budget_month", "budget_customer_day"):
        assert f'name="{name}"' in page
    assert "0: no limit" in page
