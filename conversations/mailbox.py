"""Conversations that wait for the assistant: claimed with a lease, decided in one short transaction.

No model is called here. A claim that was overtaken changes nothing; the conversation is due again.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from conversations import escalations, outbox
from conversations.models import Conversation, Customer, Escalation, Message
from conversations.sentences import Name, sentence
from tenants.models import Language, Tenant

Author, Channel, State = Message.Author, Conversation.Channel, Message.State

ATTEMPTS = 3
RETRIES = tuple(dt.timedelta(seconds=wait) for wait in (2, 8, 30))
# How old the newest unanswered message may be: answered as usual, with an apology, by a fixed sentence, by staff only.
USUAL, LATE, AWAY = dt.timedelta(minutes=15), dt.timedelta(hours=6), dt.timedelta(hours=24)
# WhatsApp keeps messages for about a month: an older stamp is a wrong clock.
BELIEVABLE = dt.timedelta(days=40)
# An answer that could not leave for so long would be wrong about today.
EXPIRES = dt.timedelta(hours=6)
AT_ONCE = 50  # messages in one turn, the newest


@dataclass(frozen=True)
class EscalationDraft:
    category: str
    urgency: str
    summary: str


@dataclass(frozen=True)
class Draft:
    """A reply before it is decided. `details` goes to the message; its "language" is learned for the customer."""

    text: str
    escalation: EscalationDraft | None
    turn_key: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """A conversation that is ours to answer, as it was when we took it."""

    conversation: Conversation
    owner: str
    mode_version: int
    upto: int  # the newest message that was read
    messages: list[Message]
    waiting_version: int = 0
    late: bool = False  # the answer should begin with an apology
    test_only: bool = False  # the studio is in test mode: only `!test` questions


def claim_next(owner: str, at: dt.datetime, lease_seconds: float) -> Claim | None:
    """Take the conversation that waits longest. None when none is due.

    What is too old to answer, or failed three times, goes to staff here and now.
    """
    due = Conversation.objects.due(at).select_related("tenant", "customer")
    for conversation in due[:5]:
        claim = _take(conversation, owner, at, lease_seconds)
        if claim and not _for_staff(claim, at):
            return claim
    return None


def _take(
    conversation: Conversation, owner: str, at: dt.datetime, lease_seconds: float
) -> Claim | None:
    """The conditional UPDATE that must change exactly one row; every claim has a name of its own."""
    token = f"{owner[:48]}#{uuid.uuid4().hex[:8]}"
    rows = Conversation.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=at),
        pk=conversation.pk,
        reply_due_at__lte=at,
        mode_version=conversation.mode_version,
        waiting_version=conversation.waiting_version,
    )
    taken = rows.update(
        lease_owner=token,
        lease_until=at + dt.timedelta(seconds=lease_seconds),
        attempts=F("attempts") + 1,
        **_resumed(conversation, at),
        **_limit_over(conversation, at),
    )
    if taken != 1:
        return None
    if conversation.limited_until and conversation.limited_until <= at:
        conversation.messages.filter(state=State.LIMITED).update(state=State.NEW)
    conversation.attempts += 1
    conversation.lease_owner = token
    return _claim(conversation, token)


def _resumed(conversation: Conversation, at: dt.datetime) -> dict[str, Any]:
    """The silence after a message from the studio's phone is over: the assistant has the chat again."""
    if conversation.handled_by == Conversation.Handler.ASSISTANT:
        return {}
    conversation.handled_by = Conversation.Handler.ASSISTANT
    return {
        "handled_by": Conversation.Handler.ASSISTANT,
        "handler": None,
        "handled_since": None,
        "resumes_at": None,
    }


def _limit_over(conversation: Conversation, at: dt.datetime) -> dict[str, Any]:
    over = conversation.limited_until is not None and conversation.limited_until <= at
    return {"limited_until": None} if over else {}


def _claim(conversation: Conversation, token: str) -> Claim | None:
    test_only = (
        conversation.tenant.mode == Tenant.Mode.TEST and conversation.channel != Channel.PLAYGROUND
    )
    waiting = _waiting(conversation, test_only)
    messages = list(reversed(waiting.order_by("-pk")[:AT_ONCE]))
    claim = Claim(
        conversation,
        token,
        conversation.mode_version,
        messages[-1].pk if messages else 0,
        messages,
        conversation.waiting_version,
        test_only=test_only,
    )
    if not messages:
        _ours(claim).update(**_done(), reply_due_at=F("limited_until"))
        return None
    return claim


def _waiting(conversation: Conversation, test_only: bool) -> "QuerySet[Message]":
    rows = conversation.messages.filter(state=State.NEW)
    return rows.filter(details__test=True) if test_only else rows


def _for_staff(claim: Claim, at: dt.datetime) -> bool:
    """Whether the claim was settled without the assistant: too many attempts, or too old."""
    if claim.conversation.attempts > ATTEMPTS:
        _hand_over(claim, "cannot_answer", _("The assistant failed three times."), at)
        return True
    age = _age(claim, at)
    if age > LATE:
        said: Name | None = "away" if age <= AWAY else None
        _hand_over(claim, said, _("The message was received too late for an answer."), at)
        return True
    object.__setattr__(claim, "late", age > USUAL)
    return False


