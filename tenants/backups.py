"""One file that brings a house back: the database, the WhatsApp sessions and the media. Never the encryption key.

SQLite is copied with its own backup function, which is safe while MILA writes; a copy of the file alone is not.
"""

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import time
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

KEEP = 14
BUSY_SECONDS = 60.0
_NAME = re.compile(r"mila-\d{8}T\d{6}Z(-\d+)?\.tar\.gz")
_MANIFEST = "manifest.json"
_SQLITE = b"SQLite format 3\x00"
COUNTED = ("tenants.Tenant", "knowledge.KnowledgeEntry", "conversations.Message")


class BackupError(Exception):
    """No backup was made, or the one looked at is not whole. The text is a sentence."""


@dataclass(frozen=True)
class Backup:
    """A backup that was read through and found whole."""

    path: Path
    counts: dict[str, int]
    files: int
    size: int


def make(folder: Path, at: dt.datetime) -> Backup:
    """Write a backup, read it through, and only then give it its name. Raises BackupError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".mila-backup-", dir=folder) as work:
            draft = _packed(Path(work), at)
            verify(draft)
            path = _free_name(folder, at)
            draft.rename(path)
    except OSError as error:
        raise BackupError(f"No backup was made in {folder}: {error.strerror or error}.") from error
    except (sqlite3.Error, tarfile.TarError) as error:
        raise BackupError(f"No backup was made: {error}.") from error
    _drop_old(folder)
    return verify(path)


def verify(path: Path) -> Backup:
    """Read a backup through: every file whole, every database sound, as many rows as were counted."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            return _verified(archive, path)
    except FileNotFoundError:
        raise BackupError(f"There is no file {path}.") from None
    except (
        OSError,
        EOFError,
        tarfile.TarError,
        zlib.error,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        raise BackupError(f"{path} is no whole backup of MILA: {error}.") from error


def _packed(work: Path, at: dt.datetime) -> Path:
    sources = [_database(work), *_sessions(work), *_media()]
    manifest = {
        "format": 1,
        "made_at": at.isoformat(),
        "counts": _counts(work / "database.sqlite3"),
        "files": {name: _digest(path) for name, path in sources},
    }
    (work / _MANIFEST).write_text(json.dumps(manifest, indent=2))
    draft = work / "backup.tar.gz"
    private = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(private, "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz") as archive:
            for name, path in [(_MANIFEST, work / _MANIFEST), *sources]:
                archive.add(path, arcname=name, recursive=False)
        raw.flush()
        os.fsync(raw.fileno())
    return draft


def _database(work: Path) -> tuple[str, Path]:
    if connection.vendor != "sqlite":
        return "database.pgdump", _dumped(work / "database.pgdump")
    copy = work / "database.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(copy)) as target:
        _copy(connection.connection, target, "The database")
    return copy.name, copy


def _dumped(target: Path) -> Path:
    program = shutil.which("pg_dump")
    if program is None:
        raise BackupError(
            "The database is PostgreSQL and pg_dump is not installed. On Debian: apt-get install postgresql-client"
        )
    known: dict[str, Any] = connection.get_connection_params()
    asked = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password"}
    given = {name: str(known[key]) for name, key in asked.items() if known.get(key)}
    command = [program, "--format=custom", f"--file={target}", f"--dbname={known['dbname']}"]
    done = subprocess.run(  # noqa: S603 - fixed command, no shell
        command, env=os.environ | given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError(f"pg_dump failed: {done.stderr.strip()[:500]}")
    return target


def _sessions(work: Path) -> list[tuple[str, Path]]:
    """The linked accounts and their journals: whatever is an SQLite file in the session folder."""
    folder: Path = settings.WHATSAPP_SESSION_PATH
    found = []
    for number, path in enumerate(sorted(p for p in folder.rglob("*") if _is_sqlite(p))):
        copy = work / f"session-{number}"
        with (
            closing(sqlite3.connect(path, timeout=0.1)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            _copy(source, target, path.name)
        found.append((f"whatsapp/{path.relative_to(folder)}", copy))
    return found


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, name: str) -> None:
    """Python tries for ever while somebody holds the file; a minute is enough."""
    deadline = time.monotonic() + BUSY_SECONDS

    def progress(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise BackupError(f"No backup was made: {name} is in use. Try again in a minute.")

    source.backup(target, progress=progress)


def _is_sqlite(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _media() -> list[tuple[str, Path]]:
    folder = Path(settings.MEDIA_ROOT)
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return [(f"media/{path.relative_to(folder)}", path) for path in files]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verified(archive: tarfile.TarFile, path: Path) -> Backup:
    manifest = json.loads(_member(archive, _MANIFEST).read())
    beside = path.parent if os.access(path.parent, os.W_OK) else None  # /tmp may be small
    for name, digest in manifest["files"].items():
        with tempfile.NamedTemporaryFile(prefix=".mila-verify-", dir=beside) as copy:
            with _member(archive, name) as packed:
                shutil.copyfileobj(packed, copy)
            copy.flush()
            if _digest(Path(copy.name)) != digest:
                raise ValueError(f"{name} is not as it was written")
            if _is_sqlite(Path(copy.name)):
                _check_sqlite(Path(copy.name), name)
            if name == "database.sqlite3" and _counts(Path(copy.name)) != manifest["counts"]:
                raise ValueError("the database lacks rows that were counted")
    size = path.stat().st_size
    return Backup(path, manifest["counts"], len(manifest["files"]), size)


def _member(archive: tarfile.TarFile, name: str) -> Any:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file


def _check_sqlite(copy: Path, name: str) -> None:
    with closing(sqlite3.connect(copy)) as database:
        try:
            answer = database.execute("PRAGMA integrity_check").fetchone()[0]
            if answer != "ok":
                raise ValueError(f"{name} is damaged: {answer}")
        except sqlite3.Error as error:
            raise ValueError(f"{name} is damaged: {error}") from error


def _counts(copy: Path) -> dict[str, int]:
    """Rows of the tables that matter: in the copy, or, for a dump that cannot be asked, in the database."""
    models = {name: apps.get_model(name) for name in COUNTED}
    if not copy.exists():
        return {name: model._default_manager.count() for name, model in models.items()}
    with closing(sqlite3.connect(copy)) as database:
        return {name: _rows(database, model._meta.db_table) for name, model in models.items()}


def _rows(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - our own table


def _free_name(folder: Path, at: dt.datetime) -> Path:
    stem = f"mila-{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    names = [f"{stem}.tar.gz", *(f"{stem}-{n}.tar.gz" for n in range(2, 100))]
    return next(folder / name for name in names if not (folder / name).exists())


def _drop_old(folder: Path) -> None:
    ours = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    for path in ours[:-KEEP]:
        path.unlink(missing_ok=True)
