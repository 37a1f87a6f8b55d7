"""What stands in red over Home: the line is down, or the AI provider fails; and what customers get meanwhile."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from agent.held_back import CONFIRMED, EMPTY, NO_MODEL, STOPPED
from agent.models import Turn
from agent.troubles import (
    BUSY,
    CUSTOMER_SPENT,
    CUT_OFF,
    DECLINED,
    FALLEN_BACK,
    NO_END,
    SPENT,
    TOO_LONG,
)
from tenants.models import Tenant
from whatsapp.models import WhatsAppAccount
from whatsapp.states import describe

# Of one answer only, or told as a warning of its own: no trouble with the model's server.
OF_ONE_ANSWER = frozenset(
    {
        *(BUSY, CONFIRMED, CUSTOMER_SPENT, CUT_OFF, DECLINED, EMPTY, FALLEN_BACK, NO_END),
        *(NO_MODEL, SPENT, STOPPED, TOO_LONG),
    }
)
DOWN_AFTER = dt.timedelta(seconds=60)
CALLS = 3  # of the provider, after which it is not one bad answer any more
# WhatsApp keeps what is written meanwhile, and gives it when the line is back.
_COMES_BACK = frozenset({"connecting", "syncing", "retrying", "not_answering", "replaced"})


@dataclass(frozen=True)
class Alarm:
    """`urgent` is red and interrupts a screen reader; else it is a remark."""

    title: str
    text: str
    meanwhile: str
    urgent: bool = True


def alarms(tenant: Tenant, at: dt.datetime) -> list[Alarm]:
    return [*_line(tenant, at), *_provider(tenant, at)]


def _line(tenant: Tenant, at: dt.datetime) -> list[Alarm]:
    account = WhatsAppAccount.objects.select_related("tenant").filter(tenant=tenant).first()
    if account is None or not account.phone or not account.wanted:
        return []  # not linked yet, or switched off: Home's card says so, and nothing is broken
    status = describe(account, at)
    since = _down_since(account, status.state)
    if status.word == "connected" or (since is not None and at - since <= DOWN_AFTER):
        return []
    meanwhile = _("Customers get no answer until the number is linked again.")
    if status.state in _COMES_BACK:
        meanwhile = _(
            "What customers write waits at WhatsApp and is answered when the line is back."
        )
    return [Alarm(_("WhatsApp is down."), f"{status.detail} {status.next_step}", meanwhile)]


def _down_since(account: WhatsAppAccount, state: str) -> dt.datetime | None:
    return account.heartbeat_at if state == "not_answering" else account.state_since


def _provider(tenant: Tenant, at: dt.datetime) -> list[Alarm]:
    """The newest runs of the last day that asked a model; red when none of the last three went well."""
    runs = Turn.objects.filter(tenant=tenant, created_at__gte=at - dt.timedelta(days=1))
    others = (Turn.Purpose.COMMAND, Turn.Purpose.LISTENING)
    asked = runs.exclude(purpose__in=others).exclude(model="", error="")
    errors = list(asked.order_by("-created_at").values_list("error", flat=True)[:CALLS])
    failed = [error for error in errors if error and error not in OF_ONE_ANSWER]
    if not failed or failed[0] != errors[0]:
        return []
    meanwhile = _(
        "Customers get the best knowledge entry word for word, or are handed over to you."
    )
    if len(failed) < len(errors):
        title = _("The assistant had a problem with its last answer.")
        return [Alarm(title, _(failed[0])[:300], meanwhile, urgent=False)]
    return [Alarm(_("The AI provider does not answer."), _(failed[0])[:300], meanwhile)]
