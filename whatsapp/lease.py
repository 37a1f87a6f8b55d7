"""Exactly one process holds an account: a leased row among hosts, a file lock among the processes of one host.

A host is a DATA_DIR with its supervisor; hosts that share WHATSAPP_SESSION_PATH can take over from each other. The
lease of the own host is taken at once by whoever has the lock, since its holder is gone; that of another host is
waited for, and then its holder has no right to the lock any more.
"""

import datetime as dt
import fcntl
import os
import secrets
import signal
import time
import uuid
from pathlib import Path
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from whatsapp.models import WhatsAppAccount

# Three beats; of the half minute without answers a new line needs the rest to load and to connect.
LASTS = dt.timedelta(seconds=15)
SURE = 10.0  # seconds after a renewal in which a host may act: well before anybody else can
LOCK_WAIT = 15.0  # the line before this one may still be stopping


def locked(path: Path, wait: float = 0.0) -> int | None:
    """Hold the lock of this file until the process ends; None when another process keeps it for `wait` seconds."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                return None
            time.sleep(0.1)
        else:
            os.truncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            return handle


def seize(path: Path) -> bool:
    """Take the lock of an account from a line that has lost its right to it; whether that line is surely gone.

    A frozen one of this machine is ended. One of another machine keeps a file that nobody looks at any more.
    """
    if locked(path, 1) is not None:
        return True
    _end_holder(path)
    if locked(path, 1) is not None:
        return True
    path.unlink(missing_ok=True)
    locked(path)
    return False


def _end_holder(path: Path) -> None:
    try:
        pid = int(path.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"--line" in words and path.stem.encode() in words:
            os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError):  # gone, or a process of another machine
        return


def host_of(folder: Path) -> str:
    """The name of the host that keeps its data in this folder."""
    path = folder / "host"
    try:
        with path.open("x") as file:
            file.write(secrets.token_hex(8))
    except FileExistsError:
        pass
    return path.read_text()


class Lease:
    """The right to write an account's row, and to speak for it. Every write renews it; False means that it is lost."""

    def __init__(self, account_id: uuid.UUID, epoch: int):
        self._rows = WhatsAppAccount.objects.filter(pk=account_id, lease_epoch=epoch)
        self._renewed = time.monotonic()
        self.haunted = False  # the line that had it before may come back to life

    @property
    def sure(self) -> bool:
        """Whether nobody else can have taken it: a process that was frozen finds out here that it was."""
        return time.monotonic() - self._renewed < SURE

    @classmethod
    def take(cls, account_id: uuid.UUID, owner: str) -> "Lease | None":
        """Hold the account as `owner`; None while another owner's lease runs."""
        at = timezone.now()
        free = Q(lease_owner=owner) | Q(lease_until=None) | Q(lease_until__lte=at)
        rows = WhatsAppAccount.objects.filter(free, pk=account_id)
        values = {"lease_owner": owner, "lease_until": at + LASTS}
        if rows.update(lease_epoch=F("lease_epoch") + 1, **values) != 1:
            return None
        return cls(account_id, WhatsAppAccount.objects.get(pk=account_id).lease_epoch)

    def write(self, **values: Any) -> bool:
        at, until = time.monotonic(), timezone.now() + LASTS
        ours = self._rows.update(lease_until=until, **values) == 1
        self._renewed = at if ours else float("-inf")
        return ours

    def release(self, **values: Any) -> bool:
        return self._rows.update(lease_until=None, **values) == 1


def hold(account: WhatsAppAccount, lock: Path, here: str) -> Lease | None:
    """Lease and lock of an account for this process; None while another one has a right to them."""
    if account.lease_owner in ("", here):
        return Lease.take(account.pk, here) if locked(lock, LOCK_WAIT) is not None else None
    lease = Lease.take(account.pk, here)
    if lease is not None:
        lease.haunted = not seize(lock)
    return lease


def held_elsewhere(account: WhatsAppAccount, owner: str, at: dt.datetime) -> bool:
    """Whether another host's line has this account now."""
    until = account.lease_until
    return account.lease_owner != owner and until is not None and until > at
