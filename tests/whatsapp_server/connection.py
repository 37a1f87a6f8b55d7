"""One WebSocket connection of a client, from the Noise hello to the end."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from . import content, linking, nodes, queries
from .account import Account, Device
from .curve import KeyPair
from .nodes import JID, SERVER, Node, node
from .noise import Cipher, Framer, Handshake, HandshakeFailed, certificate_chain
from .ratchet import DecryptFailed, Duplicate

if TYPE_CHECKING:
    from .rig import Rig

log = logging.getLogger("whatsapp_rig")
wire = logging.getLogger("whatsapp_rig.wire")


class Connection:
    numbers = itertools.count(1)

    def __init__(self, rig: Rig, request: web.Request, socket: web.WebSocketResponse):
        self.rig, self.request, self.socket = rig, request, socket
        self.number = next(self.numbers)
        self.framer = Framer()
        self.cipher: Cipher | None = None
        self.client_static = b""
        self.payload: Any = None
        self.registration: Any = None
        self.account: Account | None = None
        self.device: Device | None = None
        self.active = False  # logged in and no longer passive
        self.closed = False
        self.gone = asyncio.Event()
        self.why = "client closed"
        self._sending = asyncio.Lock()
        self.link_finish: asyncio.Future[Node] | None = None  # while a code is being typed
        self._answers: dict[str, asyncio.Future[Node]] = {}
        self._unsaid: list[Node] = []
        self._ids = itertools.count(1)
        self._tasks: set[asyncio.Task] = set()

    def strike(self, fault: str) -> dict | None:
        """Take a one-shot meant for this number, or else one meant for anybody."""
        return self.account.strike(fault) if self.account else self.rig.faults.take(fault)

    def strike_query(self, fault: str, xmlns: str) -> dict | None:
        own = self.account.faults.take(fault, xmlns=xmlns) if self.account else None
        return own if own is not None else self.rig.faults.take(fault, xmlns=xmlns)

    def condition(self, name: str):
        own = self.account.faults[name] if self.account else None
        return own or self.rig.faults[name]

    # --- life --------------------------------------------------------------------

    async def run(self) -> None:
        try:
            if await self._handshake():
                await self._welcome()
                async for data in self._frames():
                    await self._receive(self.cipher.open(data))
        except (HandshakeFailed, nodes.BadNode) as error:
            self.why = str(error)
            self.rig.events.add("protocol_error", connection=self.number, why=self.why)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            await self._ended()

    async def _ended(self) -> None:
        self.closed, self.active = True, False
        self.gone.set()
        for task in self._tasks:
            task.cancel()
        waiting = [*self._answers.values(), *([self.link_finish] if self.link_finish else [])]
        for future in waiting:
            if not future.done():
                future.set_exception(ConnectionError("the client went away"))
        linking.forget(self.rig, self)
        self.rig.connections.discard(self)
        if self.device and self.device.connection is self:
            self.device.connection = None
        self.rig.events.add(
            "disconnected",
            connection=self.number,
            number=self.account.number if self.account else None,
            device=self.device.number if self.device else None,
            why=self.why,
        )

    async def _frames(self):
        for frame in self._early:
            yield frame
        async for message in self.socket:
            if message.type == WSMsgType.BINARY:
                for frame in self.framer.feed(message.data):
                    yield frame

    async def _handshake(self) -> bool:
        frames: list[bytes] = []

        async def next_frame() -> bytes | None:
            while not frames:
                message = await self.socket.receive()
                if message.type != WSMsgType.BINARY:
                    return None
                frames.extend(self.framer.feed(message.data))
            return frames.pop(0)

        hello = await next_frame()
        if hello is None:
            return False
        if self.strike("handshake_hang") is not None:
            self.why = "fault: handshake_hang"
            await next_frame()
            return False
        root = KeyPair.new() if self.strike("handshake_bad_cert") is not None else self.rig.root
        static = KeyPair.new()
        handshake = Handshake(static, certificate_chain(root, static.public), self.framer.prologue)
        await self.socket.send_bytes(Framer.frame(handshake.hello(hello)))
        last = await next_frame()
        if last is None:
            self.why = "client left during the handshake"
            return False
        self.client_static, self.payload, self.cipher = handshake.finish(last)
        self._early = frames
        return True

    async def _welcome(self) -> None:
        if self.payload.HasField("devicePairingData"):
            failure = self.strike("login_failure")
            if failure is not None:
                await self._refuse(None, **failure)
                return
            self.registration = self.payload.devicePairingData
            refs = linking.qr_refs(self)
            offer = node("pair-device", None, [node("ref", None, ref.encode()) for ref in refs])
            await self.send(self._iq([offer], xmlns="md"))
            return
        number = str(self.payload.username)
        self.account = self.rig.accounts.get(number)
        device = self.account.devices.get(self.payload.device) if self.account else None
        failure = self.strike("login_failure")
        if failure is None and (device is None or device.noise != self.client_static):
            failure = {"reason": 401}
        if failure is not None:
            await self._refuse(number, **failure)
            return
        if self.strike("login_hang") is not None:
            self.rig.events.add("login_hang", number=number, connection=self.number)
            return
        if device.connection and not device.connection.closed:
            await device.connection.stream_error(None, conflict="replaced")
        self.device, device.connection = device, self
        self.rig.events.add("login", number=number, device=device.number, connection=self.number)
        await self.send(
            node(
                "success",
                t=int(time.time()),
                lid=device.lid,
                display_name=self.account.name,
                location="rig",
                creation=int(self.rig.started),
                props="1",
                abprops="1",
                group_abprops="1",
                companion_enc_static="",
            )
        )

    async def _refuse(
        self, number: str | None, reason: int = 401, code=None, expire=None, message=None
    ) -> None:
        self.rig.events.add(
            "login_refused", number=number, reason=int(reason), connection=self.number
        )
        self.why = f"login refused with {reason}"
        await self.send(
            node(
                "failure", reason=reason, code=code, expire=expire, message=message, location="rig"
            )
        )
        self.rig.later(self._hang_up(1.0))

    # --- sending ---------------------------------------------------------------------

    async def send(self, stanza: Node) -> None:
        if self.closed:
            raise ConnectionError("connection is closed")
        delay = self.condition("latency")
        if delay:
            await asyncio.sleep(delay)
        if self.condition("mute"):
            self._unsaid.append(stanza)
            return
        async with self._sending:
            wire.debug("%d -> %s", self.number, stanza)
            await self.socket.send_bytes(Framer.frame(self.cipher.seal(nodes.encode(stanza))))

    async def speak(self) -> None:
        """Say what was kept back while the server was mute."""
        unsaid, self._unsaid = self._unsaid, []
        for stanza in unsaid:
            await self.send(stanza)

    def _iq(self, children: list[Node], **attrs) -> Node:
        attrs = {
            "from": SERVER,
            "type": "set",
            "id": f"rig-{self.number}-{next(self._ids)}",
            **attrs,
        }
        return node("iq", attrs, children)

    async def ask(self, stanza: Node, timeout: float = 10) -> Node:
        """Send an <iq> and wait for the client's answer."""
        id = stanza.attrs.setdefault("id", f"rig-{self.number}-{next(self._ids)}")
        future = self._answers[str(id)] = asyncio.get_running_loop().create_future()
        try:
            await self.send(stanza)
            return await asyncio.wait_for(future, timeout)
        finally:
            self._answers.pop(str(id), None)

    def later(self, coroutine) -> None:
        """Run beside the receiving; ends with the connection."""
        task = self.rig.later(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stream_error(
        self, code: str | None, conflict: str | None = None, grace: float = 1.0
    ) -> None:
        """End the stream with a reason; hang up after ``grace`` seconds if the client has not.

        With no grace the client may see the connection end before it has looked at
        the error: whatsmeow then forgets it (after a 515 it would not come back).
        """
        inner = [node("conflict", type=conflict)] if conflict else None
        self.why = f"stream error {code or ''} {conflict or ''}".strip()
        self.active = False
        try:
            await self.send(node("stream:error", {"code": code}, inner))
        except ConnectionError:
            return
        self.rig.events.add(
            "stream_error", number=self.name, code=code, conflict=conflict, connection=self.number
        )
        self.rig.later(self._hang_up(grace))

    async def _hang_up(self, grace: float) -> None:
        try:
            await asyncio.wait_for(self.gone.wait(), grace)
        except TimeoutError:
            await self.close()

    async def close(self) -> None:
        """End the stream in an orderly way; the client still reads what was sent before."""
        self.active = False
        try:
            await asyncio.wait_for(self.socket.close(), 2)
        except (TimeoutError, ConnectionError):
            self.cut()

    def cut(self, why: str = "cut") -> None:
        """Cut the TCP connection without a word."""
        self.why, self.active = why, False
        if self.request.transport is not None:
            self.request.transport.abort()

    # --- receiving -------------------------------------------------------------------

    async def _receive(self, plain: bytes) -> None:
        stanza = nodes.decode(plain)
        wire.debug("%d <- %s", self.number, stanza)
        handler = getattr(self, "_on_" + stanza.tag, None)
        if handler is None or (self.device is None and stanza.tag not in ("iq", "ib", "ack")):
            self.rig.events.add("unknown_stanza", number=self.name, stanza=str(stanza))
            return
        try:
            await handler(stanza)
        except ConnectionError:
            raise
        except Exception as error:  # a mistake in the rig must show, but not end the test
            log.exception("cannot handle %s", stanza)
            self.rig.events.add("rig_error", number=self.name, stanza=str(stanza), why=repr(error))

    @property
    def name(self) -> str | None:
        return self.account.number if self.account else None

    async def _on_iq(self, stanza: Node) -> None:
        if stanza.text("type") in ("result", "error"):
            future = self._answers.get(stanza.text("id"))
            if future and not future.done():
                future.set_result(stanza)
            return
        await queries.answer(self, stanza)

    async def _on_ib(self, stanza: Node) -> None:
        pass  # telemetry ("unified_session")

    async def _on_call(self, stanza: Node) -> None:
        """The client does something about a call; all it can do is refuse it."""
        what = stanza.children[0]
        who = self.rig.customer_of(stanza.attrs.get("to"))
        self.rig.events.add(
            "call",
            number=self.name,
            customer=who.number if who else stanza.text("to"),
            what=what.tag,
            call=what.text("call-id"),
        )
        ack = {"class": "call", "id": stanza.text("id"), "from": stanza.attrs.get("to")}
        await self.send(node("ack", ack))

    async def _on_presence(self, stanza: Node) -> None:
        self.rig.events.add(
            "presence",
            number=self.name,
            type=stanza.text("type"),
            name=stanza.text("name"),
            to=stanza.text("to") or None,
        )

    async def _on_chatstate(self, stanza: Node) -> None:
        state = stanza.children[0] if stanza.children else None
        who = self.rig.customer_of(stanza.attrs.get("to"))
        self.rig.events.add(
            "chatstate",
            number=self.name,
            customer=who.number if who else stanza.text("to"),
            state=state.tag if state else "",
            media=state.text("media") if state else "",
        )

    async def _on_ack(self, stanza: Node) -> None:
        id = stanza.text("id")
        if self.device:
            self.device.settled(stanza.text("class"), id)
        if "error" in stanza.attrs:
            self.rig.events.add("nack", number=self.name, id=id, error=stanza.text("error"))

    async def _on_receipt(self, stanza: Node) -> None:
        id, kind = stanza.text("id"), stanza.text("type", "delivered")
        items = [
            i.text("id") for i in (stanza.child("list").children if stanza.child("list") else [])
        ]
        who = self.rig.customer_of(stanza.attrs.get("to"))
        details = {
            "number": self.name,
            "customer": who.number if who else stanza.text("to"),
            "ids": [id, *items],
        }
        if kind == "retry":
            self.device.settled("message", id)
            count = int(stanza.child("retry").text("count", "1"))
            self.rig.events.add("retry_asked", count=count, **details)
            keys = stanza.child("keys")
            if keys is not None:
                self._refresh_keys(stanza, keys)
            if who:
                self.later(who.retry(self.device, id, count, fresh_keys=keys is not None))
        elif kind in ("read", "read-self", "played"):
            self.rig.events.add("read", type=kind, **details)
        else:
            for one in details["ids"]:
                self.device.settled("message", one)
            self.rig.events.add("received_by_client", type=kind, **details)
        await self.send(
            node(
                "ack",
                {
                    "class": "receipt",
                    "id": id,
                    "from": stanza.attrs.get("to"),
                    "type": stanza.attrs.get("type"),
                },
            )
        )

    def _refresh_keys(self, stanza: Node, keys: Node) -> None:
        one_time = keys.child("key")
        if one_time is not None:
            number = int.from_bytes(one_time.child("id").data, "big")
            self.device.one_time[number] = one_time.child("value").data
            self.device.preferred = number

    async def _on_message(self, stanza: Node) -> None:
        id = stanza.text("id")
        refusal = self.strike("send_error")
        if refusal is not None:
            error = refusal.get("error", 463)
            self.rig.events.add("send_refused", number=self.name, id=id, error=error)
            await self.send(self._message_ack(stanza, error=error))
            return
        if self.strike("send_lost") is not None:
            self.rig.events.add("send_lost", number=self.name, id=id)
            return
        await self._deliver(stanza)
        if self.strike("drop_before_ack") is not None:
            self.rig.events.add("ack_lost", number=self.name, id=id, how="connection cut")
            self.cut("fault: drop_before_ack")
            return
        if self.strike("ack_lost") is not None:
            self.rig.events.add("ack_lost", number=self.name, id=id, how="not sent")
            return
        delay = self.condition("ack_delay")
        if delay:
            self.later(self._ack_after(delay, stanza))
        else:
            await self.send(self._message_ack(stanza))

    async def _ack_after(self, delay: float, stanza: Node) -> None:
        await asyncio.sleep(delay)
        await self.send(self._message_ack(stanza))

    @staticmethod
    def _message_ack(stanza: Node, error=None) -> Node:
        return node(
            "ack",
            {
                "class": "message",
                "id": stanza.text("id"),
                "from": stanza.attrs.get("to"),
                "t": int(time.time()),
                "error": error,
            },
        )

    async def _deliver(self, stanza: Node) -> None:
        """Decrypt what the client sent, once for every device it encrypted for."""
        id, account, device = stanza.text("id"), self.account, self.device
        parts: list[tuple[JID, Node]] = []
        participants = stanza.child("participants")
        if participants is not None:
            parts = [
                (JID.parse(to.text("jid")), enc)
                for to in participants.all("to")
                for enc in to.all("enc")
            ]
        elif stanza.child("enc") is not None:
            parts = [(JID.parse(stanza.text("to")), stanza.child("enc"))]
        # what else the stanza says, such as neonize's <bot biz_bot="1"/>
        marks = sorted(
            {c.tag for c in stanza.children} - {"participants", "enc", "device-identity"}
        )
        for to, enc in parts:
            kind = enc.text("type")
            try:
                if to.user in (account.lid.user, account.jid.user):
                    if to.device == 0:
                        copy = account.phone_copy(device, kind, enc.data)
                        sent = copy.deviceSentMessage
                        self.rig.events.add(
                            "phone_copy",
                            number=self.name,
                            id=id,
                            chat=sent.destinationJID,
                            text=content.text_of(sent.message),
                        )
                    continue
                customer = self.rig.customer_of(to)
                if customer is None:
                    self.rig.events.add("sent_to_nobody", number=self.name, id=id, to=str(to))
                    continue
                message = customer.decrypt(device, kind, enc.data)
            except (DecryptFailed, ValueError) as error:
                self._cannot_read(id, to, kind, error)
                continue
            customer.received(account, id, message, by="companion", enc=kind, marks=marks)
            self.later(self._receipts(customer, id))

    def _cannot_read(self, id: str, to: JID, enc: str, error: Exception) -> None:
        customer = self.rig.customer_of(to)
        details = {"number": self.name, "id": id, "to": str(to), "enc": enc}
        if isinstance(error, Duplicate) and (customer is None or customer.has(id)):
            self.rig.events.add(
                "sent_again", **details
            )  # after a reconnect the client repeats a stanza
            return
        # A new message under a key that was used before: whatsmeow does this when it
        # encrypts while it decrypts a message of the same customer.
        kind = "key_reused" if isinstance(error, Duplicate) else "undecryptable"
        self.rig.events.add(kind, why=str(error), **details)
        if customer and customer.asks_again:
            self.later(customer.ask_again(self.device, id))

    async def _receipts(self, customer, id: str) -> None:
        for kind in customer.receipts:
            await asyncio.sleep(0.01)
            await customer.receipt(self.account, id, kind)
