"""Files: WhatsApp's media servers, and the encryption of what is stored there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from . import protos
from .noise import hkdf

if TYPE_CHECKING:
    from .rig import Rig

HOST = "mmg.whatsapp.net"
_INFO = {
    "image": b"WhatsApp Image Keys",
    "sticker": b"WhatsApp Image Keys",
    "video": b"WhatsApp Video Keys",
    "audio": b"WhatsApp Audio Keys",
    "document": b"WhatsApp Document Keys",
}


def add_routes(app: web.Application, rig: Rig) -> None:
    async def upload(request: web.Request) -> web.Response:
        data = await request.read()
        path = f"/v/{secrets.token_hex(12)}.enc?ccb=1"
        rig.media[path.split("?")[0]] = data
        rig.events.add("upload", type=request.match_info["kind"], size=len(data))
        return web.json_response(
            {
                "url": f"https://{HOST}{path}",
                "direct_path": path,
                "handle": "rig",
                "object_id": "rig",
            }
        )

    async def download(request: web.Request) -> web.Response:
        data = rig.media.get(request.path)
        rig.events.add("download", path=request.path, found=data is not None)
        return web.Response(body=data) if data is not None else web.Response(status=404)

    app.router.add_post("/mms/{kind}/{token}", upload)
    app.router.add_get("/v/{name}", download)


def _keys(kind: str, media_key: bytes) -> tuple[bytes, bytes, bytes]:
    okm = hkdf(bytes(32), media_key, _INFO[kind], 112)
    return okm[:16], okm[16:48], okm[48:80]


def store(rig: Rig, kind: str, data: bytes, mimetype: str, caption: str = "", **fields):
    """Encrypt a file, put it on the media server, and make the message that points to it."""
    media_key = os.urandom(32)
    iv, cipher_key, mac_key = _keys(kind, media_key)
    fill = 16 - len(data) % 16
    encryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(data + bytes([fill]) * fill) + encryptor.finalize()
    sealed += hmac.digest(mac_key, iv + sealed, hashlib.sha256)[:10]
    path = f"/v/{secrets.token_hex(12)}.enc"
    rig.media[path] = sealed
    message = protos.e2e.Message()
    part = getattr(message, f"{kind}Message")
    part.URL = f"https://{HOST}{path}?ccb=1"
    part.directPath = f"{path}?ccb=1"
    part.mediaKey = media_key
    part.mimetype = mimetype
    part.fileLength = len(data)
    part.fileSHA256 = hashlib.sha256(data).digest()
    part.fileEncSHA256 = hashlib.sha256(sealed).digest()
    if caption:
        part.caption = caption
    for name, value in fields.items():
        setattr(part, name, value)
    return message


def fetch(rig: Rig, kind: str, message) -> bytes:
    """The file behind a message that the client sent."""
    part = getattr(message, f"{kind}Message")
    sealed = rig.media[part.directPath.split("?")[0]]
    iv, cipher_key, mac_key = _keys(kind, part.mediaKey)
    body, mac = sealed[:-10], sealed[-10:]
    if not hmac.compare_digest(mac, hmac.digest(mac_key, iv + body, hashlib.sha256)[:10]):
        raise ValueError("the file's authentication code is wrong")
    decryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).decryptor()
    plain = decryptor.update(body) + decryptor.finalize()
    return plain[: -plain[-1]]


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
