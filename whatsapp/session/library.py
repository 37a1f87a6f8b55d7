"""neonize itself, loaded when it is needed, and the events that it knows. Nothing else imports it."""

import logging
import sys
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

RAW = {
    "message": "MessageEv",
    "undecryptable": "UndecryptableMessageEv",
    "receipt": "ReceiptEv",
    "typing": "ChatPresenceEv",
    "call": "CallOfferEv",
    "call_taken": "CallAcceptEv",
    "call_over": "CallTerminateEv",
}


def parse(kind: str, payload: bytes) -> Any:
    """The event that `payload` holds: message, undecryptable, receipt, typing, or something about a call."""
    return getattr(library().events, RAW[kind]).FromString(payload)


@cache
def library() -> SimpleNamespace:
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
