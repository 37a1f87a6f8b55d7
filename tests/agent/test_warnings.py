"""What Home tells staff before the assistant fails."""

from decimal import Decimal

import pytest
from django.test import Client

from agent import troubles
from agent.models import Purse, Turn
from agent.warnings import warnings


@pytest.fixture
def purse(ombak, now, settings):
    settings.EXCHANGE_RATES = {"IDR": 10_000.0}
    ombak.budget_day, ombak.budget_month = Decimal(10_000), Decimal(100_000)
    ombak.save()
    day = ombak.local(now).date()
    return Purse.objects.create(
        tenant=ombak, day=day, month=day.replace(day=1), reserved_until=now, dearest=1
    )


def after(purse, now, day, month=0):
    Purse.objects.update(day_spent=day, month_spent=month)
    return warnings(purse.tenant, now)


def test_from_eighty_percent_on_it_is_told_in_the_studios_money(purse, now):
    assert after(purse, now, 799_999) == []
    assert after(purse, now, 850_000) == [
        "85 % of today's AI budget is used: IDR 8,500 of IDR 10,000."
    ]


def test_a_used_up_day_and_month_are_told_with_what_happens_meanwhile(purse, now):
    day, month = after(purse, now, 1_000_000, 10_000_000)
    assert day.startswith("Today's AI budget is used up: IDR 10,000 of IDR 10,000.")
    assert month.startswith("This month's AI budget is used up")


def test_yesterdays_money_is_no_news(purse, now):
    Purse.objects.update(day="2026-11-01", month="2026-10-01")
    assert after(purse, now, 1_000_000, 10_000_000) == []


def test_another_studios_money_is_not_told(purse, senja, now):
    Purse.objects.update(day_spent=1_000_000)
    assert warnings(senja, now) == []


@pytest.mark.parametrize(
    ("error", "told", "problem"),
    [
        (troubles.FALLEN_BACK, True, False),
        (troubles.WRONG_KEY, False, True),
        (troubles.NO_CREDIT, False, True),
        (troubles.NO_MODEL, False, True),
        (troubles.LIMITED, False, True),
        (troubles.TOO_SLOW, False, True),
        (troubles.CUSTOMER_SPENT, False, False),
    ],
)
def test_home_shows_what_is_wrong_with_the_model(ombak, sari, error, told, problem):
    Turn.objects.create(
        tenant=ombak, purpose="customer", outcome="answered", model="m", error=error
    )
    Turn.objects.create(tenant=ombak, purpose="customer", outcome="handed_over")  # asked nobody
    client = Client()
    client.force_login(sari)
    page = client.get("/admin/").content.decode().replace("&#x27;", "'")
    assert (error in page) == (told or problem)
    assert ("The AI provider does not answer" in page) == problem  # its only call failed
