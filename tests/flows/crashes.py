"""Crashes at named places of a message's way (docs/TESTING.md has the table), one after the other in a living house."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.flows.conftest import QUESTION, Service, until
from tests.flows.ledger import Ledger
from tests.whatsapp_server.api import LocalRig

IN_THE_LINE = ("C3", "C4", "C8", "C10", "C11", "C12")
IN_THE_SUPERVISOR = ("C5", "C6", "C7")
# The answer is out and nobody wrote it down. The last kill there meets phones that send no receipts, which
# would prove it.
UNCERTAIN = ("C10", "C11")
NUMBERS = {"ombak": "6281200001101", "senja": "6281200002202"}


class CrashHouse(Service):
    """A service whose processes die where its order says."""

    def __init__(self, rig: LocalRig, folder: Path, **settings: str):
        super().__init__(rig, folder)
        self.order = folder / "crash"
        self.url = settings.get("DATABASE_URL", "")
        quick = {"AGENT_QUIET_SECONDS": "0.3", "MILA_CRASH_AT": str(self.order)}
        self.environment = settings | quick

    def died(self) -> bool:
        """Whether a process has taken the order; its order is gone with it."""
        return not self.order.exists()

    def close(self) -> None:
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process:
            self.process.wait()


@dataclass
class Campaign:
    """So many kills at each of these places, while customers of each studio write."""

    house: CrashHouse
    points: Sequence[str]
    kills: int
    slugs: Sequence[str] = ("ombak", "senja")
    tell: Callable[[str], object] = lambda text: None
    done: dict[str, int] = field(default_factory=dict)
    quiet: set[str] = field(default_factory=set)  # questions of phones that tell nothing

    def run(self) -> Ledger:
        self.house.start()
        self.ledger = Ledger(self.house)
        self.studios = [self.house.pair(NUMBERS[slug], slug) for slug in self.slugs]
        for turn in range(self.kills):
            for point in self.points:
                self._kill_at(point, told=turn < self.kills - 1 or point not in UNCERTAIN)
                self.done[point] = turn + 1
                self.tell(f"{point} {turn + 1}/{self.kills}")
            self._settle()  # else the line with the longer queue is always the one that dies next
        return self.ledger

    def _kill_at(self, point: str, *, told: bool) -> None:
        if not told:
            self._settle()  # only the phones that tell nothing are being answered
        if point == "C10":
            self._kill_between_send_and_ack(told)
            return
        self.house.order.write_text(point)
        self._ask(told)
        until(self.house.died, 60, f"a crash at {point}")
        if point in IN_THE_SUPERVISOR:
            assert self.house.process is not None
            assert self.house.process.wait(5) == -signal.SIGKILL
            self.house.start()
            self._settle()  # a question is tried three times, so no question meets all of the crashes

    def _kill_between_send_and_ack(self, told: bool) -> None:
        """The server delivers an answer and stays silent; the line dies waiting."""
        studio, mark = self.studios[0], self.house.rig.mark()
        studio.fault("ack_lost")
        self._ask(told)
        self.house.rig.wait("ack_lost", mark, 60, number=studio.number)
        account = self.house.account("ombak").replace("-", "")
        for pid in self.house.lines():
            with contextlib.suppress(OSError):
                command = (Path("/proc") / str(pid) / "cmdline").read_bytes()
                if account in command.decode().replace("-", ""):
                    os.kill(pid, signal.SIGKILL)

    def _ask(self, told: bool) -> None:
        receipts = ["delivered"] if told else []
        for studio in self.studios:
            asked = self.ledger.ask(self.ledger.newcomer(receipts=receipts), studio, QUESTION)
            self.quiet |= set() if told else {asked}

    def _settle(self) -> None:
        try:
            until(self.ledger.settled, 240, "everything decided")
        except AssertionError as stuck:
            raise AssertionError(self.ledger.unsettled()) from stuck
        time.sleep(0.3)  # the last receipts
