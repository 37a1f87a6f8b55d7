"""How fast one account writes: answers at once, messages that nobody asked for slowly.

WhatsApp takes numbers that write first to many people for spammers; who is answered has asked for it.
"""

import datetime as dt
from collections import deque

MINUTE = dt.timedelta(minutes=1)
ANSWERS = 90  # messages a minute and account
UNASKED = 6  # of these, messages to people who did not write within a day
DRIP = dt.timedelta(seconds=3)  # between two answers to what came while MILA was away


class Pace:
    """Counts what left within the last minute, in this process: a line has its account for itself."""

    def __init__(self) -> None:
        self._left: dict[bool, deque[dt.datetime]] = {False: deque(), True: deque()}
        self._turns: dict[int, dt.datetime] = {}  # messages that were told to wait, until when
        self._next_turn = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._may_drip = self._next_turn

    def next_at(self, at: dt.datetime, *, unasked: bool) -> dt.datetime:
        """When the next message may leave: now, or when the oldest of the last minute is a minute old."""
        most = UNASKED if unasked else ANSWERS
        left = self._left[unasked]
        while left and left[0] <= at - MINUTE:
            left.popleft()
        return at if len(left) < most else left[0] + MINUTE

    def turn_of(self, message: int, at: dt.datetime) -> dt.datetime:
        """When a message that drips may leave: each gets a turn of its own, three seconds after the one before."""
        turn = self._turns.pop(message, None)
        if turn is None or (turn <= at < self._may_drip):
            turn = max(at, self._next_turn)
            self._next_turn = turn + DRIP
        if turn > at:
            self._turns[message] = turn
        return turn

    def dripped(self, at: dt.datetime) -> None:
        """One has left: turns that passed while nothing could leave do not all come at once."""
        self._may_drip = at + DRIP
        self._next_turn = max(self._next_turn, self._may_drip)

    def sent(self, at: dt.datetime, *, unasked: bool) -> None:
        self._left[False].append(at)
        if unasked:
            self._left[True].append(at)
