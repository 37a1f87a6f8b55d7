"""Two hosts on one database and one folder of sessions: one is frozen or killed, the other takes its number over
within 30 seconds; when the first wakes up, it steps back, and nobody was answered twice."""

import contextlib
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.conftest import QUESTION, until
from tests.flows.crashes import CrashHouse
from tests.flows.engines import Prepared, prepared
from tests.flows.ledger import ANSWERED, PERHAPS, Ledger
from tests.postgres import binaries
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"
WITHIN = 30.0


class Host(CrashHouse):
    """One of several: its own data folder; database, keys and sessions are those of all."""

    def __init__(self, rig: LocalRig, folder: Path, shared: Prepared):
        shutil.copytree(shared.folder, folder, ignore=shutil.ignore_patterns("*sqlite3*"))
        url = shared.url or f"sqlite:///{shared.folder / 'mila.sqlite3'}"
        sessions = shared.folder.parent / "sessions"
        super().__init__(rig, folder, DATABASE_URL=url, WHATSAPP_SESSION_PATH=str(sessions))
        self.url = url

    def signal(self, number: signal.Signals, *pids: int) -> None:
        for pid in pids or self.processes():
            os.kill(pid, number)


def frozen(story: "Story") -> None:
    story.first.signal(signal.SIGSTOP)


def frozen_elsewhere(story: "Story") -> None:
    """As on another machine: its processes cannot be ended from here."""
    frozen(story)
    for lock in story.sessions.glob("*.lock"):
        lock.write_text("")


def frozen_before_a_send(story: "Story") -> None:
    """Its line has taken a message to send, and goes on with it when it wakes up."""
    story.freezes_elsewhere_at("C8")


def frozen_in_a_transaction(story: "Story") -> None:
    """Its line was storing a message, and keeps rows of the database locked."""
    story.freezes_elsewhere_at("C3")


def frozen_supervisor(story: "Story") -> None:
    """It was deciding an answer; its line lives on."""
    story.freezes_at("C6" if story.first.url.startswith("postgres") else "C5")


def killed(story: "Story") -> None:
    story.first.signal(signal.SIGKILL)


def revived(host: Host) -> None:
    assert host.process is not None
    if host.process.poll() is None:
        host.signal(signal.SIGCONT)
    else:
        host.start()


@dataclass
class Story:
    """What happens to the first of two hosts, told by the customers who write all the while."""

    rig: LocalRig
    shared: Prepared
    fate: Callable[["Story"], None]

    def __post_init__(self) -> None:
        folder = self.shared.folder.parent
        self.sessions = folder / "sessions"
        self.first = Host(self.rig, folder / "first", self.shared)
        self.second = Host(self.rig, folder / "second", self.shared)

    def run(self) -> "Story":
        first, second = self.first, self.second
        first.start()
        self.studio = first.pair(STUDIO)
        second.start()
        self.ledger = Ledger(first)
        self._customers_write(3)
        until(self.ledger.settled, 30, "the first answers")
        self.fate(self)
        stopped_at = time.monotonic()
        self.waiting = self._customers_write(3)
        until(second.lines, 60, "a line of the second host")
        until(self._answered_again, 60, "answers by the second host")
        self.silence = time.monotonic() - stopped_at
        self._first_comes_back(first)
        return self

    def _first_comes_back(self, first: Host) -> None:
        revived(first)
        self._customers_write(6, pause=1.0)
        until(lambda: not first.lines(), 30, "the first host to step back")
        self._customers_write(3)
        until(self.ledger.settled, 60, "everything decided")

    def _customers_write(self, count: int, pause: float = 0.3) -> list[Customer]:
        customers = [self.ledger.newcomer() for _each in range(count)]
        for customer in customers:
            self.ledger.ask(customer, self.studio, QUESTION)
            time.sleep(pause)
        return customers

    def _answered_again(self) -> bool:
        return all(customer.inbox() for customer in self.waiting)

    def freezes_at(self, point: str) -> None:
        """The first host, by the hand of the process that passes there."""
        self.first.order.write_text(f"{point}:1:STOP")
        self._customers_write(2)
        until(self.first.died, 30, f"a halt at {point}")

    def freezes_elsewhere_at(self, point: str) -> None:
        """As above, but not while the library writes: of another machine, a lock on its file would not reach us."""
        self.freezes_at(point)
        while self._session_locked():
            self.first.signal(signal.SIGCONT)
            until(self.ledger.settled, 30, "its answers")
            self.freezes_at(point)
        frozen_elsewhere(self)

    def _session_locked(self) -> bool:
        (file,) = self.sessions.glob("*.db")
        with contextlib.closing(
            sqlite3.connect(file, timeout=0.2, isolation_level=None)
        ) as session:
            try:
                session.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False

    def close(self) -> None:
        self.first.close()
        self.second.close()


FATES = {
    # Who is frozen in a transaction of SQLite stops everybody: there, a host is not another machine.
    "sqlite": [frozen, frozen_supervisor],
    "postgres": [frozen_before_a_send, frozen_in_a_transaction, frozen_supervisor, killed],
}


@pytest.fixture(params=FATES)
def stories(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Story]]:
    if request.param == "postgres" and binaries() is None:
        pytest.skip("No PostgreSQL server here. On Debian: apt-get install postgresql")
    with prepared(request.param, tmp_path / "first") as house:
        stories = [
            Story(LocalRig(), house.copy(tmp_path / fate.__name__ / "shared"), fate)
            for fate in FATES[request.param]
        ]
        for story in stories:
            story.rig.__enter__()
        yield stories
        for story in stories:
            story.close()
            print(story.first.logs(), story.second.logs())  # noqa: T201  shown when the test failed
            story.rig.__exit__()


def test_a_host_that_stops_is_replaced_within_30_seconds_and_steps_back_when_it_returns(
    stories: list[Story],
) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(Story.run, stories))
    for story in stories:
        account = story.ledger.account()
        assert account.doubled == [], story.fate
        assert account.strangers == []
        # What a frozen line was sending it may still send when it wakes up: “perhaps sent” to staff, and only that.
        assert len(account.unsettled) <= (story.fate is frozen_before_a_send)
        assert set(account.fates.values()) <= {ANSWERED, PERHAPS}
        assert story.silence <= WITHIN, story.fate
