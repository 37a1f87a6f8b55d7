"""What staff should know of the assistant before it fails: money that runs out, a model that is gone."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from agent.budgets import MILLION, NO_LIMIT, limit, spent
from agent.models import Purse, Turn
from agent.troubles import FALLEN_BACK
from tenants.models import Tenant

NOTICE = 0.8  # of a limit


def warnings(tenant: Tenant, at: dt.datetime) -> list[str]:
    """Sentences for Home, the most urgent first; none is the usual case."""
    return [*_gone(tenant, at), *(_sentence(tenant, used) for used in _nearly_used_up(tenant, at))]


def _gone(tenant: Tenant, at: dt.datetime) -> list[str]:
    runs = Turn.objects.filter(tenant=tenant, created_at__gte=at - dt.timedelta(days=1))
    asked = runs.exclude(purpose=Turn.Purpose.LISTENING).exclude(model="")
    newest = asked.order_by("-created_at").first()
    return [_(FALLEN_BACK)] if newest and newest.error == FALLEN_BACK else []


@dataclass(frozen=True)
class _Used:
    month: bool
    spent: int
    limit: int


def _nearly_used_up(tenant: Tenant, at: dt.datetime) -> list[_Used]:
    limits = limit(tenant, "day"), limit(tenant, "month")
    row = Purse.objects.filter(tenant=tenant, customer=None).first()
    if row is None or limits == (NO_LIMIT, NO_LIMIT):
        return []
    day, month = spent(row, tenant, at)
    both = _Used(False, day, limits[0]), _Used(True, month, limits[1])
    return [used for used in both if used.spent >= NOTICE * used.limit]


def _sentence(tenant: Tenant, used: _Used) -> str:
    over = used.spent >= used.limit
    words = {
        (False, False): _("%(share)s %% of today's AI budget is used: %(spent)s of %(limit)s."),
        (True, False): _("%(share)s %% of this month's AI budget is used: %(spent)s of %(limit)s."),
        (False, True): _(
            "Today's AI budget is used up: %(spent)s of %(limit)s. Until tomorrow answers come word for word from the "
            "knowledge, or from your staff."
        ),
        (True, True): _(
            "This month's AI budget is used up: %(spent)s of %(limit)s. Until it is raised or the month ends, answers "
            "come word for word from the knowledge, or from your staff."
        ),
    }
    share = round(100 * used.spent / used.limit)
    spent_, limit_ = (_money(tenant, amount) for amount in (used.spent, used.limit))
    return words[used.month, over] % {"share": share, "spent": spent_, "limit": limit_}


def _money(tenant: Tenant, amount: int) -> str:
    """Millionths of a dollar in the studio's money, such as “IDR 16,500”."""
    rate = settings.EXCHANGE_RATES.get(tenant.currency.upper())
    value = amount / MILLION * (rate or 1)
    return f"{tenant.currency if rate else 'USD'} {value:,.{0 if value >= 1000 else 2}f}"
