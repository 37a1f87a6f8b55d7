"""Server side of the Noise_XX_25519_AESGCM_SHA256 handshake, and frame encryption.

The client proves nothing about the server's name: it accepts any server whose
static key is certified by a chain that ends at one built-in public key.  The rig
owns a key of its own in that place (see launch.py).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import protos
from .curve import KeyPair

PATTERN = b"Noise_XX_25519_AESGCM_SHA256\0\0\0\0"
PROLOGUE = b"WA\x06\x03"  # protocol 6, token dictionary 3
DAY = 86400


class HandshakeFailed(RuntimeError):
    pass


def hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    pseudo_random = hmac.digest(salt, secret, hashlib.sha256)
    out, block = b"", b""
    for i in range(1, -(-length // 32) + 1):
        block = hmac.digest(pseudo_random, block + info + bytes([i]), hashlib.sha256)
        out += block
    return out[:length]


def _nonce(counter: int) -> bytes:
    return bytes(8) + counter.to_bytes(4, "big")


def certificate_chain(root: KeyPair, static_public: bytes) -> bytes:
    """Intermediate (signed by the root) and leaf (signed by the intermediate).

    The client checks: both signatures, intermediate.issuerSerial == 0,
    leaf.issuerSerial == intermediate.serial, leaf.key == the static key of this
    handshake, and both validity periods.
    """
    now = int(time.time())
    intermediate = KeyPair.new()
    chain = protos.cert.CertChain()

    def fill(part, signer: KeyPair, **fields) -> None:
        details = type(part).Details(notBefore=now - DAY, notAfter=now + 30 * DAY, **fields)
        part.details = details.SerializeToString()
        part.signature = signer.sign(part.details)

    fill(chain.intermediate, root, serial=1, issuerSerial=0, key=intermediate.public)
    fill(chain.leaf, intermediate, serial=2, issuerSerial=1, key=static_public)
    return chain.SerializeToString()


class Handshake:
    """One handshake: ``hello()`` answers the client's first frame, ``finish()`` its second."""

    def __init__(self, static: KeyPair, certificate: bytes, prologue: bytes = PROLOGUE):
        self.static, self.certificate = static, certificate
        self.ephemeral = KeyPair.new()
        self.hash = self.salt = PATTERN  # exactly 32 bytes, so it is not hashed first
        self.key, self.counter = AESGCM(self.hash), 0
        self._absorb(prologue)

    def _absorb(self, data: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + data).digest()

    def _mix(self, secret: bytes) -> None:
        okm = hkdf(self.salt, secret, b"", 64)
        self.salt, self.key, self.counter = okm[:32], AESGCM(okm[32:]), 0

    def _seal(self, plain: bytes) -> bytes:
        sealed = self.key.encrypt(_nonce(self.counter), plain, self.hash)
        self.counter += 1
        self._absorb(sealed)
        return sealed

    def _open(self, sealed: bytes) -> bytes:
        plain = self.key.decrypt(_nonce(self.counter), sealed, self.hash)
        self.counter += 1
        self._absorb(sealed)
        return plain

    def hello(self, frame: bytes) -> bytes:
        message = protos.wa6.HandshakeMessage.FromString(frame)
        client = message.clientHello.ephemeral
        if len(client) != 32:
            raise HandshakeFailed("client hello without an ephemeral key")
        self._client_ephemeral = client
        self._absorb(client)
        self._absorb(self.ephemeral.public)
        self._mix(self.ephemeral.agree(client))
        answer = protos.wa6.HandshakeMessage()
        answer.serverHello.ephemeral = self.ephemeral.public
        answer.serverHello.static = self._seal(self.static.public)
        self._mix(self.static.agree(client))
        answer.serverHello.payload = self._seal(self.certificate)
        return answer.SerializeToString()

    def finish(self, frame: bytes) -> tuple[bytes, Any, Cipher]:
        """(client's static public key, what it says of itself, cipher for what follows)."""
        message = protos.wa6.HandshakeMessage.FromString(frame)
        try:
            client_static = self._open(message.clientFinish.static)
            self._mix(self.ephemeral.agree(client_static))
            payload = self._open(message.clientFinish.payload)
        except Exception as error:  # InvalidTag carries no text
            raise HandshakeFailed(f"client finish does not decrypt: {error!r}") from error
        okm = hkdf(self.salt, b"", b"", 64)
        cipher = Cipher(read=okm[:32], write=okm[32:])
        return client_static, protos.wa6.ClientPayload.FromString(payload), cipher


class Cipher:
    """AES-GCM with one counter per direction."""

    def __init__(self, read: bytes, write: bytes):
        self._read, self._write = AESGCM(read), AESGCM(write)
        self._received = self._sent = 0

    def open(self, frame: bytes) -> bytes:
        plain = self._read.decrypt(_nonce(self._received), frame, None)
        self._received += 1
        return plain

    def seal(self, plain: bytes) -> bytes:
        frame = self._write.encrypt(_nonce(self._sent), plain, None)
        self._sent += 1
        return frame


class Framer:
    """Cuts the byte stream into frames: an optional prologue, then 3-byte lengths."""

    def __init__(self):
        self._buffer = b""
        self._started = False
        self.prologue = b""

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        if not self._started:
            if self._buffer[:2] == b"ED":  # edge routing information comes before the prologue
                if len(self._buffer) < 7:
                    return []
                skip = 7 + int.from_bytes(self._buffer[4:7], "big")
            else:
                skip = 0
            if len(self._buffer) < skip + len(PROLOGUE):
                return []
            self.prologue = self._buffer[: skip + len(PROLOGUE)]
            self._buffer = self._buffer[skip + len(PROLOGUE) :]
            self._started = True
        frames = []
        while len(self._buffer) >= 3:
            end = 3 + int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < end:
                break
            frames.append(self._buffer[3:end])
            self._buffer = self._buffer[end:]
        return frames

    @staticmethod
    def frame(data: bytes) -> bytes:
        return len(data).to_bytes(3, "big") + data
