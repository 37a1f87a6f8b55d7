"""A business number: the owner's phone, and the companion devices linked to it.

The phone is simulated whole: it scans QR codes, signs linked devices, holds a
Signal identity of its own, gets a copy of everything a companion sends, and can
itself answer a customer (which companions then see as "sent by me").
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import secrets
import time
import zlib
from collections import Counter
from typing import TYPE_CHECKING

from . import linking, protos
from .appstate import AppState
from .curve import DJB_TYPE, verify
from .faults import Faults, Shuffle
from .nodes import JID, LID_SERVER, SERVER, Node, node
from .ratchet import Bundle, Party

if TYPE_CHECKING:
    from .connection import Connection
    from .customer import Customer
    from .rig import Rig


@dataclasses.dataclass
class Device:
    """A companion: one paired neonize session."""

    account: Account
    number: int
    noise: bytes
    identity: bytes
    registration_id: int
    signed_id: int
    signed_public: bytes
    signature: bytes
    description: str = ""
    one_time: dict[int, bytes] = dataclasses.field(default_factory=dict)
    preferred: int | None = None  # the one-time key that a retry receipt brought
    has_app_state_key: bool = False
    connection: Connection | None = None
    #: stanzas the client has not acknowledged yet, by (tag, id, sender); kept while it is offline
    waiting: dict[tuple[str, str, str], Node] = dataclasses.field(default_factory=dict)
    order: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)

    @property
    def jid(self) -> JID:
        return self.account.jid.at(self.number)

    @property
    def lid(self) -> JID:
        return self.account.lid.at(self.number)

    @property
    def address(self) -> str:
        """Under which customers keep their session with this device."""
        return f"{self.account.lid.user}:{self.number}"

    @property
    def online(self) -> bool:
        return self.connection is not None and self.connection.active

    def bundle(self) -> Bundle:
        number = (
            self.preferred if self.preferred in self.one_time else min(self.one_time, default=None)
        )
        return Bundle(
            self.registration_id,
            self.identity,
            self.signed_id,
            self.signed_public,
            self.signature,
            number,
            self.one_time.pop(number) if number is not None else None,
        )

    async def deliver(self, stanza: Node, keep: bool = True) -> bool:
        """Send now if the client is there; otherwise hold it until it is."""
        if keep:
            key = (stanza.tag, stanza.text("id"), stanza.text("from"))
            self.waiting[key] = stanza
        async with self.order:
            if not self.online:
                return False
            try:
                await self.connection.send(stanza)
            except ConnectionError:
                return False
            return True

    def settled(self, tag: str, id: str) -> bool:
        """The client acknowledged a stanza."""
        found = [key for key in self.waiting if key[:2] == (tag, id)]
        for key in found:
            del self.waiting[key]
        return bool(found)

    async def come_online(self) -> int:
        """What a server does after login: announce and send what waited."""
        async with self.order:
            self.connection.active = True
            held = list(self.waiting.values())
            tags = Counter(stanza.tag for stanza in held)
            counts = {tag: tags[tag] for tag in ("message", "receipt", "notification", "call")}
            preview = node("offline_preview", {"count": len(held), **counts, "appdata": 0})
            await self.connection.send(node("ib", {"from": SERVER}, [preview]))
            for stanza in held:
                await self.connection.send(
                    dataclasses.replace(stanza, attrs={**stanza.attrs, "offline": "1"})
                )
            await self.connection.send(
                node("ib", {"from": SERVER}, [node("offline", count=len(held))])
            )
            return len(held)


class Account:
    def __init__(self, rig: Rig, number: str, name: str = ""):
        self.rig = rig
        self.number, self.name = number, name or f"Studio {number}"
        self.jid = JID(number)
        self.lid = JID(rig.new_lid(number), LID_SERVER)
        self.phone = Party()  # its identity key is the one that signs linked devices
        self.app_state = AppState()
        self.app_state.set_push_name(self.name)
        self.devices: dict[int, Device] = {}
        self.faults = Faults()
        self._shuffle: Shuffle | None = None
        self._device_numbers = itertools.count(1)
        self._key_index = itertools.count(1)

    def strike(self, fault: str) -> dict | None:
        """Take a one-shot meant for this number, or else one meant for any number."""
        own = self.faults.take(fault)
        return own if own is not None else self.rig.faults.take(fault)

    async def deliver(self, device: Device, stanza: Node) -> None:
        """A customer's message; `reorder` holds some back to send them in another order."""
        if self._shuffle is None:
            wanted = self.strike("reorder")
            self._shuffle = Shuffle(**wanted) if wanted is not None else None
        if self._shuffle is None:
            await device.deliver(stanza)
        elif self._shuffle.add(device, stanza):
            await self.let_go()

    async def let_go(self) -> None:
        """Deliver what `reorder` holds back."""
        held, self._shuffle = self._shuffle, None
        for device, stanza in held.shuffled() if held else ():
            await device.deliver(stanza)

    # --- linking ----------------------------------------------------------------

    async def scan(self, text: str, tamper: str | None = None) -> Device:
        """Point the phone's camera at a QR code."""
        return await linking.scan(self, text, tamper)

    async def enter_code(self, letters: str) -> Device:
        """Type the letters that a client shows."""
        return await linking.enter_code(self, letters)

    def next_key_index(self) -> int:
        return next(self._key_index)

    def new_device(self, connection: Connection) -> Device:
        """What the waiting client said of itself, as a device of this account (not yet linked)."""
        offer = connection.registration
        return Device(
            self,
            next(self._device_numbers),
            connection.client_static,
            offer.eIdent,
            int.from_bytes(offer.eRegid, "big"),
            int.from_bytes(offer.eSkeyID, "big"),
            offer.eSkeyVal,
            offer.eSkeySig,
            protos.companion.DeviceProps.FromString(offer.deviceProps).os,
        )

    async def unlink(self, device: int | None = None) -> None:
        """The owner removes the linked device(s) on the phone."""
        for number in [device] if device else list(self.devices):
            gone = self.devices.pop(number)
            self.rig.events.add("unlinked", number=self.number, device=number)
            if gone.connection:
                await gone.connection.stream_error("401", conflict="device_removed")

    # --- the owner's own use of the phone ------------------------------------------

    async def send_from_phone(self, customer: Customer, message) -> str:
        """The owner answers a customer by hand: the customer gets it, companions get a copy."""
        id = new_message_id()
        customer.received(self, id, message, by="phone")
        await self._copy_to_companions(customer, id, message)
        return id

    async def note_to_self(self, message) -> str:
        """The owner writes in the chat with themselves ("Message yourself")."""
        id = new_message_id()
        await self._copy_to_companions(self, id, message)
        return id

    async def _copy_to_companions(self, to: Customer | Account, id: str, message) -> None:
        copy = protos.e2e.Message()
        copy.deviceSentMessage.destinationJID = str(to.lid)
        copy.deviceSentMessage.message.CopyFrom(message)
        for device in list(self.devices.values()):
            kind, data = self.phone.encrypt(device.address, device.bundle, copy.SerializeToString())
            await device.deliver(
                node(
                    "message",
                    {
                        "from": self.lid,
                        "recipient": to.lid,
                        "peer_recipient_pn": to.jid,
                        "id": id,
                        "t": int(time.time()),
                        "type": "text",
                        "notify": self.name,
                    },
                    [node("enc", {"v": "2", "type": kind}, data)],
                )
            )

    async def send_peer(self, device: Device, message) -> str:
        """A protocol message from the phone to one companion (history, keys)."""
        id = new_message_id()
        kind, data = self.phone.encrypt(device.address, device.bundle, message.SerializeToString())
        await device.deliver(
            node(
                "message",
                {
                    "from": self.jid,
                    "id": id,
                    "t": int(time.time()),
                    "type": "text",
                    "category": "peer",
                    "notify": self.name,
                },
                [node("enc", {"v": "2", "type": kind}, data)],
            )
        )
        return id

    async def share_app_state(self, device: Device) -> None:
        """Once per linked device: the key to the phone's settings."""
        if not device.has_app_state_key:
            device.has_app_state_key = True
            await self.send_peer(device, self.app_state.key_share())

    async def send_history(
        self,
        conversations: list[tuple[Customer, list[tuple[str, bool, int]]]],
        device: int | None = None,
    ) -> None:
        """What the phone sends after linking: past chats as (text, from me?, when)."""
        history = protos.history.HistorySync(
            syncType=protos.history.HistorySync.INITIAL_BOOTSTRAP, progress=100
        )
        for customer, lines in conversations:
            chat = history.conversations.add(ID=str(customer.jid), name=customer.name)
            for text, from_me, when in lines:
                item = chat.messages.add()
                item.message.key.remoteJID = str(customer.jid)
                item.message.key.fromMe = from_me
                item.message.key.ID = new_message_id()
                item.message.messageTimestamp = when
                item.message.message.conversation = text
        message = protos.e2e.Message()
        notice = message.protocolMessage.historySyncNotification
        message.protocolMessage.type = protos.e2e.ProtocolMessage.HISTORY_SYNC_NOTIFICATION
        notice.syncType = protos.e2e.INITIAL_BOOTSTRAP
        notice.initialHistBootstrapInlinePayload = zlib.compress(history.SerializeToString())
        for linked in [self.devices[device]] if device else list(self.devices.values()):
            await self.send_peer(linked, message)

    # --- what companions send ---------------------------------------------------------

    def phone_copy(self, device: Device, kind: str, data: bytes):
        """The phone's own copy of a message that a companion sent."""
        return protos.e2e.Message.FromString(self.phone.decrypt(device.address, kind, data))

    def signed_prekey_ok(self, device: Device) -> bool:
        return verify(device.identity, DJB_TYPE + device.signed_public, device.signature)


def new_message_id() -> str:
    return "3A" + secrets.token_hex(9).upper()
