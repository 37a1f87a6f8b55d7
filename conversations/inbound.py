"""What can happen in a chat, in MILA's own words. The transport translates into these; nothing here knows WhatsApp's types."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Person:
    """Who writes: a phone number (E.164), WhatsApp's hidden id, or both; `name` is what they call themselves."""

    phone: str | None
    lid: str | None
    name: str = ""


@dataclass(frozen=True)
class InboundMessage:
    """A customer wrote; with `own_chat`, the studio wrote to itself. `backlog`: it came while MILA was away."""

    tenant_id: uuid.UUID
    whatsapp_id: str
    chat: str
    person: Person
    kind: str  # one of Message.Kind
    text: str
    sent_at: dt.datetime
    quoted_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    own_chat: bool = False
    backlog: bool = False
    # Where the transport finds the file that came with it: in its own words, plain JSON.
    file: Mapping[str, Any] | None = None
    disappears_after: int | None = None  # seconds; 0: it stays; None: it does not say


@dataclass(frozen=True)
class FromPhone:
    """Somebody typed on the studio's own phone; `person` is the customer of that chat."""

    tenant_id: uuid.UUID
    whatsapp_id: str
    chat: str
    person: Person
    kind: str
    text: str
    sent_at: dt.datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    file: Mapping[str, Any] | None = None
    disappears_after: int | None = None


@dataclass(frozen=True)
class Edit:
    """The writer of a message changed its text. Nobody changes what others wrote: `from_me` must fit the message."""

    tenant_id: uuid.UUID
    whatsapp_id: str  # of the message that changed
    text: str
    sent_at: dt.datetime
    from_me: bool = False  # changed on the studio's own phone
    edit_id: str = ""  # the same for every copy of this edit


@dataclass(frozen=True)
class Revoke:
    """The writer of a message deleted it for everyone."""

    tenant_id: uuid.UUID
    whatsapp_id: str  # of the message that is gone
    sent_at: dt.datetime
    from_me: bool = False  # deleted on the studio's own phone


@dataclass(frozen=True)
class Reaction:
    """An emoji on one of our messages; an empty one takes it back. `from_me`: made on the studio's own phone."""

    tenant_id: uuid.UUID
    whatsapp_id: str  # of the message under the emoji
    emoji: str
    person: Person
    from_me: bool


@dataclass(frozen=True)
class Timer:
    """Somebody set after how many seconds the messages of a chat vanish; 0: they stay."""

    tenant_id: uuid.UUID
    person: Person
    seconds: int
    at: dt.datetime


@dataclass(frozen=True)
class Receipt:
    """Our messages were delivered or read, or (retry) the customer's phone could not read them.

    A line passes a retry on only for messages that an earlier process sent: the library serves its own.
    """

    tenant_id: uuid.UUID
    whatsapp_ids: tuple[str, ...]
    kind: Literal["delivered", "read", "retry"]
    at: dt.datetime


@dataclass(frozen=True)
class Call:
    """A customer rings. `stage`: it rings, it was taken (on the studio's phone), or it is over."""

    tenant_id: uuid.UUID
    call_id: str
    chat: str
    person: Person
    stage: Literal["offered", "taken", "ended"]
    at: dt.datetime
    backlog: bool = False  # it rang while MILA was away


@dataclass(frozen=True)
class Typing:
    """The customer is typing right now."""

    tenant_id: uuid.UUID
    chat: str
    person: Person


Event = InboundMessage | FromPhone | Edit | Revoke | Reaction | Timer | Receipt | Call | Typing
