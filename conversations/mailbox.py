"""Conversations that wait for the assistant: claimed with a lease, decided in one short transaction.

No model is called here. A claim that was overtaken changes nothing; the conversation is due again.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from conversations import escalations, outbox
from conversations.claims import NEVER, Claim, Draft, EscalationDraft, waiting
from conversations.models import Conversation, Customer, Escalation, Message
from conversations.sentences import Name, sentence
from tenants import crash
from tenants.models import Language, Tenant
from tenants.prepared import Prepared, PreparedUpdate, id_slot, number_slot, time_slot

__all__ = [
    "Claim",
    "Draft",
    "EscalationDraft",
    "InTheMaking",
    "StillWriting",
    "claim_due",
    "claim_next",
    "decide",
    "give_up",
    "in_the_making",
    "overtaken",
    "quiet_until",
    "release",
]

Author, Channel, Handler, State = (
    Message.Author,
    Conversation.Channel,
    Conversation.Handler,
    Message.State,
)

ATTEMPTS = 3
RETRIES = tuple(dt.timedelta(seconds=wait) for wait in (2, 8, 30))
# How old the newest unanswered message may be: answered as usual, with an apology, by a fixed sentence, by staff only.
USUAL, LATE, AWAY = dt.timedelta(minutes=15), dt.timedelta(hours=6), dt.timedelta(hours=24)
# WhatsApp keeps messages for about a month: an older stamp is a wrong clock.
BELIEVABLE = dt.timedelta(days=40)
# An answer that could not leave for so long would be wrong about today.
EXPIRES = dt.timedelta(hours=6)
AT_ONCE = 50  # messages in one turn, the newest
TRIES = 3  # looks at the mailbox when others were faster
PORTIONS = (1, 4, 16)  # conversations that one look reads


def claim_next(owner: str, at: dt.datetime, lease_seconds: float) -> Claim | None:
    """Take the conversation that waits longest. None when none is due."""
    return next(iter(claim_due(owner, at, lease_seconds, 1)), None)


def claim_due(owner: str, at: dt.datetime, lease_seconds: float, most: int) -> list[Claim]:
    """Take up to `most` conversations, those that wait longest first.

    What is too old to answer, or failed three times, goes to staff here and now.
    """
    claims: list[Claim] = []
    portion = next((size for size in PORTIONS if size >= most), PORTIONS[-1])
    for _try in range(TRIES):
        candidates = _due(at, portion)
        for conversation in candidates[: most - len(claims)]:
            claim = _take(conversation, owner, at, lease_seconds)
            if claim and not _for_staff(claim, at):
                claims.append(replace(claim, late=_age(claim, at) > USUAL))
        if not candidates or len(claims) == most or (claims and len(candidates) < portion):
            break
    return claims


def _due(at: dt.datetime, portion: int) -> list[Conversation]:
    """Some that wait longest; live studios first, as asking for the others takes longer."""
    free = _free(portion)(at=at)
    if live := [each for each in free if _live(each.tenant)]:
        return live
    rows = Conversation.objects.select_related("tenant", "customer")
    return list(rows.due(at)[:portion]) if free else []


@lru_cache(maxsize=len(PORTIONS))
def _free(portion: int) -> "Prepared[Conversation]":
    return Prepared(
        lambda: Conversation.objects.free(time_slot("at")).select_related("tenant", "customer")[
            :portion
        ]
    )


def _live(tenant: Tenant) -> bool:
    return tenant.active and tenant.mode == Tenant.Mode.LIVE


def _take(
    conversation: Conversation, owner: str, at: dt.datetime, lease_seconds: float
) -> Claim | None:
    """The conditional UPDATE that must change exactly one row; every claim has a name of its own."""
    if conversation.limited_until and conversation.limited_until <= at:
        # Before the claim: a process that dies in between leaves them due, not forgotten.
        conversation.messages.filter(state=State.LIMITED).update(state=State.NEW)
    token = f"{owner[:48]}#{uuid.uuid4().hex[:8]}"
    until = at + dt.timedelta(seconds=lease_seconds)
    fields: dict[str, Any] = _resumed(conversation) | _limit_over(conversation, at)
    fields |= {"lease_owner": token, "lease_until": until, "attempts": F("attempts") + 1}
    versions = {name: getattr(conversation, name) for name in ("mode_version", "waiting_version")}
    if _STILL_FREE(fields, pk=conversation.pk, at=at, **versions) != 1:
        return None
    conversation.attempts += 1
    return _claim(conversation, token)


_STILL_FREE = PreparedUpdate(
    lambda: Conversation.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=time_slot("at")),
        pk=id_slot("pk"),
        reply_due_at__lte=time_slot("at"),
        mode_version=number_slot("mode_version"),
        waiting_version=number_slot("waiting_version"),
    )
)


def _resumed(conversation: Conversation) -> dict[str, Any]:
    """The silence after a message from the studio's phone is over: the assistant has the chat again."""
    if conversation.handled_by == Handler.ASSISTANT:
        return {}
    back = {"handled_by": Handler.ASSISTANT, "handler": None, "handled_since": None}
    return {**back, "resumes_at": None}


