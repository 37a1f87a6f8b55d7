"""Curve25519 keys: agreement (X25519) and the XEdDSA signatures Signal makes with them."""

from __future__ import annotations

import dataclasses
import functools
import os

import xeddsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

DJB_TYPE = b"\x05"  # marks a Curve25519 public key in Signal's messages


@dataclasses.dataclass(frozen=True)
class KeyPair:
    private: bytes
    public: bytes

    @classmethod
    def new(cls) -> KeyPair:
        key = X25519PrivateKey.generate()
        return cls(
            key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()),
            key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        )

    @functools.cached_property
    def _key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.private)

    def agree(self, public: bytes) -> bytes:
        return self._key.exchange(X25519PublicKey.from_public_bytes(public))

    def sign(self, message: bytes) -> bytes:
        # The scalar is negated when needed so that the public key's sign bit is 0;
        # the signature then verifies with and without the sign-bit convention.
        return xeddsa.ed25519_priv_sign(
            xeddsa.priv_force_sign(self.private, False), message, os.urandom(64)
        )

    @property
    def typed(self) -> bytes:
        return DJB_TYPE + self.public


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """libsignal puts the sign bit of the Edwards key into the signature's top bit."""
    sign = bool(signature[63] & 0x80)
    plain = signature[:63] + bytes([signature[63] & 0x7F])
    return xeddsa.ed25519_verify(plain, xeddsa.curve25519_pub_to_ed25519_pub(public, sign), message)
