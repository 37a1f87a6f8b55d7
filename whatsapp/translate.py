"""WhatsApp's events in the words of conversations: this is where addresses, clocks and wrappers end.

Private chats only; groups, status updates, newsletters, bots and housekeeping are nobody's question.
"""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from django.core.exceptions import ValidationError

from conversations.inbound import (
    Call,
    Edit,
    Event,
    FromPhone,
    InboundMessage,
    Person,
    Reaction,
    Receipt,
    Revoke,
    Timer,
    Typing,
)
from conversations.models import Message
from tenants.phones import normalise
from whatsapp.content import Content, content_of, unwrapped
from whatsapp.journal import Raw
from whatsapp.origins import origins
from whatsapp.session import parse
from whatsapp.store import Me

PHONE, LID = "s.whatsapp.net", "lid"
LOST = (
    "lost",
    "many_lost",
)  # kinds of events: a message that nobody can read any more, alone or among many
CALLS: dict[str, Literal["offered", "taken", "ended"]] = {
    "call": "offered",
    "call_taken": "taken",
    "call_over": "ended",
}
LATE = dt.timedelta(seconds=60)  # longer on its way: it waited while we were offline
AHEAD = dt.timedelta(minutes=2)  # a sender's clock may be off by this much
_DIGITS = re.compile(r"[0-9]{1,20}")
_BOT = re.compile(r"1313555\d{4}|131655500\d{2}")
_OFFICIAL = frozenset({"0", "16505361212"})
_RECEIPTS: dict[str, Literal["delivered", "read", "retry"]] = {
    "DELIVERED": "delivered",
    "INACTIVE": "delivered",
    "RETRY": "retry",
    "READ": "read",
    "PLAYED": "read",
}


