"""One parent of several programs: it starts them, starts again what ended, and ends them together.

A child leads its own process group, so that Ctrl-C reaches the parent alone and the children end in order,
and it is tied to the parent by `tenants.lifeline`: none of them outlives the parent.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

from tenants import lifeline

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before a child that ended is started again
LONG_LIFE = 10.0  # a child that lived so long starts with the first wait again
STOP_WITHIN = 13.0  # seconds that children have to end by themselves
LOOK_EVERY = 0.5

Say = Callable[[str], object]


class Child:
    """A program that shall run; `step` makes it so."""

    def __init__(
        self, name: str, command: Sequence[str], say: Say, cwd: Path | None = None
    ) -> None:
        self.name, self._command, self._say, self._cwd = name, command, say, cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at, self._started_at, self._wait = 0.0, 0.0, FIRST_WAIT

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def step(self, now: float) -> None:
        """Start the program when it is due; notice when it ended. `now` counts monotonic seconds."""
        if self._process is None:
            if now >= self._start_at:
                self._start(now)
        elif (code := self._process.poll()) is not None:
            self.signal(signal.SIGTERM)  # what is left of its group
            self._process = None
            self._again(f"{self.name} {_end(code)}.", now)

    def signal(self, number: signal.Signals) -> None:
        """To the program and everything it started, as far as that still runs."""
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def terminate(self) -> None:
        """Ask the program itself to stop; it stops its own children in its own order."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _start(self, now: float) -> None:
        self._started_at = now
        try:
            self._process = subprocess.Popen(  # noqa: S603
                self._command, cwd=self._cwd, start_new_session=True, **lifeline.tied()
            )
        except OSError as error:
            self._again(f"{self.name} cannot be started: {error.strerror}.", now)

    def _again(self, why: str, now: float) -> None:
        if now - self._started_at >= LONG_LIFE:
            self._wait = FIRST_WAIT
        self._say(f"{why} Starting it again in {self._wait:.0f} s.")
        self._start_at = now + self._wait
        self._wait = min(2 * self._wait, LONGEST_WAIT)


class Parent:
    """Keeps children running until SIGINT, SIGTERM or SIGHUP; a second signal ends them at once."""

    def __init__(
        self,
        children: Sequence[Child],
        say: Say,
        *,
        with_parent: bool = False,
        each: Callable[[], object] = lambda: None,
        stopping: Callable[[], object] = lambda: None,
    ) -> None:
        self._children, self._say = children, say
        self._each, self._stopping = each, stopping
        self._parent = os.getppid() if with_parent else None
        self._asked = 0

    def run(self) -> None:
        with self._woken_by_signals() as wake:
            while not self._asked and not self._orphaned():
                self.step(time.monotonic())
                _wait(wake, LOOK_EVERY)
            self._stop(wake)

    def step(self, now: float) -> None:
        for child in self._children:
            child.step(now)
        self._each()

    def _orphaned(self) -> bool:
        """Whether `make`, which started us, was killed: then nobody could stop us by Ctrl-C any more."""
        return self._parent is not None and os.getppid() != self._parent

    def _stop(self, wake: int) -> None:
        self._say("Stopping…")
        self._stopping()
        asked, deadline = self._asked, time.monotonic() + STOP_WITHIN
        for child in self._children:
            child.terminate()
        while not all(child.ended() for child in self._children):
            if time.monotonic() > deadline or self._asked > asked:
                late = ", ".join(child.name for child in self._children if not child.ended())
                self._say(f"Not waiting any longer for {late}.")
                break
            _wait(wake, 0.1)
        for child in self._children:
            child.signal(signal.SIGKILL)

    @contextlib.contextmanager
    def _woken_by_signals(self) -> Iterator[int]:
        """Signals become bytes in a pipe: the loop reacts at once, and no handler interrupts its work."""
        read, write = os.pipe()
        os.set_blocking(read, False)
        os.set_blocking(write, False)
        asks = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants us to stay
            asks.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._ask) for number in asks}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        woken = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield read
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(read)
            os.close(write)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1


def _wait(wake: int, seconds: float) -> None:
    """Until a signal arrives, `seconds` at most."""
    if select.select([wake], [], [], seconds)[0]:
        os.read(wake, 512)


def _end(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
