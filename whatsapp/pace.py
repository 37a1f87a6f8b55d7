"""How fast one account writes: answers at once, messages that nobody asked for slowly.

WhatsApp takes numbers that write first to many people for spammers; who is answered has asked for it.
"""

import datetime as dt
from collections import deque

MINUTE = dt.timedelta(minutes=1)
ANSWERS = 90  # messages a minute and account
UNASKED = 6  # of these, messages to people who did not write within a day


class Pace:
    """Counts what left within the last minute, in this process: a line has its account for itself."""

    def __init__(self) -> None:
        self._left: dict[bool, deque[dt.datetime]] = {False: deque(), True: deque()}

    def next_at(self, at: dt.datetime, *, unasked: bool) -> dt.datetime:
        """When the next message may leave: now, or when the oldest of the last minute is a minute old."""
        most = UNASKED if unasked else ANSWERS
        left = self._left[unasked]
        while left and left[0] <= at - MINUTE:
            left.popleft()
        return at if len(left) < most else left[0] + MINUTE

    def sent(self, at: dt.datetime, *, unasked: bool) -> None:
        self._left[False].append(at)
        if unasked:
            self._left[True].append(at)
