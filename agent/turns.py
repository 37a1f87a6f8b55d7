"""Mailbox one: takes a conversation that is due, makes the reply, and commits it when nothing newer came."""

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

from agent.abuse import written_today
from agent.answering import answer
from agent.arrivals import NOTHING, Arrived, arrived
from agent.claude import model_for
from agent.listening import SPOKEN
from agent.models import Turn
from agent.phrases import phrase
from agent.pretending import as_chosen
from agent.reply import Question, Reply
from conversations import mailbox
from conversations.attachments import enclose
from conversations.history import history, plain, references
from conversations.mailbox import Claim, Draft
from conversations.models import Conversation, Message
from tenants import crash
from tenants.models import Tenant

logger = logging.getLogger(__name__)
LONGEST_QUIET = 8.0
POLL = 0.1
LONGEST_DRAFT = 1200  # characters of a draft that was held back
Clock = Callable[[], dt.datetime]
Wait = Callable[[float], object]


def answer_next(owner: str, *, clock: Clock = timezone.now, wait: Wait = time.sleep) -> bool:
    """A step: one due conversation gets its reply. False when none is due."""
    claims = take(owner, 1, clock())
    for claim in claims:
        answer_claim(claim, clock=clock, wait=wait)
    return bool(claims)


def take(owner: str, most: int, at: dt.datetime) -> list[Claim]:
    """Up to `most` conversations that are due, claimed for as long as a turn can take."""
    lease = settings.AGENT_TURN_DEADLINE + LONGEST_QUIET + 15
    return mailbox.claim_due(owner, at, lease, most)


def answer_claim(claim: Claim, *, clock: Clock = timezone.now, wait: Wait = time.sleep) -> None:
    """The turn of one claimed conversation.

    It starts at once; the reply waits until the customer has been quiet, and is dropped when they wrote more.
    """
    crash.point("C5")
    try:
        conversation = claim.conversation
        model = model_for(conversation.tenant, conversation.customer_id)
        sees = model is not None and model.card.vision
        came = arrived(claim, sees=sees, clock=clock, wait=wait)
        reply = answer(question_of(claim, clock(), came), model)
        _decide_when_quiet(claim, reply, clock, wait)
    except Exception as error:
        logger.exception("A turn failed; it is tried again, then handed to staff.")
        mailbox.give_up(claim, type(error).__name__, at=clock())
        _record_failure(claim, error)


def _decide_when_quiet(claim: Claim, reply: Reply, clock: Clock, wait: Wait) -> None:
    until, waiting = claim.conversation.quiet_until, True
    while waiting:
        _wait_for_quiet(claim, until, clock, wait)
        try:
            _commit(claim, reply, clock())
            waiting = False
        except mailbox.StillWriting as writing:
            until = writing.until


def question_of(claim: Claim, at: dt.datetime, came: Arrived = NOTHING) -> Question:
    """What the customer wrote since the last answer, with the chat before it."""
    conversation, first = claim.conversation, claim.messages[0].pk
    texts = [_words(message) for message in claim.messages]
    customer = conversation.customer
    asked = Question(
        tenant=conversation.tenant,
        text="\n".join(text for text in texts if text),
        at=at,
        history=[*history(conversation, first, at), *references(claim.messages)],
        customer_name=customer.name if customer else "",
        heard=came.heard,
        with_file=any(message.kind in _SHOWN for message in claim.messages),
        pictures=came.pictures,
        missed=came.missed,
        day=partial(written_today, conversation, first, at),
    )
    choice = claim.messages[-1].details.get("as")  # of the Playground only
    return as_chosen(asked, choice) if choice else asked


def _words(message: Message) -> str:
    """The text of a message, with what it came with: “[image] udah tf ya kak”. Nothing for a picture alone."""
    if message.kind in SPOKEN:
        return message.text.strip()  # what was said is what was written, for whoever reads it
    return plain(message) if message.text.strip() else ""