def _limit_over(conversation: Conversation, at: dt.datetime) -> dict[str, Any]:
    over = conversation.limited_until is not None and conversation.limited_until <= at
    return {"limited_until": None} if over else {}


def _claim(conversation: Conversation, token: str) -> Claim | None:
    """What we took, with its messages; a conversation where nothing waits any more is closed again."""
    trying = conversation.tenant.mode == Tenant.Mode.TEST
    test_only = trying and conversation.channel != Channel.PLAYGROUND
    newest = (
        list(waiting(conversation, test_only=True).order_by("-pk")[:AT_ONCE])
        if test_only
        else _WAITING(conversation=conversation.pk)
    )
    messages = newest[::-1]
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
        claim.still_current(_done())
        claim.ours().update(lease_owner="", lease_until=None)
        return None
    return claim


_WAITING = Prepared(
    lambda: (
        Message.objects.filter(conversation=id_slot("conversation"), state=State.NEW)
        .defer("error", "quoted_id", "idempotency_key", "expires_at", "not_before", "sending_since")
        .order_by("-pk")[:AT_ONCE]
    )
)


def _done() -> dict[str, Any]:
    """Nothing waits any more, but what the limit held back comes back as one turn later."""
    return {
        "lease_owner": "",
        "lease_until": None,
        "attempts": 0,
        "reply_due_at": F("limited_until"),
        "waiting_since": None,
        "quiet_until": None,
    }


def _for_staff(claim: Claim, at: dt.datetime) -> bool:
    """Whether the claim was settled without the assistant: too many attempts, or too old."""
    if claim.conversation.attempts > ATTEMPTS:
        _hand_over(claim, "cannot_answer", _("The assistant failed three times."), at)
        return True
    if all(each.kind == Message.Kind.UNREADABLE for each in claim.messages):
        said_today = _asked_again(claim.conversation, at)
        reason = _("A message arrived that cannot be read.")
        _hand_over(claim, None if said_today else "unreadable", reason, at)
        return True
    age = _age(claim, at)
    if age > LATE:
        said: Name | None = "away" if age <= AWAY else None
        _hand_over(claim, said, _("The message was received too late for an answer."), at)
    return age > LATE


def _asked_again(conversation: Conversation, at: dt.datetime) -> bool:
    """Whether this customer was asked to write again within a day."""
    asked = conversation.messages.filter(
        idempotency_key__startswith=f"unreadable:{conversation.pk}:",
        created_at__gt=at - dt.timedelta(days=1),
    )
    return asked.exists()


def _age(claim: Claim, at: dt.datetime) -> dt.timedelta:
    """How long the newest message waits, by WhatsApp's time where that is believable."""
    if claim.conversation.channel != Channel.WHATSAPP:
        return dt.timedelta(0)
    newest = claim.messages[-1]
    when = min(newest.whatsapp_at or newest.created_at, newest.created_at)
    return at - (when if at - when < BELIEVABLE else newest.created_at)


class StillWriting(Exception):  # noqa: N818
    """The customer may still be writing; a reply can be decided from `until` on."""

    def __init__(self, until: dt.datetime) -> None:
        super().__init__(until)
        self.until = until


def quiet_until(claim: Claim) -> dt.datetime | None:
    """No reply can be decided before. Read anew each time; None when the claim was overtaken."""
    return next(iter(claim.current().values_list("quiet_until", flat=True)), None)


def overtaken(claim: Claim) -> bool:
    """Whether a reply to this claim could no longer be decided: go and claim again."""
    return not claim.current().exists()


def decide(
    claim: Claim,
    reply: Draft,
    *,
    at: dt.datetime,
    quiet_by: dt.datetime = NEVER,
    kept: Callable[[Message], object] | None = None,
) -> Message | None:
    """THE transaction: reply into the outbox, questions answered, escalation made, lease released: all or nothing.

    `kept` stores what belongs to the reply, in the same transaction. None when the claim was overtaken: nothing
    changed, and the conversation is due again. Raises StillWriting when the customer still writes at `quiet_by`.
    """
    try:
        message = _decide(claim, reply, at, quiet_by, kept)
    except IntegrityError:  # this turn was decided before
        tenant = claim.conversation.tenant_id
        message = Message.objects.filter(tenant_id=tenant, idempotency_key=reply.turn_key).first()
        if message is None:
            raise
    if message is None:
        until = quiet_until(claim)
        if until and until > quiet_by:
            raise StillWriting(until)
        release(claim)
    return message


