"""Conversations that wait for the assistant, taken with a lease. What is too old to answer, or failed three times,
goes to staff on the way."""

import datetime as dt
import uuid
from dataclasses import replace
from functools import lru_cache
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _

from conversations.claims import Claim, waiting
from conversations.models import Conversation, Message
from conversations.sentences import Name
from conversations.settling import done, hand_over
from tenants.models import Tenant
from tenants.prepared import Prepared, PreparedUpdate, id_slot, number_slot, time_slot

Channel, Handler, State = Conversation.Channel, Conversation.Handler, Message.State

ATTEMPTS = 3
RETRIES = tuple(dt.timedelta(seconds=wait) for wait in (2, 8, 30))
# How old the newest unanswered message may be: answered as usual, with an apology, by a fixed sentence, by staff only.
USUAL, LATE, AWAY = dt.timedelta(minutes=15), dt.timedelta(hours=6), dt.timedelta(hours=24)
# WhatsApp keeps messages for about a month: an older stamp is a wrong clock.
BELIEVABLE = dt.timedelta(days=40)
AT_ONCE = 50  # messages in one turn, the newest
_ONE_MORE = F("attempts") + 1
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
    fields |= {"lease_owner": token, "lease_until": until, "attempts": _ONE_MORE}
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
        claim.still_current(done())
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


def _for_staff(claim: Claim, at: dt.datetime) -> bool:
    """Whether the claim was settled without the assistant: too many attempts, or too old."""
    if claim.conversation.attempts > ATTEMPTS:
        hand_over(claim, "cannot_answer", _("The assistant failed three times."), at)
        return True
    if all(each.kind == Message.Kind.UNREADABLE for each in claim.messages):
        said_today = _asked_again(claim.conversation, at)
        reason = _("A message arrived that cannot be read.")
        hand_over(claim, None if said_today else "unreadable", reason, at)
        return True
    age = _age(claim, at)
    if age > LATE:
        said: Name | None = "away" if age <= AWAY else None
        hand_over(claim, said, _("The message was received too late for an answer."), at)
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


def give_up(claim: Claim, error: str, *, at: dt.datetime) -> None:
    """The run failed: due again in 2, then 8 seconds; after the third time staff have it, and the customer knows."""
    attempts = claim.conversation.attempts
    if attempts >= ATTEMPTS:
        hand_over(claim, "cannot_answer", error, at)
        return
    wait = RETRIES[max(attempts, 1) - 1]
    claim.ours().update(lease_owner="", lease_until=None, reply_due_at=at + wait)
