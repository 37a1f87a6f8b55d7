"""The real thing: neonize with one account."""

import ctypes
import logging
import secrets
import threading
from pathlib import Path
from typing import Any

from django.conf import settings

from whatsapp.session.callbacks import (
    CHANGES,
    KEPT,
    LostMessages,
    change_callback,
    kept,
    raw_callback,
)
from whatsapp.session.library import RAW, library
from whatsapp.session.outgoing import context_of, file_message, jid_of, text_message
from whatsapp.session.words import Change, File, OnChange, OnRaw, Quote, SendError
from whatsapp.store import Me


class NeonizeSession:
    """The real thing, for one account and one process: it cannot be started again after `stop`."""

    def __init__(self, path: Path):
        self._path = path
        self._client: Any = None

    def start(self, on_raw: OnRaw, on_change: OnChange) -> None:
        """Connect on a thread of its own; the callbacks are called from the library's threads."""
        loaded = library()
        props = loaded.companion.DeviceProps(
            os=settings.WHATSAPP_DEVICE_NAME,
            platformType=loaded.companion.DeviceProps.CHROME,
            requireFullSync=False,
        )
        # A fresh name each time: two clients of one name share an entry inside the library.
        name = f"{self._path.stem}-{secrets.token_hex(4)}"
        self._client = client = loaded.client.NewClient(str(self._path), props=props, uuid=name)
        KEPT.append(client)
        self._subscribe(client, on_raw, on_change)
        threading.Thread(
            target=self._connect, args=(client, on_change), name="connection", daemon=True
        ).start()

    def _subscribe(self, client: Any, on_raw: OnRaw, on_change: OnChange) -> None:
        events = library().events
        for kind, name in RAW.items():
            client.event(getattr(events, name))(kept(raw_callback(kind, on_raw)))
        for name, change in CHANGES.items():
            client.event(getattr(events, name))(kept(change_callback(change, on_change)))
        client.qr(kept(lambda _client, code: on_change(Change("qr", code.decode()))))
        # The library only prints how the scanning ended; this is the hook it prints from.
        client._NewClient__onLoginStatus = kept(
            lambda _uuid, text: on_change(Change("login", ctypes.string_at(text).decode()))
        )

        logging.getLogger("whatsmeow.Client").addHandler(LostMessages(on_raw))

    def _connect(self, client: Any, on_change: OnChange) -> None:
        try:
            client.connect()
        except Exception as error:  # noqa: BLE001  the line decides; whatever it is, the connection is over
            on_change(Change("ended", str(error) or type(error).__name__))
        else:
            on_change(Change("ended"))

    def me(self) -> Me | None:
        device = self._client.me
        if device is None or not device.JID.User:
            return None
        return Me(device.JID.User, device.LID.User, device.PushName)

    def online(self) -> bool:
        """May hang when the network does: ask from a thread that can be abandoned."""
        return bool(self._client.is_connected and self._client.is_logged_in)

    def send_text(
        self, chat: str, text: str, *, secret: bytes, quote: Quote | None = None, expires: int = 0
    ) -> str:
        """Send and wait for WhatsApp's receipt; returns the id. SendError otherwise. It vanishes `expires` seconds
        later, as the others of its chat; 0: it stays."""
        return self._sent(chat, text_message(text, context_of(quote, expires)), secret)

    def send_file(
        self, chat: str, file: File, *, secret: bytes, quote: Quote | None = None, expires: int = 0
    ) -> str:
        """Lay the file on WhatsApp's servers, then send the message that points to it. SendError otherwise."""
        kinds = library().enum.MediaType
        picture = file.content_type.startswith("image/")
        kind = kinds.MediaImage if picture else kinds.MediaDocument
        try:
            upload = self._client.upload(file.data, kind)
        except Exception as error:
            raise SendError(f"the file was not taken: {error}") from error
        return self._sent(chat, file_message(file, upload, context_of(quote, expires)), secret)

    def react(self, chat: str, whatsapp_id: str, emoji: str, *, secret: bytes) -> str:
        """Put a sign under a message that came in this chat. SendError otherwise."""
        address = jid_of(chat)
        return self._sent(
            chat, self._client.build_reaction(address, address, whatsapp_id, emoji), secret
        )

    def _sent(self, chat: str, message: Any, secret: bytes) -> str:
        message.messageContextInfo.messageSecret = secret
        try:
            return str(self._client.send_message(jid_of(chat), message).ID)
        except Exception as error:
            raise SendError.of(str(error)) from error

    def mark_read(self, chat: str, sender: str, ids: list[str]) -> None:
        read = library().enum.ReceiptType.READ
        self._client.mark_read(*ids, chat=jid_of(chat), sender=jid_of(sender), receipt=read)

    def typing(self, chat: str, on: bool) -> None:
        enum = library().enum
        state = enum.ChatPresence
        self._client.send_chat_presence(
            jid_of(chat),
            state.CHAT_PRESENCE_COMPOSING if on else state.CHAT_PRESENCE_PAUSED,
            enum.ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT,
        )

    def presence(self, available: bool) -> None:
        """Unavailable is the right one: while available, the owner's phone shows no notifications."""
        presence = library().enum.Presence
        self._client.send_presence(presence.AVAILABLE if available else presence.UNAVAILABLE)

    def pair_phone(self, phone: str) -> str:
        """The code to type on the phone instead of scanning; only while a QR code is shown."""
        kind = library().enum.ClientType.CHROME
        return str(self._client.PairPhone(phone.lstrip("+"), True, client_type=kind))

    def logout(self) -> None:
        self._client.logout()

    def disconnect(self) -> None:
        self._client.disconnect()

    def stop(self) -> None:
        self._client.stop()