def _age(claim: Claim, at: dt.datetime) -> dt.timedelta:
    """How long the newest message waits, by WhatsApp's time where that is believable."""
    if claim.conversation.channel != Channel.WHATSAPP:
        return dt.timedelta(0)
    newest = claim.messages[-1]
    when = min(newest.whatsapp_at or newest.created_at, newest.created_at)
    return at - (when if at - when < BELIEVABLE else newest.created_at)


def quiet_until(claim: Claim) -> dt.datetime | None:
    """No reply should be decided before: the customer may still be writing. Read anew each time."""
    rows = Conversation.objects.filter(pk=claim.conversation.pk)
    return rows.values_list("quiet_until", flat=True).first()


def overtaken(claim: Claim) -> bool:
    """Whether a reply to this claim could no longer be decided: go and claim again."""
    return not _current(claim).exists()


def _ours(claim: Claim) -> "QuerySet[Conversation]":
    return Conversation.objects.filter(pk=claim.conversation.pk, lease_owner=claim.owner)


def _current(claim: Claim) -> "QuerySet[Conversation]":
    """Our lease, the same hands, and nothing newer: columns of one row, so that one UPDATE can check and act."""
    return _ours(claim).filter(
        mode_version=claim.mode_version,
        waiting_version=claim.waiting_version,
        handled_by=Conversation.Handler.ASSISTANT,
    )


def _done() -> dict[str, Any]:
    return {
        "lease_owner": "",
        "lease_until": None,
        "attempts": 0,
        "waiting_since": None,
        "quiet_until": None,
    }


def decide(claim: Claim, reply: Draft, *, at: dt.datetime) -> Message | None:
    """THE transaction: reply into the outbox, questions answered, escalation made, lease released: all or nothing.

    None when the claim was overtaken: nothing changed, and the conversation is due again.
    """
    try:
        return _decide(claim, reply, at)
    except IntegrityError:  # this turn was decided before
        known = Message.objects.filter(
            tenant_id=claim.conversation.tenant_id, idempotency_key=reply.turn_key
        ).first()
        if known is None:
            raise
        return known


@transaction.atomic
def _decide(claim: Claim, reply: Draft, at: dt.datetime) -> Message | None:
    # What was held back by the limit comes back as one turn later.
    done = _current(claim).update(**_done(), reply_due_at=F("limited_until"), last_message_at=at)
    if done != 1:
        release(claim)
        return None
    _waiting(claim.conversation, claim.test_only).filter(pk__lte=claim.upto).update(
        state=State.ANSWERED
    )
    message = outbox.insert(
        claim.conversation,
        reply.text,
        author=Author.ASSISTANT,
        key=reply.turn_key,
        at=at,
        expires_at=at + EXPIRES,
        details=_details(claim, reply),
    )
    _learn_language(claim.conversation, reply.details)
    _escalate(claim.conversation, reply.escalation, at)
    return message


def _details(claim: Claim, reply: Draft) -> dict[str, Any]:
    """The Playground only shows that there would have been an escalation."""
    details = dict(reply.details)
    if reply.escalation and claim.conversation.channel == Channel.PLAYGROUND:
        details["escalation"] = vars(reply.escalation)
    return details


def _learn_language(conversation: Conversation, details: Mapping[str, Any]) -> None:
    language, customer = details.get("language"), conversation.customer
    if customer and language in Language.values and customer.language != language:
        Customer.objects.filter(pk=customer.pk).update(language=language)


def _escalate(conversation: Conversation, draft: EscalationDraft | None, at: dt.datetime) -> None:
    """In the transaction of the reply; a reply that is queued by now still leaves."""
    if draft and conversation.channel != Channel.PLAYGROUND:
        escalations.escalate(conversation, draft.category, draft.urgency, draft.summary, at)


def release(claim: Claim) -> None:
    """Give the conversation back undecided; that was no failure."""
    _ours(claim).update(lease_owner="", lease_until=None, attempts=0)


def give_up(claim: Claim, error: str, *, at: dt.datetime) -> None:
    """The run failed: due again in 2, then 8 seconds; after the third time staff have it, and the customer knows."""
    attempts = claim.conversation.attempts
    if attempts >= ATTEMPTS:
        _hand_over(claim, "cannot_answer", error, at)
        return
    wait = RETRIES[max(attempts, 1) - 1]
    _ours(claim).update(lease_owner="", lease_until=None, reply_due_at=at + wait)


@transaction.atomic
def _hand_over(claim: Claim, said: Name | None, reason: str, at: dt.datetime) -> None:
    """Staff have these messages now; the customer hears `said`. The assistant goes on with what comes next."""
    conversation = claim.conversation
    if _current(claim).update(**_done(), reply_due_at=F("limited_until")) != 1:
        release(claim)
        return
    waiting = _waiting(conversation, claim.test_only).filter(pk__lte=claim.upto)
    waiting.update(state=State.HANDED_OVER)
    if said:
        outbox.queue(
            conversation,
            sentence(said, conversation.language),
            author=Author.SYSTEM,
            key=f"{said}:{conversation.pk}:{claim.upto}",
            at=at,
            expires_at=at + EXPIRES,
            details={"error": reason[:500]},
        )
    category, urgency = Escalation.Category.CANNOT_ANSWER, Escalation.Urgency.NORMAL
    _escalate(conversation, EscalationDraft(category, urgency, reason[:500]), at)