@transaction.atomic
def _decide(
    claim: Claim,
    reply: Draft,
    at: dt.datetime,
    quiet_by: dt.datetime,
    kept: Callable[[Message], object] | None,
) -> Message | None:
    if not claim.still_current(_done() | {"last_message_at": at}, quiet_by):
        return None
    claim.settle(State.ANSWERED)
    crash.point("C6")
    message = outbox.insert(
        claim.conversation,
        reply.text,
        author=Author.ASSISTANT,
        key=reply.turn_key,
        at=at,
        expires_at=at + EXPIRES,
        quoted_id=_quoted(claim),
        details=_details(claim, reply),
    )
    _learn_language(claim.conversation, reply)
    _escalate(claim.conversation, reply.escalation, at)
    if kept:
        kept(message)
    return message


def _quoted(claim: Claim) -> str:
    """A late answer shows what it answers: the chat has gone on meanwhile."""
    return (claim.messages[-1].whatsapp_id or "") if claim.late else ""


def _details(claim: Claim, reply: Draft) -> dict[str, Any]:
    details = dict(reply.details)
    # Blue ticks go to these when the answer has left.
    details["answers"] = [each.whatsapp_id for each in claim.messages if each.whatsapp_id]
    if claim.late:
        details["late"] = True
    details |= _dripping(claim)
    if reply.escalation:
        details["escalation"] = vars(reply.escalation)
    return details


def _dripping(claim: Claim) -> dict[str, Any]:
    """After a time away many are answered at once: these leave one by one, as a person would write them."""
    backlog = claim.late or any(each.details.get("backlog") for each in claim.messages)
    return {"drips": True} if backlog else {}


def _learn_language(conversation: Conversation, reply: Draft) -> None:
    language, customer = reply.details.get("language"), conversation.customer
    if customer and language in Language.values and customer.language != language:
        Customer.objects.filter(pk=customer.pk).update(language=language)


def _escalate(conversation: Conversation, draft: EscalationDraft | None, at: dt.datetime) -> None:
    """In the transaction of the reply, which still leaves. The Playground only shows that there would be one."""
    if draft and conversation.channel != Channel.PLAYGROUND:
        escalations.escalate(conversation, draft.category, draft.urgency, draft.summary, at)


@dataclass(frozen=True)
class InTheMaking:
    """A WhatsApp chat whose answer somebody is making now, and what it answers."""

    chat: str
    whatsapp_ids: list[str]


def in_the_making(tenant_id: uuid.UUID, at: dt.datetime) -> list[InTheMaking]:
    """The studio's chats that are claimed now."""
    chats = Conversation.objects.filter(
        tenant=tenant_id, channel=Channel.WHATSAPP, reply_due_at__lte=at, lease_until__gt=at
    )
    read: dict[str, list[str]] = {}
    rows = Message.objects.filter(conversation__in=chats, state=State.NEW)
    for chat, whatsapp_id in rows.values_list("conversation__chat", "whatsapp_id"):
        read.setdefault(chat, []).append(whatsapp_id or "")
    return [InTheMaking(chat, ids) for chat, ids in read.items()]


def release(claim: Claim) -> None:
    """Give the conversation back undecided; that was no failure."""
    claim.ours().update(lease_owner="", lease_until=None, attempts=0)


def give_up(claim: Claim, error: str, *, at: dt.datetime) -> None:
    """The run failed: due again in 2, then 8 seconds; after the third time staff have it, and the customer knows."""
    attempts = claim.conversation.attempts
    if attempts >= ATTEMPTS:
        _hand_over(claim, "cannot_answer", error, at)
        return
    wait = RETRIES[max(attempts, 1) - 1]
    claim.ours().update(lease_owner="", lease_until=None, reply_due_at=at + wait)


def _hand_over(claim: Claim, said: Name | None, reason: str, at: dt.datetime) -> None:
    """Staff have these messages now; the customer hears `said`. The assistant goes on with what comes next."""
    with transaction.atomic():
        if claim.still_current(_done()):
            claim.settle(State.HANDED_OVER)
            _say(claim, said, reason, at)
            category, urgency = Escalation.Category.CANNOT_ANSWER, Escalation.Urgency.NORMAL
            draft = EscalationDraft(category, urgency, reason[:500])
            _escalate(claim.conversation, draft, at)
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
            details={"error": reason[:500], **_dripping(claim)},
        )
