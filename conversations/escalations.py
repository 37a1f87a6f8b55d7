"""A customer needs a person: staff get one open task per conversation and reason, however often it is asked for."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from conversations import handling
from conversations.models import Conversation, Escalation
from tenants.models import Tenant

# How a task ends. Rows of earlier versions hold the words that somebody chose.
OUTCOMES = {
    "answered": _("Answered"),
    "booked": _("Booked"),
    "not_needed": _("Not needed"),
}
ENDED_WITH_IT = {"blocked": _("Blocked")}  # not chosen: another decision ended the task, too
_RANK = [Escalation.Urgency.LOW, Escalation.Urgency.NORMAL, Escalation.Urgency.URGENT]


def escalate(
    conversation: Conversation, category: str, urgency: str, summary: str, at: dt.datetime
) -> Escalation:
    """Open the task, or find the open one (its urgency only rises). Some reasons silence the assistant in the chat."""
    with transaction.atomic():
        escalation = _open(conversation, category) or _new(
            conversation, category, urgency, summary, at
        )
        if _RANK.index(Escalation.Urgency(urgency)) > _RANK.index(
            Escalation.Urgency(escalation.urgency)
        ):
            escalation.urgency = urgency
            escalation.save(update_fields=["urgency"])
        if category in Escalation.SILENCING and _may_silence(conversation):
            handling.silence_for_escalation(conversation, at)
    return escalation


def _open(conversation: Conversation, category: str) -> Escalation | None:
    rows = Escalation.objects.filter(conversation=conversation, category=category)
    return rows.filter(state=Escalation.State.OPEN).first()


def _new(
    conversation: Conversation, category: str, urgency: str, summary: str, at: dt.datetime
) -> Escalation:
    try:
        with transaction.atomic():
            return Escalation.objects.create(
                tenant_id=conversation.tenant_id,
                conversation=conversation,
                category=category,
                urgency=urgency,
                summary=summary.replace("\x00", "")[:1000],
                created_at=at,
            )
    except IntegrityError:  # somebody else was a moment faster
        return Escalation.objects.get(
            conversation=conversation, category=category, state=Escalation.State.OPEN
        )


def _may_silence(conversation: Conversation) -> bool:
    """Whoever tries the studio out with !test goes on trying."""
    customers = conversation.channel == Conversation.Channel.WHATSAPP
    return customers and conversation.tenant.mode != Tenant.Mode.TEST


def resolve(escalation: Escalation, by: User | None, outcome: str, at: dt.datetime) -> bool:
    """Close the task; False when somebody closed it before. Handing the chat back is another decision."""
    rows = Escalation.objects.filter(pk=escalation.pk, state=Escalation.State.OPEN)
    done = rows.update(
        state=Escalation.State.RESOLVED, resolved_by=by, resolved_at=at, outcome=outcome[:200]
    )
    escalation.refresh_from_db()
    return done == 1
