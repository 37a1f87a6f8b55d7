"""What the library calls: its events become raw events and changes of ours, and nothing that goes wrong is lost."""

import hashlib
import logging
import re
from collections.abc import Callable
from typing import Any

from whatsapp.session.words import Change, OnChange, OnRaw

log = logging.getLogger(__name__)
CHANGES: dict[str, Callable[[Any], Change]] = {
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
KEPT: list[
    Any
] = []  # a collected client stops its successor; a collected callback crashes the process


class LostMessages(logging.Handler):
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


def kept(function: Callable[..., None]) -> Callable[..., None]:
    """`function` as a callback: referenced for ever, and its errors are logged instead of vanishing."""

    def callback(*arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception:
            log.exception("a WhatsApp callback failed")

    KEPT.append(callback)
    return callback


def raw_callback(kind: str, on_raw: OnRaw) -> Callable[..., None]:
    def callback(_client: Any, event: Any) -> None:
        if kind == "message" and _announces_history(event):
            on_raw("history", key_of(kind, event), b"")  # old chats are none of our business
        else:
            on_raw(kind, key_of(kind, event), event.SerializeToString())

    return callback


def _announces_history(event: Any) -> bool:
    """Whether the phone tells that it sends old chats."""
    if event.Info.Category != "peer" or not event.Message.HasField("protocolMessage"):
        return False
    return bool(event.Message.protocolMessage.HasField("historySyncNotification"))


def change_callback(change: Callable[[Any], Change], on_change: OnChange) -> Callable[..., None]:
    return lambda _client, event: on_change(change(event))


def key_of(kind: str, event: Any) -> str:
    """What makes an event the same event, also when it comes twice (ids alone can come by phone and by LID)."""
    if kind in ("message", "undecryptable"):
        info = event.Info
        return f"{info.ID}:{int(info.MessageSource.IsFromMe)}:{info.Edit}"
    if kind.startswith("call"):
        return str(event.basicCallMeta.callID)
    return hashlib.sha256(event.SerializeToString(deterministic=True)).hexdigest()[:32]


def _name(event: Any, field: str) -> str:
    """The name of an enum's value."""
    descriptor = event.DESCRIPTOR.fields_by_name[field]
    number = getattr(event, field)
    return str(descriptor.enum_type.values_by_number[number].name)
