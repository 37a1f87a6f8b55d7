"""Talking to a rig from a test.  Standard library only; nothing else is imported here."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from typing import Any


class RigError(RuntimeError):
    pass


_ERRORS = {"TimeoutError": TimeoutError, "ValueError": ValueError, "PairingRefused": ValueError}


class RigClient(ABC):
    """Comfortable calls; subclasses say how an operation reaches the rig."""

    @abstractmethod
    def call(self, operation: str, **arguments) -> Any:
        """Have the rig do something; its answer."""

    def environment(self, base: dict | None = None) -> dict:
        """An environment for the program under test: ``base`` (or ours) plus the rig's."""
        env = dict(os.environ if base is None else base)
        extra = self.call("environment")
        if env.get("PYTHONPATH"):
            extra["PYTHONPATH"] += os.pathsep + env["PYTHONPATH"]
        return {**env, **extra}

    def number(self, number: str, name: str = "") -> Number:
        return Number(self, self.call("number", number=number, name=name)["number"])

    def customer(self, number: str, name: str = "", **options) -> Customer:
        return Customer(self, self.call("customer", number=number, name=name, **options)["number"])

    def fault(self, name: str, number: str | None = None, times: int = 1, **details) -> None:
        self.call("fault", name=name, number=number, times=times, details=details)

    def condition(self, number: str | None = None, **values) -> None:
        self.call("condition", number=number, **values)

    def calm(self) -> None:
        self.call("calm")

    def state(self) -> dict:
        return self.call("state")

    def mark(self) -> int:
        """A point in the event log, for ``wait(since=..)``."""
        return int(self.call("mark"))

    def events(self, since: int = 0, **match) -> list[dict]:
        return self.call("events", since=since, match=match)

    def wait(
        self, kind: str, since: int = 0, timeout: float = 10, count: int = 1, **match
    ) -> list[dict]:
        """Wait for ``count`` events of a kind."""
        return self.call(
            "events", since=since, timeout=timeout, count=count, match={"kind": kind, **match}
        )


class Number:
    """A business number and the phone that owns it."""

    def __init__(self, rig: RigClient, number: str):
        self.rig, self.number = rig, number

    def scan(self, qr: str, tamper: str | None = None) -> dict:
        return self.rig.call("scan", qr=qr, number=self.number, tamper=tamper)

    def enter_code(self, code: str) -> dict:
        return self.rig.call("enter_code", code=code, number=self.number)

    def wait_online(self, since: int = 0, timeout: float = 20) -> dict:
        return self.rig.wait("online", since, timeout, number=self.number)[0]

    def unlink(self) -> None:
        self.rig.call("unlink", number=self.number)

    def cut(self) -> int:
        return self.rig.call("cut", number=self.number)

    def hang_up(self) -> int:
        return self.rig.call("hang_up", number=self.number)

    def stream_error(
        self, code: str | None = None, conflict: str | None = None, grace: float = 1.0
    ) -> int:
        return self.rig.call(
            "stream_error", number=self.number, code=code, conflict=conflict, grace=grace
        )

    def fault(self, name: str, times: int = 1, **details) -> None:
        self.rig.fault(name, self.number, times, **details)

    def condition(self, **values) -> None:
        self.rig.condition(self.number, **values)

    def note_to_self(self, text: str) -> str:
        return self.rig.call("note_to_self", number=self.number, text=text)

    def send_by_hand(self, customer: Customer, text: str) -> str:
        return self.rig.call("phone_send", number=self.number, customer=customer.number, text=text)


class Customer:
    def __init__(self, rig: RigClient, number: str):
        self.rig, self.number = rig, number

    def send(self, to: Number, text: str | None = None, **message) -> str:
        """``send(shop, "hello")``, ``send(shop, json={..})``, or
        ``send(shop, file=b"..", kind="image", mimetype="image/png", caption="..")``."""
        options = {k: message.pop(k) for k in ("id", "timestamp", "chat") if k in message}
        if text is not None:
            message["text"] = text
        if isinstance(message.get("file"), bytes):
            message["file"] = base64.b64encode(message["file"]).decode()
        return self.rig.call(
            "send", customer=self.number, number=to.number, message=message, **options
        )

    def inbox(self) -> list[dict]:
        return self.rig.call("inbox", customer=self.number)

    def expect_reply(self, timeout: float = 10) -> dict:
        """The next message this customer received (each is handed out once)."""
        return self.rig.call("expect_reply", customer=self.number, timeout=timeout)

    def expect(self, total: int, timeout: float = 10) -> list[dict]:
        return self.rig.call("expect", customer=self.number, total=total, timeout=timeout)

    def file(self, index: int) -> bytes:
        return base64.b64decode(self.rig.call("file", customer=self.number, index=index))

    def typing(self, to: Number, state: str = "composing") -> None:
        self.rig.call("typing", customer=self.number, number=to.number, state=state)

    def call(self, to: Number, video: bool = False) -> str:
        """Ring; returns the call's id, for ``end_call``."""
        return self.rig.call("call", customer=self.number, number=to.number, video=video)

    def end_call(self, to: Number, id: str, reason: str = "timeout") -> None:
        self.rig.call("end_call", customer=self.number, number=to.number, id=id, reason=reason)

    def reads(self, to: Number, id: str) -> None:
        self.rig.call("receipt", customer=self.number, number=to.number, id=id, kind="read")

    def reinstall(self) -> None:
        self.rig.call("reinstall", customer=self.number)


class RemoteRig(RigClient):
    """A rig in another process, reached over its control port."""

    def __init__(self, control: str):
        self.control = control.rstrip("/")
        # the program under test may have a proxy set; the control port is never behind it
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    @classmethod
    def from_card(cls, path) -> RemoteRig:
        with pathlib.Path(path).open() as card:
            return cls(json.load(card)["control"])

    def call(self, operation: str, **arguments) -> Any:
        body = json.dumps(arguments).encode()
        request = urllib.request.Request(  # noqa: S310  our own address
            f"{self.control}/{operation}", body, {"Content-Type": "application/json"}, method="POST"
        )
        timeout = float(arguments.get("timeout") or 0) + 30
        try:
            with self._open(request, timeout=timeout) as response:
                return json.load(response)["result"]
        except urllib.error.HTTPError as error:
            answer = json.load(error)
            kind = _ERRORS.get(answer["error"], RigError)
            raise kind(f"{operation}: {answer['message']}") from None
