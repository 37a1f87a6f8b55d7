"""What the service does for staff beside answering customers: voice notes to read, exams, and gaps of the knowledge."""

import datetime as dt
import time
from collections.abc import Callable

from django.utils import timezone

from agent import closing, examining, gaps
from agent.listening import HeldChats

EVERY = 20.0  # seconds between two looks for new gaps


class Jobs:
    """Steps of one thread. The rows say what waits, so any number of services share the work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._look_at = clock, clock()
        self._since: dt.datetime | None = None
        self._held = HeldChats()

    def step(self) -> bool:
        at = timezone.now()
        if self._clock() >= self._look_at:
            self._look_at = self._clock() + EVERY
            self._since = gaps.gather(self._since or at - gaps.BACK, at)
            closing.notice_changes(at)
        worked = self._held.step(at)
        worked = closing.close_next(at) or worked
        return examining.examine_next(at) or worked
