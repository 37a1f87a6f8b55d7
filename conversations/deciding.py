"""A reply is decided: one short transaction that a newer message, or a person, overtakes as a whole."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction

from conversations import outbox
from conversations.claims import NEVER, Claim, Draft
from conversations.models import Conversation, Customer, Message
from conversations.settling import EXPIRES, done, dripping, escalate, release
from tenants import crash
from tenants.models import Language

Author, State = Message.Author, Message.State
_LANGUAGES = frozenset(Language.values)


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
    if not claim.still_current(done() | {"last_message_at": at}, quiet_by):
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
    escalate(claim.conversation, reply.escalation, at)
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
    details |= dripping(claim)
    if reply.escalation:
        details["escalation"] = vars(reply.escalation)
    return details


def _learn_language(conversation: Conversation, reply: Draft) -> None:
    language, customer = reply.details.get("language"), conversation.customer
    if customer and language in _LANGUAGES and customer.language != language:
        Customer.objects.filter(pk=customer.pk).update(language=language)
