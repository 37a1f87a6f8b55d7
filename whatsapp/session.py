"""The door to WhatsApp: a small session with one implementation, neonize. Nothing else imports neonize.

Its library is loaded only when a session starts or an event is read: web, tests and commands do without.
"""

import ctypes
import hashlib
import logging
import re
import secrets
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from whatsapp.store import Me

log = logging.getLogger(__name__)


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


def open_session(path: Path) -> WhatsAppSession:
    """A session of the kind that the settings name, not yet started."""
    session: WhatsAppSession = import_string(settings.WHATSAPP_SESSION)(path)
    return session


def parse(kind: str, payload: bytes) -> Any:
    """The event that `payload` holds: message, undecryptable, receipt, typing, or something about a call."""
    return getattr(_library().events, _RAW[kind]).FromString(payload)


@cache
def _library() -> SimpleNamespace:
    _leave_out("httpx._main", "linkpreview")
    import pylibmagic  # noqa: F401  (brings libmagic, which neonize looks for at import)

    # isort: split
    from neonize import client, events
    from neonize.proto.waCompanionReg import WACompanionReg_pb2 as companion
    from neonize.proto.waE2E import WAWebProtobufsE2E_pb2 as e2e
    from neonize.utils import build_jid, enum

    # Left at NOTSET, the Go side sends every stanza and every code to the log.
    logging.getLogger("neonize.utils.log").setLevel(logging.WARNING)
    return SimpleNamespace(
        client=client, events=events, companion=companion, e2e=e2e, build_jid=build_jid, enum=enum
    )


def _leave_out(*names: str) -> None:
    """What the library loads and nobody here uses (a command line, previews of links) was 7 MB of every line."""
    for name in names:
        empty = ModuleType(name)
        empty.__getattr__ = lambda _name: lambda *_args: None  # type: ignore[method-assign]
        sys.modules.setdefault(name, empty)


_RAW = {
    "message": "MessageEv",
    "undecryptable": "UndecryptableMessageEv",
    "receipt": "ReceiptEv",
    "typing": "ChatPresenceEv",
    "call": "CallOfferEv",
    "call_taken": "CallAcceptEv",
    "call_over": "CallTerminateEv",
}
_CHANGES: dict[str, Callable[[Any], Change]] = {
    "ConnectedEv": lambda event: Change("connected"),
    "DisconnectedEv": lambda event: Change("disconnected"),
    "KeepAliveTimeoutEv": lambda event: Change("failing"),
    "KeepAliveRestoredEv": lambda event: Change("restored"),
    "OfflineSyncCompletedEv": lambda event: Change("synced"),
    "PairStatusEv": lambda event: Change("paired", event.Error),
    "StreamReplacedEv": lambda event: Change("replaced"),
    "ClientOutdatedEv": lambda event: Change("outdated"),
    "TemporaryBanEv": lambda event: Change("banned", str(event.Code), int(event.Expire)),
    "LoggedOutEv": lambda event: Change("logged_out", _name(event, "Reason")),
    "ConnectFailureEv": lambda event: Change("refused", event.Message or _name(event, "Reason")),
}
_KEPT: list[
    Any
] = []  # a collected client stops its successor; a collected callback crashes the process


