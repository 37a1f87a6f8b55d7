"""Signal sessions as WhatsApp uses them: X3DH and the double ratchet, wire version 3.

A :class:`Party` is one device (a customer's phone, or the business owner's
phone).  It owns an identity, hands out pre-key bundles and keeps one
:class:`Session` per address it talks to.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .curve import DJB_TYPE, KeyPair, verify
from .noise import hkdf

VERSION = b"\x33"
MAC_SIZE = 8
MAX_SKIPPED = 2000
MAX_OLD_SESSIONS = 20


class DecryptFailed(ValueError):
    pass


class Duplicate(DecryptFailed):
    """The message key was already used."""


# --- a protobuf small enough to write by hand ----------------------------------
# Signal's own two messages are not among the modules neonize ships.


def _varint(n: int) -> bytes:
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def _pack(fields: dict[int, int | bytes | None]) -> bytes:
    out = b""
    for number, value in sorted(fields.items()):
        if value is None:
            continue
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            out += _varint(number << 3 | 2) + _varint(len(value)) + value
    return out


def _unpack(data: bytes) -> dict[int, Any]:
    fields: dict[int, Any] = {}
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            fields[key >> 3] = varint()
        elif key & 7 == 2:
            size = varint()
            fields[key >> 3] = data[at : at + size]
            at += size
        else:
            raise DecryptFailed(f"unexpected wire type {key & 7}")
    return fields


def _untyped(key: bytes) -> bytes:
    if len(key) != 33 or key[:1] != DJB_TYPE:
        raise DecryptFailed("not a Curve25519 public key")
    return key[1:]


# --- chains ---------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _MessageKeys:
    cipher: bytes
    mac: bytes
    iv: bytes

    @classmethod
    def of(cls, chain_key: bytes) -> _MessageKeys:
        seed = hmac.digest(chain_key, b"\x01", hashlib.sha256)
        okm = hkdf(bytes(32), seed, b"WhisperMessageKeys", 80)
        return cls(okm[:32], okm[32:64], okm[64:])

    def encrypt(self, plain: bytes) -> bytes:
        fill = 16 - len(plain) % 16
        enc = Cipher(algorithms.AES(self.cipher), modes.CBC(self.iv)).encryptor()
        return enc.update(plain + bytes([fill]) * fill) + enc.finalize()

    def decrypt(self, sealed: bytes) -> bytes:
        dec = Cipher(algorithms.AES(self.cipher), modes.CBC(self.iv)).decryptor()
        plain = dec.update(sealed) + dec.finalize()
        return plain[: -plain[-1]]


@dataclasses.dataclass
class _Chain:
    key: bytes
    index: int = 0

    def next(self) -> _MessageKeys:
        keys = _MessageKeys.of(self.key)
        self.key = hmac.digest(self.key, b"\x02", hashlib.sha256)
        self.index += 1
        return keys


@dataclasses.dataclass(frozen=True)
class Bundle:
    """What a sender needs to start a session with a device that is not online."""

    registration_id: int
    identity: bytes
    signed_id: int
    signed_public: bytes
    signature: bytes
    one_time_id: int | None = None
    one_time_public: bytes | None = None

    def check(self) -> None:
        if not verify(self.identity, DJB_TYPE + self.signed_public, self.signature):
            raise DecryptFailed("the signed pre-key's signature is wrong")


class Session:
    """The state shared with one other device."""

    def __init__(self, own: KeyPair, their_identity: bytes):
        self.own, self.their_identity = own, their_identity
        self.root = b""
        self.ratchet: KeyPair | None = None
        self.sending: _Chain | None = None
        self.previous_count = 0
        self.receiving: dict[bytes, _Chain] = {}  # their ratchet key -> chain
        self.skipped: dict[tuple[bytes, int], _MessageKeys] = {}
        self.pending: dict[int, int | bytes | None] | None = None  # pre-key header until answered
        self.base_key = b""

    @staticmethod
    def _start(*agreements: bytes) -> tuple[bytes, bytes]:
        okm = hkdf(bytes(32), b"\xff" * 32 + b"".join(agreements), b"WhisperText", 64)
        return okm[:32], okm[32:]

    def _step(self, theirs: bytes) -> bytes:
        """Advance the root with our current ratchet key and theirs; a new chain key."""
        okm = hkdf(self.root, self.ratchet.agree(theirs), b"WhisperRatchet", 64)
        self.root = okm[:32]
        return okm[32:]

    @classmethod
    def opened_with(cls, own: KeyPair, own_registration: int, bundle: Bundle) -> Session:
        """We write first."""
        bundle.check()
        base = KeyPair.new()
        agreements = [
            own.agree(bundle.signed_public),
            base.agree(bundle.identity),
            base.agree(bundle.signed_public),
        ]
        if bundle.one_time_public:
            agreements.append(base.agree(bundle.one_time_public))
        self = cls(own, bundle.identity)
        self.base_key = base.public
        self.root, chain = cls._start(*agreements)
        self.receiving[bundle.signed_public] = _Chain(chain)
        self.ratchet = KeyPair.new()
        self.sending = _Chain(self._step(bundle.signed_public))
        self.pending = {
            1: bundle.one_time_id,
            2: base.typed,
            3: own.typed,
            5: own_registration,
            6: bundle.signed_id,
        }
        return self

    @classmethod
    def accepted(
        cls,
        own: KeyPair,
        signed: KeyPair,
        one_time: KeyPair | None,
        their_identity: bytes,
        base: bytes,
    ) -> Session:
        """They wrote first, using a bundle of ours."""
        agreements = [signed.agree(their_identity), own.agree(base), signed.agree(base)]
        if one_time:
            agreements.append(one_time.agree(base))
        self = cls(own, their_identity)
        self.base_key = base
        self.root, chain = cls._start(*agreements)
        self.ratchet = signed
        self.sending = _Chain(chain)
        return self

    def copy(self) -> Session:
        """The same state once more; only the chains and the dictionaries ever change in place."""
        twin = copy.copy(self)
        twin.sending = copy.copy(self.sending)
        twin.receiving = {key: copy.copy(chain) for key, chain in self.receiving.items()}
        twin.skipped = dict(self.skipped)
        return twin

    def encrypt(self, plain: bytes) -> tuple[str, bytes]:
        """("pkmsg" or "msg", bytes)."""
        counter = self.sending.index
        keys = self.sending.next()
        body = VERSION + _pack(
            {1: self.ratchet.typed, 2: counter, 3: self.previous_count, 4: keys.encrypt(plain)}
        )
        message = body + self._mac(keys, self.own.public, self.their_identity, body)
        if self.pending is None:
            return "msg", message
        return "pkmsg", VERSION + _pack({**self.pending, 4: message})

    @staticmethod
    def _mac(keys: _MessageKeys, sender: bytes, receiver: bytes, body: bytes) -> bytes:
        return hmac.digest(
            keys.mac, DJB_TYPE + sender + DJB_TYPE + receiver + body, hashlib.sha256
        )[:MAC_SIZE]

    def decrypt(self, message: bytes) -> bytes:
        body, mac = message[:-MAC_SIZE], message[-MAC_SIZE:]
        if body[0] >> 4 != 3:
            raise DecryptFailed(f"message version {body[0] >> 4}")
        fields = _unpack(body[1:])
        theirs, counter = _untyped(fields[1]), int(fields.get(2, 0))
        if theirs not in self.receiving:
            chain = self._step(theirs)
            self.receiving[theirs] = _Chain(chain)
            self.previous_count = max(self.sending.index - 1, 0)
            self.ratchet = KeyPair.new()
            self.sending = _Chain(self._step(theirs))
        keys = self._keys_for(theirs, counter)
        if not hmac.compare_digest(
            mac, self._mac(keys, self.their_identity, self.own.public, body)
        ):
            raise DecryptFailed("wrong authentication code")
        self.pending = None  # they have our session
        return keys.decrypt(fields[4])

    def _keys_for(self, theirs: bytes, counter: int) -> _MessageKeys:
        chain = self.receiving[theirs]
        if counter < chain.index:
            try:
                return self.skipped.pop((theirs, counter))
            except KeyError:
                raise Duplicate(f"message {counter} of this chain was read before") from None
        if counter - chain.index > MAX_SKIPPED:
            raise DecryptFailed("too many messages missing")
        while chain.index < counter:
            index = chain.index
            self.skipped[(theirs, index)] = chain.next()
        return chain.next()


# --- a device -------------------------------------------------------------------


class Party:
    """One device's keys and sessions."""

    def __init__(self, identity: KeyPair | None = None):
        self.identity = identity or KeyPair.new()
        self.registration_id = secrets.randbelow(16380) + 1
        self.signed_id = 1
        self.signed = KeyPair.new()
        self.signature = self.identity.sign(self.signed.typed)
        self.one_time: dict[int, KeyPair] = {}
        self._next_one_time = 1
        self.sessions: dict[str, list[Session]] = {}  # newest first

    def bundle(self) -> Bundle:
        """A fresh bundle; every call spends one one-time key."""
        number, self._next_one_time = self._next_one_time, self._next_one_time + 1
        self.one_time[number] = KeyPair.new()
        return Bundle(
            self.registration_id,
            self.identity.public,
            self.signed_id,
            self.signed.public,
            self.signature,
            number,
            self.one_time[number].public,
        )

    def encrypt(self, address: str, fetch: Callable[[], Bundle], plain: bytes) -> tuple[str, bytes]:
        if not self.sessions.get(address):
            self._keep(address, Session.opened_with(self.identity, self.registration_id, fetch()))
        return self.sessions[address][0].encrypt(pad(plain))

    def decrypt(self, address: str, kind: str, data: bytes) -> bytes:
        known = self.sessions.get(address, [])
        if kind == "pkmsg":
            if data[0] >> 4 != 3:
                raise DecryptFailed(f"pre-key message version {data[0] >> 4}")
            fields = _unpack(data[1:])
            candidates = [s for s in known if s.base_key == _untyped(fields[2])]
            if not candidates:
                candidates = [self._accept(fields)]
            data = fields[4]
        elif kind == "msg":
            candidates = known
        else:
            raise DecryptFailed(f"cannot decrypt {kind}")
        problem: Exception = DecryptFailed(f"no session with {address}")
        for session in candidates:
            attempt = session.copy()  # a failed attempt must leave no trace
            try:
                plain = unpad(attempt.decrypt(data))
            except (DecryptFailed, ValueError) as error:
                if not isinstance(
                    problem, Duplicate
                ):  # says more than another session's "wrong code"
                    problem = error
                continue
            self._keep(address, attempt, instead_of=session)
            return plain
        raise problem

    def _accept(self, fields: dict) -> Session:
        if int(fields.get(6, 0)) != self.signed_id:
            raise DecryptFailed("unknown signed pre-key")
        one_time = self.one_time.pop(int(fields[1]), None) if 1 in fields else None
        if 1 in fields and one_time is None:
            raise DecryptFailed("unknown one-time pre-key")
        return Session.accepted(
            self.identity, self.signed, one_time, _untyped(fields[3]), _untyped(fields[2])
        )

    def _keep(self, address: str, session: Session, instead_of: Session | None = None) -> None:
        others = [s for s in self.sessions.get(address, []) if s is not instead_of]
        self.sessions[address] = [session, *others][:MAX_OLD_SESSIONS]

    def forget(self, address: str) -> None:
        """Start afresh with the next message, as after a retry receipt with keys."""
        self.sessions.pop(address, None)


def pad(plain: bytes) -> bytes:
    size = os.urandom(1)[0] & 15 or 15
    return plain + bytes([size]) * size


def unpad(plain: bytes) -> bytes:
    size = plain[-1]
    if not 0 < size <= len(plain) or plain[-size:] != bytes([size]) * size:
        raise DecryptFailed("wrong padding")
    return plain[:-size]
