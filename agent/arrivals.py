"""What a turn waits for: the files of the messages that it answers, and what is said or shown in them.

A message of plain text costs nothing here. No transaction is open while a file is loaded or a voice note written down.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings

from agent import hearing, payments, seeing
from agent.hearing import Listener
from agent.listening import AGAIN, SPOKEN, Heard, claimed, listen, read, released
from conversations.mailbox import Claim
from conversations.models import Conversation, MediaFile, Message

Kind = Message.Kind
PATIENCE = 10.0  # seconds until a file must be loaded
POLL = 0.2
LEASE = dt.timedelta(seconds=PATIENCE + hearing.PATIENCE)
_FILES = (*SPOKEN, Kind.IMAGE)


@dataclass(frozen=True)
class Arrived:
    """What came with the messages of a turn, beside their words."""

    heard: bool = False  # some of the words were spoken
    pictures: Sequence[dict[str, object]] = ()  # for the model
    missed: Sequence[str] = ()  # kinds of what nobody could hear or see: voice, image


NOTHING = Arrived()


def arrived(
    claim: Claim,
    *,
    sees: bool,
    clock: Callable[[], dt.datetime],
    wait: Callable[[float], object],
) -> Arrived:
    """Listen to voice notes and look at pictures, as far as that can be done in time.

    What is said becomes the text of its message, so that staff read it and a second try costs nothing.
    """
    files = [message for message in claim.messages if message.kind in _FILES]
    if not files:
        return NOTHING
    # A receipt goes to staff unseen.
    sees = sees and not payments.says_paid("\n".join(each.text for each in claim.messages))
    spoken = [each for each in files if each.kind in SPOKEN]
    pictures = [each for each in files if each.kind == Kind.IMAGE][-seeing.MOST :]
    listener = hearing.listener_for(claim.conversation.tenant) if _unheard(spoken) else None
    wanted = [*(_unheard(spoken) if listener else ()), *(pictures if sees else ())]
    loaded = _loaded(claim, wanted, clock, wait) if wanted else {}
    if listener:
        _listen_to_all(listener, _unheard(spoken), loaded, claim.conversation, clock, wait)
    shown = [seeing.block(data) for each in pictures if (data := read(loaded.get(each.pk)))]
    seen = [block for block in shown if block]
    missed = ["voice"] if _unheard(spoken) else []
    missed += ["image"] if len(seen) < len(pictures) else []
    return Arrived(any(each.text for each in spoken), seen, missed)


def _unheard(spoken: Sequence[Message]) -> list[Message]:
    return [each for each in spoken if not each.text.strip()]


def _loaded(
    claim: Claim,
    wanted: Sequence[Message],
    clock: Callable[[], dt.datetime],
    wait: Callable[[float], object],
) -> dict[int, MediaFile]:
    """The files of these messages, as soon as none of them is being loaded any more or the time is up."""
    now = clock()
    usual = dt.timedelta(seconds=settings.AGENT_TURN_DEADLINE + 23)
    claim.ours().update(lease_until=now + LEASE + usual)
    until = now + dt.timedelta(seconds=PATIENCE)
    files = MediaFile.objects.filter(message__in=[each.pk for each in wanted])
    while files.filter(state=MediaFile.State.WAITING).exists() and clock() < until:
        wait(POLL)
    return {file.message_id: file for file in files.filter(state=MediaFile.State.STORED)}


def _listen_to_all(
    listener: Listener,
    spoken: Sequence[Message],
    loaded: dict[int, MediaFile],
    chat: Conversation,
    clock: Callable[[], dt.datetime],
    wait: Callable[[float], object],
) -> None:
    """One deadline for all of them, so that three slow notes do not outlive the lease; after a failure no more is tried."""
    until = clock() + dt.timedelta(seconds=hearing.PATIENCE)
    for message in spoken:
        now, file = clock(), loaded.get(message.pk)
        left = (until - now).total_seconds()
        if left <= 0:
            return
        if file and not claimed(file, now, LEASE):
            _heard_elsewhere(message, file, until, clock, wait)
        elif listen(listener, message, file, chat, left, at=now) is Heard.FAILED:
            released(file)
            return


def _heard_elsewhere(
    message: Message,
    file: MediaFile,
    until: dt.datetime,
    clock: Callable[[], dt.datetime],
    wait: Callable[[float], object],
) -> None:
    """Somebody writes it down since staff held the chat a moment ago: their words, as soon as they are there."""
    if file.due_at and file.due_at > clock() + AGAIN:
        return  # nothing is said in it
    while not message.text and clock() < until:
        wait(POLL)
        message.refresh_from_db(fields=["text", "details"])
