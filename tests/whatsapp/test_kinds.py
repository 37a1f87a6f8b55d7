"""Every kind of message that WhatsApp's library knows, and what MILA makes of it. A new one fails here first."""

from typing import Any

import pytest

from conversations.inbound import Edit, InboundMessage, Reaction, Revoke, Timer
from conversations.models import Message
from tests.whatsapp.events import STUDIO, STUDIO_LID, body, message
from tests.whatsapp.test_translate import TENANT
from whatsapp.content import content_of, unwrapped
from whatsapp.store import Me
from whatsapp.translate import Translator

INSIDE = {"message": {"conversation": "halo"}}
NOTHING = "nothing"

# For each field of the message: what stands in it, what becomes of it.
KINDS: dict[str, tuple[Any, str]] = {
    # what people write
    "conversation": ("halo", "text: halo"),
    "extendedTextMessage": ({"text": "halo"}, "text: halo"),
    # files
    "imageMessage": ({"caption": "ini"}, "image: ini"),
    "videoMessage": ({"caption": "ini"}, "video: ini"),
    "ptvMessage": ({}, "video:"),
    "audioMessage": ({"PTT": True}, "voice:"),
    "documentMessage": ({"title": "bukti.pdf"}, "document:"),
    "stickerMessage": ({}, "sticker:"),
    "stickerPackMessage": ({"name": "Kucing"}, "sticker: Kucing"),
    # places and people
    "locationMessage": ({"name": "Pantai"}, "location: Pantai"),
    "liveLocationMessage": ({"caption": "otw"}, "location: otw"),
    "contactMessage": ({"displayName": "Made"}, "contact: Made"),
    "contactsArrayMessage": ({"contacts": [{"displayName": "Made"}]}, "contact: Made"),
    # answers to buttons, lists and forms
    "buttonsResponseMessage": ({"selectedDisplayText": "Ya"}, "text: Ya"),
    "templateButtonReplyMessage": ({"selectedID": "ya"}, "text: ya"),
    "listResponseMessage": ({"singleSelectReply": {"selectedRowID": "yin"}}, "text: yin"),
    "interactiveResponseMessage": ({"body": {"text": "Sabtu"}}, "text: Sabtu"),
    "questionResponseMessage": ({"text": "Ya"}, "text: Ya"),
    "statusQuestionAnswerMessage": ({"text": "Ya"}, "text: Ya"),
    # what programs and businesses send
    "buttonsMessage": ({"contentText": "Pilih"}, "text: Pilih"),
    "listMessage": ({"title": "Menu"}, "text: Menu"),
    "interactiveMessage": ({"body": {"text": "Pilih"}}, "text: Pilih"),
    "templateMessage": (
        {"hydratedTemplate": {"hydratedContentText": "Kode"}},
        "text: Kode",
    ),
    "highlyStructuredMessage": (
        {"hydratedHsm": {"hydratedTemplate": {"hydratedContentText": "Kode"}}},
        "text: Kode",
    ),
    "orderMessage": ({"orderTitle": "Matras"}, "text: Matras"),
    "productMessage": ({"product": {"title": "Matras"}}, "text: Matras"),
    "invoiceMessage": ({"note": "Lunas"}, "text: Lunas"),
    "bcallMessage": ({"caption": "Panggilan"}, "text: Panggilan"),
    # invitations and polls
    "groupInviteMessage": ({"groupName": "Grup"}, "text: Grup"),
    "newsletterAdminInviteMessage": ({"caption": "Kanal"}, "text: Kanal"),
    "newsletterFollowerInviteMessageV2": ({"caption": "Kanal"}, "text: Kanal"),
    "eventMessage": ({"name": "Retret"}, "text: Retret"),
    "eventInviteMessage": ({"eventTitle": "Retret"}, "text: Retret"),
    "scheduledCallCreationMessage": ({"title": "Telepon"}, "text: Telepon"),
    "pollCreationMessage": ({"name": "Jam?"}, "text: Jam?"),
    "pollCreationMessageV2": ({"name": "Jam?"}, "text: Jam?"),
    "pollCreationMessageV3": ({"name": "Jam?"}, "text: Jam?"),
    "pollCreationMessageV5": ({"name": "Jam?"}, "text: Jam?"),
    "pollCreationMessageV6": ({"name": "Jam?"}, "text: Jam?"),
    # money
    "sendPaymentMessage": ({"noteMessage": {"conversation": "kelas"}}, "text: kelas"),
    "requestPaymentMessage": ({"noteMessage": {"conversation": "kelas"}}, "text: kelas"),
    "declinePaymentRequestMessage": ({}, "other:"),
    "cancelPaymentRequestMessage": ({}, "other:"),
    "paymentInviteMessage": ({}, "other:"),
    "splitPaymentMessage": ({"description": "Patungan"}, "text: Patungan"),
    "splitPaymentUpdateMessage": ({}, "other:"),
    "paymentReminderMessage": ({"description": "Tagihan"}, "text: Tagihan"),
    # messages in envelopes
    **dict.fromkeys(
        [
            *("viewOnceMessage", "viewOnceMessageV2", "viewOnceMessageV2Extension"),
            *("ephemeralMessage", "documentWithCaptionMessage", "editedMessage"),
            *("groupMentionedMessage", "botInvokeMessage", "lottieStickerMessage"),
            *("associatedChildMessage", "botForwardedMessage", "spoilerMessage"),
            *("questionMessage", "questionReplyMessage", "deviceSentMessage"),
            *("pollCreationMessageV4", "audioStickerMessage", "commentMessage"),
        ],
        (INSIDE, "text: halo"),
    ),
    # for the sender's and the receiver's phone only
    "secretEncryptedMessage": ({}, "unreadable:"),
    "placeholderMessage": ({}, "unreadable:"),
    "conditionalRevealMessage": ({}, "unreadable:"),
    # what staff should look at, as nobody knows what it says
    **dict.fromkeys(
        [
            *("requestPhoneNumberMessage", "eventCoverImage", "pollCreationOptionImageMessage"),
            *("pollResultSnapshotMessage", "pollResultSnapshotMessageV3", "richResponseMessage"),
            *("newsletterAdminProfileMessage", "newsletterAdminProfileStatusMessage"),
            *("newsletterScheduledMessage", "musicMessage"),
        ],
        ({}, "other:"),
    ),
    # changes of other messages: told apart
    "protocolMessage": ({"type": 6}, NOTHING),
    "reactionMessage": ({"text": "👍", "key": {"ID": "3EB0"}}, "reaction"),
    # housekeeping between phones, status updates, and what only announces other messages
    **dict.fromkeys(
        [
            *("senderKeyDistributionMessage", "fastRatchetKeySenderKeyDistributionMessage"),
            *("messageContextInfo", "stickerSyncRmrMessage", "keepInChatMessage", "call", "chat"),
            *("pollUpdateMessage", "encReactionMessage", "pinInChatMessage", "callLogMesssage"),
            *("scheduledCallEditMessage", "messageHistoryBundle", "messageHistoryNotice"),
            *("encCommentMessage", "encEventResponseMessage", "albumMessage", "botTaskMessage"),
            *("statusMentionMessage", "groupStatusMentionMessage", "statusAddYours"),
            *("groupStatusMessage", "groupStatusMessageV2", "statusNotificationMessage"),
            *("statusQuotedMessage", "statusStickerInteractionMessage", "limitSharingMessage"),
            *("pollAddOptionMessage", "groupRootKeyShare", "rootSecretDistributeMessage"),
            *("statusLinkPreviewMetadata", "acp2SettingMessage"),
            "botPlatformRegistrationSuccessMessage",
        ],
        ({}, NOTHING),
    ),
}


