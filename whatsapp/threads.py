"""Threads that cannot die unnoticed. A loop calls a step: True means there was work, False means wait a little."""

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections

log = logging.getLogger(__name__)
LONGEST_PAUSE = 10.0


class Loop(threading.Thread):
    """Calls `step` until `stopping` is set. An error is logged and the step is called again after a growing
    pause; what is no ordinary error ends the process through `on_death`."""

    def __init__(
        self,
        name: str,
        step: Callable[[], bool],
        *,
        stopping: threading.Event,
        on_death: Callable[[BaseException], None],
        pause: float = 0.5,
    ):
        super().__init__(name=name, daemon=True)
        self._step, self._stopping, self._on_death = step, stopping, on_death
        self._pause, self._failures = pause, 0
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
        close_old_connections()
        try:
            worked = self._step()
        except Exception:
            log.exception("%s failed, goes on", self.name)
            self._failures += 1
            return False
        self._failures = 0
        return worked

    def _pause_now(self) -> float:
        return (
            min(self._pause * 2**self._failures, LONGEST_PAUSE) if self._failures else self._pause
        )
