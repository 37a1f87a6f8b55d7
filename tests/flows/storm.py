"""Kill -9 of random processes of a whole house while customers write; the program is benchmarks/kill_storm.py."""

import collections
import contextlib
import math
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.flows.conftest import ROOT, until
from tests.flows.engines import prepared
from tests.flows.house import LinkedHouse
from tests.flows.ledger import ANSWERED, HOLE, LOST, PERHAPS, STAFF, Account, Ledger
from tests.flows.test_killed_houses import (
    a_web_worker,
    everything,
    kill,
    the_line,
    the_parent,
    the_supervisor,
    the_web_process,
)
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer, Number

STUDIO = "6281200001101"
QUESTION = "Ada kelas untuk pemula? ref {}"
LETTERS = "abcdefghij"  # the guard would rightly ask where digits come from
CUSTOMERS = 120
RATE = 6.0  # messages a second
PATIENCE = 120.0  # seconds for a recovery
VICTIMS: dict[Callable[[LinkedHouse], list[int]], int] = {
    the_line: 30,
    the_supervisor: 30,
    the_web_process: 15,
    a_web_worker: 15,
    the_parent: 5,
    everything: 5,
}
ON_PAGES = (the_web_process, a_web_worker)


@dataclass
class Traffic:
    """Customers who write one after the other; who waits for an answer does not write again so soon."""

    ledger: Ledger
    studio: Number
    customers: list[Customer]
    last: dict[str, str] = field(default_factory=dict)  # number → the question that waits
    seconds: list[float] = field(default_factory=list)  # from a question to its answer
    answered: dict[str, float] = field(default_factory=dict)  # question → when
    allowed: int = 0  # messages that may be sent by now
    _seen: int = 0

    def run(self, stopping: threading.Event) -> None:
        while not stopping.wait(1 / RATE):
            self.look()
            if len(self.ledger.customers) < self.allowed and (customer := self._next()):
                text = QUESTION.format(_word(len(self.ledger.customers)))
                self.last[customer.number] = self.ledger.ask(customer, self.studio, text)

    def _next(self) -> Customer | None:
        """Who waits for nothing, or has given up waiting."""
        now = time.time()
        for _each in self.customers:
            customer = self.customers.pop(0)
            self.customers.append(customer)
            asked = self.last.get(customer.number)
            if asked is None or asked in self.answered or now - self.ledger.sent_at[asked] > 60:
                return customer
        return None

    def look(self) -> None:
        """Note which questions are answered by now."""
        for event in self.ledger.home.rig.events(self._seen):
            self._seen = event["seq"]
            if event["kind"] == "reply" and (id := self.last.get(event["customer"])):
                if id not in self.answered:
                    self.seconds.append(event["t"] - self.ledger.sent_at[id])
                self.answered.setdefault(id, event["t"])

    def answered_since(self, at: float) -> bool:
        """Whether somebody who wrote after `at` has an answer."""
        sent_at, answered = self.ledger.sent_at, dict(self.answered)
        return any(sent_at[id] > at for id in answered)


def _word(number: int) -> str:
    return "".join(LETTERS[int(digit)] for digit in str(number))


