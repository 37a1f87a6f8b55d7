"""Two programs that answer each other never stop by themselves. Whoever gets so many answers is no customer with
questions, or needs a person: staff take over, and nobody is answered any more."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from conversations import escalations, outbox
from conversations.models import Conversation, Escalation, Message
from conversations.sentences import sentence

# Only who wrote as often as one may in a minute within this time is looked at: nobody else pays for the look.
BUSY = dt.timedelta(hours=2)
SOON, AT_ONCE = dt.timedelta(minutes=10), 15  # answers in a short time
DAY, MOST = dt.timedelta(hours=24), 40  # answers in a day
SAME, AFTER = 4, 5  # the same words so often in a row, after so many answers in a short time


def looping(conversation: Conversation, text: str, at: dt.datetime) -> bool:
    """Whether one more answer would go on with a loop."""
    answers = Message.objects.filter(
        conversation=conversation, author=Message.Author.ASSISTANT, created_at__gt=at - DAY
    )
    times = list(answers.order_by("-pk").values_list("created_at", flat=True)[:MOST])
    soon = sum(time > at - SOON for time in times)
    if len(times) >= MOST or soon >= AT_ONCE:
        return True
    return soon >= AFTER and _said_before(conversation, text)


def _said_before(conversation: Conversation, text: str) -> bool:
    """Whether the customer says the same again and again, whatever the answer is."""
    theirs = Message.objects.filter(conversation=conversation, author=Message.Author.CUSTOMER)
    last = list(theirs.order_by("-pk").values_list("text", flat=True)[: SAME - 1])
    return len(last) == SAME - 1 and all(_plain(said) == _plain(text) for said in last)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


@transaction.atomic
def stop(conversation: Conversation, at: dt.datetime) -> None:
    """Staff get the chat as a task; the customer, if there is one, hears of it once a day."""
    escalations.escalate(
        conversation,
        Escalation.Category.CANNOT_ANSWER,
        Escalation.Urgency.NORMAL,
        _("Very many answers in a short time: perhaps another program writes here."),
        at,
    )
    outbox.queue(
        conversation,
        sentence("cannot_answer", conversation.language),
        author=Message.Author.SYSTEM,
        key=f"loop:{conversation.pk}:{at:%Y%m%d}",
        at=at,
        expires_at=at + SOON,
        details={"note": "loop"},
    )
