"""A whole MILA with many studios, each linked to a loopback WhatsApp, and customers who write to all of them.

The WhatsApp server and the model are processes of their own; MILA runs as `make run` starts it. Nothing leaves
loopback, nothing of the developer's own installation is touched.
"""

import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import processes
from tests.flows.conftest import ROOT, manage, until
from tests.flows.engines import created
from tests.flows.house import LinkedHouse
from tests.flows.ledger import Ledger
from tests.postgres import cluster
from tests.whatsapp_server.client import Customer, Number, RemoteRig

CROWD = 15  # customers of each studio
LETTERS = "abcdefghij"
QUESTION = "Ada kelas untuk pemula? ref {}"
PREPARE = """
from django.core.management import call_command
from tenants.models import Tenant
call_command("migrate", verbosity=0)
call_command("loadstudio", "{studios}", verbosity=0)
Tenant.objects.update(messages_per_minute=30000, mode="live")
"""


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def word(number: int) -> str:
    """A number in letters: the guard would rightly ask where digits come from."""
    return "".join(LETTERS[int(digit)] for digit in str(number))


@contextlib.contextmanager
def program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """One of our own modules as a process, and the first line that it says."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.terminate()


@dataclass
class BusyHouse:
    """MILA with its studios; `others` are the process ids of WhatsApp and of the model."""

    house: LinkedHouse
    slugs: list[str]
    others: dict[str, list[int]]
    numbers: dict[str, Number] = field(default_factory=dict)

    def start(self) -> None:
        self.house.start()
        self.house.wait_until_served()

    def link_all(self) -> None:
        """Every studio's phone scans its code, a few at a time as people would."""
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(self._link, self.slugs))

    def _link(self, slug: str) -> None:
        number = f"62812{self.slugs.index(slug):08d}"
        studio = self.house.rig.number(number, slug.title())
        studio.scan(self.house.ask_for_code(slug))
        self.numbers[slug] = studio
        until(lambda: self.house.state(slug) == "connected", 120, f"{slug} connected")

    def connected(self, since: float = 0.0) -> int:
        """How many lines are connected; with a time, those that have connected since then."""
        query = (
            "SELECT count(*) FROM whatsapp_whatsappaccount WHERE state = 'connected'"
            " AND connected_at > ?"
        )
        return int(self.house.value(query, str(dt.datetime.fromtimestamp(since, dt.UTC))[:26]))

    def kill_supervisor(self) -> None:
        for pid in processes.of_installation(self.house.folder).get("supervisor", []):
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def busy_house(
    folder: Path, studios: int, *, latency: float, postgres: bool = False, **settings: str
) -> Iterator[BusyHouse]:
    """Everything is prepared, nothing of MILA runs yet."""
    folder.mkdir(mode=0o700, parents=True)
    with contextlib.ExitStack() as stack:
        whatsapp = ("tests.whatsapp_server", "--quiet", "--folder", str(folder / "rig"))
        server, _said = stack.enter_context(program(*whatsapp))
        model, port = stack.enter_context(
            program("benchmarks.model_server", "--latency", str(latency))
        )
        settings |= {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}", "AGENT_THREADS": "32"}
        if postgres:
            settings["DATABASE_URL"] = created(stack.enter_context(cluster()))
        slugs = _prepare(folder, studios, settings)
        rig = RemoteRig.from_card(folder / "rig" / "rig.json")
        house = LinkedHouse(rig, folder / "data", **settings)  # type: ignore[arg-type]
        house.url = settings.get("DATABASE_URL", "")
        stack.callback(house.close)
        yield BusyHouse(house, slugs, {"whatsapp": [server.pid], "model": [model.pid]})


def _prepare(folder: Path, count: int, settings: dict[str, str]) -> list[str]:
    """The studio of the evaluation file so many times, each under a name and number of its own."""
    file: dict[str, Any] = json.loads((ROOT / "evals/studios.json").read_text())
    first = file["studios"][0]
    slugs = [f"studio{number}" for number in range(count)]
    file["studios"] = [
        first | {"id": slug, "name": f"Studio {place}", "whatsapp_number": f"62812{place:08d}"}
        for place, slug in enumerate(slugs)
    ]
    for studio in file["studios"]:
        studio["entries"] = [
            entry | {"id": f"{studio['id']}-{entry['id']}"} for entry in first["entries"]
        ]
    path = folder / "studios.json"
    path.write_text(json.dumps(file))
    (folder / "data").mkdir(mode=0o700)
    manage(folder / "data", "shell", "--no-imports", "-c", PREPARE.format(studios=path), **settings)
    return slugs


