"""Exactly one process holds an account: a file lock among the processes of one folder, a leased row among hosts.

Whoever has the file lock may take over a lease of the same folder at once, since its holder is gone; a lease of
another host is waited for.
"""

import datetime as dt
import fcntl
import os
import secrets
import time
import uuid
from pathlib import Path
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from whatsapp.models import WhatsAppAccount

LASTS = dt.timedelta(seconds=30)


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
            return handle


def host_of(folder: Path) -> str:
    """The name of those who share this folder, and with it its locks."""
    path = folder / "host"
    try:
        with path.open("x") as file:
            file.write(secrets.token_hex(8))
    except FileExistsError:
        pass
    return path.read_text()


class Lease:
    """The right to write an account's row. Every write renews it; False means that it is lost."""

    def __init__(self, account_id: uuid.UUID, epoch: int):
        self._rows = WhatsAppAccount.objects.filter(pk=account_id, lease_epoch=epoch)

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
        until = timezone.now() + LASTS
        return self._rows.update(lease_until=until, **values) == 1

    def release(self, **values: Any) -> bool:
        return self._rows.update(lease_until=None, **values) == 1


def held_elsewhere(account: WhatsAppAccount, owner: str, at: dt.datetime) -> bool:
    """Whether another host's line has this account now."""
    until = account.lease_until
    return account.lease_owner != owner and until is not None and until > at