class NeonizeSession:
    """The real thing, for one account and one process: it cannot be started again after `stop`."""

    def __init__(self, path: Path):
        self._path = path
        self._client: Any = None

    def start(self, on_raw: OnRaw, on_change: OnChange) -> None:
        """Connect on a thread of its own; the callbacks are called from the library's threads."""
        library = _library()
        props = library.companion.DeviceProps(
            os=settings.WHATSAPP_DEVICE_NAME,
            platformType=library.companion.DeviceProps.CHROME,
            requireFullSync=False,
        )
        # A fresh name each time: two clients of one name share an entry inside the library.
        name = f"{self._path.stem}-{secrets.token_hex(4)}"
        self._client = client = library.client.NewClient(str(self._path), props=props, uuid=name)
        _KEPT.append(client)
        self._subscribe(client, on_raw, on_change)
        threading.Thread(
            target=self._connect, args=(client, on_change), name="connection", daemon=True
        ).start()

    def _subscribe(self, client: Any, on_raw: OnRaw, on_change: OnChange) -> None:
        events = _library().events
        for kind, name in _RAW.items():
            client.event(getattr(events, name))(_kept(_raw_callback(kind, on_raw)))
        for name, change in _CHANGES.items():
            client.event(getattr(events, name))(_kept(_change_callback(change, on_change)))
        client.qr(_kept(lambda _client, code: on_change(Change("qr", code.decode()))))
        # The library only prints how the scanning ended; this is the hook it prints from.
        client._NewClient__onLoginStatus = _kept(
            lambda _uuid, text: on_change(Change("login", ctypes.string_at(text).decode()))
        )

        logging.getLogger("whatsmeow.Client").addHandler(_LostMessages(on_raw))

    def _connect(self, client: Any, on_change: OnChange) -> None:
        try:
            client.connect()
        except Exception as error:  # noqa: BLE001  the line decides; whatever it is, the connection is over
            on_change(Change("ended", str(error) or type(error).__name__))
        else:
            on_change(Change("ended"))

    def me(self) -> Me | None:
        device = self._client.me
        if device is None or not device.JID.User:
            return None
        return Me(device.JID.User, device.LID.User, device.PushName)

    def online(self) -> bool:
        """May hang when the network does: ask from a thread that can be abandoned."""
        return bool(self._client.is_connected and self._client.is_logged_in)

    def send_text(
        self, chat: str, text: str, *, secret: bytes, quote: Quote | None = None, expires: int = 0
    ) -> str:
        """Send and wait for WhatsApp's receipt; returns the id. SendError otherwise. It vanishes `expires` seconds
        later, as the others of its chat; 0: it stays."""
        return self._sent(chat, _text_message(text, _context(quote, expires)), secret)

    def send_file(
        self, chat: str, file: File, *, secret: bytes, quote: Quote | None = None, expires: int = 0
    ) -> str:
        """Lay the file on WhatsApp's servers, then send the message that points to it. SendError otherwise."""
        kinds = _library().enum.MediaType
        picture = file.content_type.startswith("image/")
        kind = kinds.MediaImage if picture else kinds.MediaDocument
        try:
            upload = self._client.upload(file.data, kind)
        except Exception as error:
            raise SendError(f"the file was not taken: {error}") from error
        return self._sent(chat, _file_message(file, upload, _context(quote, expires)), secret)

    def react(self, chat: str, whatsapp_id: str, emoji: str, *, secret: bytes) -> str:
        """Put a sign under a message that came in this chat. SendError otherwise."""
        address = _jid(chat)
        return self._sent(
            chat, self._client.build_reaction(address, address, whatsapp_id, emoji), secret
        )

    def _sent(self, chat: str, message: Any, secret: bytes) -> str:
        message.messageContextInfo.messageSecret = secret
        try:
            return str(self._client.send_message(_jid(chat), message).ID)
        except Exception as error:
            raise SendError.of(str(error)) from error

    def mark_read(self, chat: str, sender: str, ids: list[str]) -> None:
        read = _library().enum.ReceiptType.READ
        self._client.mark_read(*ids, chat=_jid(chat), sender=_jid(sender), receipt=read)

    def typing(self, chat: str, on: bool) -> None:
        enum = _library().enum
        state = enum.ChatPresence
        self._client.send_chat_presence(
            _jid(chat),
            state.CHAT_PRESENCE_COMPOSING if on else state.CHAT_PRESENCE_PAUSED,
            enum.ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT,
        )

    def presence(self, available: bool) -> None:
        """Unavailable is the right one: while available, the owner's phone shows no notifications."""
        presence = _library().enum.Presence
        self._client.send_presence(presence.AVAILABLE if available else presence.UNAVAILABLE)

    def pair_phone(self, phone: str) -> str:
        """The code to type on the phone instead of scanning; only while a QR code is shown."""
        kind = _library().enum.ClientType.CHROME
        return str(self._client.PairPhone(phone.lstrip("+"), True, client_type=kind))

    def logout(self) -> None:
        self._client.logout()

    def disconnect(self) -> None:
        self._client.disconnect()

    def stop(self) -> None:
        self._client.stop()