class Traffic:
    """Customers who write at a steady pace, each again only when their last question was answered."""

    def __init__(self, town: BusyHouse, seconds_between: float):
        self.ledger = Ledger(town.house)
        self.answered: dict[str, float] = {}  # by the word that the answer repeats: when it came
        self.asked: dict[str, float] = {}
        self.skipped = 0  # moments at which every customer still waited
        self._town, self._pause = town, seconds_between
        self._free: deque[tuple[Customer, Number]] = deque()
        self._busy: dict[str, tuple[Customer, Number]] = {}
        self._stopping = threading.Event()
        self._seen = town.house.rig.call("mark")
        self._pool = ThreadPoolExecutor(8)

    def meet(self) -> None:
        """The customers, of all studios in turn."""
        people = [slug for _each in range(CROWD) for slug in self._town.slugs]
        with ThreadPoolExecutor(8) as pool:
            newcomers = list(pool.map(lambda _slug: self.ledger.newcomer(), people))
        pairs = zip(newcomers, people, strict=True)
        self._free.extend((customer, self._town.numbers[slug]) for customer, slug in pairs)

    def run(
        self, seconds: float, each: Callable[[float], None], written: Callable[[], None]
    ) -> None:
        """Write for so long, then wait for the answers that are still to come. `each` is called once a second with
        the seconds since the beginning, `written` when nobody writes any more."""
        following = threading.Thread(target=self._follow, daemon=True)
        following.start()
        begun, due = time.monotonic(), 0.0
        for moment in range(int(seconds / self._pause)):
            passed = time.monotonic() - begun
            if passed >= due:
                due += 1
                each(passed)
            self._ask_next()
            time.sleep(max(0.0, begun + moment * self._pause - time.monotonic()))
        written()
        self._pool.shutdown()
        self._wait_for_the_last(60)
        self._stopping.set()
        following.join()

    def _ask_next(self) -> None:
        if not self._free:
            self.skipped += 1
            return
        customer, studio = self._free.popleft()
        reference = word(10_000 + len(self.asked))
        self._busy[reference] = customer, studio
        self.asked[reference] = time.time()
        self._pool.submit(self._ask, reference, customer, studio)

    def _ask(self, reference: str, customer: Customer, studio: Number) -> None:
        self.asked[reference] = time.time()
        self.ledger.ask(customer, studio, QUESTION.format(reference))

    def _follow(self) -> None:
        """Note each answer as it reaches a phone."""
        while not self._stopping.wait(0.1):
            for event in self._town.house.rig.events(since=self._seen):
                self._seen = event["seq"]
                if event["kind"] == "reply":
                    self._note(event["text"].rpartition(" ")[2], event["t"])

    def _note(self, reference: str, at: float) -> None:
        self.answered.setdefault(reference, at)
        if reference in self._busy:
            self._free.append(self._busy.pop(reference))

    def _wait_for_the_last(self, longest: float) -> None:
        with contextlib.suppress(AssertionError):
            until(lambda: not self._busy and self.ledger.settled(), longest, "the last answers")

    def free_again(self, after: float) -> None:
        """Who waits for so long writes again: their question was lost, or is left to staff."""
        late = time.time() - after
        for reference in [one for one in self._busy if self.asked[one] < late]:
            self._free.append(self._busy.pop(reference))

    def seconds(self, since: float = 0.0) -> list[float]:
        """From the customer's phone to the customer's phone, of what was asked since then; sorted."""
        asked = {one: at for one, at in self.asked.items() if at >= since}
        return sorted(self.answered[one] - at for one, at in asked.items() if one in self.answered)


def part(values: list[float], share: float) -> float:
    """The value below which this share of the sorted values lies."""
    return values[min(int(share * len(values)), len(values) - 1)] if values else float("nan")
