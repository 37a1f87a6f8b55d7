"""*Send test alert*: every contact is told once, at once, so that each way is proved before a customer needs it."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop

from notices import contacts
from notices.models import Notice
from tenants.models import Tenant

Channel, State = Notice.Channel, Notice.State
AGAIN = dt.timedelta(seconds=30)  # a second press changes nothing meanwhile
SHOWN = dt.timedelta(minutes=30)
OVER = frozenset({State.DELIVERED, State.FAILED, State.SKIPPED})
LONG = dt.timedelta(seconds=20)

SLOW = gettext_noop(
    "The studio's WhatsApp does not take it now. Look on the WhatsApp page whether a phone is linked and connected."
)


@dataclass(frozen=True)
class Result:
    """How one way was proved; `tone` is ok, wait or bad."""

    notice: Notice
    said: str
    tone: str


@transaction.atomic
def start(tenant: Tenant, at: dt.datetime, only: str = "") -> int:
    """Make the rows (`only` for one of the contacts); how many people are told. 0 when nobody can be, or when it was
    asked for a moment ago."""
    Tenant.objects.select_for_update().get(pk=tenant.pk)  # two presses at once are one
    if of_studio(tenant).filter(created_at__gt=at - AGAIN).exists():
        return 0
    known = contacts.of(tenant)
    ways = [(Channel.WHATSAPP, to) for to in known.all_phones]
    ways += [(Channel.EMAIL, to) for to in known.emails]
    rows = [
        Notice(tenant=tenant, channel=channel, to=to, created_at=at, due_at=at)
        for channel, to in ways
        if only in ("", to)
    ]
    return len(Notice.objects.bulk_create(rows))


def too_soon() -> str:
    return gettext("A test was sent a moment ago; its result is below. Try again in half a minute.")


def of_studio(tenant: Tenant) -> QuerySet[Notice]:
    return Notice.objects.filter(tenant=tenant, escalation=None)


def results(tenant: Tenant, at: dt.datetime) -> list[Result]:
    """Those of the latest test alert, while it is fresh."""
    rows = of_studio(tenant).filter(created_at__gt=at - SHOWN)
    latest = rows.order_by("-created_at").values_list("created_at", flat=True).first()
    found = rows.filter(created_at=latest).order_by("channel", "to")[:50] if latest else []
    return [_result(row, at) for row in found]


def _result(row: Notice, at: dt.datetime) -> Result:
    if row.state == State.FAILED:
        return Result(row, gettext(row.error), "bad")
    done = row.state == State.DELIVERED or (
        row.state == State.SENT and row.channel == Channel.EMAIL
    )
    slow = not done and row.state != State.SENT and at - row.created_at > LONG
    said = gettext(SLOW) if slow and row.channel == Channel.WHATSAPP else ""
    return Result(row, said, "ok" if done else "bad" if slow else "wait")


def is_over(found: list[Result]) -> bool:
    return all(result.tone == "ok" or result.notice.state in OVER for result in found)