_SHOWN = (Message.Kind.IMAGE, Message.Kind.DOCUMENT)


def _wait_for_quiet(claim: Claim, until: dt.datetime | None, clock: Clock, wait: Wait) -> None:
    """Until the customer has been quiet, or wrote more."""
    while until and (left := (until - clock()).total_seconds()) > 0:
        wait(min(left, POLL))
        until = mailbox.quiet_until(claim)


def _commit(claim: Claim, reply: Reply, at: dt.datetime) -> None:
    turn_id = uuid.uuid4()
    draft = Draft(
        text=_late(claim, reply),
        escalation=reply.escalation,
        turn_key=f"turn:{turn_id}",
        details={
            "outcome": str(reply.outcome),
            "language": reply.language,
            "rests_on": dict(reply.rests_on),
        },
    )
    conversation = claim.conversation
    playground = conversation.channel == Conversation.Channel.PLAYGROUND
    keep = partial(
        record,
        reply,
        conversation.tenant,
        Turn.Purpose.PLAYGROUND if playground else Turn.Purpose.CUSTOMER,
        conversation=conversation,
        turn_id=turn_id,
    )

    def kept(message: Message) -> None:
        keep(message=message)
        if reply.file:
            enclose(message, reply.file)

    decided = mailbox.decide(claim, draft, at=at, quiet_by=at, kept=kept)
    crash.point("C7")
    if decided is None and Conversation.objects.filter(pk=conversation.pk).exists():
        keep()  # overtaken; nothing to keep of a chat that was deleted while the reply was made


def _late(claim: Claim, reply: Reply) -> str:
    """The text, with a word of apology when the customer waited long."""
    if not claim.late:
        return reply.text
    sorry = phrase("late", reply.language, claim.conversation.tenant, claim.messages[0].created_at)
    return f"{sorry} {reply.text}"


def record(
    reply: Reply,
    tenant: Tenant,
    purpose: str,
    *,
    conversation: Conversation | None = None,
    message: Message | None = None,
    turn_id: uuid.UUID | None = None,
) -> Turn:
    """Keep what a run saw, used and became. A reply in a conversation that became no message was overtaken."""
    overtaken = conversation is not None and message is None
    turn = Turn(
        id=turn_id or uuid.uuid4(),
        tenant=tenant,
        conversation=conversation,
        reply=message,
        purpose=purpose,
        outcome=Turn.Outcome.OVERTAKEN if overtaken else reply.outcome,
        model=reply.model,
        rounds=reply.rounds,
        tools=list(reply.tools),
        entries=list(reply.entries),
        language=reply.language,
        input_tokens=reply.usage.input,
        output_tokens=reply.usage.output,
        cache_read_tokens=reply.usage.cache_read,
        cache_write_tokens=reply.usage.cache_write,
        cost=reply.cost,
        milliseconds=reply.milliseconds,
        error=reply.error,
        details=_details(reply),
    )
    return turn.insert()


def _details(reply: Reply) -> dict[str, Any]:
    """What staff see besides: what was wrong in a draft that was held back, and its words."""
    context = next((str(step["context"]) for step in reply.trace if "context" in step), "")
    stopped = [list(held["missing"])[:20] for held in reply.stopped]
    drafts = [str(held["draft"])[:LONGEST_DRAFT] for held in reply.stopped][:2]
    note = next((str(step["note"]) for step in reply.trace if "note" in step), "")
    told = (("context", context), ("stopped", stopped), ("drafts", drafts), ("note", note))
    return {name: value for name, value in told if value}


def _record_failure(claim: Claim, error: Exception) -> None:
    Turn.objects.create(
        tenant=claim.conversation.tenant,
        conversation=claim.conversation,
        purpose=Turn.Purpose.CUSTOMER,
        outcome=Turn.Outcome.FAILED,
        error=f"{type(error).__name__}: {error}"[:500],
    )
