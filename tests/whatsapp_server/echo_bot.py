"""An ordinary neonize program: answers every message with "echo: ..".

    python echo_bot.py SESSION.db [SESSION.db ...]

``SESSION.db=NUMBER`` links by the letters that this number's phone is to type.  It knows nothing of the rig.  What happens to it is printed, one JSON object a line.
"""

import ctypes
import json
import logging
import signal
import sys
import threading
import time

import pylibmagic  # noqa: F401  (before neonize: it brings libmagic)
from neonize.client import NewClient
from neonize.events import (
    CallOfferEv,
    CallTerminateEv,
    ClientOutdatedEv,
    ConnectedEv,
    ConnectFailureEv,
    DisconnectedEv,
    HistorySyncEv,
    KeepAliveTimeoutEv,
    LoggedOutEv,
    MessageEv,
    OfflineSyncCompletedEv,
    PairStatusEv,
    ReceiptEv,
    StreamErrorEv,
    StreamReplacedEv,
    TemporaryBanEv,
    UndecryptableMessageEv,
)
from neonize.utils.enum import (
    ChatPresence,
    ChatPresenceMedia,
    ClientType,
    Presence,
    ReceiptType,
)

logging.getLogger().setLevel(logging.WARNING)
CHROME = ClientType.CHROME


def tell(session, kind, **details):
    line = {
        "session": session,
        "kind": kind,
        "thread": threading.current_thread().name,
        "t": time.time(),
        **details,
    }
    # one write: other threads, some of them neonize's, print too
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()


def run(session):
    session, _equals, number = session.partition("=")
    client = NewClient(session)

    def ask_code():
        try:
            tell(session, "pair_code", code=client.PairPhone(number, True, client_type=CHROME))
        except Exception as error:
            tell(session, "no_pair_code", error=repr(error))

    @client.qr
    def _(_, data):
        tell(session, "qr", qr=data.decode())
        if number:
            threading.Thread(target=ask_code).start()

    def login_status(_, text):
        tell(session, "login", status=ctypes.string_at(text).decode())

    client._NewClient__onLoginStatus = login_status  # neonize only prints it

    @client.event(CallOfferEv)
    def _(_, event):
        call = event.basicCallMeta
        tell(session, "call", id=call.callID, caller=call.callCreator.User)
        client.reject_call(getattr(call, "from"), call.callID)

    def note(event):
        @client.event(event)
        def _(_, data):
            tell(session, event.DESCRIPTOR.name, data=str(data).replace("\n", " "))

    for event in (
        ConnectedEv, DisconnectedEv, PairStatusEv, LoggedOutEv, StreamReplacedEv, StreamErrorEv, TemporaryBanEv,
        ConnectFailureEv, ClientOutdatedEv, CallTerminateEv, KeepAliveTimeoutEv, UndecryptableMessageEv,
        OfflineSyncCompletedEv, HistorySyncEv,
    ):  # fmt: skip
        note(event)

    @client.event(ReceiptEv)
    def _(_, event):
        tell(
            session, "receipt", ids=list(event.MessageIDs), type=event.ReceiptType.Name(event.Type)
        )

    @client.event(MessageEv)
    def _(_, event):
        source, message = event.Info.MessageSource, event.Message
        if message.HasField("protocolMessage"):
            if message.protocolMessage.HasField(
                "appStateSyncKeyShare"
            ):  # now we have a name to show
                threading.Timer(1, client.send_presence, [Presence.AVAILABLE]).start()
            return
        text = message.conversation or message.extendedTextMessage.text
        body = next(
            (field.name for field, _ in message.ListFields() if field.name != "messageContextInfo"),
            "",
        )
        tell(
            session, "message", id=event.Info.ID, text=text, body=body, push_name=event.Info.Pushname,
            chat=f"{source.Chat.User}@{source.Chat.Server}", from_me=source.IsFromMe,
            has_secret=len(event.Message.messageContextInfo.messageSecret) == 32,
            sender_alt=f"{source.SenderAlt.User}@{source.SenderAlt.Server}",
        )  # fmt: skip
        if source.IsFromMe or source.IsGroup:
            return
        if body == "imageMessage":
            text = f"image of {len(client.download_any(message))} bytes"
        client.mark_read(
            event.Info.ID, chat=source.Chat, sender=source.Sender, receipt=ReceiptType.READ
        )
        client.send_chat_presence(
            source.Chat,
            ChatPresence.CHAT_PRESENCE_COMPOSING,
            ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT,
        )
        started = time.time()
        try:
            sent = client.send_message(source.Chat, f"echo: {text or body}")
            tell(session, "sent", id=sent.ID, to=event.Info.ID, took=time.time() - started)
        except Exception as error:
            tell(
                session,
                "send_failed",
                error=repr(error),
                to=event.Info.ID,
                took=time.time() - started,
            )

    started = time.time()
    try:
        client.connect()
        tell(session, "connect_returned", after=time.time() - started)
    except BaseException as error:
        tell(session, "connect_raised", error=repr(error), after=time.time() - started)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    first, *others = sys.argv[1:]
    for session in others:
        threading.Thread(target=run, args=(session,), daemon=True).start()
    run(first)
