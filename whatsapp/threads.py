"""Threads that cannot die unnoticed. A loop calls a step: True means there was work, False means wait a little."""

import logging
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from django.db import DatabaseError, InterfaceError

from tenants.work import unit_of_work

log = logging.getLogger(__name__)
LONGEST_PAUSE = 10.0
HOPELESS = 30  # failures in a row, in about five minutes
# A database or a disk that is away comes back; until then what is not stored yet stays in memory.
AWAY = (DatabaseError, InterfaceError, sqlite3.OperationalError)


class Loop(threading.Thread):
    """Calls `step` until `stopping` is set. An error is logged and the step is called again after a growing
    pause; what is no ordinary error ends the process through `on_death`. So does one without end where the line is
    nothing without this thread (`vital`): a new process may do better, and staff see that this one does not work."""

    def __init__(
        self,
        name: str,
        step: Callable[[], bool],
        *,
        stopping: threading.Event,
        on_death: Callable[[BaseException], None],
        pause: float = 0.5,
        vital: bool = False,
    ):
        super().__init__(name=name, daemon=True)
        self._step, self._stopping, self._on_death = step, stopping, on_death
        self._pause, self._failures, self._vital = pause, 0, vital
        self._wake = threading.Event()

    def wake(self) -> None:
        """There may be work now."""
        self._wake.set()

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                if not self._worked():
                    self._wake.wait(self._pause_now())
        except BaseException as error:
            log.critical("thread %s died", self.name, exc_info=True)
            self._on_death(error)

    def _worked(self) -> bool:
        try:
            with unit_of_work():
                worked = self._step()
        except Exception as error:
            self._failures += 1
            if self._vital and self._failures >= HOPELESS and not isinstance(error, AWAY):
                raise
            log.exception("%s failed, goes on", self.name)
            return False
        self._failures = 0
        return worked

    def _pause_now(self) -> float:
        doubled = 2 ** min(self._failures, 20)  # no number that is too large after hours
        return min(self._pause * doubled, LONGEST_PAUSE) if self._failures else self._pause


def limited(call: Callable[[], object], seconds: float) -> bool:
    """Make a call that may never return; True when it did, without an error."""
    done = threading.Event()

    def run() -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001  logged; who asked learns that it failed
            log.info("%s: %s", getattr(call, "__name__", "call"), error)
        else:
            done.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return done.is_set()


def leave(code: int) -> NoReturn:
    """End this process now: WhatsApp's threads would keep an ordinary exit waiting for ever."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