@dataclass(frozen=True)
class Translator:
    """Reads the events of one studio's account."""

    tenant_id: uuid.UUID
    me: Me
    phone_of: Callable[[str], str | None] = lambda lid: None  # hidden id → number, when known

    def read(self, raw: Raw) -> Event | None:
        """What the event means to the studio; None when it means nothing."""
        if raw.kind in LOST:
            return self._lost(raw)
        if raw.kind == "history":
            return None
        event = parse(raw.kind, raw.payload)
        if raw.kind in CALLS:
            return self._call(event, raw)
        source = event.MessageSource if raw.kind in ("receipt", "typing") else None
        if not _private(source or event.Info.MessageSource):
            return None
        readers: dict[str, Callable[[Any, Raw], Event | None]] = {
            "message": self._message,
            "undecryptable": self._undecryptable,
            "receipt": self._receipt,
            "typing": self._typing,
        }
        return readers[raw.kind](event, raw)

    def _message(self, event: Any, raw: Raw) -> Event | None:
        info, body = event.Info, unwrapped(event.Message)
        if info.Category == "peer":
            return None
        if body.HasField("protocolMessage"):
            return self._change(info, body.protocolMessage, raw)
        if body.HasField("reactionMessage"):
            return self._reaction(info, body.reactionMessage)
        content = content_of(body)
        if content is None:
            return None
        if event.IsEdit and content.text:
            return self._edit(info, _id(info.ID), content, raw)
        if event.IsViewOnce or event.IsViewOnceV2 or event.IsViewOnceV2Extension:
            # Its sender wants it to be seen once, on the phone: the file is not kept.
            content = replace(content, details={**content.details, "view_once": True}, file=None)
        return self._said(info, content, raw)

    def _said(self, info: Any, content: Content, raw: Raw) -> Event:
        source, sent_at = info.MessageSource, _sent_at(info, raw)
        common: dict[str, Any] = {
            "tenant_id": self.tenant_id,
            "whatsapp_id": _id(info.ID),
            "chat": _address(source.Chat),
            "person": self._person(info),
            "kind": str(content.kind),
            "text": content.text,
            "sent_at": sent_at,
            "details": {**content.details, **origins(content)},
            "file": content.file,
            "disappears_after": content.disappears_after,
        }
        own_chat = source.IsFromMe and self._own(source.Chat)
        if source.IsFromMe and not own_chat:
            return FromPhone(**common)
        return InboundMessage(
            **common,
            quoted_id=_id(content.context.stanzaID) if content.context is not None else "",
            own_chat=own_chat,
            backlog=_at(raw.received_at) - sent_at > LATE,
        )

    def _change(self, info: Any, change: Any, raw: Raw) -> Event | None:
        """A message was edited or deleted by who wrote it, or the chat's timer was set. A kind that the library does
        not know has no type, which would read as the first one: a deletion."""
        if not change.HasField("type"):
            return None
        kind = change.DESCRIPTOR.enum_types_by_name["Type"].values_by_number[change.type].name
        from_me = bool(info.MessageSource.IsFromMe)
        if kind == "REVOKE" and change.key.ID:
            return Revoke(self.tenant_id, _id(change.key.ID), _sent_at(info, raw), from_me)
        if kind == "EPHEMERAL_SETTING":
            seconds, person = int(change.ephemeralExpiration), self._person(info)
            return Timer(self.tenant_id, person, seconds, _sent_at(info, raw))
        content = content_of(unwrapped(change.editedMessage)) if kind == "MESSAGE_EDIT" else None
        if content is None or not content.text:
            return None
        return self._edit(info, _id(change.key.ID), content, raw)

    def _edit(self, info: Any, whatsapp_id: str, content: Content, raw: Raw) -> Edit:
        from_me, sent_at = bool(info.MessageSource.IsFromMe), _sent_at(info, raw)
        return Edit(self.tenant_id, whatsapp_id, content.text, sent_at, from_me, raw.key)

    def _reaction(self, info: Any, reaction: Any) -> Event:
        from_me = bool(info.MessageSource.IsFromMe)
        return Reaction(
            self.tenant_id, _id(reaction.key.ID), reaction.text, self._person(info), from_me
        )

    def _undecryptable(self, event: Any, raw: Raw) -> Event | None:
        """What the customer said cannot be read here, or (such as a picture to be seen once) only on the phone."""
        if event.Info.MessageSource.IsFromMe or event.DecryptFailMode == event.DECRYPT_FAIL_HIDE:
            return None  # a thumb or a vote: nothing that people miss
        if event.IsUnavailable:
            return self._said(
                event.Info, Content(Message.Kind.OTHER, details={"on_phone": True}), raw
            )
        return self._said(event.Info, Content(Message.Kind.UNREADABLE), raw)

    def _lost(self, raw: Raw) -> Event | None:
        """A message of which only its id and its sender are known; staff and the customer must hear of it."""
        chat = raw.payload.decode()
        user, _at_sign, server = chat.partition("@")
        if not _persons(user, server) or user in (self.me.phone, self.me.lid):
            return None
        phone, lid = (user, None) if server == PHONE else (self.phone_of(user), user)
        return InboundMessage(
            tenant_id=self.tenant_id,
            whatsapp_id=_id(raw.key.partition(":")[0]),
            chat=chat,
            person=Person(_e164(phone), lid),
            kind=str(Message.Kind.UNREADABLE),
            text="",
            sent_at=_at(raw.received_at),
            details={"lost": "many" if raw.kind == "many_lost" else "one"},
        )

    def _call(self, event: Any, raw: Raw) -> Event | None:
        """Somebody rings, or stops: the studio's phone rings, too, and may be picked up."""
        meta = event.basicCallMeta
        caller = getattr(meta, "from")
        if not _persons(caller.User, caller.Server) or self._own(caller):
            return None
        received, rang_at = _at(raw.received_at), _at(_in_seconds(meta.timestamp))
        rang_at = received if rang_at - received > AHEAD or not meta.timestamp else rang_at
        elsewhere = raw.kind == "call_over" and event.reason.startswith("accepted")
        return Call(
            tenant_id=self.tenant_id,
            call_id=_id(meta.callID),
            chat=_address(caller),
            person=self._person_of(caller, meta.callCreatorAlt),
            stage="taken" if elsewhere else CALLS[raw.kind],
            at=rang_at,
            backlog=received - rang_at > LATE,
        )

    def _receipt(self, event: Any, raw: Raw) -> Event | None:
        name = event.DESCRIPTOR.enum_types_by_name["ReceiptType"].values_by_number[event.Type].name
        if event.MessageSource.IsFromMe or name not in _RECEIPTS:
            return None
        return Receipt(
            self.tenant_id, tuple(event.MessageIDs), _RECEIPTS[name], _at(event.Timestamp)
        )

    def _typing(self, event: Any, raw: Raw) -> Event | None:
        source = event.MessageSource
        if source.IsFromMe or event.State != event.COMPOSING:
            return None
        person = self._person_of(source.Sender, source.SenderAlt)
        return Typing(self.tenant_id, _address(source.Chat), person)

    def _person(self, info: Any) -> Person:
        """The customer of the chat, whoever of the two wrote."""
        source = info.MessageSource
        if source.IsFromMe:
            return self._person_of(source.Chat, source.RecipientAlt)
        return self._person_of(source.Sender, source.SenderAlt, info.Pushname)

    def _person_of(self, address: Any, other: Any, name: str = "") -> Person:
        both = {each.Server: each.User for each in (other, address) if _DIGITS.fullmatch(each.User)}
        lid = both.get(LID)
        digits = both.get(PHONE) or (self.phone_of(lid) if lid else None)
        return Person(_e164(digits), lid, name[:80])

    def _own(self, chat: Any) -> bool:
        return chat.User in {self.me.phone, self.me.lid} - {""}


def _private(source: Any) -> bool:
    """A chat between the account and one person (or itself)."""
    return not source.IsGroup and _persons(source.Chat.User, source.Chat.Server)


def _persons(user: str, server: str) -> bool:
    """Whether a chat's address is a person's: no group, bot or notice of WhatsApp's own."""
    if server not in (PHONE, LID) or not _DIGITS.fullmatch(user):
        return False
    return user not in _OFFICIAL and not _BOT.fullmatch(user)


def _address(jid: Any) -> str:
    return _id(f"{jid.User}@{jid.Server}")


def _id(text: str) -> str:
    """An id or address as WhatsApp gave it; senders choose theirs, and no database takes every character."""
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


@lru_cache(maxsize=4096)
def _e164(digits: str | None) -> str | None:
    """A number that WhatsApp itself told is one, also where our tables of the world's numbers are behind."""
    try:
        return normalise(f"+{digits}") if digits else None
    except ValidationError:
        return f"+{digits}" if digits and 5 <= len(digits) <= 15 else None


def _at(seconds: float) -> dt.datetime:
    """A moment; one that no calendar has is the beginning of time, which nobody believes."""
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return dt.datetime.fromtimestamp(0, dt.UTC)


def _in_seconds(timestamp: int) -> float:
    """Calls tell seconds where messages tell milliseconds."""
    return timestamp / 1000 if timestamp > 10**11 else timestamp


def _sent_at(info: Any, raw: Raw) -> dt.datetime:
    """The sender's clock (milliseconds), unless it cannot be right."""
    sent, received = _at(info.Timestamp / 1000), _at(raw.received_at)
    return received if sent - received > AHEAD or not info.Timestamp else sent
