"""What a line keeps on disk, and reading neonize's own session file without neonize: its calls abort the
process when nothing is connected, its tables do not."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Me:
    """The linked account, as WhatsApp knows it. `phone` and `lid` are bare digits."""

    phone: str
    lid: str = ""
    name: str = ""


@dataclass(frozen=True)
class Received:
    """A message that WhatsApp's library decrypted: it notes each before it hands it to us. `place` only grows."""

    place: int
    chat: str  # an address, such as 123@lid
    sender: str
    whatsapp_id: str


@dataclass(frozen=True)
class Store:
    """The files of one account: its session (the keys of the account: private), its journal and its lock."""

    session: Path

    @property
    def journal(self) -> Path:
        return self.session.with_suffix(".journal")

    @property
    def lock(self) -> Path:
        return self.session.with_suffix(".lock")

    def me(self) -> Me | None:
        """Who is linked; None when nobody is."""
        row = self._first("SELECT jid, lid, push_name FROM whatsmeow_device LIMIT 1")
        return Me(bare(row[0]), bare(row[1] or ""), row[2] or "") if row else None

    def phone_of(self, lid: str) -> str | None:
        """The digits of the phone number behind a hidden id, when WhatsApp has told them."""
        row = self._first("SELECT pn FROM whatsmeow_lid_map WHERE lid = ?", lid)
        return str(row[0]) if row else None

    def sent_with(self, secret: bytes) -> str | None:
        """The id of the message that was given out with this secret: it was at least tried."""
        row = self._first(
            "SELECT message_id FROM whatsmeow_message_secrets WHERE key = ? LIMIT 1", secret
        )
        return str(row[0]) if row else None

    def device(self) -> str:
        """The link itself: another one after each pairing. "" when nobody is linked."""
        row = self._first("SELECT jid FROM whatsmeow_device LIMIT 1")
        return str(row[0]) if row else ""

    def newest_place(self) -> int:
        row = self._first("SELECT max(rowid) FROM whatsmeow_message_secrets")
        return int(row[0] or 0) if row else 0

    def received(self, after: int, upto: int) -> list[Received]:
        """What the library decrypted (or sent, or read in old chats) between these two places; an error when the
        file cannot be read now, as nothing would look like none."""
        query = (
            "SELECT rowid, chat_jid, sender_jid, message_id FROM whatsmeow_message_secrets"
            " WHERE rowid > ? AND rowid <= ? ORDER BY rowid"
        )
        with self._opened() as connection:
            return [Received(*row) for row in connection.execute(query, (after, upto))]

    def forget(self) -> None:
        """Delete the session: the next start shows a new code. The journal stays, it holds messages."""
        for path in self.session.parent.glob(f"{self.session.name}*"):
            path.unlink()

    def _first(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        return next(iter(self._all(query, *values)), None)

    def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            with self._opened() as connection:
                return connection.execute(query, values).fetchall()
        except sqlite3.OperationalError:  # no file or no tables yet: nobody was ever linked
            return []

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        # Not mode=ro: after a kill -9 the first reader has to roll the cut transaction back.
        address = f"file:{self.session}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as connection:
            yield connection


def store_of(account_id: uuid.UUID | str) -> Store:
    """The files of this account, in a folder that only MILA reads."""
    folder: Path = settings.WHATSAPP_SESSION_PATH
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Store(folder / f"{account_id}.db")


def bare(jid: str) -> str:
    """The user part of an address, without device: 62812:5@s.whatsapp.net → 62812."""
    return jid.partition("@")[0].partition(":")[0].partition(".")[0]
