"""App state: the settings a phone shares with its linked devices (here: the shown name).

The server keeps numbered, encrypted patches per collection and does not look
inside; the phone makes them and gives linked devices the key.  Without this a
linked device has no name to show and whatsmeow refuses to send presence.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import struct
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from . import protos
from .noise import hkdf

SET = 0  # operation numbers, as in SyncdMutation


class AppState:
    def __init__(self) -> None:
        self.key_id = secrets.token_bytes(6)
        self.key_data = secrets.token_bytes(32)
        okm = hkdf(bytes(32), self.key_data, b"WhatsApp Mutation Keys", 160)
        self.index_key, self.value_key, self.value_mac_key, self.snapshot_key, self.patch_key = (
            okm[i : i + 32] for i in range(0, 160, 32)
        )
        self.patches: dict[str, list[bytes]] = {}  # collection -> patch 1, 2, ..
        self.hashes: dict[str, bytes] = {}
        self._values: dict[tuple[str, bytes], bytes] = {}  # what an index was last set to (its MAC)

    def version(self, collection: str) -> int:
        return len(self.patches.get(collection, []))

    def after(self, collection: str, version: int) -> list[bytes]:
        return self.patches.get(collection, [])[version:]

    def accept(self, collection: str, version: int, patch: bytes) -> bool:
        """A linked device changes something; refused when it is not up to date."""
        if version != self.version(collection):
            return False
        parsed = protos.sync.SyncdPatch.FromString(patch)
        parsed.version.version = version + 1
        self.patches.setdefault(collection, []).append(parsed.SerializeToString())
        hash = self.hashes.get(collection, bytes(128))
        for mutation in parsed.mutations:
            hash = self._rehash(collection, hash, mutation)
        self.hashes[collection] = hash
        return True

    def set(self, collection: str, index: list[str], value) -> None:
        """The phone sets a value (a SyncActionValue)."""
        raw_index = json.dumps(index, separators=(",", ":")).encode()
        data = protos.action.SyncActionData(
            index=raw_index, value=value, padding=b"", version=1
        ).SerializeToString()
        iv, fill = os.urandom(16), 16 - len(data) % 16
        encryptor = Cipher(algorithms.AES(self.value_key), modes.CBC(iv)).encryptor()
        sealed = iv + encryptor.update(data + bytes([fill]) * fill) + encryptor.finalize()
        content_mac = hmac.digest(
            self.value_mac_key,
            bytes([SET + 1]) + self.key_id + sealed + struct.pack(">Q", len(self.key_id) + 1),
            hashlib.sha512,
        )[:32]

        version = self.version(collection) + 1
        patch = protos.sync.SyncdPatch()
        patch.version.version = version
        patch.keyID.ID = self.key_id
        mutation = patch.mutations.add(operation=SET)
        mutation.record.index.blob = hmac.digest(self.index_key, raw_index, hashlib.sha256)
        mutation.record.value.blob = sealed + content_mac
        mutation.record.keyID.ID = self.key_id

        hash = self._rehash(collection, self.hashes.get(collection, bytes(128)), mutation)
        tail = struct.pack(">Q", version) + collection.encode()
        patch.snapshotMAC = hmac.digest(self.snapshot_key, hash + tail, hashlib.sha256)
        patch.patchMAC = hmac.digest(
            self.patch_key, patch.snapshotMAC + content_mac + tail, hashlib.sha256
        )
        self.hashes[collection] = hash
        self.patches.setdefault(collection, []).append(patch.SerializeToString())

    def _rehash(self, collection: str, hash: bytes, mutation) -> bytes:
        """A sum over the current values: the replaced one goes, the new one comes."""
        key = (collection, mutation.record.index.blob)
        old = self._values.pop(key, None)
        if old is not None:
            hash = _combine(hash, old, -1)
        if mutation.operation == SET:
            new = self._values[key] = mutation.record.value.blob[-32:]
            hash = _combine(hash, new, +1)
        return hash

    def set_push_name(self, name: str) -> None:
        value = protos.action.SyncActionValue(timestamp=int(time.time() * 1000))
        value.pushNameSetting.name = name
        self.set("critical_block", ["setting_pushName"], value)

    def key_share(self):
        """The message by which the phone hands the key to a linked device."""
        message = protos.e2e.Message()
        message.protocolMessage.type = protos.e2e.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE
        key = message.protocolMessage.appStateSyncKeyShare.keys.add()
        key.keyID.keyID = self.key_id
        key.keyData.keyData = self.key_data
        key.keyData.fingerprint.rawID = 1
        key.keyData.fingerprint.currentIndex = 1
        key.keyData.timestamp = int(time.time() * 1000)
        return message


def _combine(hash: bytes, value_mac: bytes, sign: int) -> bytes:
    summand = hkdf(bytes(32), value_mac, b"WhatsApp Patch Integrity", 128)
    pairs = zip(struct.unpack("<64H", hash), struct.unpack("<64H", summand), strict=True)
    return struct.pack("<64H", *((a + sign * b) & 0xFFFF for a, b in pairs))
