"""What a WhatsApp message says: kind, text, details and file of the message types that people send."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conversations.models import Message

Kind = Message.Kind
LONGEST_TEXT = 100_000
LONGEST_NOTE = 500  # characters of a detail: a file's name, what a form said


@dataclass(frozen=True)
class Content:
    """A message's body in our words; `text` is the caption where there is one."""

    kind: str
    text: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    plain: bool = False  # a text and nothing around it
    context: Any = None  # the library's contextInfo: what is quoted, forwarded, advertised
    file: Mapping[str, Any] | None = None  # where the file lies, and how to open it

    @property
    def disappears_after(self) -> int | None:
        """Seconds; 0 for a message that stays. None where the message has no place to say it."""
        if self.context is not None:
            return int(self.context.expiration)
        return 0 if self.plain else None


# A message inside a message. Whatever else has a message of its own inside is opened as well.
_WRAPPERS = (
    *("ephemeralMessage", "viewOnceMessage", "viewOnceMessageV2", "viewOnceMessageV2Extension"),
    *("documentWithCaptionMessage", "editedMessage", "lottieStickerMessage"),
    *("groupMentionedMessage", "botInvokeMessage", "associatedChildMessage"),
    *("botForwardedMessage", "spoilerMessage", "questionMessage", "deviceSentMessage"),
    *("questionReplyMessage", "pollCreationMessageV4", "audioStickerMessage"),
    *("commentMessage", "sendPaymentMessage", "requestPaymentMessage"),
)
_MEDIA = {
    "imageMessage": (Kind.IMAGE, "image"),
    "videoMessage": (Kind.VIDEO, "video"),
    "ptvMessage": (Kind.VIDEO, "video"),
    "documentMessage": (Kind.DOCUMENT, "document"),
    "stickerMessage": (Kind.STICKER, "image"),
}
# Where the words of a message stand that is more than words: answers to buttons and lists, and what programs send.
_WORDS: dict[str, tuple[str, ...]] = {
    "buttonsResponseMessage": ("selectedDisplayText", "selectedButtonID"),
    "templateButtonReplyMessage": ("selectedDisplayText", "selectedID"),
    "listResponseMessage": ("title", "description", "singleSelectReply.selectedRowID"),
    "interactiveResponseMessage": ("body.text",),
    "questionResponseMessage": ("text",),
    "statusQuestionAnswerMessage": ("text",),
    "groupInviteMessage": ("caption", "groupName"),
    "newsletterAdminInviteMessage": ("caption", "newsletterName"),
    "newsletterFollowerInviteMessageV2": ("caption", "newsletterName"),
    "orderMessage": ("message", "orderTitle"),
    "productMessage": ("body", "product.title", "footer"),
    "invoiceMessage": ("note",),
    "eventMessage": ("name", "description"),
    "eventInviteMessage": ("caption", "eventTitle"),
    "scheduledCallCreationMessage": ("title",),
    "splitPaymentMessage": ("description",),
    "paymentReminderMessage": ("description",),
    "buttonsMessage": ("contentText", "text"),
    "listMessage": ("description", "title"),
    "interactiveMessage": ("body.text", "header.title"),
    "templateMessage": (
        "hydratedTemplate.hydratedContentText",
        "hydratedFourRowTemplate.hydratedContentText",
        "interactiveMessageTemplate.body.text",
    ),
    "highlyStructuredMessage": ("hydratedHsm.hydratedTemplate.hydratedContentText",),
    "bcallMessage": ("caption",),
    **dict.fromkeys(
        [f"pollCreationMessage{version}" for version in ("", "V2", "V3", "V5", "V6")], ("name",)
    ),
}
# Housekeeping between phones, and announcements of what comes as messages of their own: nothing that a person said.
_SILENT = frozenset(
    {"messageContextInfo", "senderKeyDistributionMessage", "protocolMessage", "albumMessage"}
    | {"fastRatchetKeySenderKeyDistributionMessage", "keepInChatMessage", "pollUpdateMessage"}
    | {"pinInChatMessage", "encReactionMessage", "stickerSyncRmrMessage", "callLogMesssage"}
    | {"encEventResponseMessage", "encCommentMessage", "pollAddOptionMessage", "botTaskMessage"}
    | {"messageHistoryBundle", "messageHistoryNotice", "groupRootKeyShare", "call", "chat"}
    | {"rootSecretDistributeMessage", "statusNotificationMessage", "limitSharingMessage"}
    | {"statusLinkPreviewMetadata", "statusQuotedMessage", "statusStickerInteractionMessage"}
    | {"scheduledCallEditMessage", "acp2SettingMessage", "botPlatformRegistrationSuccessMessage"}
    | {"statusMentionMessage", "groupStatusMentionMessage", "statusAddYours", "groupStatusMessage"}
    | {"groupStatusMessageV2"}
)
# A person said something, but only their phone can show it: encrypted once more, or not for linked devices.
_SEALED = frozenset({"secretEncryptedMessage", "placeholderMessage", "conditionalRevealMessage"})


def unwrapped(message: Any) -> Any:
    """The message inside its envelopes (disappearing, view once, sent from another device …)."""
    for _depth in range(8):
        inner = next((each for each in map(_inside(message), _WRAPPERS) if each is not None), None)
        if inner is None:
            break
        message = inner
    return message


