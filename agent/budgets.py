"""What the model may cost: the most that a call can cost is set aside before it, and what it did cost is booked after.

One conditional UPDATE sets aside, so no two processes spend the same money; a call passes while anything is left, so
a studio spends its limit and one call at the most. What a killed process had set aside counts as spent.
"""

import datetime as dt
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Case, DateField, F, Q, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from agent.models import Purse
from agent.troubles import BUSY, CUSTOMER_SPENT, SPENT, ModelError
from tenants.models import Tenant
from tenants.prepared import PreparedUpdate, Slot, number_slot, savepoint, time_slot

MILLION = 1_000_000
NO_LIMIT = 2**60
# A process that was only frozen books nothing any more when others may have counted its money as spent.
GRACE = 30.0
# How long a call waits for money that other calls have set aside, and how often it looks.
WAIT, LOOK = 6.0, 0.2

pause = time.sleep  # tests put a stopwatch here


@dataclass(frozen=True)
class Budget:
    """The limits of a studio, or of one customer, in millionths of a US dollar."""

    tenant: Tenant
    customer: uuid.UUID | None
    day: int = NO_LIMIT
    month: int = NO_LIMIT

    @property
    def spent(self) -> str:
        return CUSTOMER_SPENT if self.customer else SPENT


def budgets_of(tenant: Tenant, customer: uuid.UUID | None = None) -> tuple[Budget, ...]:
    """The budgets that a call for this customer must fit in; none is the usual case, and costs nothing."""
    day = limit(tenant, "day")
    month = limit(tenant, "month")
    found = []
    if customer and (own := limit(tenant, "customer_day")) != NO_LIMIT:
        found.append(Budget(tenant, customer, own))
    if (day, month) != (NO_LIMIT, NO_LIMIT):
        found.append(Budget(tenant, None, day, month))
    return tuple(found)


def limit(tenant: Tenant, name: str) -> int:
    """A limit of the studio, else of the installation. Without a rate for the studio's money nothing can be spent."""
    own: Decimal | None = getattr(tenant, f"budget_{name}")
    if own is None:
        dollars = float(getattr(settings, f"AGENT_BUDGET_{name.upper()}"))
    else:
        rate = settings.EXCHANGE_RATES.get(tenant.currency.upper())
        dollars = float(own) / rate if rate else 1 / MILLION if own else 0
    return max(1, round(dollars * MILLION)) if dollars > 0 else NO_LIMIT


class Reservation:
    """What is set aside for one call. `cost` is booked; without one, all of it, as the call may have been billed."""

    def __init__(self) -> None:
        self.cost: Decimal | None = None


@contextmanager
def reserved(budgets: Sequence[Budget], most: Decimal, deadline: float) -> Iterator[Reservation]:
    """Set the most that a call can cost aside while it is made. Raises ModelError when a budget is used up."""
    reservation, held, failed = Reservation(), [], True
    try:
        for budget in budgets:  # each is held even when the next one refuses
            held.append((budget, *_set_aside(budget, micro(most), deadline)))  # noqa: PERF401
        yield reservation
        failed = False
    except ModelError as error:
        if not error.uncertain:
            reservation.cost = Decimal(0)
        raise
    finally:
        for budget, pk, amount, until in held:
            cost = amount if reservation.cost is None else micro(reservation.cost)
            _book(budget, pk, amount, cost, until, 0 if failed else max(cost, 1))


def micro(dollars: Decimal) -> int:
    return int(dollars * MILLION)


def _set_aside(budget: Budget, most: int, deadline: float) -> tuple[int, int, dt.datetime]:
    """The row, the amount, and until when it is ours; waits a little for what others have set aside."""
    patience = time.monotonic() + min(WAIT, (deadline - time.monotonic()) / 2)
    while True:
        pk, dearest = _known_row(budget)
        amount = max(most, dearest)
        at = timezone.now()
        until = at + dt.timedelta(seconds=max(0.0, deadline - time.monotonic()) + GRACE)
        if _reserve(budget, pk, amount, at, until):
            return pk, amount, until
        row = Purse.objects.filter(pk=pk).first()
        if row and not _waits_for_others(row, budget, at):
            raise ModelError(budget.spent, permanent=True, about="budget", made=False)
        _known.pop((budget.tenant.pk, budget.customer), None)
        if row and time.monotonic() + LOOK > patience:
            raise ModelError(BUSY, permanent=True, about="budget", made=False)
        if row:
            pause(LOOK)


