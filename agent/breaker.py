"""A circuit for each server and key, shared by the threads of a process: while it is open, nobody waits for a server
that fails anyway. It closes by itself: now and then one call is let through, and a success lets everybody through.
"""

import threading
import time

from agent.troubles import ModelError

FAILURES = 5  # in a row, each of which may mend by itself
SHORTEST, LONGEST = 5.0, 60.0  # seconds that it stays open; doubles with every try that fails
GONE = 300.0  # seconds that a model which does not exist is not asked for, when another one answers

clock = time.monotonic  # tests put a clock here that they move


class Circuit:
    """Closed: every call passes. Open: none does until `_until`, then one, and the next only when that one failed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._tries = 0
        self._error: ModelError | None = None
        self._until = 0.0

    @property
    def error(self) -> ModelError | None:
        """Why it is open; None when it is closed."""
        return self._error

    def enter(self, patience: float) -> None:
        """Raise what was wrong when it is open. `patience` is how long the one call that tries may take."""
        if self._error is None:
            return
        with self._lock:
            error, now = self._error, clock()
            if error is None:
                return
            if now < self._until:
                raise ModelError(error.sentence, permanent=True, about=error.about, made=False)
            self._until = now + patience  # this call tries; should its thread die, the next may

    def worked(self) -> None:
        if self._failures or self._error:
            with self._lock:
                self._failures = self._tries = 0
                self._error = None

    def failed(self, error: ModelError, at_least: float = 0.0) -> None:
        """Count it; opens at once when trying again cannot help, or when the server asks for time."""
        with self._lock:
            self._failures += 1
            trying = self._error is not None
            asked = error.wait or 0.0
            if not (trying or error.permanent or asked > SHORTEST or self._failures >= FAILURES):
                return
            usual = min(SHORTEST * 2**self._tries, LONGEST)
            self._error, self._tries = error, min(self._tries + 1, 10)
            self._until = clock() + max(usual, at_least, min(asked, LONGEST))


_circuits: dict[tuple[str, ...], Circuit] = {}
_making = threading.Lock()


def circuit(*names: str) -> Circuit:
    """The one of an address and a key, or of a model there. Another key is another circuit."""
    found = _circuits.get(names)
    if found is None:
        with _making:
            found = _circuits.setdefault(names, Circuit())
    return found


def forget() -> None:
    """Close all of them."""
    with _making:
        _circuits.clear()
