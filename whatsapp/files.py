"""Files that customers send lie encrypted on WhatsApp's servers: fetching and opening them, within limits.

MILA fetches them itself, and not through WhatsApp's library, which follows any address that a sender writes and reads
whatever comes: here the host is fixed, nobody redirects, and size and time end by themselves.
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import http.client
import logging
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from conversations import media
from conversations.models import MediaFile

log = logging.getLogger(__name__)
Problem = MediaFile.Problem

HOST = "https://mmg.whatsapp.net"
SECONDS = 60.0  # for one file
SILENCE = 15.0  # seconds without a byte
CHUNK = 64 * 1024
_KEYS = {
    "image": b"WhatsApp Image Keys",
    "video": b"WhatsApp Video Keys",
    "audio": b"WhatsApp Audio Keys",
    "document": b"WhatsApp Document Keys",
}
_MAC = 10  # bytes at the end of the sealed file


class FileError(Exception):
    """A file cannot be had. `permanent`: trying again would not help."""

    def __init__(self, problem: str, text: str, *, permanent: bool):
        super().__init__(text)
        self.problem, self.permanent = problem, permanent


class Files:
    """Loads the files that wait for one studio, one after the other."""

    def __init__(
        self,
        tenant_id: uuid.UUID,
        clock: Callable[[], dt.datetime],
        fetch: Callable[[Mapping[str, Any]], bytes] | None = None,
    ):
        self._tenant_id, self._clock, self._fetch = tenant_id, clock, fetch or load

    def step(self) -> bool:
        """Load the next file. False when none waits."""
        waiting = media.claim_next(self._tenant_id, self._clock())
        if waiting is None:
            return False
        try:
            media.store(waiting, self._fetch(waiting.source))
        except FileError as error:
            log.info("the file of message %s: %s", waiting.message_id, error)
            permanent = error.permanent
            media.failed(waiting, error.problem, self._clock(), permanent=permanent)
        except OSError:  # no room on the disk, perhaps
            log.exception("the file of message %s cannot be stored", waiting.message_id)
            media.failed(waiting, Problem.NO_ROOM, self._clock(), permanent=False)
        except Exception:  # counted, so that no file is tried for ever
            log.exception("the file of message %s cannot be loaded", waiting.message_id)
            media.failed(waiting, Problem.UNREACHABLE, self._clock(), permanent=False)
        return True


def load(source: Mapping[str, Any]) -> bytes:
    """The file behind a message, opened and checked. FileError otherwise."""
    try:
        return opened(source, fetched(address(source)))
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise FileError(
            Problem.BROKEN, f"the message is damaged: {error}", permanent=True
        ) from error


def address(source: Mapping[str, Any]) -> str:
    """Where the file lies: always WhatsApp's own host, whatever path the sender's phone wrote."""
    path, kind = str(source["path"]), str(source["kind"])
    if kind not in _KEYS or not path.startswith("/") or path.startswith("//"):
        raise ValueError("no place on WhatsApp's servers")
    sealed = base64.urlsafe_b64encode(base64.b64decode(source["sealed_hash"])).decode()
    query = urllib.parse.urlencode({"hash": sealed, "mms-type": kind, "__wa-mms": ""})
    path = urllib.parse.quote(path, safe="/?=&%._-~+:,@!$'()*;")
    return f"{HOST}{path}{'&' if '?' in path else '?'}{query}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


def fetched(url: str) -> bytes:
    """What lies at this address, within the limits of size and time."""
    opener = urllib.request.build_opener(_NoRedirects())
    request = urllib.request.Request(url, headers={"Origin": "https://web.whatsapp.com"})  # noqa: S310
    ends = time.monotonic() + SECONDS
    try:
        with opener.open(request, timeout=SILENCE) as answer:
            return _read(answer, ends)
    except urllib.error.HTTPError as error:
        gone = error.code in (403, 404, 410)
        problem = Problem.EXPIRED if gone else Problem.UNREACHABLE
        raise FileError(problem, f"WhatsApp answered {error.code}", permanent=gone) from error
    # No network, no name, no answer in time, or one that is none.
    except (OSError, http.client.HTTPException) as error:
        raise FileError(Problem.UNREACHABLE, str(error), permanent=False) from error


def _read(answer: Any, ends: float) -> bytes:
    parts, size = [], 0
    while part := answer.read1(CHUNK):
        size += len(part)
        if size > media.LARGEST + CHUNK:
            raise FileError(Problem.TOO_LARGE, "larger than its sender said", permanent=True)
        if time.monotonic() > ends:
            raise FileError(Problem.UNREACHABLE, "it takes too long", permanent=False)
        parts.append(part)
    if answer.length:  # announced, and not sent
        raise FileError(Problem.UNREACHABLE, "the answer was cut off", permanent=False)
    return b"".join(parts)


def opened(source: Mapping[str, Any], sealed: bytes) -> bytes:
    """The file inside its seal; FileError when a byte of it was changed."""
    vector, cipher_key, mac_key = _keys(str(source["kind"]), base64.b64decode(source["key"]))
    body, mac = sealed[:-_MAC], sealed[-_MAC:]
    expected = hmac.digest(mac_key, vector + body, hashlib.sha256)[:_MAC]
    if len(body) % 16 or not body or not hmac.compare_digest(mac, expected):
        raise FileError(Problem.BROKEN, "the seal is broken", permanent=True)
    decryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(vector)).decryptor()
    filled = decryptor.update(body) + decryptor.finalize()
    data = filled[: -filled[-1]]
    if not hmac.compare_digest(hashlib.sha256(data).digest(), base64.b64decode(source["hash"])):
        raise FileError(Problem.BROKEN, "not the file that was announced", permanent=True)
    return data


def _keys(kind: str, media_key: bytes) -> tuple[bytes, bytes, bytes]:
    if len(media_key) != 32:
        raise ValueError("no key")
    derived = HKDF(hashes.SHA256(), 112, salt=None, info=_KEYS[kind]).derive(media_key)
    return derived[:16], derived[16:48], derived[48:80]
