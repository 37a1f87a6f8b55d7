"""What became of notices on WhatsApp, and what follows from it: e-mail at once where WhatsApp does not get through."""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db.models import F, Min, Q
from django.utils.translation import gettext_noop

from conversations.models import Escalation, Message
from notices import planning
from notices.models import Notice
from notices.sending import ACCEPTED
from tenants.prepared import Literal

Channel, State = Notice.Channel, Notice.State
ARRIVED = (Message.State.DELIVERED, Message.State.READ)
NOT_SENT = (Message.State.FAILED, Message.State.CANCELLED, Message.State.UNKNOWN)

SOON = dt.timedelta(minutes=1)  # a notice that WhatsApp did not take by then is mailed too
LATELY = dt.timedelta(minutes=10)
LOOK = 500
FOLLOWED = dt.timedelta(days=1)
NOT_TAKEN = gettext_noop("WhatsApp did not take it.")
KEPT = dt.timedelta(days=7)  # the words of a notice; the row without them is kept longer
LOGGED = dt.timedelta(days=90)


def follow(at: dt.datetime) -> None:
    """Bring the rows up to date with their messages, and let e-mail go ahead where one did not leave in time."""
    rows = Notice.objects.filter(
        channel=Channel.WHATSAPP,
        state__in=(State.QUEUED, State.SENT, State.FAILED),
        sent_at__gt=at - FOLLOWED,
    )
    found = list(rows.annotate(now=F("message__state")).order_by("-sent_at")[:LOOK])
    for row in found:
        if new := _moved(row):
            told = NOT_TAKEN if new == State.FAILED else ""
            Notice.objects.filter(pk=row.pk, state=row.state).update(state=new, error=told)
            row.state = new
    _mail_now({row.escalation_id for row in found if _is_late(row, at)}, at)
    _withdraw([row for row in found if row.now == Message.State.QUEUED], at)


def _moved(row: Notice) -> str:
    """The state that follows from its message; "" for the one that it has."""
    now: str | None = row.now  # type: ignore[attr-defined]
    if now in ARRIVED:
        return str(State.DELIVERED)  # also when it had been given up: a receipt is proof
    if row.state == State.QUEUED and now == Message.State.SENT:
        return str(State.SENT)
    return str(State.FAILED) if row.state == State.QUEUED and now in NOT_SENT else ""


def _is_late(row: Notice, at: dt.datetime) -> bool:
    waited = at - row.sent_at if row.sent_at else dt.timedelta(0)
    if row.state == State.FAILED:
        return waited <= LATELY
    return row.state == State.QUEUED and waited >= SOON


def _mail_now(escalations: Iterable[uuid.UUID | None], at: dt.datetime) -> None:
    """The first e-mail of each comes forward, once; later ones keep their time."""
    for escalation in filter(None, escalations):
        mails = Notice.objects.filter(escalation=escalation, channel=Channel.EMAIL)
        if mails.filter(~Q(state=State.WAITING) | Q(attempts__gt=0)).exists():
            continue
        first = mails.aggregate(step=Min("step"))["step"]
        mails.filter(step=first, due_at__gt=at, state=State.WAITING).update(due_at=at)


def _withdraw(rows: list[Notice], at: dt.datetime) -> None:
    """Somebody has all customers of a message that still waits for its line: it need not leave any more."""
    waiting: dict[int, set[uuid.UUID | None]] = {}
    for row in rows:
        waiting.setdefault(row.message_id or 0, set()).add(row.escalation_id)
    asked = Escalation.objects.filter(pk__in=[e for each in waiting.values() for e in each if e])
    over = set(planning.accepted(asked, at).values_list("pk", flat=True)) if waiting else set()
    for sent, escalations in waiting.items():
        if not escalations <= over:
            continue
        gone = Message.objects.filter(pk=sent, state=Message.State.QUEUED)
        if gone.update(state=Message.State.CANCELLED, error=ACCEPTED):
            Notice.objects.filter(message=sent).update(
                state=State.SKIPPED, error=ACCEPTED, sent_at=at
            )


def close_pages(at: dt.datetime) -> None:
    """What no open page showed before somebody had it needs not be shown any more."""
    rows = Notice.objects.filter(state=Literal(State.WAITING), channel=Channel.PAGE)
    asked = Escalation.objects.filter(pk__in=rows.values("escalation"))
    over = planning.accepted(asked, at).values("pk")
    gone = rows.filter(Q(escalation__in=over) | Q(created_at__lte=at - FOLLOWED))
    if gone.exists():
        gone.update(state=State.SKIPPED, error=ACCEPTED, sent_at=F("due_at"))


def forget(at: dt.datetime) -> None:
    """Words about customers do not stay in the chats with staff; rows without words stay for a while."""
    told = Message.objects.filter(
        pk__in=Notice.objects.filter(sent_at__lt=at - KEPT).values("message")
    )
    told.delete()
    Notice.objects.filter(created_at__lt=at - LOGGED).delete()
