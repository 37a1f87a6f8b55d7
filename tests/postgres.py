"""Real databases for tests with real threads: a file for SQLite, a throwaway cluster for PostgreSQL.

Import the fixture `real_database` into a test module; mark its tests e2e.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

USER = "mila"
PATIENCE = 30.0


def binaries() -> Path | None:
    """Where Debian, or the PATH, keeps the server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    here = shutil.which("initdb")
    return found[-1].parent if found else Path(here).parent if here else None


def _as_server() -> tuple[list[str], int | None]:
    """PostgreSQL refuses root: the words before a command, and the id of the folder's owner."""
    if os.getuid() != 0:
        return [], None
    known = {user.pw_name: user.pw_uid for user in pwd.getpwall()}
    uid = known.get("postgres", known.get("nobody", 65534))
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"], uid


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """A PostgreSQL on loopback, gone afterwards. Yields its URL without a database name."""
    programs = binaries()
    assert programs is not None
    home = Path(tempfile.mkdtemp(prefix="mila-postgres-", dir="/tmp"))
    prefix, uid = _as_server()
    if uid is not None:
        os.chown(home, uid, uid)
    data, port = home / "data", _free_port()
    initdb = [f"{programs}/initdb", "-D", f"{data}", "-U", USER, "-A", "trust", "-N"]
    subprocess.run([*prefix, *initdb], check=True, capture_output=True, cwd="/")
    options = ["listen_addresses=127.0.0.1", "fsync=off", f"unix_socket_directories={home}"]
    flags = [word for option in options for word in ("-c", option)]
    command = [*prefix, f"{programs}/postgres", "-D", f"{data}", "-p", f"{port}", *flags]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
    try:
        _wait(port, server, home / "log")
        yield f"postgres://{USER}@127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)  # fast: does not wait for clients
        server.wait(PATIENCE)
        shutil.rmtree(home, ignore_errors=True)


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=port, user=USER, dbname="postgres").close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a throwaway PostgreSQL."""
    if binaries() is None:
        pytest.skip("No PostgreSQL server here. On Debian: apt-get install postgresql")
    with cluster() as url:
        yield url


def _url(name: str, request: pytest.FixtureRequest, folder: Path) -> str:
    if name == "sqlite":
        return f"sqlite:///{folder / 'real.sqlite3'}"
    url, database_name = request.getfixturevalue("postgres"), f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{database_name}"'.encode())
    return f"{url}/{database_name}"


def _close_pool() -> None:
    """The next test has a database of its own, and with it other connections."""
    close = getattr(connections["default"], "close_pool", None)  # SQLite has none
    if close:
        close()


@pytest.fixture(params=["sqlite", "postgres"])
def real_database(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_setup: None, django_db_blocker
) -> Iterator[str]:
    """An empty, migrated database that threads share, in place of the in-memory one. Yields the engine's name."""
    # Not above: benchmarks start a cluster before there are settings.
    from config.settings import database

    url = _url(request.param, request, tmp_path)
    usual, known = connections["default"], connections.settings["default"]
    with django_db_blocker.unblock():
        fresh = {**known, "OPTIONS": {}, **database(url)}
        # Another dict, as the usual connection reads its own: changed in place, it would make files of our names.
        connections.settings["default"] = fresh
        del connections["default"]
        try:
            call_command("migrate", verbosity=0)
            yield request.param
        finally:
            connections["default"].close()
            _close_pool()
            connections.settings["default"] = known
            connections["default"] = usual