# For each kind of note between phones: what stands in it, what becomes of it.
_KEY = {"ID": "3EB0", "fromMe": True}
NOTES: dict[str, tuple[dict[str, Any], type | None]] = {
    "REVOKE": ({"key": _KEY}, Revoke),
    "MESSAGE_EDIT": ({"key": _KEY, "editedMessage": {"conversation": "halo"}}, Edit),
    "EPHEMERAL_SETTING": ({"ephemeralExpiration": 86_400}, Timer),
    # keys, settings and old chats for the account's own devices; programs of other companies
    **dict.fromkeys(
        [
            *("EPHEMERAL_SYNC_RESPONSE", "HISTORY_SYNC_NOTIFICATION", "APP_STATE_SYNC_KEY_SHARE"),
            *("APP_STATE_SYNC_KEY_REQUEST", "MSG_FANOUT_BACKFILL_REQUEST"),
            *("INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC", "MEDIA_NOTIFY_MESSAGE"),
            *("APP_STATE_FATAL_EXCEPTION_NOTIFICATION", "PEER_DATA_OPERATION_REQUEST_MESSAGE"),
            *("PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE", "COEX_STATE_SYNC"),
            *("REQUEST_WELCOME_MESSAGE", "BOT_FEEDBACK_MESSAGE", "BOT_MEMU_ONBOARDING_MESSAGE"),
            *("CLOUD_API_THREAD_CONTROL_NOTIFICATION", "STOP_GENERATION_MESSAGE"),
            *("AI_PSI_METADATA", "AI_QUERY_FANOUT", "AI_MEDIA_COLLECTION_MESSAGE"),
            *("AI_METADATA_OPERATION", "SHARED_DEVICE_CONTACT_HASH_KEY_SHARE"),
            *("SHARED_DEVICE_CONTACT_HASH_KEY_REQUEST", "ACP2_SETTING"),
            # The number that was shared, or moved, comes with the next message of its owner.
            *("SHARE_PHONE_NUMBER", "LID_MIGRATION_MAPPING_SYNC"),
            # How a chat looks, and who may do what with it.
            *("CHAT_THEME_SETTING", "LIMIT_SHARING", "MARK_AS_VERIFIED_ACTION"),
            *("GROUP_MEMBER_LABEL_CHANGE", "STATUS_MENTION_MESSAGE"),
            *("REMINDER_MESSAGE", "MESSAGE_UNSCHEDULE"),
        ],
        ({"key": _KEY}, None),
    ),
}


