"""What became of notices on WhatsApp, and what follows from it: e-mail at once where WhatsApp does not get through."""

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db.models import F, Min, Q, QuerySet
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
        message__isnull=False,
    )
    arrived = rows.filter(message__state__in=ARRIVED)
    _move(arrived, State.DELIVERED)
    _move(rows.filter(state=State.QUEUED, message__state=Message.State.SENT), State.SENT)
    stuck = rows.filter(state=State.QUEUED)
    failed = stuck.filter(message__state__in=NOT_SENT)
    late = [*failed.values_list("escalation", flat=True)]
    _move(failed, State.FAILED, error=NOT_TAKEN)
    late += stuck.filter(sent_at__lte=at - SOON).values_list("escalation", flat=True)
    own = Q(channel=Channel.WHATSAPP, state=State.FAILED, message=None)  # the studio's own number
    refused = Notice.objects.filter(own, sent_at__gt=at - SOON)
    late += refused.values_list("escalation", flat=True)
    _mail_now({each for each in late if each}, at)
    _withdraw(stuck.filter(message__state=Message.State.QUEUED), at)


def _move(rows: QuerySet[Notice], state: str, **more: str) -> None:
    if found := list(rows.values_list("pk", flat=True)):
        Notice.objects.filter(pk__in=found).update(state=state, **{"error": "", **more})


def _mail_now(escalations: Iterable[uuid.UUID], at: dt.datetime) -> None:
    """The first e-mail of each comes forward, once; later ones keep their time."""
    for escalation in escalations:
        mails = Notice.objects.filter(escalation=escalation, channel=Channel.EMAIL)
        if mails.filter(~Q(state=State.WAITING) | Q(attempts__gt=0)).exists():
            continue
        first = mails.aggregate(step=Min("step"))["step"]
        mails.filter(step=first, due_at__gt=at, state=State.WAITING).update(due_at=at)


def _withdraw(rows: QuerySet[Notice], at: dt.datetime) -> None:
    """Somebody has all customers of a message that still waits for its line: it need not leave any more."""
    waiting: dict[int, set[uuid.UUID | None]] = {}
    for message, escalation in rows.values_list("message", "escalation"):
        waiting.setdefault(message or 0, set()).add(escalation)
    asked = Escalation.objects.filter(pk__in=[e for each in waiting.values() for e in each if e])
    over = set(planning.accepted(asked).values_list("pk", flat=True)) if waiting else set()
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
    over = planning.accepted(asked).values("pk")
    rows.filter(Q(escalation__in=over) | Q(created_at__lte=at - FOLLOWED)).update(
        state=State.SKIPPED, error=ACCEPTED, sent_at=F("due_at")
    )


def forget(at: dt.datetime) -> None:
    """Words about customers do not stay in the chats with staff; rows without words stay for a while."""
    told = Message.objects.filter(
        pk__in=Notice.objects.filter(sent_at__lt=at - KEPT).values("message")
    )
    told.delete()
    Notice.objects.filter(created_at__lt=at - LOGGED).delete()
