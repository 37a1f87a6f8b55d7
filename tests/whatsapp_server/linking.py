"""Linking a companion to the owner's phone: by a QR code it shows, or by eight letters typed on the phone.

Both ways end alike: the phone signs the companion's identity, proves with a secret that only the two know that
it is the phone which saw the code, and the server tells the companion to come back (515).
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import hashlib
import hmac
import re
import secrets
import time
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import protos
from .curve import KeyPair, verify
from .nodes import JID, SERVER, Node, node
from .noise import hkdf

if TYPE_CHECKING:
    from .account import Account, Device
    from .connection import Connection
    from .rig import Rig

ACCOUNT_SIGNATURE = b"\x06\x00"
DEVICE_SIGNATURE = b"\x06\x01"
QR_PREFIX = "https://wa.me/settings/linked_devices#"
QR_CODES, FIRST_QR, NEXT_QR = 6, 60.0, 20.0  # how many, and the seconds that each is shown
QR_GRACE = 5.0  # the client's clock starts a little later
CODE_ROUNDS = 2 << 16  # of PBKDF2
CODE_LETTERS = re.compile(r"[1-9A-HJ-NP-TV-Z]{8}")  # no 0, I, O, U: they are easily mistaken
DISPLAY = re.compile(
    r"(chrome|edge|firefox|ie|opera|safari) \((android|linux|mac os|macos|windows)\)", re.IGNORECASE
)


class PairingRefused(ValueError):
    pass


@dataclasses.dataclass(frozen=True)
class QRCode:
    """The five fields of the text inside a QR code."""

    ref: str
    noise: bytes
    identity: bytes
    secret: bytes
    client: str

    @classmethod
    def parse(cls, text: str) -> QRCode:
        fields = text.strip().removeprefix(QR_PREFIX).split(",")
        if len(fields) < 4:
            raise PairingRefused("not a WhatsApp linking code")
        ref, *keys = fields[:4]
        noise, identity, secret = (base64.b64decode(k) for k in keys)
        return cls(ref, noise, identity, secret, fields[4] if len(fields) > 4 else "")


@dataclasses.dataclass
class QROffer:
    """One of the codes that a client shows one after another."""

    connection: Connection
    until: float  # on the clock of time.monotonic


@dataclasses.dataclass(frozen=True)
class LinkCode:
    """A companion waits for eight letters to be typed on the phone of this number."""

    ref: str
    number: str
    connection: Connection
    wrapped: bytes  # its one-time public key: salt, counter, the key under the letters
    display: str
    notify: bool


# --- the server's side --------------------------------------------------------------------


def qr_refs(connection: Connection) -> list[str]:
    """The codes for a client that is not linked; each is valid until the client shows the next."""
    until = time.monotonic() + FIRST_QR + QR_GRACE
    refs = [f"2@{secrets.token_urlsafe(72)}" for _ in range(QR_CODES)]
    for place, ref in enumerate(refs):
        connection.rig.pairing[ref] = QROffer(connection, until + place * NEXT_QR)
    connection.rig.events.add("pairing_offered", connection=connection.number, refs=len(refs))
    return refs


def waiting_for(rig: Rig, ref: str) -> Connection | None:
    """The client that shows this code, while the code is valid."""
    found = rig.pairing.get(ref)
    if found is None or found.connection.closed or found.until < time.monotonic():
        return None
    return found.connection


def expire(rig: Rig, count: int) -> int:
    """The oldest ``count`` codes of every waiting client become worthless now."""
    seen: dict[int, int] = {}
    for found in rig.pairing.values():
        if found.until >= time.monotonic():
            seen[found.connection.number] = seen.get(found.connection.number, 0) + 1
            if seen[found.connection.number] <= count:
                found.until = 0.0
    return len(seen)


def forget(rig: Rig, connection: Connection) -> None:
    """This client waits no longer."""
    rig.pairing = {ref: c for ref, c in rig.pairing.items() if c.connection is not connection}
    rig.link_codes = {n: c for n, c in rig.link_codes.items() if c.connection is not connection}


def offer(connection: Connection, request: Node) -> list[Node]:
    """The companion asks to be linked by letters ("companion_hello")."""
    display = request.child("companion_platform_display").data.decode()
    if not DISPLAY.fullmatch(display):
        raise ValueError("bad-request")
    code = LinkCode(
        ref=f"3@{secrets.token_urlsafe(24)}",
        number=JID.parse(request.text("jid")).user,
        connection=connection,
        wrapped=request.child("link_code_pairing_wrapped_companion_ephemeral_pub").data,
        display=display,
        notify=request.text("should_show_push_notification") == "true",
    )
    if request.child("companion_server_auth_key_pub").data != connection.client_static:
        raise ValueError("not-authorized")
    connection.rig.link_codes[code.number] = code
    connection.rig.events.add(
        "code_offered",
        number=code.number,
        display=display,
        notify=code.notify,
        connection=connection.number,
    )
    return [_reg("companion_hello", [node("link_code_pairing_ref", None, code.ref.encode())])]


def finish(connection: Connection, request: Node) -> list[Node]:
    """The companion sends its keys, readable by who knows the letters ("companion_finish")."""
    waiting = connection.link_finish
    if waiting is not None and not waiting.done():
        waiting.set_result(request)
    return []


def _reg(stage: str, children: list[Node]) -> Node:
    return node("link_code_companion_reg", {"stage": stage}, children)


async def ask_for_passkey(connection: Connection) -> None:
    """What newer accounts do instead of linking: the companion must prove a passkey first."""
    options = b'{"challenge": "cmln", "rpId": "web.whatsapp.com", "timeout": 60000}'
    await connection.send(
        node(
            "notification",
            {
                "from": SERVER,
                "type": "passkey_prologue_request",
                "id": secrets.token_hex(8),
                "t": int(time.time()),
            },
            [node("passkey_request_options", None, options)],
        )
    )
    connection.rig.events.add("passkey_asked", connection=connection.number)


# --- the phone's side ---------------------------------------------------------------------


async def scan(account: Account, text: str, tamper: str | None = None) -> Device:
    """Point the phone's camera at a QR code. Returns once the client has confirmed.

    ``tamper`` = "hmac" or "signature" makes the phone's proof wrong, which the client must refuse.
    """
    code = QRCode.parse(text)
    connection = waiting_for(account.rig, code.ref)
    if connection is None:
        raise _refused(account, "this code is no longer valid")
    if (code.noise, code.identity) != (connection.client_static, connection.registration.eIdent):
        raise _refused(account, "the keys in the code are not those of the waiting client")
    if account.strike("passkey") is not None:
        await ask_for_passkey(connection)
        raise PairingRefused("this account links nothing without a passkey")
    return await _link(account, connection, code.secret, tamper)


async def enter_code(account: Account, letters: str) -> Device:
    """Type the eight letters that the client shows. Wrong letters are refused and may be typed again."""
    plain = letters.replace("-", "").replace(" ", "").upper()
    code = account.rig.link_codes.get(account.number)
    if code is None or code.connection.closed:
        raise _refused(account, "nobody waits for a code of this number")
    if not CODE_LETTERS.fullmatch(plain):
        raise _refused(account, "a code has eight letters and digits")
    if account.strike("passkey") is not None:
        await ask_for_passkey(code.connection)
        raise PairingRefused("this account links nothing without a passkey")
    own = KeyPair.new()
    theirs = await asyncio.to_thread(_open_wrapped, plain, code.wrapped)
    wrapped = await asyncio.to_thread(_wrap, plain, own.public)
    answer = await _say_hello(account, code, wrapped)
    identity = code.connection.registration.eIdent
    if answer.child("companion_identity_public").data != identity:
        raise _refused(account, "the identity is not that of the waiting client")
    bundle = answer.child("link_code_pairing_wrapped_key_bundle").data
    secret = _adv_secret(account.phone.identity, identity, own.agree(theirs), bundle)
    if secret is None:
        raise _refused(account, "wrong code")
    account.rig.link_codes.pop(account.number, None)
    return await _link(account, code.connection, secret)


async def _say_hello(account: Account, code: LinkCode, wrapped: bytes) -> Node:
    """Tell the companion which phone typed a code ("primary_hello"); what it answers."""
    connection = code.connection
    connection.link_finish = asyncio.get_running_loop().create_future()
    children = [
        node("link_code_pairing_wrapped_primary_ephemeral_pub", None, wrapped),
        node("primary_identity_pub", None, account.phone.identity.public),
        node("link_code_pairing_ref", None, code.ref.encode()),
    ]
    attrs = {
        "from": SERVER,
        "type": "link_code_companion_reg",
        "id": secrets.token_hex(8),
        "t": int(time.time()),
    }
    await connection.send(node("notification", attrs, [_reg("primary_hello", children)]))
    return await asyncio.wait_for(connection.link_finish, 10)


def _refused(account: Account, why: str) -> PairingRefused:
    account.rig.events.add("pair_refused", number=account.number, why=why)
    return PairingRefused(why)


def _under_letters(letters: str, salt: bytes, counter: bytes, key: bytes) -> bytes:
    """A key hidden, or found again, under the letters."""
    under = hashlib.pbkdf2_hmac("sha256", letters.encode(), salt, CODE_ROUNDS, 32)
    cipher = Cipher(algorithms.AES(under), modes.CTR(counter)).encryptor()
    return cipher.update(key) + cipher.finalize()


def _open_wrapped(letters: str, wrapped: bytes) -> bytes:
    return _under_letters(letters, wrapped[:32], wrapped[32:48], wrapped[48:80])


def _wrap(letters: str, key: bytes) -> bytes:
    salt, counter = secrets.token_bytes(32), secrets.token_bytes(16)
    return salt + counter + _under_letters(letters, salt, counter, key)


def _adv_secret(phone: KeyPair, identity: bytes, shared: bytes, bundle: bytes) -> bytes | None:
    """The secret for the last proof; None when the two did not use the same letters."""
    salt, nonce, sealed = bundle[:32], bundle[32:44], bundle[44:]
    key = hkdf(salt, shared, b"link_code_pairing_key_bundle_encryption_key", 32)
    try:
        plain = AESGCM(key).decrypt(nonce, sealed, None)
    except InvalidTag:
        return None
    if plain[:32] != identity or plain[32:64] != phone.public:
        return None
    return hkdf(bytes(32), shared + phone.agree(identity) + plain[64:], b"adv_secret", 32)


async def _link(
    account: Account, connection: Connection, secret: bytes, tamper: str | None = None
) -> Device:
    """Sign the companion's identity, and see that it accepts the signature."""
    details = protos.adv.ADVDeviceIdentity(
        rawID=secrets.randbits(31), timestamp=int(time.time()), keyIndex=account.next_key_index()
    ).SerializeToString()
    device = account.new_device(connection)
    proof = _signed(account, details, device.identity, secret, tamper)
    answer = await connection.ask(_pair_success(account, device, proof))
    confirmed = answer.child("pair-device-sign", "device-identity")
    if answer.text("type") != "result" or confirmed is None:
        error = answer.child("error")
        raise _refused(account, f"client: {error.text('text') if error else 'no answer'}")
    theirs = protos.adv.ADVSignedDeviceIdentity.FromString(confirmed.data)
    message = DEVICE_SIGNATURE + details + device.identity + account.phone.identity.public
    if not verify(device.identity, message, theirs.deviceSignature):
        raise _refused(account, "the client's device signature is wrong")
    account.devices[device.number] = device
    forget(account.rig, connection)
    account.rig.events.add(
        "paired", number=account.number, device=device.number, os=device.description
    )
    await connection.stream_error("515")
    return device


def _signed(
    account: Account, details: bytes, identity: bytes, secret: bytes, tamper: str | None
) -> bytes:
    phone = account.phone.identity
    signed = protos.adv.ADVSignedDeviceIdentity(
        details=details,
        accountSignatureKey=phone.public,
        accountSignature=phone.sign(ACCOUNT_SIGNATURE + details + identity),
    )
    if tamper == "signature":
        signed.accountSignature = phone.sign(b"something else")
    wrapped = protos.adv.ADVSignedDeviceIdentityHMAC(details=signed.SerializeToString())
    key = b"wrong" if tamper == "hmac" else secret
    wrapped.HMAC = hmac.digest(key, wrapped.details, hashlib.sha256)
    return bytes(wrapped.SerializeToString())


def _pair_success(account: Account, device: Device, proof: bytes) -> Node:
    children = [
        node("device-identity", None, proof),
        node("biz", name=account.name),
        node("device", jid=device.jid, lid=device.lid),
        node("platform", name="smba"),
    ]
    attrs = {"from": SERVER, "type": "set", "t": int(time.time())}
    return node("iq", attrs, [node("pair-success", None, children)])