def _waits_for_others(row: Purse, budget: Budget, at: dt.datetime) -> bool:
    """Whether there is money left that is only set aside."""
    day, month = spent(row, budget.tenant, at)
    if row.reserved_until <= at:
        day, month = day + row.reserved, month + row.reserved
    return day < budget.day and month < budget.month


def spent(row: Purse, tenant: Tenant, at: dt.datetime) -> tuple[int, int]:
    """What was spent on the studio's day and in its month of `at`."""
    today = tenant.local(at).date()
    this_month = row.month == today.replace(day=1)
    return row.day_spent if row.day == today else 0, row.month_spent if this_month else 0


# The row of a budget and the dearest call that is known, in this process.
_known: dict[tuple[uuid.UUID, uuid.UUID | None], tuple[int, int]] = {}


def _known_row(budget: Budget) -> tuple[int, int]:
    name = (budget.tenant.pk, budget.customer)
    if name not in _known:
        rows = Purse.objects.filter(tenant=budget.tenant, customer=budget.customer)
        row = rows.first() or _new_row(budget) or rows.get()
        if len(_known) > 10_000:
            _known.clear()
        _known[name] = (row.pk, row.dearest)
    return _known[name]


def _new_row(budget: Budget) -> Purse | None:
    """A row of its own; None when another process was faster."""
    at = timezone.now()
    today = budget.tenant.local(at).date()
    try:
        with savepoint():
            return Purse.objects.create(
                tenant=budget.tenant,
                customer_id=budget.customer,
                day=today,
                month=today.replace(day=1),
                reserved_until=at,
            )
    except IntegrityError:
        return None


def _reserve(budget: Budget, pk: int, amount: int, at: dt.datetime, until: dt.datetime) -> bool:
    """THE conditional UPDATE: nothing is set aside unless something is left on the day and in the month."""
    today = budget.tenant.local(at).date()
    slots = {"pk": pk, "today": today, "this_month": today.replace(day=1), "at": at}
    limits = {"day_limit": budget.day, "month_limit": budget.month}
    return _RESERVE(_SET_ASIDE, **slots, **limits, amount=amount, until=until) == 1


def _day_slot(name: str) -> Any:
    return Slot(name, DateField())


# What the dead had set aside becomes spent, what the living have set aside stays.
_OF_THE_DEAD = Case(When(reserved_until__lte=time_slot("at"), then=F("reserved")), default=Value(0))
_DAY = Case(When(day=_day_slot("today"), then=F("day_spent")), default=Value(0))
_MONTH = Case(When(month=_day_slot("this_month"), then=F("month_spent")), default=Value(0))
_SET_ASIDE = {
    "day_spent": _DAY + _OF_THE_DEAD,
    "month_spent": _MONTH + _OF_THE_DEAD,
    "day": _day_slot("today"),
    "month": _day_slot("this_month"),
    "reserved": F("reserved") - _OF_THE_DEAD + number_slot("amount"),
    "reserved_until": Greatest(F("reserved_until"), time_slot("until")),
}
_RESERVE = PreparedUpdate(
    lambda: Purse.objects.alias(
        today=_DAY + F("reserved"), this_month=_MONTH + F("reserved")
    ).filter(
        # Nobody knows yet what a call costs here: the first one goes alone.
        Q(dearest__gt=0) | Q(reserved=0) | Q(reserved_until__lte=time_slot("at")),
        pk=number_slot("pk"),
        today__lt=number_slot("day_limit"),
        this_month__lt=number_slot("month_limit"),
    )
)


def _book(
    budget: Budget, pk: int, amount: int, cost: int, until: dt.datetime, learned: int
) -> None:
    """Free what was set aside and book what the call cost; too late, all of it is booked already, or will be."""
    if timezone.now() + dt.timedelta(seconds=GRACE / 2) > until:
        return
    _BOOK(_BOOKED, pk=pk, amount=amount, cost=cost, learned=learned)
    name = (budget.tenant.pk, budget.customer)
    if name in _known:
        _known[name] = (pk, max(_known[name][1], learned))


_BOOKED = {
    "reserved": F("reserved") - number_slot("amount"),
    "day_spent": F("day_spent") + number_slot("cost"),
    "month_spent": F("month_spent") + number_slot("cost"),
    "dearest": Greatest(F("dearest"), number_slot("learned")),
}
_BOOK = PreparedUpdate(lambda: Purse.objects.filter(pk=number_slot("pk")))
