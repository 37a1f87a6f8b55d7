"""What each studio used in a month: answers, tokens, money, by day. Months and days are those of UTC, as bills are."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agent.models import Turn
from config.overviews import in_own_money
from config.telling import MODEL as MADE_UP
from reports.charts import Chart, Series
from reports.counting import days_between
from tenants.models import Tenant
from tenants.numbers import decimal

DRAWN = 4  # studios with a colour of their own; the rest is one
ROLES = ("assistant", "staff", "good", "customer")
MONTHS = 12


@dataclass
class Used:
    studio: Tenant
    answers: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)
    by_day: dict[dt.date, Decimal] = field(default_factory=dict)

    @property
    def own_money(self) -> str:
        return in_own_money(self.cost, self.studio)


def months(at: dt.datetime) -> list[dt.date]:
    """The first days of the last months, the newest first."""
    found = [at.date().replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - dt.timedelta(days=1)).replace(day=1))
    return found


def month_of(text: str, at: dt.datetime) -> dt.date:
    """The month that was asked for (2026-11); the present one when it is none."""
    return next((month for month in months(at) if f"{month:%Y-%m}" == text), months(at)[0])


def used(month: dt.date) -> list[Used]:
    """Each studio, the dearest first; two queries however many there are. Made-up turns of a demo cost nothing."""
    found = {studio.pk: Used(studio) for studio in Tenant.objects.all()}
    for row in _rows(month):
        one = found.get(row["tenant"])
        if one is not None:
            one.answers += row["answers"]
            one.tokens += row["tokens"] or 0
            one.cost += row["cost"] or 0
            one.by_day[row["day"]] = row["cost"] or Decimal(0)
    return sorted(found.values(), key=lambda one: (-one.cost, one.studio.name))


def _rows(month: dt.date) -> Any:
    begin = dt.datetime.combine(month, dt.time(), dt.UTC)
    end = (begin + dt.timedelta(days=32)).replace(day=1)
    turns = Turn.objects.filter(created_at__gte=begin, created_at__lt=end).exclude(model=MADE_UP)
    tokens = (
        F("input_tokens") + F("output_tokens") + F("cache_read_tokens") + F("cache_write_tokens")
    )
    days = turns.order_by().annotate(day=TruncDate("created_at", tzinfo=dt.UTC))
    return days.values("tenant", "day").annotate(
        answers=Count("pk", filter=Q(purpose=Turn.Purpose.CUSTOMER)),
        tokens=Sum(tokens),
        cost=Sum("cost"),
    )


def chart(month: dt.date, rows: list[Used], at: dt.datetime) -> Chart:
    """Money by day; the dearest studios have a colour of their own."""
    last = min((month + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1), at.date())
    days = days_between(month, last)
    series = [
        Series(one.studio.name, [_cents(one.by_day.get(day)) for day in days], role)
        for one, role in zip(rows[:DRAWN], ROLES, strict=False)
    ]
    if others := rows[DRAWN:]:
        sums: dict[dt.date, Decimal] = defaultdict(Decimal)
        for one in others:
            for day, cost in one.by_day.items():
                sums[day] += cost
        series.append(Series(_("Others"), [_cents(sums.get(day)) for day in days], "quiet"))
    return Chart(
        "usage",
        _("Cost per day"),
        _("What the models cost for all studios together, in US dollars, without tax."),
        [date_format(day, "j M") for day in days],
        series,
        column=_("Day"),
        unit="USD",
        headline=f"US$ {decimal(sum((one.cost for one in rows), Decimal(0)), 2)}",
    )


def _cents(cost: Decimal | None) -> float:
    return round(float(cost or 0), 4)
