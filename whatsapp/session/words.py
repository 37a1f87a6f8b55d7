"""What a session is, in our own words: what it reports, what it sends, and what can go wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from whatsapp.store import Me


@dataclass(frozen=True)
class Change:
    """Something happened to the connection: connected, disconnected, paired, synced, qr, login, logged_out,
    replaced, banned, outdated, refused, failing, restored, ended."""

    kind: str
    detail: str = ""  # the code to show, the reason, the error
    seconds: int = 0  # how long a ban lasts


class SendError(Exception):
    """A message did not go out, or perhaps did. `unknown`: nobody can tell; `permanent`: do not try again.

    `once`: WhatsApp refused it, which one more try may mend. `unasked`: it was refused because the person did not
    write first.
    """

    def __init__(
        self,
        text: str,
        *,
        unknown: bool = False,
        permanent: bool = False,
        once: bool = False,
        unasked: bool = False,
    ):
        super().__init__(text)
        self.unknown, self.permanent, self.once, self.unasked = unknown, permanent, once, unasked

    @property
    def sentence(self) -> str:
        """For staff: what happened and what to do."""
        if self.unasked:
            return _(
                "WhatsApp did not let it through, as this person has not written to this number lately. "
                "Answer when they write, or write from the phone."
            )
        return str(self)

    @classmethod
    def of(cls, text: str) -> "SendError":
        """Read what WhatsApp's library says; only a few of its errors mean that nothing was sent."""
        if found := re.search(r"server returned error (\d+)", text):
            unasked = found[1] == "463"
            return cls(text, permanent=unasked, once=not unasked, unasked=unasked)
        if re.search(r"no LID found|must be a user JID|unknown server", text):
            return cls(text, permanent=True)
        not_sent = r"client is nil|device JID|websocket not connected|failed to get user info"
        return cls(text, unknown=re.search(not_sent, text) is None)


@dataclass(frozen=True)
class Quote:
    """The message that a reply refers to."""

    whatsapp_id: str
    sender: str  # its address, such as 123@lid
    text: str


@dataclass(frozen=True)
class File:
    """A picture or a document to send."""

    data: bytes
    content_type: str
    name: str
    caption: str = ""


OnRaw = Callable[[str, str, bytes], None]  # kind, key, bytes; must be quick
OnChange = Callable[[Change], None]  # must be quick


class WhatsAppSession(Protocol):
    """One live connection of one account. Calls may block for as long as WhatsApp takes to answer."""

    def start(self, on_raw: OnRaw, on_change: OnChange) -> None: ...
    def me(self) -> Me | None: ...
    def online(self) -> bool: ...
    def send_text(
        self, chat: str, text: str, *, secret: bytes, quote: Quote | None = None, expires: int = 0
    ) -> str: ...
    def send_file(
        self, chat: str, file: File, *, secret: bytes, quote: Quote | None = None, expires: int = 0
    ) -> str: ...
    def react(self, chat: str, whatsapp_id: str, emoji: str, *, secret: bytes) -> str: ...
    def mark_read(self, chat: str, sender: str, ids: list[str]) -> None: ...
    def typing(self, chat: str, on: bool) -> None: ...
    def presence(self, available: bool) -> None: ...
    def pair_phone(self, phone: str) -> str: ...
    def logout(self) -> None: ...
    def disconnect(self) -> None: ...
    def stop(self) -> None: ...
