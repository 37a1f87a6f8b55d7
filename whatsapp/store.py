"""What a line keeps on disk, and reading neonize's own session file without neonize: its calls abort the
process when nothing is connected, its tables do not.

Two copies of SQLite in one process do not see each other's locks, and closing a file gives up all of them. So while
a session is open in this process (`in_use`), its file is looked at without locks: a reader that locks would take a
transaction that is being written for one that a crash left behind, and roll it back.
"""

import sqlite3
import threading
import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

PATIENCE = 5.0  # seconds that a transaction of the library may take


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
        try:
            row = self._first("SELECT pn FROM whatsmeow_lid_map WHERE lid = ?", lid)
        except sqlite3.DatabaseError:  # it can be told later, too
            return None
        return str(row[0]) if row else None

    def lid_of(self, phone: str) -> str | None:
        """The hidden id behind these digits: WhatsApp tells it at the latest when something is sent there."""
        try:
            row = self._first("SELECT lid FROM whatsmeow_lid_map WHERE pn = ?", phone)
        except sqlite3.DatabaseError:  # it can be told later, too
            return None
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
        return [Received(*row) for row in self._rows(query, after, upto)]

    def forget(self) -> None:
        """Delete the session: the next start shows a new code. The journal stays, it holds messages."""
        for path in self.session.parent.glob(f"{self.session.name}*"):
            path.unlink()

    def _first(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        return next(iter(self._all(query, *values)), None)

    def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return self._rows(query, *values)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in _NOT_YET:
                return []  # no file or no tables: nobody was ever linked
            raise

    def in_use(self) -> None:
        """From now on, and until it ends, this process has the session open."""
        _in_use.add(self.session)

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        if self.session in _in_use:
            return _looked_at(self.session, query, values)
        # Not mode=ro: after a kill -9 the first reader has to roll the cut transaction back.
        address = f"file:{self.session}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as connection:
            return connection.execute(query, values).fetchall()


_in_use: set[Path] = set()
_looking = threading.Lock()
_NOT_YET = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CANTOPEN)


def _looked_at(session: Path, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Read without locks, again and again until nothing was written meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with _looking:
                return _glance(_onlooker(session), query, values)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in _NOT_YET or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _glance(
    onlooker: sqlite3.Connection, query: str, values: tuple[Any, ...]
) -> list[tuple[Any, ...]]:
    """What stands there; an error when it is being written, or was while we looked."""
    version = onlooker.execute("PRAGMA data_version").fetchone()
    rows = onlooker.execute(query, values).fetchall()
    if onlooker.execute("PRAGMA data_version").fetchone() != version:
        changed = sqlite3.DatabaseError("written while it was read")
        changed.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise changed
    return rows


@cache
def _onlooker(session: Path) -> sqlite3.Connection:
    """Takes no locks, writes nothing, and is never closed."""
    address = f"file:{session}?mode=ro&nolock=1"
    return sqlite3.connect(address, uri=True, check_same_thread=False)


def store_of(account_id: uuid.UUID | str) -> Store:
    """The files of this account, in a folder that only MILA reads."""
    folder: Path = settings.WHATSAPP_SESSION_PATH
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Store(folder / f"{account_id}.db")


def bare(jid: str) -> str:
    """The user part of an address, without device: 62812:5@s.whatsapp.net → 62812."""
    return jid.partition("@")[0].partition(":")[0].partition(".")[0]