def note_of(**fields: Any) -> Any:
    return Translator(TENANT, Me(STUDIO, STUDIO_LID)).read(message(body(protocolMessage=fields)))


def test_the_table_names_every_note():
    kinds = body().protocolMessage.DESCRIPTOR.enum_types_by_name["Type"]
    assert set(kinds.values_by_name) == set(NOTES)


@pytest.mark.parametrize("name", NOTES)
def test_each_note_becomes_what_the_table_says(name: str):
    fields, expected = NOTES[name]
    event = note_of(type=name, **fields)
    assert event is None if expected is None else isinstance(event, expected)


def test_a_note_that_the_library_does_not_know_deletes_nothing():
    content = body(protocolMessage={"key": _KEY})
    content.protocolMessage.MergeFromString(b"\x10\x63")  # the type is 99
    assert Translator(TENANT, Me(STUDIO, STUDIO_LID)).read(message(content)) is None
    assert note_of(type="REVOKE") is None  # of no message


def holding(name: str, value: Any) -> Any:
    content = body(**{name: value})
    if not isinstance(value, str):
        getattr(content, name).SetInParent()
    return content


def test_the_table_names_every_kind():
    assert {field.name for field in body().DESCRIPTOR.fields} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_becomes_what_the_table_says(name: str):
    value, expected = KINDS[name]
    event = Translator(TENANT, Me(STUDIO, STUDIO_LID)).read(message(holding(name, value)))
    if expected == NOTHING:
        assert event is None
    elif expected == "reaction":
        assert isinstance(event, Reaction)
    else:
        assert isinstance(event, InboundMessage)
        assert event.kind in Message.Kind.values
        assert f"{event.kind}: {event.text}".rstrip() == expected


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_may_be_empty(name: str):
    content_of(unwrapped(holding(name, "" if name == "conversation" else {})))
    Translator(TENANT, Me(STUDIO, STUDIO_LID)).read(
        message(holding(name, "" if name == "conversation" else {}))
    )
