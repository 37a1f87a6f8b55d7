"""Message bodies: building them from plain values, and reading them back."""

from __future__ import annotations

import base64
import secrets
from typing import Any, TypeAlias

from google.protobuf import json_format  # type: ignore[import-untyped]

from . import protos

_message: Any = protos.e2e.Message
Message: TypeAlias = Any  # its module has no types

_MEDIA = {
    "imageMessage": "image",
    "videoMessage": "video",
    "audioMessage": "audio",
    "documentMessage": "document",
    "stickerMessage": "sticker",
    "contactMessage": "vcard",
}
_KINDS = {
    "conversation": "text",
    "extendedTextMessage": "text",
    "reactionMessage": "reaction",
    "locationMessage": "location",
    "protocolMessage": "protocol",
    "pollCreationMessage": "poll",
    **_MEDIA,
}


def _body(message) -> str:
    """Name of the field that carries the content."""
    return next((f.name for f, _ in message.ListFields() if f.name in _KINDS), "")


def kind_of(message) -> str:
    return _KINDS.get(_body(message), "other")


def media_type(message) -> str | None:
    field = _body(message)
    if field == "audioMessage" and message.audioMessage.PTT:
        return "ptt"
    return _MEDIA.get(field)


def stanza_type(message) -> str:
    kind = kind_of(message)
    if kind in ("reaction", "poll"):
        return kind
    return "media" if media_type(message) else "text"


def text_of(message) -> str:
    """The words a person would read: text, caption, reaction emoji."""
    field = _body(message)
    if field == "conversation":
        return message.conversation
    if field == "extendedTextMessage":
        return message.extendedTextMessage.text
    if field == "reactionMessage":
        return message.reactionMessage.text
    part = getattr(message, field, None) if field else None
    return getattr(part, "caption", "") or ""


def describe(message) -> dict:
    return json_format.MessageToDict(message)


def text(words: str) -> Message:
    return _message(conversation=words)


def extended(
    words: str, quoted_id: str = "", quoted_text: str = "", quoted_sender: str = ""
) -> Message:
    message = _message()
    message.extendedTextMessage.text = words
    if quoted_id:
        context = message.extendedTextMessage.contextInfo
        context.stanzaID = quoted_id
        context.participant = quoted_sender
        context.quotedMessage.conversation = quoted_text
    return message


def location(latitude: float, longitude: float, name: str = "", address: str = "") -> Message:
    message = _message()
    message.locationMessage.degreesLatitude = latitude
    message.locationMessage.degreesLongitude = longitude
    message.locationMessage.name = name
    message.locationMessage.address = address
    return message


def reaction(emoji: str, to_id: str, chat: str, from_me: bool = True) -> Message:
    message = _message()
    message.reactionMessage.text = emoji
    message.reactionMessage.key.ID = to_id
    message.reactionMessage.key.remoteJID = chat
    message.reactionMessage.key.fromMe = from_me
    return message


def with_secret(message) -> Message:
    """The message as a real phone sends it: with a secret that later edits, votes and answers refer to."""
    if kind_of(message) in ("reaction", "protocol") or message.messageContextInfo.messageSecret:
        return message
    whole = _message()
    whole.CopyFrom(message)
    whole.messageContextInfo.messageSecret = secrets.token_bytes(32)
    return whole


def from_json(fields: dict) -> Message:
    """Any message, in protobuf's JSON form (bytes as base64)."""
    return json_format.ParseDict(fields, _message())


def build(spec: dict) -> Message:
    """From the control port: {"text": ..} or {"json": {..}} or {"protobuf": base64}."""
    if "text" in spec:
        return text(spec["text"])
    if "json" in spec:
        return from_json(spec["json"])
    if "protobuf" in spec:
        return _message.FromString(base64.b64decode(spec["protobuf"]))
    raise ValueError("a message needs text, json or protobuf")
