"""The journal: everything that WhatsApp delivered, raw, before anything else is done with it.

WhatsApp counts a message as delivered as soon as we have seen it, so it is written here at once, in one small
file per line that needs no database server. A mover carries it on; what a kill left behind is moved first.
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

WAITING, MOVED, SET_ASIDE = 0, 1, 2
KEEP_SECONDS = 30 * 24 * 3600.0
KEEP_BYTES = 256 * 2**20
# What happened in a moment and says nothing later.
FLEETING, FLEETING_SECONDS = ("receipt", "typing"), 24 * 3600.0
TRIES = 3

_TABLE = """
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL, key TEXT NOT NULL, payload BLOB NOT NULL, received_at REAL NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
  UNIQUE (kind, key)
);
CREATE INDEX IF NOT EXISTS waiting ON events (id) WHERE state = 0;
CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, place INTEGER NOT NULL, at REAL NOT NULL);
"""


# The newest event that, with all newer ones, is more than is kept; 0 when there is room.
_TOO_MUCH = """
SELECT coalesce(max(id), 0)
FROM (SELECT id, sum(length(payload)) OVER (ORDER BY id DESC) AS newer FROM events) WHERE newer > ?
"""


@dataclass(frozen=True)
class Raw:
    """One event as WhatsApp's library gave it, and when it came (seconds since 1970)."""

    kind: str
    key: str
    payload: bytes
    received_at: float
    id: int = 0
    state: int = WAITING


class Journal:
    """One line's journal. `add` may be called from any thread and never fails."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time):
        self._clock = clock
        self._lock = threading.Lock()
        self._unwritten: deque[Raw] = deque()
        self._file = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        self._file.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;" + _TABLE
        )

    def add(self, kind: str, key: str, payload: bytes) -> None:
        """Keep an event; the same (kind, key) again is the same event."""
        with self._lock:
            self._unwritten.append(Raw(kind, key, payload, self._clock()))
            self._write()

    def waiting(self, limit: int = 50) -> list[Raw]:
        """The oldest events that nobody has moved yet."""
        with self._lock:
            self._write()
            rows = self._file.execute(
                "SELECT kind, key, payload, received_at, id FROM events WHERE state = 0"
                " ORDER BY id LIMIT ?",
                (limit,),
            )
            return [Raw(*row) for row in rows]

    def holds(self, kind: str, key: str) -> bool:
        with self._lock:
            query = "SELECT 1 FROM events WHERE kind = ? AND key = ?"
            return self._file.execute(query, (kind, key)).fetchone() is not None

    def knows(self, whatsapp_id: str) -> bool:
        """Whether anything came of a customer's message with this id: itself, or the news that it is unreadable."""
        query = "SELECT 1 FROM events WHERE kind = ? AND key >= ? AND key < ?"
        first, last = f"{whatsapp_id}:", f"{whatsapp_id};"
        with self._lock:
            self._write()
            for kind in ("message", "undecryptable", "lost", "many_lost"):
                if self._file.execute(query, (kind, first, last)).fetchone():
                    return True
        return False

    def latest(self, kind: str) -> float:
        """When the last event of a rare kind came; 0 when none did."""
        query = "SELECT max(received_at) FROM events WHERE kind = ?"
        with self._lock:
            return float(self._file.execute(query, (kind,)).fetchone()[0] or 0)

    def mark(self, name: str) -> tuple[int, float] | None:
        """A place noted earlier, and when it was noted."""
        with self._lock:
            query = "SELECT place, at FROM marks WHERE name = ?"
            found: tuple[int, float] | None = self._file.execute(query, (name,)).fetchone()
            return found

    def set_mark(self, name: str, place: int) -> None:
        with self._lock:
            query = "INSERT OR REPLACE INTO marks (name, place, at) VALUES (?, ?, ?)"
            self._file.execute(query, (name, place, self._clock()))

    def moved(self, raw: Raw) -> None:
        self._mark(raw, MOVED)

    def empty(self, raw: Raw) -> None:
        """Forget what the event says, but not that it came."""
        with self._lock:
            self._file.execute("UPDATE events SET payload = x'' WHERE id = ?", (raw.id,))

    def failed(self, raw: Raw) -> bool:
        """Count a failed try; True when the event was set aside after three."""
        with self._lock:
            query = "UPDATE events SET tries = tries + 1 WHERE id = ? RETURNING tries"
            (tries,) = self._file.execute(query, (raw.id,)).fetchone()
        if tries >= TRIES:
            self._mark(raw, SET_ASIDE)
        return bool(tries >= TRIES)

    def kept(self, kinds: Collection[str], since: float = 0) -> Iterator[Raw]:
        """What was moved or set aside and is still here, oldest first."""
        places = ", ".join("?" * len(kinds))
        query = (
            f"SELECT kind, key, payload, received_at, id, state FROM events WHERE kind IN ({places})"  # noqa: S608
            " AND state != ? AND received_at >= ? AND id > ? ORDER BY id LIMIT 100"
        )
        last = 0
        while True:
            with self._lock:
                rows = self._file.execute(query, (*kinds, WAITING, since, last)).fetchall()
            if not rows:
                return
            yield from (Raw(*row) for row in rows)
            last = rows[-1][4]

    def count_kept(self, kinds: Collection[str], since: float = 0) -> int:
        places = ", ".join("?" * len(kinds))
        query = (
            f"SELECT count(*) FROM events WHERE kind IN ({places})"  # noqa: S608
            " AND state != ? AND received_at >= ?"
        )
        with self._lock:
            return int(self._file.execute(query, (*kinds, WAITING, since)).fetchone()[0])

    def prune(self) -> None:
        """Forget what is older than 30 days, or more than 256 MB; never what still waits."""
        now, done = self._clock(), "DELETE FROM events WHERE state != 0 AND"
        with self._lock:
            self._file.execute(f"{done} received_at < ?", (now - KEEP_SECONDS,))
            self._file.execute(
                f"{done} kind IN (?, ?) AND received_at < ?", (*FLEETING, now - FLEETING_SECONDS)
            )
            self._file.execute(f"{done} id <= ({_TOO_MUCH})", (KEEP_BYTES,))

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _mark(self, raw: Raw, state: int) -> None:
        with self._lock:
            self._file.execute("UPDATE events SET state = ? WHERE id = ?", (state, raw.id))

    def _write(self) -> None:
        """A full disk must not lose a message: what cannot be written waits in memory."""
        while self._unwritten:
            raw = self._unwritten[0]
            try:
                self._file.execute(
                    "INSERT OR IGNORE INTO events (kind, key, payload, received_at)"
                    " VALUES (?, ?, ?, ?)",
                    (raw.kind, raw.key, raw.payload, raw.received_at),
                )
            except sqlite3.OperationalError:
                return
            self._unwritten.popleft()