@dataclass
class Storm:
    """The kills, one after the other, in a house that is being written to."""

    house: LinkedHouse
    messages: int
    kills: int
    say: Callable[[str], object] = print
    recoveries: dict[str, list[float]] = field(
        default_factory=lambda: collections.defaultdict(list)
    )

    def run(self) -> "Storm":
        house, chance = self.house, random.Random(self.kills)
        house.start()
        house.wait_until_served()
        studio = house.pair(STUDIO)
        self.ledger = Ledger(house)
        self.began = time.monotonic()
        customers = [self.ledger.newcomer() for _each in range(min(CUSTOMERS, self.messages))]
        self.traffic = Traffic(self.ledger, studio, customers)
        with self._written_to():
            for number in range(1, self.kills + 1):
                self.traffic.allowed = self.messages * number // self.kills
                until(lambda: self._sent() >= self.traffic.allowed - RATE, PATIENCE, "messages")
                victim = chance.choices(list(VICTIMS), list(VICTIMS.values()))[0]
                time.sleep(chance.uniform(0, 1 / RATE))
                self.recoveries[victim.__name__].append(self._strike(victim))
                self._tell(number)
        self._settle()
        return self

    @contextlib.contextmanager
    def _written_to(self) -> Iterator[None]:
        stopping = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(self.traffic.run, stopping)
            try:
                yield
                until(lambda: self._sent() >= self.messages or writing.done(), PATIENCE, "messages")
            finally:
                stopping.set()
            writing.result()

    def _sent(self) -> int:
        return len(self.ledger.customers)

    def _strike(self, victim: Callable[[LinkedHouse], list[int]]) -> float:
        """Kill, start again what nobody else does, wait; the seconds until customers notice nothing any more."""
        pids, at = victim(self.house), time.time()
        kill(pids)
        if self.house.parent in pids:
            self.house.end_of_parent()
            self.house.start()
            self.house.wait_until_served()
        # A question from now on, also when as many as were meant to come by now have come.
        self.traffic.allowed += 1
        recovered = self.house.served if victim in ON_PAGES else self._answers_since(at)
        until(recovered, PATIENCE, f"a recovery of {victim.__name__}")
        return time.time() - at

    def _answers_since(self, at: float) -> Callable[[], bool]:
        return lambda: self.traffic.answered_since(at)

    def _tell(self, number: int) -> None:
        if number % max(1, self.kills // 20) == 0 or self.kills <= 20:
            took = time.monotonic() - self.began
            self.say(f"{took:6.0f} s  {number}/{self.kills} kills  {self._sent()} messages")

    def _settle(self) -> None:
        """Until nothing moves; a message without its text waits a minute for it."""
        with contextlib.suppress(AssertionError):  # then the account tells what is missing
            until(self.ledger.settled, 180, "everything decided")
        time.sleep(1)
        self.traffic.look()
        self.took = time.monotonic() - self.began


def told(storm: Storm, account: Account) -> Iterator[str]:
    """The figures, a line each."""
    stored = storm.ledger.home.value("SELECT count(*) FROM conversations_message WHERE NOT from_me")
    kinds = ", ".join(f"{len(each)} {name}" for name, each in storm.recoveries.items())
    yield f"kills                  {sum(map(len, storm.recoveries.values()))} ({kinds})"
    yield f"messages sent          {len(storm.ledger.customers)} in {storm.took:.0f} s"
    yield f"stored                 {stored}"
    yield from fates(account)
    yield f"question to answer     {spread(storm.traffic.seconds)}"
    for name, seconds in sorted(storm.recoveries.items()):
        yield f"recovered from {name:16} {spread(seconds)}"
    yield f"recovered, all         {spread([s for each in storm.recoveries.values() for s in each])}"


def fates(account: Account) -> Iterator[str]:
    yield f"answered               {account.count(ANSWERED)}"
    yield f"handed to staff        {account.count(STAFF)}"
    yield f"holes shown            {account.count(HOLE)}"
    yield f"“perhaps sent” shown   {account.count(PERHAPS)}"
    yield f"arrived, yet in doubt  {len(account.unsettled) - account.count(PERHAPS)}"
    yield f"lost silently          {account.count(LOST)} {account.lost[:5] or ''}"
    yield f"answered twice         {len(account.doubled) + len(account.strangers)} {account.doubled[:5] or ''}"


def spread(seconds: list[float]) -> str:
    ordered = sorted(seconds) or [0.0]
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
    return (
        f"median {statistics.median(ordered):.1f} s, p95 {p95:.1f} s, longest {ordered[-1]:.1f} s"
    )


def kept(account: Account) -> bool:
    return not (account.lost or account.doubled or account.strangers)


@contextlib.contextmanager
def model() -> Iterator[dict[str, str]]:
    """A model service of its own process; the settings that lead to it."""
    command = [sys.executable, "-m", "benchmarks.model_server", "--latency", "0.3"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        try:
            yield {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "none", "AGENT_THREADS": "32"}
        finally:
            server.kill()


def storm(
    engine: str, messages: int, kills: int, say: Callable[[str], object] = print
) -> tuple[Storm, Account]:
    """One storm on its own house, gone afterwards."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kill-storm-")))
        first = stack.enter_context(prepared(engine, folder / "data"))
        settings = stack.enter_context(model()) | first.settings
        house = LinkedHouse(stack.enter_context(LocalRig(folder / "rig")), first.folder, **settings)
        house.url = first.url
        stack.callback(house.close)
        done = Storm(house, messages, kills, say).run()
        account = done.ledger.account()
        for line in told(done, account):
            say(line)
        return done, account