def _inside(message: Any) -> Any:
    def inside(name: str) -> Any:
        if not message.HasField(name):
            return None
        wrapper, field_name = getattr(message, name), "message"
        if name.endswith("PaymentMessage"):  # it may come with a word, or say nothing but the sum
            field_name = "noteMessage"
            if not wrapper.HasField(field_name):
                return None
        return getattr(wrapper, field_name)

    return inside


def content_of(message: Any) -> Content | None:
    """The content of an unwrapped message; None when it holds nothing that a person said."""
    fields = {descriptor.name: value for descriptor, value in message.ListFields()}
    for name, value in fields.items():
        found = _read(name, value)
        if found is not None:
            known = getattr(value, "DESCRIPTOR", None)
            has_context = known is not None and "contextInfo" in known.fields_by_name
            return replace(found, context=value.contextInfo) if has_context else found
    unread = sorted(fields.keys() - _SILENT)
    if not unread:
        return None
    kind = Kind.UNREADABLE if _SEALED.intersection(unread) else Kind.OTHER
    return Content(kind, details={"type": unread[0]})


def _read(name: str, value: Any) -> Content | None:
    if name == "conversation":
        return Content(Kind.TEXT, value[:LONGEST_TEXT], plain=True)
    if name == "extendedTextMessage":
        return Content(Kind.TEXT, value.text[:LONGEST_TEXT])
    if name in _MEDIA:
        return _media(*_MEDIA[name], value)
    if name == "audioMessage":
        return _media(Kind.VOICE if value.PTT else Kind.AUDIO, "audio", value)
    if name == "stickerPackMessage":
        return Content(Kind.STICKER, _first(value, ("caption", "name"))[:LONGEST_TEXT])
    if name in _WORDS:
        return Content(Kind.TEXT, _first(value, _WORDS[name])[:LONGEST_TEXT], _choices(value))
    return _place_or_contact(name, value)


def _choices(value: Any) -> dict[str, Any]:
    """What belongs to the words: the options of a poll, the fields of a form."""
    known = value.DESCRIPTOR.fields_by_name
    if "options" in known:
        return {"options": [option.optionName[:100] for option in value.options[:12]]}
    if "nativeFlowResponseMessage" in known:
        return _form(value.nativeFlowResponseMessage.paramsJSON)
    return {}


def _form(params: str) -> dict[str, Any]:
    try:
        fields = json.loads(params or "{}")
    except ValueError:
        return {}
    if not isinstance(fields, dict):
        return {}
    said = [f"{name}: {value}" for name, value in fields.items() if isinstance(value, str | int)]
    return {"form": "; ".join(said)[:LONGEST_NOTE]} if said else {}


def _place_or_contact(name: str, value: Any) -> Content | None:
    if name in ("locationMessage", "liveLocationMessage"):
        details = _coordinates(value.degreesLatitude, value.degreesLongitude)
        if name == "liveLocationMessage" or value.isLive:
            details["live"] = True
        return Content(Kind.LOCATION, _first(value, ("name", "address", "caption")), details)
    if name == "contactMessage":
        return _contacts([value])
    if name == "contactsArrayMessage":
        return _contacts(list(value.contacts[:20]))
    return None


def _coordinates(latitude: float, longitude: float) -> dict[str, Any]:
    """A place on earth; whatever else the numbers are, they are not kept."""
    on_earth = -90 <= latitude <= 90 and -180 <= longitude <= 180  # false for what is no number
    return {"latitude": latitude, "longitude": longitude} if on_earth else {}


_PHONE = re.compile(
    r"^(?:item\d+\.)?TEL[^:\n]*:([+\d][\d\s().-]{4,24})", re.MULTILINE | re.IGNORECASE
)


def _contacts(cards: list[Any]) -> Content:
    names = ", ".join(card.displayName[:100] for card in cards)
    phones = [phone.strip() for card in cards for phone in _PHONE.findall(card.vcard[:10_000])]
    return Content(Kind.CONTACT, names, {"phones": phones[:20]} if phones else {})


def _media(kind: str, sealed_as: str, value: Any) -> Content:
    details = {
        "file_name": _first(value, ("fileName", "title"))[:LONGEST_NOTE],
        "mimetype": value.mimetype[:100],
        "seconds": _first(value, ("seconds",)),
    }
    filled = {name: found for name, found in details.items() if found}
    caption = _first(value, ("caption",))[:LONGEST_TEXT]
    return Content(kind, caption, filled, file=_file(sealed_as, value))


def _file(sealed_as: str, value: Any) -> dict[str, Any]:
    def text(name: str) -> str:
        return base64.b64encode(getattr(value, name)).decode()

    return {
        "kind": sealed_as,  # which of WhatsApp's keys opens it
        "path": value.directPath[:2_000],
        "key": text("mediaKey")[:100],
        "hash": text("fileSHA256")[:100],
        "sealed_hash": text("fileEncSHA256")[:100],
        "size": value.fileLength,
    }


def _first(value: Any, names: tuple[str, ...]) -> Any:
    """The first of these fields (`a.b` is one inside another) that the message type has and that is filled."""
    for name in names:
        found = value
        for part in name.split("."):
            known = part in found.DESCRIPTOR.fields_by_name
            found = getattr(found, part) if known else ""
            if not known:
                break
        if found:
            return found
    return ""
