"""Twenty WhatsApp numbers on this machine, all answered at once, against a loopback WhatsApp and a loopback model:

    .venv/bin/python -m benchmarks.twenty_accounts [--accounts 20] [--rate 24] [--seconds 60] [--postgres]

Prints how many lines are connected, how many messages a second are answered together, how long an answer takes
from the customer's phone to the customer's phone (a quiet time of 1.5 s and the model's 0.5 s are in it), the
memory and CPU of each kind of process. Ends with 1 when a message was lost or answered twice, or a goal missed.
The WhatsApp server, the model and the customers run on the same machine, and are counted apart.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks import processes
from benchmarks.busy_house import BusyHouse, Traffic, busy_house, part, say
from benchmarks.processes import Reading
from tests.flows.conftest import until
from tests.flows.ledger import ANSWERED

RATE_GOAL = 20.0  # messages answered a second
LINE_GOAL = 85.0  # MB of its own for a line
WARM_UP = 20.0  # seconds in which every line meets its customers
TOLD_EVERY, IDLE = 10.0, 10.0
NAMES = {"whatsapp": "WhatsApp server", "model": "model server", "customers": "customers"}


class Watch:
    """Readings at the beginning and the end of the measured time; a word now and then in between."""

    def __init__(self, town: BusyHouse, traffic: Traffic):
        self._town, self._traffic = town, traffic
        self._told = 0.0
        self.begun = self.ended = 0.0
        self.before: dict[str, list[Reading]] = {}
        self.after: dict[str, list[Reading]] = {}

    def look(self, passed: float) -> None:
        if passed >= WARM_UP and not self.before:
            self.before, self.begun = self.read(), time.time()
        if passed >= self._told:
            self._told += TOLD_EVERY
            asked, answered = len(self._traffic.asked), len(self._traffic.answered)
            say(f"{asked} asked, {answered} answered{'' if self.before else ' (warming up)'}")

    def end(self) -> None:
        self.after, self.ended = self.read(), time.time()

    def read(self) -> dict[str, list[Reading]]:
        folder = self._town.house.folder
        others = self._town.others | {"customers": [os.getpid()]}
        return processes.read(processes.of_installation(folder) | others)

    @property
    def rate(self) -> float:
        """Messages answered a second in the measured time."""
        came = self._traffic.answered.values()
        return sum(self.begun <= at <= self.ended for at in came) / (self.ended - self.begun)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--rate", type=float, default=24.0, help="messages a second, all together")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--latency", type=float, default=0.5, help="seconds that the model takes")
    parser.add_argument("--postgres", action="store_true", help="on a throwaway cluster")
    options = parser.parse_args()
    setup = {"latency": options.latency, "postgres": options.postgres}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        busy_house(Path(folder) / "town", options.accounts, **setup) as town,
    ):
        connect(town)
        return measure(town, options.rate, options.seconds)


def connect(town: BusyHouse) -> None:
    begun = time.monotonic()
    town.start()
    say(f"MILA serves after {time.monotonic() - begun:.1f} s")
    begun = time.monotonic()
    town.link_all()
    say(f"{town.connected()} of {len(town.slugs)} linked in {time.monotonic() - begun:.1f} s")


def measure(town: BusyHouse, rate: float, seconds: float) -> int:
    """Traffic, then the figures; the exit code."""
    traffic = Traffic(town, 1 / rate)
    traffic.meet()
    watch = Watch(town, traffic)
    idle(watch)
    traffic.run(WARM_UP + seconds, watch.look, watch.end)
    figures(town, traffic, watch)
    come_back(town)
    return verdict(town, traffic, watch)


def idle(watch: Watch) -> None:
    before = watch.read()
    time.sleep(IDLE)
    after = watch.read()
    used = processes.cores(before, after, IDLE)
    lines, supervisor = 100 * used["line"], 100 * used["supervisor"]
    say(
        f"without traffic    {memory(after['line'])} for a line; lines {lines:.0f} % of a core in all"
    )
    say(f"                   {memory(after['supervisor'])} for the supervisor; {supervisor:.0f} %")


def come_back(town: BusyHouse) -> None:
    """How long a service takes that was killed with all its lines."""
    killed, count = time.time(), len(town.slugs)
    town.kill_supervisor()
    with contextlib.suppress(AssertionError):
        until(lambda: town.connected(since=killed) == count, 120)
    back = town.connected(since=killed)
    say(f"after a kill -9    {back} of {count} connected again in {time.time() - killed:.1f} s")


def figures(town: BusyHouse, traffic: Traffic, watch: Watch) -> None:
    times = traffic.seconds(since=watch.begun)
    took = ", ".join(f"p{share} {part(times, share / 100):.2f} s" for share in (50, 95, 99))
    say(f"connected          {town.connected()} of {len(town.slugs)}")
    say(f"answered together  {watch.rate:.1f} a second ({traffic.skipped} times all were waiting)")
    say(f"phone to phone     {took} (n={len(times)})")
    used = processes.cores(watch.before, watch.after, watch.ended - watch.begun)
    for kind, readings in sorted(watch.after.items()):
        name = NAMES.get(kind, kind)
        share = 100 * used[kind]
        say(f"{name:18} {len(readings):3} of {memory(readings)}; {share:.0f} % of a core in all")
    ours = [each for kind, found in watch.after.items() if kind not in NAMES for each in found]
    say(f"MILA in all        {sum(each.share for each in ours):.0f} MB in {len(ours)} processes")


def memory(readings: list[Reading]) -> str:
    own = sorted(reading.private for reading in readings)
    return f"{part(own, 0.5):.1f} MB private (most {own[-1]:.1f})"


def verdict(town: BusyHouse, traffic: Traffic, watch: Watch) -> int:
    """What is lost or doubled, and which goals are missed."""
    account = traffic.ledger.account()
    fates = Counter(account.fates.values())
    say(", ".join(f"{count} {fate}" for fate, count in fates.most_common()))
    say(
        f"lost {len(account.lost)}, answered twice {len(account.doubled)}, unsettled {len(account.unsettled)}"
    )
    most = max(reading.private for reading in watch.after["line"])
    goals = {
        "all connected": town.connected() == len(town.slugs),
        "nothing lost": not account.lost and fates[ANSWERED] == len(account.fates),
        "nothing answered twice": not account.doubled and not account.strangers,
        f"{RATE_GOAL:.0f} answered a second": watch.rate >= RATE_GOAL,
        f"a line has {LINE_GOAL:.0f} MB at most": most <= LINE_GOAL,
    }
    for goal, reached in goals.items():
        say(f"{'yes' if reached else 'NO ':3}  {goal}")
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
