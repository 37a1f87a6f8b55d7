"""WhatsApp's events as its library gives them, for tests: real protobufs, every required field filled."""

import datetime as dt
from typing import Any

from tests.factories import NOW
from whatsapp.journal import Raw
from whatsapp.session.callbacks import key_of
from whatsapp.session.library import library

ANNA, ANNA_LID = "628111000001", "100000000000001"
STUDIO, STUDIO_LID = "6281200001101", "100000000000900"


def proto() -> Any:
    return library().events


def jid(address: str = "") -> Any:
    user, _at, server = address.partition("@")
    return library().build_jid(user, server)


def source(chat: str, sender: str = "", other: str = "", *, from_me: bool = False) -> Any:
    """Who wrote where; `other` is the same person's second address."""
    group = chat.endswith(("@g.us", "@broadcast"))
    message_source = type(proto().MessageEv().Info.MessageSource)
    return message_source(
        Chat=jid(chat),
        Sender=jid(sender or chat),
        IsFromMe=from_me,
        IsGroup=group,
        SenderAlt=jid("" if from_me else other),
        RecipientAlt=jid(other if from_me else ""),
        BroadcastListOwner=jid(),
    )


def info(where: Any, whatsapp_id: str = "3A01", at: dt.datetime = NOW, **more: Any) -> Any:
    values = {"Type": "text", "Pushname": "Anna", "Category": "", "Edit": "", **more}
    return type(proto().MessageEv().Info)(
        MessageSource=where,
        ID=whatsapp_id,
        ServerID=0,
        Timestamp=int(at.timestamp() * 1000),
        Multicast=False,
        MediaType="",
        **values,
    )


def body(**fields: Any) -> Any:
    """The message's content, such as conversation="Halo"."""
    return library().e2e.Message(**fields)


def message(content: Any, where: Any = None, received: dt.datetime = NOW, **more: Any) -> Raw:
    """A message as it stands in the journal."""
    event = proto().MessageEv(
        Info=info(where or from_anna(), **more),
        Message=content,
        IsEphemeral=False,
        IsViewOnce=False,
        IsViewOnceV2=False,
        IsViewOnceV2Extension=False,
        IsDocumentWithCaption=False,
        IsLottieSticker=False,
        IsEdit=False,
        UnavailableRequestID="",
        RetryCount=0,
    )
    return raw("message", event, received)


def from_anna() -> Any:
    return source(f"{ANNA_LID}@lid", other=f"{ANNA}@s.whatsapp.net")


def raw(kind: str, event: Any, received: dt.datetime = NOW) -> Raw:
    return Raw(kind, key_of(kind, event), event.SerializeToString(), received.timestamp(), 1)


def receipt(kind: str, *ids: str, from_me: bool = False) -> Raw:
    types = proto().ReceiptEv.ReceiptType
    where = source(f"{ANNA_LID}@lid", from_me=from_me)
    event = proto().ReceiptEv(
        MessageSource=where,
        MessageIDs=list(ids),
        Timestamp=int(NOW.timestamp()),
        Type=types.Value(kind),
    )
    return raw("receipt", event)


def typing() -> Raw:
    presence = proto().ChatPresenceEv
    return raw(
        "typing",
        presence(MessageSource=from_anna(), State=presence.COMPOSING, Media=presence.TEXT),
    )


def call(stage: str = "call", call_id: str = "CALL1", at: dt.datetime = NOW, **more: Any) -> Raw:
    """A customer rings ("call"), somebody picks up ("call_taken"), or it is over ("call_over")."""
    known = {"call": "CallOfferEv", "call_taken": "CallAcceptEv", "call_over": "CallTerminateEv"}
    event = getattr(proto(), known[stage])()
    meta, caller = event.basicCallMeta, jid(more.pop("caller", f"{ANNA_LID}@lid"))
    getattr(meta, "from").CopyFrom(caller)
    meta.callCreator.CopyFrom(caller)
    meta.callCreatorAlt.CopyFrom(jid(more.pop("other", f"{ANNA}@s.whatsapp.net")))
    meta.timestamp, meta.callID = int(at.timestamp()), call_id
    for name, value in more.items():
        setattr(event, name, value)
    received = more.get("received", at)
    return Raw(stage, call_id, event.SerializePartialToString(), received.timestamp(), 1)


def unreadable(whatsapp_id: str = "3A01", *, on_phone: bool = False, hidden: bool = False) -> Raw:
    event = proto().UndecryptableMessageEv
    return raw(
        "undecryptable",
        event(
            Info=info(from_anna(), whatsapp_id),
            IsUnavailable=on_phone,
            DecryptFailMode=event.DECRYPT_FAIL_HIDE if hidden else event.DECRYPT_FAIL_SHOW,
        ),
    )
