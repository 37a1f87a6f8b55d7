"""A line as its supervisor sees it: a program that is started, ends, and is started again after a fitting wait."""

import logging
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from django.conf import settings

from tenants import lifeline
from tenants.masking import masked
from whatsapp import wakeups
from whatsapp.wakeups import Wakeup

WAITS = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)  # before the first connection, with some jitter
AT_ONCE = 0.3  # a line that had been connected is back within a second
SHORT_LIFE = 20.0  # seconds; a line that ends so soon comes back at once a few times, then it waits
SHORT_LIVES = 10
LATELY, LONGEST_LATELY = 600.0, 5.0  # seconds; a line that was connected lately never waits longer
FIRST_WORD = 10.0  # seconds; a line that says nothing for so long does not keep others waiting
SETTINGS = {
    "NEONIZE_BOT_TAG": "off",  # else recipients see every reply labelled as written by a machine
    "GOMEMLIMIT": "200MiB",
    "MALLOC_ARENA_MAX": "2",  # a dozen threads that mostly wait need no memory pools of their own
}


class Waits:
    """How long to wait before the next start of one line."""

    def __init__(self) -> None:
        self._failures = self._short_lives = 0

    def next(self, *, connected: bool, lived: float, lately: bool = False) -> float:
        """After a line that ended: had it been connected, and how many seconds did it live?

        `lately`: it or the one before was connected in the last minutes, so the account itself is well.
        """
        if connected and (lived >= SHORT_LIFE or self._short_lives < SHORT_LIVES):
            self._failures = 0
            self._short_lives = 0 if lived >= SHORT_LIFE else self._short_lives + 1
            return AT_ONCE
        wait = WAITS[min(self._failures, len(WAITS) - 1)]
        self._failures += 1
        wait = min(wait, LONGEST_LATELY) if lately else wait
        return wait * random.uniform(0.8, 1.2)  # noqa: S311


class Child:
    """One running line."""

    def __init__(self, account_id: uuid.UUID, folder: Path):
        self.started = time.monotonic()
        self.wakeup, theirs = Wakeup.pair()
        self.spoke, self.silent = False, 0  # a word so far? how many looks since the last one?
        self._asked = False
        self.process = _start(account_id, theirs)
        threading.Thread(
            target=_keep_output,
            args=(self.process.stdout, folder / f"line-{account_id}.log"),
            daemon=True,
        ).start()

    @property
    def lived(self) -> float:
        return time.monotonic() - self.started

    @property
    def starting(self) -> bool:
        """Whether it is still loading, which costs a second of a core."""
        return not self.spoke and self.lived < FIRST_WORD

    def heard(self) -> None:
        self.spoke, self.silent = True, 0

    def ended(self) -> int | None:
        """The exit code of a line that ended; negative for a signal."""
        return self.process.poll()

    def ask_to_stop(self) -> None:
        if not self._asked:
            self._asked = True
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _start(account_id: uuid.UUID, theirs: socket.socket) -> subprocess.Popen[bytes]:
    """Exec, never fork: the library's state does not survive a fork."""
    wake = theirs.fileno()
    own = {"DJANGO_SETTINGS_MODULE": settings.WHATSAPP_LINE_SETTINGS, wakeups.VARIABLE: str(wake)}
    environment = {**os.environ, **SETTINGS, **own}
    command = [sys.executable, "manage.py", "runwhatsapp", "--line", str(account_id)]
    with theirs:
        return subprocess.Popen(  # noqa: S603  our own program
            command,
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **lifeline.tied(environment, wake),
        )


def _keep_output(output: IO[bytes], path: Path) -> None:
    """What a line and its library print goes to a file of bounded size, without full numbers."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=3, encoding="utf-8")
    for line in output:
        text = masked(line.decode(errors="replace").rstrip())
        handler.emit(logging.makeLogRecord({"msg": text}))
    handler.close()
