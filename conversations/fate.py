"""What becomes of a new message: answered now, later, by staff, or not at all."""

import datetime as dt
import re
from dataclasses import dataclass

from conversations import limits, loops
from conversations.inbound import InboundMessage
from conversations.models import Conversation, Message
from conversations.people import clean_text
from conversations.shortcuts import Shortcut
from tenants.models import Tenant

Kind, State = Message.Kind, Message.State

# A backlog comes in any order and may hold the studio's own answers from its phone: let it come in first.
BACKLOG_WAIT = dt.timedelta(seconds=3)
# WhatsApp may still deliver the text of an unreadable message under the same id.
UNREADABLE_WAIT = dt.timedelta(seconds=60)

_THANKS = (
    r"terima ?kasih|trima ?kasih|makasi+h*|mksh|mks|trims|tq|thx+|thanks+|thank (?:you|u)|ty|suksma"
)
_SMALL_WORDS = (
    r"ok|oke+|okay|okey|sip+|siap|baik|noted|got it|great|ya+|yes|kak|ka|min|mba|mbak|mas|bu|pak|banyak"
    r"|so much|a lot|very much"
)
_EMOJI = r"[🙏👍❤😊🥰😁✨☺🤗💕👌🏻🏼🏽🏾🏿\ufe0f\u200d]"
_ONLY_THANKS = re.compile(
    rf"(?:(?:{_THANKS}|{_SMALL_WORDS})(?![^\W_])|{_EMOJI}|[\s!.,])+", re.IGNORECASE
)
_SOME_THANKS = re.compile(rf"\b(?:{_THANKS})(?![^\W_])|[🙏👍❤🥰]", re.IGNORECASE)


@dataclass(frozen=True)
class Fate:
    """The state of the row, when a reply is due, and what the customer is told at once."""

    state: str
    due_at: dt.datetime | None = None
    limited_until: dt.datetime | None = None
    note: str = ""  # "pong", "test_usage", "limited" or "loop"


def fate_of(
    event: InboundMessage, conversation: Conversation, command: Shortcut | None, at: dt.datetime
) -> Fate:
    if command is None and conversation.channel == Conversation.Channel.STAFF:
        return Fate(State.SEEN)
    if conversation.blocked:
        return Fate(State.SEEN)
    mode = conversation.tenant.mode if conversation.tenant.active else Tenant.Mode.OFF
    if mode == Tenant.Mode.OFF or (command is None and not _answered_in(mode, event)):
        return Fate(State.HANDED_OVER if wants_answer(event) else State.SEEN)
    silent = conversation.silent(at)
    pace = limits.Pace() if silent else limits.pace(conversation, _clock(event, at))
    held = pace.held_until
    if command and (command.name == "ping" or not command.question):
        note = "pong" if command.name == "ping" else "test_usage"
        return Fate(State.SEEN, note="limited" if held else note)
    if held:
        note = "" if event.backlog else "limited"  # what is over needs no word
        return Fate(State.LIMITED, limited_until=max(held, at), note=note)
    if silent and conversation.resumes_at is None:
        return Fate(State.HANDED_OVER)
    if pace.busy and loops.looping(conversation, event.text, at):
        return Fate(State.HANDED_OVER, note="loop")
    return Fate(State.NEW, due_at=_due_at(event, conversation, silent, at))


def _clock(event: InboundMessage, at: dt.datetime) -> dt.datetime:
    return event.sent_at if event.backlog else at


def _answered_in(mode: str, event: InboundMessage) -> bool:
    if event.details.get("lost") == "many":  # staff see them; nobody is asked to write again
        return False
    return mode == Tenant.Mode.LIVE and wants_answer(event)


def wants_answer(event: InboundMessage) -> bool:
    """A sticker, an empty text and a mere thank-you need no answer; any other picture or voice note does."""
    if event.kind == Kind.STICKER:
        return False
    if event.kind != Kind.TEXT:
        return True
    text = clean_text(event.text).strip()
    return bool(text) and not thanks_only(text)


def thanks_only(text: str) -> bool:
    """Whether this is a thank-you or a thumbs-up and nothing else. “ok” alone may answer a question, so it is not."""
    return len(text) < 60 and bool(_SOME_THANKS.search(text) and _ONLY_THANKS.fullmatch(text))


def _due_at(
    event: InboundMessage, conversation: Conversation, silent: bool, at: dt.datetime
) -> dt.datetime:
    """At once, as a rule: the reply itself waits for quiet."""
    if silent and conversation.resumes_at:
        return conversation.resumes_at
    if event.kind == Kind.UNREADABLE:
        return at + UNREADABLE_WAIT
    return at + BACKLOG_WAIT if event.backlog else at