class _LostMessages(logging.Handler):
    """When the process was killed between decrypting a message and keeping it, its text is gone: the library
    only logs that the second copy has an old counter. That line is all that tells of the message.

    It also appears for a plain duplicate, so the mover waits whether the message itself is in the journal.
    """

    LINE = re.compile(r"Ignoring message (\S+) from (\d+)\S*@([a-z.]+)[: ].*old counter")

    def __init__(self, on_raw: OnRaw):
        super().__init__(logging.WARNING)
        self._on_raw = on_raw

    def emit(self, record: logging.LogRecord) -> None:
        if found := self.LINE.search(record.getMessage()):
            whatsapp_id, user, server = found.groups()
            self._on_raw("lost", f"{whatsapp_id}:0:", f"{user}@{server}".encode())


def _kept(function: Callable[..., None]) -> Callable[..., None]:
    """`function` as a callback: referenced for ever, and its errors are logged instead of vanishing."""

    def callback(*arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception:
            log.exception("a WhatsApp callback failed")

    _KEPT.append(callback)
    return callback


def _raw_callback(kind: str, on_raw: OnRaw) -> Callable[..., None]:
    def callback(_client: Any, event: Any) -> None:
        if kind == "message" and _announces_history(event):
            on_raw("history", _key(kind, event), b"")  # old chats are none of our business
        else:
            on_raw(kind, _key(kind, event), event.SerializeToString())

    return callback


def _announces_history(event: Any) -> bool:
    """Whether the phone tells that it sends old chats."""
    if event.Info.Category != "peer" or not event.Message.HasField("protocolMessage"):
        return False
    return bool(event.Message.protocolMessage.HasField("historySyncNotification"))


def _change_callback(change: Callable[[Any], Change], on_change: OnChange) -> Callable[..., None]:
    return lambda _client, event: on_change(change(event))


def _key(kind: str, event: Any) -> str:
    """What makes an event the same event, also when it comes twice (ids alone can come by phone and by LID)."""
    if kind in ("message", "undecryptable"):
        info = event.Info
        return f"{info.ID}:{int(info.MessageSource.IsFromMe)}:{info.Edit}"
    if kind.startswith("call"):
        return str(event.basicCallMeta.callID)
    return hashlib.sha256(event.SerializeToString(deterministic=True)).hexdigest()[:32]


def _text_message(text: str, context: Any) -> Any:
    """Always a protobuf: a plain string would be searched for mentions and links."""
    e2e = _library().e2e
    if context is None:
        return e2e.Message(conversation=text)
    extended = e2e.ExtendedTextMessage(text=text, contextInfo=context)
    return e2e.Message(extendedTextMessage=extended)


def _context(quote: Quote | None, expires: int) -> Any:
    """What goes around a message; None when nothing does."""
    e2e = _library().e2e
    around: dict[str, Any] = {}
    if quote:
        quoted = e2e.Message(conversation=quote.text)
        around = {"stanzaID": quote.whatsapp_id, "participant": quote.sender}
        around["quotedMessage"] = quoted
    if expires:
        around["expiration"] = expires
    return e2e.ContextInfo(**around) if around else None


def _file_message(file: File, upload: Any, context: Any) -> Any:
    """The pointer to a file on WhatsApp's servers, with the key that only the receiver gets."""
    e2e = _library().e2e
    place = {
        "URL": upload.url,
        "directPath": upload.DirectPath,
        "mediaKey": upload.MediaKey,
        "fileSHA256": upload.FileSHA256,
        "fileEncSHA256": upload.FileEncSHA256,
        "fileLength": upload.FileLength,
        "mimetype": file.content_type,
        "caption": file.caption,
        "contextInfo": context,
    }
    if file.content_type.startswith("image/"):
        return e2e.Message(imageMessage=e2e.ImageMessage(**place))
    named = {"fileName": file.name, "title": file.name}
    return e2e.Message(documentMessage=e2e.DocumentMessage(**place, **named))


def _jid(address: str) -> Any:
    user, _at, server = address.partition("@")
    return _library().build_jid(user, server or "s.whatsapp.net")


def _name(event: Any, field: str) -> str:
    """The name of an enum's value."""
    descriptor = event.DESCRIPTOR.fields_by_name[field]
    number = getattr(event, field)
    return str(descriptor.enum_type.values_by_number[number].name)
