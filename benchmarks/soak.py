"""Traffic for half an hour, with restarts all the while: does anything grow?

    .venv/bin/python -m benchmarks.soak [--minutes 30] [--accounts 6] [--rate 6]

Every 15 s one line of the odd studios is ended, by turns with kill -9 and in order; the even studios' lines live on.
The supervisor is killed twice in the first minutes, and once more after the last reading: in between it lives, as
only who lives long can grow. Descriptors, threads and private memory are read every 10 s. Growth is the last
readings against those after five minutes (half of a shorter run). Ends with 1 when anything grew by more than
5 %, or a message was lost or answered twice.
"""

import argparse
import contextlib
import itertools
import os
import signal
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmarks import processes
from benchmarks.busy_house import BusyHouse, Traffic, busy_house, say
from benchmarks.processes import Reading
from tests.flows.conftest import until

SETTLED = 300.0  # seconds until growth counts
READ_EVERY, RESTART_EVERY, TOLD_EVERY = 10.0, 15.0, 60.0
FORGIVEN = 60.0  # seconds after which a customer gives up on a message that a kill has taken
GROWTH = 0.05
FIELDS = ("private", "descriptors", "threads")
Sample = dict[str, list[Reading]]


class Soak:
    """What happens while customers write, and what was read."""

    def __init__(self, town: BusyHouse, traffic: Traffic, seconds: float):
        self._town, self._traffic = town, traffic
        self.settled = min(SETTLED, seconds / 2)
        self.samples: list[tuple[float, Sample]] = []
        self.restarts: Counter[str] = Counter()
        self._restarted = itertools.cycle(town.slugs[1::2])
        self._ways = itertools.cycle((signal.SIGKILL, signal.SIGTERM))
        self._deaths = [self.settled / 6, self.settled / 3]  # of the supervisor
        self._due: dict[str, float] = defaultdict(float)

    def each(self, passed: float) -> None:
        """Once a second."""
        self._traffic.free_again(FORGIVEN)
        if self._deaths and passed >= self._deaths[0]:
            self._deaths.pop(0)
            self.end_supervisor()
        elif self._is_due("restart", passed, RESTART_EVERY):
            self._end_line(next(self._restarted))
        if self._is_due("read", passed, READ_EVERY):
            self.samples.append((passed, self._read()))
        if self._is_due("told", passed, TOLD_EVERY):
            self._tell(passed)

    def _is_due(self, what: str, passed: float, every: float) -> bool:
        due = passed >= self._due[what]
        if due:
            self._due[what] += every
        return due

    def _kinds(self) -> dict[str, list[int]]:
        return processes.of_installation(self._town.house.folder)

    def end_supervisor(self) -> None:
        """Its parent starts it again, it starts the lines."""
        for pid in self._kinds().get("supervisor", []):
            self._kill(pid, signal.SIGKILL, "supervisor")

    def _end_line(self, slug: str) -> None:
        lines = self._lines(self._kinds().get("line", []))
        if pid := lines.get(self._account(slug)):
            self._kill(pid, next(self._ways), "line")

    def _kill(self, pid: int, how: signal.Signals, kind: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
            self.restarts[kind] += 1

    def _lines(self, pids: list[int]) -> dict[str, int]:
        """Process ids by the account that they hold."""
        found = {}
        for pid in pids:
            with contextlib.suppress(OSError, ValueError):  # it just ended
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                found[words[words.index("--line") + 1].replace("-", "")] = pid
        return found

    def _account(self, slug: str) -> str:
        """Its id as both databases can be compared with it."""
        return self._town.house.account(slug).replace("-", "")

    def _read(self) -> Sample:
        """The processes by kind; lines that are ended now and then are a kind of their own, read when grown up."""
        kinds = self._kinds()
        lines = self._lines(kinds.pop("line", []))
        restarted = {self._account(slug) for slug in self._town.slugs[1::2]}
        kinds["line, lives on"] = [lines[one] for one in lines if one not in restarted]
        kinds["line, ended often"] = [lines[one] for one in lines if one in restarted]
        sample = processes.read(kinds)
        sample["line, ended often"] = [one for one in sample["line, ended often"] if one.age > 10]
        return sample

    def _tell(self, passed: float) -> None:
        _at, sample = self.samples[-1]
        sizes = ", ".join(
            f"{kind} {_mean(sample, kind, 'private'):.1f} MB" for kind in sorted(sample)
        )
        asked, answered = len(self._traffic.asked), len(self._traffic.answered)
        ended = sum(self.restarts.values())
        say(f"{passed / 60:4.1f} min: {asked} asked, {answered} answered, {ended} ended; {sizes}")


def _mean(sample: Sample, kind: str, name: str) -> float:
    """Of one process of this kind."""
    values = [float(getattr(reading, name)) for reading in sample.get(kind, [])]
    return statistics.mean(values) if values else float("nan")


def growth(soak: Soak) -> Iterator[tuple[str, str, float, float]]:
    """For every kind and figure: its value after the first minutes, and at the end. Medians of some readings."""
    counted = [sample for at, sample in soak.samples if at >= soak.settled]
    some = max(2, len(counted) // 8)
    for kind in sorted({kind for sample in counted for kind in sample}):
        for name in FIELDS:
            values = [_mean(sample, kind, name) for sample in counted]
            known = [value for value in values if value == value]
            if len(known) >= 2 * some:
                yield (
                    kind,
                    name,
                    statistics.median(known[:some]),
                    statistics.median(known[-some:]),
                )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--accounts", type=int, default=6)
    parser.add_argument("--rate", type=float, default=6.0, help="messages a second, all together")
    parser.add_argument("--postgres", action="store_true", help="on a throwaway cluster")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        busy_house(
            Path(folder) / "town", options.accounts, latency=0.2, postgres=options.postgres
        ) as town,
    ):
        town.start()
        town.link_all()
        say(f"{town.connected()} of {len(town.slugs)} linked")
        return run(town, options.rate, 60 * options.minutes)


def run(town: BusyHouse, rate: float, seconds: float) -> int:
    traffic = Traffic(town, 1 / rate)
    traffic.meet()
    soak = Soak(town, traffic, seconds)
    traffic.run(seconds, soak.each, soak.end_supervisor)
    back = _all_back(town)
    return 0 if all([report(soak), settled(traffic), back]) else 1


def _all_back(town: BusyHouse) -> bool:
    with contextlib.suppress(AssertionError):
        until(lambda: town.connected() == len(town.slugs), 60)
    say(f"connected at the end: {town.connected()} of {len(town.slugs)}")
    return town.connected() == len(town.slugs)


def report(soak: Soak) -> bool:
    """The table; whether nothing grew."""
    ended = ", ".join(f"{count} of a {kind}" for kind, count in soak.restarts.items())
    say(f"ends: {ended}; readings {len(soak.samples)}, growth since second {soak.settled:.0f}")
    say(f"{'one process':20} {'figure':12} {'then':>8} {'at the end':>11} {'growth':>8}")
    well = True
    for kind, name, then, now in growth(soak):
        grew = now / then - 1
        well &= grew <= GROWTH
        mark = "" if grew <= GROWTH else "  ✗"
        say(f"{kind:20} {name:12} {then:8.1f} {now:11.1f} {100 * grew:+7.1f} %{mark}")
    return well


def settled(traffic: Traffic) -> bool:
    account = traffic.ledger.account()
    fates = Counter(account.fates.values())
    say(", ".join(f"{count} {fate}" for fate, count in fates.most_common()))
    lost, doubled = len(account.lost), len(account.doubled) + len(account.strangers)
    say(f"lost {lost}, answered twice {doubled}")
    return not lost and not doubled


if __name__ == "__main__":
    sys.exit(main())
