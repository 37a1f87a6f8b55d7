"""What ends a claim: the conversation is given back, or staff have what waits in it."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F

from conversations import escalations, outbox
from conversations.claims import Claim, EscalationDraft
from conversations.models import Conversation, Escalation, Message
from conversations.sentences import Name, sentence

Author, Channel, State = Message.Author, Conversation.Channel, Message.State

# An answer that could not leave for so long would be wrong about today.
EXPIRES = dt.timedelta(hours=6)


def release(claim: Claim) -> None:
    """Give the conversation back undecided; that was no failure."""
    claim.ours().update(lease_owner="", lease_until=None, attempts=0)


def done() -> dict[str, Any]:
    """Nothing waits any more, but what the limit held back comes back as one turn later."""
    return {
        "lease_owner": "",
        "lease_until": None,
        "attempts": 0,
        "reply_due_at": F("limited_until"),
        "waiting_since": None,
        "quiet_until": None,
    }


def hand_over(claim: Claim, said: Name | None, reason: str, at: dt.datetime) -> None:
    """Staff have these messages now; the customer hears `said`. The assistant goes on with what comes next."""
    with transaction.atomic():
        if claim.still_current(done()):
            claim.settle(State.HANDED_OVER)
            _say(claim, said, reason, at)
            category, urgency = Escalation.Category.CANNOT_ANSWER, Escalation.Urgency.NORMAL
            draft = EscalationDraft(category, urgency, reason[:500])
            escalate(claim.conversation, draft, at)
            return
    release(claim)


def _say(claim: Claim, said: Name | None, reason: str, at: dt.datetime) -> None:
    conversation = claim.conversation
    if said:
        outbox.queue(
            conversation,
            sentence(said, conversation.language),
            author=Author.SYSTEM,
            key=f"{said}:{conversation.pk}:{claim.upto}",
            at=at,
            expires_at=at + EXPIRES,
            details={"error": reason[:500], **dripping(claim)},
        )


def escalate(conversation: Conversation, draft: EscalationDraft | None, at: dt.datetime) -> None:
    """In the transaction of the reply, which still leaves. Who only tries it out needs nobody."""
    if draft and conversation.channel not in Conversation.WITHIN:
        escalations.escalate(conversation, draft.category, draft.urgency, draft.summary, at)


def dripping(claim: Claim) -> dict[str, Any]:
    """After a time away many are answered at once: these leave one by one, as a person would write them."""
    backlog = claim.late or any(each.details.get("backlog") for each in claim.messages)
    return {"drips": True} if backlog else {}
