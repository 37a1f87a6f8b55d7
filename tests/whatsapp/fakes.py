"""A session that records, for unit tests of what stands around it; flows use the real one."""

from pathlib import Path

from whatsapp.session import File, OnChange, OnRaw, Quote, SendError
from whatsapp.store import Me


class FakeSession:
    """Sends nothing, remembers everything. `problem` is raised by the next sends."""

    def __init__(self, path: Path):
        self.path = path
        self.linked: Me | None = None
        self.problem: SendError | None = None
        self.sent: list[tuple[str, str, bytes]] = []
        self.files: list[File] = []
        self.reactions: list[tuple[str, str]] = []
        self.quotes: list[Quote | None] = []
        self.expires: list[int] = []
        self.read: list[list[str]] = []
        self.calls: list[str] = []

    def start(self, on_raw: OnRaw, on_change: OnChange) -> None:
        self.calls.append("start")

    def me(self) -> Me | None:
        return self.linked

    def online(self) -> bool:
        return True

    def send_text(
        self, chat: str, text: str, *, secret: bytes, quote: Quote | None = None, expires: int = 0
    ) -> str:
        if self.problem is not None:
            raise self.problem
        self.sent.append((chat, text, secret))
        self.quotes.append(quote)
        self.expires.append(expires)
        return f"3EB0{len(self.sent)}"

    def send_file(
        self, chat: str, file: File, *, secret: bytes, quote: Quote | None = None, expires: int = 0
    ) -> str:
        self.files.append(file)
        return self.send_text(chat, file.caption, secret=secret, quote=quote, expires=expires)

    def react(self, chat: str, whatsapp_id: str, emoji: str, *, secret: bytes) -> str:
        self.reactions.append((whatsapp_id, emoji))
        return self.send_text(chat, "", secret=secret)

    def mark_read(self, chat: str, sender: str, ids: list[str]) -> None:
        self.read.append(ids)

    def typing(self, chat: str, on: bool) -> None:
        self.calls.append(f"typing {on}")

    def presence(self, available: bool) -> None:
        self.calls.append(f"presence {available}")

    def pair_phone(self, phone: str) -> str:
        return "ABCD-EFGH"

    def logout(self) -> None:
        self.calls.append("logout")

    def disconnect(self) -> None:
        self.calls.append("disconnect")

    def stop(self) -> None:
        self.calls.append("stop")
