"""What must hold before MILA starts on a machine: nobody else on the data folder, a free port, a current database."""

import contextlib
import errno
import fcntl
import http.client
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

ORPHANS = 5.0  # seconds that processes of a killed start may need to end
STOPPING = "stopping"
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 (read, not bound)


class CannotStartError(Exception):
    """A sentence for the person who typed the command."""


class Alone:
    """The one start on a data folder: a lock that the system drops when its holder ends, however it ends."""

    def __init__(self, folder: Path, address: str) -> None:
        self._path, self._address = folder / "run.lock", address
        self.after_a_kill = False

    @contextlib.contextmanager
    def held(self, wait: float = ORPHANS, stopping: float = 3 * ORPHANS) -> Iterator[None]:
        """Hold the lock; wait a moment for a holder that ends, longer for one that says so."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        begun = time.monotonic()
        try:
            while not _locked(handle):
                holder, waited = self._holder(), time.monotonic() - begun
                if waited > (stopping if holder == STOPPING else wait):
                    raise CannotStartError(_taken(holder, self._path.parent))
                time.sleep(0.1)
            self.after_a_kill = bool(self._holder())  # an orderly end leaves it empty
            self._write(self._address)
            try:
                yield
            finally:
                self._write("")
        finally:
            os.close(handle)

    def stopping(self) -> None:
        self._write(STOPPING)

    def _holder(self) -> str:
        return self._path.read_text(errors="replace").strip()

    def _write(self, text: str) -> None:
        self._path.write_text(text)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _taken(holder: str, folder: Path) -> str:
    if holder == STOPPING:
        return "The MILA that used this data folder is still stopping; try again in a moment."
    where = f" at {holder}" if holder else ""
    return f"MILA already runs on the data folder {folder}{where}. Stop it first, or set another DATA_DIR."


def require_port(host: str, port: int, wait: float = 0.0) -> None:
    """Raise CannotStartError when another program listens there (still after `wait` seconds)."""
    deadline = time.monotonic() + wait
    while (problem := _port_problem(host, port)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if problem:
        raise CannotStartError(problem)


def _port_problem(host: str, port: int) -> str:
    if not 0 < port < 65536:
        return f"{port} is no port; use a number from 1024 to 65535."
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError:
        return f"Port {port} may only be used by root; use make run PORT=8000."
    except socket.gaierror:
        return f"“{host}” is no address of this machine; check HOST."
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            free = port + 1 if port < 65535 else 8000
            return f"Port {port} is in use by another program; use make run PORT={free}"
        return f"Cannot listen on {host}:{port}: {error.strerror}."
    return ""


def migrate_if_needed(say: Callable[[str], object]) -> None:
    """Bring the database to this version; costs one query when it is there already."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Preparing the database…")
        call_command("migrate", interactive=False, verbosity=0)


def answers(host: str, port: int) -> bool:
    """Whether the pages are served: any HTTP answer counts."""
    reached = http.client.HTTPConnection(
        "127.0.0.1" if host in EVERYWHERE else host, port, timeout=1
    )
    try:
        reached.request("GET", "/healthz", headers={"Host": "localhost"})
        return reached.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        reached.close()
