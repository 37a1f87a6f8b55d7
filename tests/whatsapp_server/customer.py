"""A simulated customer: a phone with its own Signal identity."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import time
from typing import TYPE_CHECKING, Any

from . import content, protos
from .account import Account, Device, new_message_id
from .nodes import JID, LID_SERVER, Node, node
from .ratchet import Party

if TYPE_CHECKING:
    from .rig import Rig


@dataclasses.dataclass
class Received:
    """A message that reached the customer, decrypted."""

    id: str
    number: str  # which business number wrote
    by: str  # "companion" (the program under test) or "phone" (the owner by hand)
    t: float
    message: Any  # the protobuf
    text: str
    kind: str  # text, image, audio, reaction, ...

    def as_dict(self) -> dict:
        plain = {
            f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "message"
        }
        return {**plain, "content": content.describe(self.message)}


@dataclasses.dataclass
class Sent:
    account: Account
    message: Any
    chat: JID | None


class Customer:
    """``addressing`` is how the server names this customer as a sender:

    * "lid": by hidden id, with the phone number beside it (today's usual case);
    * "pn": by phone number, with the hidden id beside it;
    * "lid-only": by hidden id alone, the number is not told.
    """

    def __init__(self, rig: Rig, number: str):
        self.rig = rig
        self.number, self.name, self.addressing = number, f"Customer {number[-4:]}", "lid"
        self.jid = JID(number)
        self.lid = JID(rig.new_lid(number), LID_SERVER)
        self.party = Party()
        self.inbox: list[Received] = []
        self._ids: set[str] = set()
        self._grown = asyncio.Event()
        self._read = 0  # how much of the inbox expect_reply has handed out
        self.sent: dict[str, Sent] = {}
        #: whether their phone asks for messages it could not read (else they are lost)
        self.asks_again = True
        #: which receipts this customer's phone returns for a message it gets
        self.receipts: tuple[str, ...] = ("delivered",)

    def address_by(self, addressing: str) -> None:
        if addressing not in ("lid", "pn", "lid-only"):
            raise ValueError(f"addressing is lid, pn or lid-only, not {addressing!r}")
        self.addressing = addressing

    # --- towards the business -------------------------------------------------------

    async def send(
        self,
        account: Account,
        message,
        id: str | None = None,
        timestamp: float | None = None,
        chat: JID | None = None,
    ) -> str:
        """Send a message protobuf; returns its id once it is queued for every linked device.

        ``chat`` is for what is not a conversation between two: a group
        (``JID("123", "g.us")``) or a status update (``JID("status", "broadcast")``).
        """
        id = id or new_message_id()
        self.sent[id] = Sent(account, content.with_secret(message), chat)
        for device in list(account.devices.values()):
            await self._send_to(device, id, timestamp or time.time())
        return id

    async def _send_to(self, device: Device, id: str, timestamp: float, retry: int = 0) -> None:
        message, chat = self.sent[id].message, self.sent[id].chat
        kind, data = self.party.encrypt(device.address, device.bundle, message.SerializeToString())
        if device.account.strike("corrupt") is not None:
            data = data[:-1] + bytes([data[-1] ^ 0xFF])
        stanza = self._stanza(kind, data, id, message, timestamp, retry, chat)
        await device.account.deliver(device, stanza)
        again = device.account.strike("duplicate")
        if again is not None:
            await self._again(device, stanza, id, timestamp, retry, **again)

    async def _again(
        self,
        device: Device,
        stanza: Node,
        id: str,
        timestamp: float,
        retry: int,
        mode: str = "stanza",
        gap: float = 0,
    ) -> None:
        """The same message once more: the same bytes, or encrypted anew, or anew under the other address."""
        await asyncio.sleep(float(gap))
        if mode in ("resend", "other-address"):
            message, chat = self.sent[id].message, self.sent[id].chat
            other = {"pn": "lid"}.get(self.addressing, "pn") if mode == "other-address" else ""
            kind, data = self.party.encrypt(
                device.address, device.bundle, message.SerializeToString()
            )
            stanza = self._stanza(kind, data, id, message, timestamp, retry, chat, other)
        await device.deliver(stanza)

    def _stanza(
        self,
        kind: str,
        data: bytes,
        id: str,
        message,
        timestamp: float,
        retry: int,
        chat: JID | None,
        addressing: str = "",
    ) -> Node:
        role, addressing = "participant" if chat else "sender", addressing or self.addressing
        sender = self.jid if addressing == "pn" else self.lid
        attrs = {
            "from": chat or sender,
            "participant": sender if chat else None,
            f"{role}_lid": self.lid if addressing == "pn" else None,
            f"{role}_pn": self.jid if addressing == "lid" else None,
            "addressing_mode": "pn" if addressing == "pn" else "lid",
            "type": content.stanza_type(message),
            "id": id,
            "t": int(timestamp),
            "notify": self.name,
        }
        enc = node(
            "enc",
            {
                "v": "2",
                "type": kind,
                "mediatype": content.media_type(message),
                "count": retry or None,
            },
            data,
        )
        return node("message", attrs, [enc])

    async def retry(self, device: Device, id: str, count: int, fresh_keys: bool) -> None:
        """The device could not decrypt and asks again."""
        if fresh_keys:
            self.party.forget(device.address)
        await self._send_to(device, id, time.time(), retry=count)

    async def typing(self, account: Account, state: str = "composing") -> None:
        for device in account.devices.values():
            if device.online:
                await device.deliver(
                    node("chatstate", {"from": self._sender}, [node(state)]), keep=False
                )

    async def call(self, account: Account, video: bool = False) -> str:
        """Ring; returns the call's id. It rings until `hang_up`."""
        id = secrets.token_hex(16).upper()
        media = [node("audio", enc="opus", rate=16000), node("net", medium=3)]
        media += [node("video", dec="H264")] if video else []
        await self._call(account, id, "offer", media)
        return id

    async def hang_up(self, account: Account, id: str, reason: str = "timeout") -> None:
        """Stop ringing."""
        await self._call(account, id, "terminate", None, reason=reason)

    async def _call(self, account: Account, id: str, tag: str, children, **more) -> None:
        pn = self.addressing == "lid"
        about = {"call-id": id, "call-creator": self._sender, "caller_pn": self.jid if pn else None}
        for device in account.devices.values():
            attrs = {"from": self._sender, "id": new_message_id(), "t": int(time.time())}
            attrs |= {"platform": "android", "version": "2.26.18.80", "notify": self.name}
            stanza = node("call", attrs, [node(tag, {**about, **more}, children)])
            await device.deliver(stanza)

    async def receipt(self, account: Account, id: str, kind: str = "read") -> None:
        """Tell the business that a message of theirs was delivered or read."""
        attrs = {
            "from": self._sender,
            "id": id,
            "t": int(time.time()),
            "type": None if kind == "delivered" else kind,
        }
        for device in account.devices.values():
            await device.deliver(node("receipt", attrs))

    def reinstall(self) -> None:
        """New phone: new identity, all sessions lost."""
        self.party = Party()

    @property
    def _sender(self) -> JID:
        return self.jid if self.addressing == "pn" else self.lid

    # --- from the business -----------------------------------------------------------

    def decrypt(self, device: Device, kind: str, data: bytes):
        return protos.e2e.Message.FromString(self.party.decrypt(device.address, kind, data))

    def has(self, id: str) -> bool:
        return id in self._ids

    def received(self, account: Account, id: str, message, by: str, **details) -> None:
        if self.has(id):
            self.rig.events.add("sent_again", number=account.number, id=id, to=str(self.lid))
            return
        text, kind = content.text_of(message), content.kind_of(message)
        self._ids.add(id)
        self.inbox.append(Received(id, account.number, by, time.time(), message, text, kind))
        self.rig.events.add(
            "reply",
            number=account.number,
            customer=self.number,
            id=id,
            text=text,
            content=kind,
            by=by,
            **details,
        )
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def ask_again(self, device: Device, id: str) -> None:
        """We could not decrypt: ask the device to send the message again."""
        bundle = self.party.bundle()
        keys = [
            node("type", None, b"\x05"),
            node("identity", None, bundle.identity),
            node(
                "key",
                None,
                [
                    node("id", None, bundle.one_time_id.to_bytes(3, "big")),
                    node("value", None, bundle.one_time_public),
                ],
            ),
            node(
                "skey",
                None,
                [
                    node("id", None, bundle.signed_id.to_bytes(3, "big")),
                    node("value", None, bundle.signed_public),
                    node("signature", None, bundle.signature),
                ],
            ),
        ]
        await device.deliver(
            node(
                "receipt",
                {"from": self.lid, "id": id, "t": int(time.time()), "type": "retry"},
                [
                    node("retry", count=1, id=id, t=int(time.time()), v=1),
                    node("registration", None, bundle.registration_id.to_bytes(4, "big")),
                    node("keys", None, keys),
                ],
            )
        )

    async def expect_reply(self, timeout: float = 10) -> Received:
        """The next message not handed out yet."""
        await self.expect_count(self._read + 1, timeout)
        self._read += 1
        return self.inbox[self._read - 1]

    async def expect_count(self, total: int, timeout: float = 10) -> list[Received]:
        """Wait until the inbox holds at least ``total`` messages."""
        deadline = time.monotonic() + timeout
        while len(self.inbox) < total:
            try:
                await asyncio.wait_for(self._grown.wait(), deadline - time.monotonic())
            except TimeoutError:
                raise TimeoutError(
                    f"{self.name} has {len(self.inbox)} message(s), expected {total}, after {timeout} s"
                ) from None
        return self.inbox
