"""What the processes of one installation cost: memory of their own, CPU, descriptors, threads. Read from /proc (Linux)."""

import contextlib
import os
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
_PRIVATE = re.compile(r"^Private_(?:Clean|Dirty):\s+(\d+)", re.MULTILINE)
_SHARED_IN = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Reading:
    """One process at one moment. `private` is what would be free if it ended, `share` its part of all memory; in MB."""

    pid: int
    private: float
    share: float
    cpu: float  # seconds since its start
    age: float  # seconds
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> "Reading | None":
        """None when it is gone, or on its way."""
        folder = Path("/proc") / str(pid)
        try:
            memory = folder.joinpath("smaps_rollup").read_text()
            stat = folder.joinpath("stat").read_text().rsplit(") ", 1)[1].split()
            descriptors = sum(1 for _each in (folder / "fd").iterdir())
        except OSError:
            return None
        share = _SHARED_IN.search(memory)
        if share is None:
            return None
        return cls(
            pid,
            private=sum(int(size) for size in _PRIVATE.findall(memory)) / 1024,
            share=int(share[1]) / 1024,
            cpu=(int(stat[11]) + int(stat[12])) / TICKS,
            age=time.clock_gettime(time.CLOCK_BOOTTIME) - int(stat[19]) / TICKS,
            descriptors=descriptors,
            threads=int(stat[17]),
        )


def of_installation(folder: Path) -> dict[str, list[int]]:
    """The process ids of everything that runs on this data folder, by kind."""
    kinds: dict[str, list[int]] = defaultdict(list)
    mark = f"DATA_DIR={folder}".encode()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                kinds[_kind((entry / "cmdline").read_bytes())].append(int(entry.name))
    return {kind: sorted(pids) for kind, pids in kinds.items()}


def _kind(command: bytes) -> str:
    for words, kind in (
        (b"--line", "line"),
        (b"runwhatsapp", "supervisor"),
        (b"gunicorn", "web"),
        (b"runmila", "parent"),
    ):
        if words in command:
            return kind
    return "other"


def read(kinds: Mapping[str, Iterable[int]]) -> dict[str, list[Reading]]:
    """All of them now; who ended meanwhile is missing."""
    return {
        kind: [reading for pid in pids if (reading := Reading.of(pid))]
        for kind, pids in kinds.items()
    }


def cores(
    before: Mapping[str, list[Reading]], after: Mapping[str, list[Reading]], seconds: float
) -> dict[str, float]:
    """How many cores each kind used in between. A process that began meanwhile counts from its start."""
    earlier = {reading.pid: reading.cpu for each in before.values() for reading in each}
    return {
        kind: sum(reading.cpu - earlier.get(reading.pid, 0.0) for reading in readings) / seconds
        for kind, readings in after.items()
    }
