"""What customers asked and the knowledge does not tell: gathered from turns, and grouped by meaning."""

import datetime as dt
import uuid
from contextlib import suppress

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from agent.likeness import closest, sense, wording
from agent.models import Turn
from agent.nearness import nearest
from agent.records import Gap, GapQuestion
from conversations.models import Conversation, Escalation, Message
from knowledge.embeddings import Embedder, embedder_for

BACK = dt.timedelta(days=7)  # how far a service that starts looks back
DISLIKED_WITHIN = dt.timedelta(days=2)
LATE = dt.timedelta(minutes=5)  # turns are stored a moment after they began
REMEMBERED = dt.timedelta(days=90)  # a question joins gaps that are not older
MOST = 400  # earlier questions that a new one is compared with
PART = 100  # turns that are read at once
LONGEST = 1000  # characters of a question that are kept


def gather(since: dt.datetime, at: dt.datetime) -> dt.datetime:
    """Turn customers' questions without a good answer into gaps; from when to look next time."""
    # The keys first: on SQLite a read that is still open while rows are written locks out every other writer.
    keys = list(_new_turns(since).values_list("pk", flat=True))
    for start in range(0, len(keys), PART):
        for turn in list(_new_turns(since).filter(pk__in=keys[start : start + PART])):
            if unanswered(turn):
                with suppress(IntegrityError):  # another host was a moment faster
                    _keep(turn, embedder_for(turn.tenant))
    for turn in _disliked(at):
        with suppress(IntegrityError):
            _keep(turn, embedder_for(turn.tenant))
    _taken_back(at).delete()
    Gap.objects.alias(number=Count("questions")).filter(number=0).delete()  # chats that are gone
    return at - LATE


def _taken_back(at: dt.datetime) -> QuerySet[GapQuestion]:
    """Questions of which the customer deleted a part: their words stay nowhere."""
    deleted = Message.objects.filter(
        conversation=OuterRef("conversation"),
        pk__gte=OuterRef("message"),
        pk__lt=OuterRef("turn__reply"),
        details__has_key="revoked",
    )
    return GapQuestion.objects.filter(Exists(deleted), asked_at__gt=at - BACK)


def unanswered(turn: Turn) -> bool:
    """Whether the customer got no good answer: handed over for want of one, or told that nobody knows."""
    if turn.reply is None:
        return False
    if turn.outcome == Turn.Outcome.ANSWERED:
        from agent.unknown import (
            says_unknown,  # its patterns take long to load, and pages ask for none
        )

        return says_unknown(turn.reply.text)
    task = turn.reply.details.get("escalation") or {}
    return task.get("category") == Escalation.Category.CANNOT_ANSWER


def wrong(turn: Turn) -> None:
    """Staff call an answer of the Playground wrong: its question joins the unanswered ones."""
    if not GapQuestion.objects.filter(turn=turn).exists():
        with suppress(IntegrityError):  # two taps on the button
            _keep(turn)  # by words: nobody waits for a server here


def _disliked(at: dt.datetime) -> QuerySet[Turn]:
    """Answers under which the customer put a 👎, some time after they were given."""
    rows = Turn.objects.filter(
        purpose=Turn.Purpose.CUSTOMER,
        created_at__gt=at - DISLIKED_WITHIN,
        conversation__channel=Conversation.Channel.WHATSAPP,
        reply__details__feedback="bad",
        gap_question=None,
    )
    return rows.select_related("reply", "tenant").order_by("created_at")[:MOST]


def _new_turns(since: dt.datetime) -> QuerySet[Turn]:
    rows = Turn.objects.filter(
        purpose=Turn.Purpose.CUSTOMER,
        outcome__in=(Turn.Outcome.HANDED_OVER, Turn.Outcome.ANSWERED),
        created_at__gt=since,
        conversation__channel=Conversation.Channel.WHATSAPP,
        reply__isnull=False,
        gap_question=None,
    )
    return rows.select_related("reply", "tenant").order_by("created_at")


def _keep(turn: Turn, embedder: Embedder | None = None) -> None:
    """Its question joins the gap that is about the same, found before anything is locked, or begins a new one."""
    asked = messages_of(turn)
    text = "\n".join(message.text.strip() for message in asked if message.text.strip())
    if not text or any(message.details.get("test") for message in asked):
        return  # a picture or a voice note alone names no gap, and staff who try it out are no customers
    earlier = _earlier(asked[0])
    alike = _alike(turn, text, earlier, embedder)
    with transaction.atomic():
        GapQuestion.objects.create(
            gap=_gap_for(turn, alike),
            tenant=turn.tenant,
            conversation_id=asked[0].conversation_id,
            message=asked[0],
            turn=turn,
            text=text[:LONGEST],
            earlier=earlier[:LONGEST],
            language=turn.language,
            asked_at=turn.created_at,
        )


def messages_of(turn: Turn) -> list[Message]:
    """The messages that the turn answered: those of the customer since the studio last said something."""
    rows = Message.objects.filter(conversation=turn.conversation_id, pk__lt=turn.reply_id)
    said = rows.exclude(author__in=(Message.Author.CUSTOMER, Message.Author.SYSTEM))
    last = said.aggregate(last=Max("pk"))["last"] or 0
    return list(rows.filter(author=Message.Author.CUSTOMER, pk__gt=last).order_by("pk")[:20])


def _earlier(first: Message) -> str:
    """What the customer wrote before on the same day: a short question goes on about it."""
    rows = Message.objects.filter(
        conversation=first.conversation_id,
        pk__lt=first.pk,
        author=Message.Author.CUSTOMER,
        created_at__gt=first.created_at - dt.timedelta(days=1),
    )
    return rows.order_by("-pk").values_list("text", flat=True).first() or ""


def _gap_for(turn: Turn, alike: uuid.UUID | None) -> Gap:
    """The gap that is about the same, or a new one. What was closed opens again; what was dismissed stays so."""
    gap = Gap.objects.filter(pk=alike).first() if alike else None
    if gap is None:
        return Gap.objects.create(
            tenant=turn.tenant,
            first_at=turn.created_at,
            last_at=turn.created_at,
            seen_version=turn.tenant.knowledge_version,
        )
    gap.last_at = max(gap.last_at, turn.created_at)
    if gap.state == Gap.State.CLOSED and (gap.settled_at or turn.created_at) < turn.created_at:
        gap.state, gap.settled_at, gap.entry = Gap.State.OPEN, None, None
    gap.save(update_fields=["last_at", "state", "settled_at", "entry"])
    return gap


def _alike(turn: Turn, text: str, earlier: str, embedder: Embedder | None) -> uuid.UUID | None:
    """The gap with the question that is most alike: by its words, else by its meaning where vectors tell it."""
    recent = turn.created_at - REMEMBERED
    rows = GapQuestion.objects.filter(tenant=turn.tenant, gap__last_at__gt=recent)
    known = list(rows.only("text", "earlier", "gap_id").order_by("-asked_at", "-pk")[:MOST])
    senses = ((place, sense(one.text, one.earlier)) for place, one in enumerate(known))
    place = closest(sense(text, earlier), senses)
    if place is None and embedder is not None:
        worded = [wording(one.text, one.earlier) for one in known]
        place = nearest(embedder, wording(text, earlier), worded)
    return None if place is None else known[place].gap_id
