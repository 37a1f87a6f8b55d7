"""A byte between supervisor and line says “look now”. Rows are the truth and are polled; this is only faster."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable

VARIABLE = "MILA_WAKE_FD"


class Wakeup:
    """One end of a pair. Without a partner (a line started by hand) nothing is sent or heard."""

    def __init__(self, end: socket.socket | None):
        self._end = end
        if end is not None:
            end.setblocking(False)

    @classmethod
    def pair(cls) -> tuple["Wakeup", socket.socket]:
        """The supervisor's end, and the end to hand to a child."""
        here, there = socket.socketpair()
        return cls(here), there

    @classmethod
    def inherited(cls) -> "Wakeup":
        """The line's end, from the environment."""
        name = os.environ.pop(VARIABLE, "")
        try:
            return cls(socket.socket(fileno=int(name)) if name.isdigit() else None)
        except OSError:
            return cls(None)

    @property
    def paired(self) -> bool:
        return self._end is not None

    def fileno(self) -> int:
        return self._end.fileno() if self._end else -1

    def send(self) -> None:
        """Never waits and never fails: a byte that is already there says the same."""
        if self._end is not None:
            with contextlib.suppress(OSError):
                self._end.send(b"!", socket.MSG_DONTWAIT)

    def drain(self) -> bool:
        """Take what came; whether anything did."""
        try:
            return bool(self._end and self._end.recv(4096))
        except OSError:
            return False

    def listen(self, heard: Callable[[], None]) -> None:
        """Call `heard` for every byte, from a thread of its own."""
        if self._end is not None:
            self._end.setblocking(True)
            threading.Thread(
                target=self._listen, args=(heard,), name="wakeups", daemon=True
            ).start()

    def _listen(self, heard: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):
            while self._end and self._end.recv(4096):
                heard()

    def close(self) -> None:
        if self._end is not None:
            self._end.close()
