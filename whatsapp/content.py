"""What a WhatsApp message says: kind, text and details of the message types that people send."""

from dataclasses import dataclass, field
from typing import Any

from conversations.models import Message

Kind = Message.Kind
LONGEST_TEXT = 100_000


@dataclass(frozen=True)
class Content:
    """A message's body in our words; `text` is the caption where there is one."""

    kind: str
    text: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    context: Any = None  # the library's contextInfo: what is quoted, forwarded, advertised


_WRAPPERS = (
    *("ephemeralMessage", "viewOnceMessage", "viewOnceMessageV2", "viewOnceMessageV2Extension"),
    *("documentWithCaptionMessage", "editedMessage", "lottieStickerMessage"),
    *("groupMentionedMessage", "botInvokeMessage", "associatedChildMessage"),
    *("botForwardedMessage", "spoilerMessage", "questionMessage", "deviceSentMessage"),
)
_MEDIA = {
    "imageMessage": Kind.IMAGE,
    "videoMessage": Kind.VIDEO,
    "ptvMessage": Kind.VIDEO,
    "documentMessage": Kind.DOCUMENT,
    "stickerMessage": Kind.STICKER,
}
# Answers to buttons, lists and forms: the field, then where the chosen words stand.
_CHOICES = {
    "buttonsResponseMessage": ("selectedDisplayText", "selectedButtonID"),
    "templateButtonReplyMessage": ("selectedDisplayText", "selectedID"),
    "listResponseMessage": ("title", "description"),
    "groupInviteMessage": ("caption", "groupName"),
    "orderMessage": ("message", "orderTitle"),
    "productMessage": ("body", "footer"),
    "eventMessage": ("name", "description"),
    "pollCreationMessage": ("name",),
    "pollCreationMessageV3": ("name",),
}
# Housekeeping between phones: nothing that a person said.
_SILENT = frozenset(
    {"messageContextInfo", "senderKeyDistributionMessage", "protocolMessage"}
    | {"fastRatchetKeySenderKeyDistributionMessage", "keepInChatMessage", "pollUpdateMessage"}
    | {"pinInChatMessage", "encReactionMessage", "stickerSyncRmrMessage"}
)


def unwrapped(message: Any) -> Any:
    """The message inside its envelopes (disappearing, view once, sent from another device …)."""
    for _depth in range(8):
        wrapper = next((name for name in _WRAPPERS if message.HasField(name)), None)
        if wrapper is None:
            break
        message = getattr(message, wrapper).message
    return message


def content_of(message: Any) -> Content | None:
    """The content of an unwrapped message; None when it holds nothing that a person said."""
    fields = {descriptor.name: value for descriptor, value in message.ListFields()}
    for name, value in fields.items():
        found = _read(name, value)
        if found is not None:
            return found
    return Content(Kind.OTHER, details={"type": min(fields)}) if fields.keys() - _SILENT else None


def _read(name: str, value: Any) -> Content | None:
    if name == "conversation":
        return Content(Kind.TEXT, value[:LONGEST_TEXT])
    if name == "extendedTextMessage":
        return Content(Kind.TEXT, value.text[:LONGEST_TEXT], context=value.contextInfo)
    if name in _MEDIA:
        return _media(_MEDIA[name], value)
    if name == "audioMessage":
        return _media(Kind.VOICE if value.PTT else Kind.AUDIO, value)
    if name in _CHOICES:
        return Content(Kind.TEXT, _first(value, _CHOICES[name])[:LONGEST_TEXT])
    if name == "interactiveResponseMessage":
        return Content(Kind.TEXT, value.body.text[:LONGEST_TEXT])
    return _place_or_contact(name, value)


def _place_or_contact(name: str, value: Any) -> Content | None:
    if name in ("locationMessage", "liveLocationMessage"):
        details = {"latitude": value.degreesLatitude, "longitude": value.degreesLongitude}
        return Content(Kind.LOCATION, _first(value, ("name", "address", "caption")), details)
    if name == "contactMessage":
        return Content(Kind.CONTACT, value.displayName)
    if name == "contactsArrayMessage":
        return Content(Kind.CONTACT, ", ".join(each.displayName for each in value.contacts))
    return None


def _media(kind: str, value: Any) -> Content:
    details = {
        "file_name": _first(value, ("fileName", "title")),
        "mimetype": value.mimetype,
        "seconds": _first(value, ("seconds",)),
    }
    filled = {name: found for name, found in details.items() if found}
    return Content(kind, _first(value, ("caption",))[:LONGEST_TEXT], filled, value.contextInfo)


def _first(value: Any, names: tuple[str, ...]) -> Any:
    """The first of these fields that the message type has and that is filled."""
    known = value.DESCRIPTOR.fields_by_name
    return next((found for name in names if name in known and (found := getattr(value, name))), "")
