"""The parent of MILA's programs, tried with small stand-ins and real signals."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import processes
from config.processes import Child

# A child like ours: tied to its parent, with a child of its own, and it says where it is.
pytestmark = pytest.mark.e2e  # real processes, killed

CHILD = """
import os, signal, sys, time
from pathlib import Path
from tenants import lifeline
lifeline.exit_with_parent()
if os.fork() == 0:
    parent = os.getppid()
    while os.getppid() == parent: time.sleep(0.02)
    os._exit(0)
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(600)
"""
PARENT = """
import sys
from config import processes
from config.processes import Child, Parent
processes.FIRST_WAIT, processes.STOP_WITHIN = 0.05, 1.0
def say(text): print(text, flush=True)
def child(name, *more):
    return Child(name, [sys.executable, "-c", sys.argv[1], f"{sys.argv[2]}/{name}", *more], say)
Parent([child("first"), child("second", *sys.argv[3:])], say, with_parent=True).run()
"""


def eventually(what: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def pid_in(path: Path) -> int:
    """The process that wrote itself there, once it did."""
    eventually(lambda: path.exists() and path.read_text())
    return int(path.read_text())


def gone(pid: int) -> bool:
    """Ended, also when nobody has collected it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].startswith("Z")
    except OSError:
        return True


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    begun: list[subprocess.Popen[bytes]] = []

    def start(*more: str, through: tuple[str, ...] = ()) -> "subprocess.Popen[bytes]":
        command = [*through, sys.executable, "-c", PARENT, CHILD, str(tmp_path), *more]
        # As from a terminal, also where the tests themselves run under nohup.
        before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with (tmp_path / "said").open("w") as said:
            begun.append(subprocess.Popen(command, stdout=said))
        signal.signal(signal.SIGHUP, before)
        return begun[-1]

    yield start
    for parent in begun:
        parent.kill()
        parent.wait()
    for name in ("first", "second"):
        if (tmp_path / name).exists():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int((tmp_path / name).read_text()), signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_one_signal_ends_all_and_that_is_success(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    parent = start()
    children = [pid_in(tmp_path / "first"), pid_in(tmp_path / "second")]
    parent.send_signal(number)
    assert parent.wait(10) == 0
    assert all(gone(pid) for pid in children)


def test_a_killed_parent_leaves_no_child_behind(start: Start, tmp_path: Path) -> None:
    parent = start()
    children = [pid_in(tmp_path / "first"), pid_in(tmp_path / "second")]
    parent.kill()
    eventually(lambda: all(gone(pid) for pid in children))


def test_a_child_that_died_is_started_again_and_that_is_said(start: Start, tmp_path: Path) -> None:
    parent = start()
    first, second = pid_in(tmp_path / "first"), pid_in(tmp_path / "second")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: pid_in(tmp_path / "first") != first)
    assert not gone(second)
    parent.terminate()
    assert parent.wait(10) == 0
    said = (tmp_path / "said").read_text()
    assert "first was ended by SIGKILL. Starting it again" in said


def test_a_child_that_does_not_stop_is_killed_after_the_time_it_has(
    start: Start, tmp_path: Path
) -> None:
    parent = start("stubborn")
    pid_in(tmp_path / "first")
    stubborn = pid_in(tmp_path / "second")
    parent.terminate()
    assert parent.wait(10) == 0
    assert gone(stubborn)
    assert "Not waiting any longer for second." in (tmp_path / "said").read_text()


def test_all_end_when_the_make_that_started_them_is_killed(start: Start, tmp_path: Path) -> None:
    make = start(through=("/bin/sh", "-c", '"$@"; true', "make"))
    children = [pid_in(tmp_path / "first"), pid_in(tmp_path / "second")]
    make.kill()
    eventually(lambda: all(gone(pid) for pid in children))


class TestWaits:
    """`step` with a clock of our own and a program that ends at once."""

    def ending(self, said: list[str]) -> Child:
        return Child("It", [sys.executable, "-Sc", "raise SystemExit(3)"], said.append)

    def run_to_its_end(self, child: Child, now: float) -> None:
        child.step(now)
        assert child.pid
        eventually(child.ended)
        child.step(now)

    def test_they_grow_while_it_keeps_ending(self) -> None:
        said: list[str] = []
        child = self.ending(said)
        now = 1000.0
        for _ in range(8):
            self.run_to_its_end(child, now)
            now += processes.LONGEST_WAIT
        assert [line.split()[-2] for line in said] == ["1", "2", "4", "8", "16", "32", "60", "60"]
        assert said[0] == "It ended with exit code 3. Starting it again in 1 s."

    def test_it_is_not_started_before_its_time(self) -> None:
        child = self.ending([])
        self.run_to_its_end(child, 1000.0)
        child.step(1000.9)
        assert child.pid is None
        child.step(1001.0)
        assert child.pid
        eventually(child.ended)

    def test_a_long_life_starts_with_the_short_wait_again(self) -> None:
        said: list[str] = []
        child = self.ending(said)
        self.run_to_its_end(child, 1000.0)
        child.step(1001.0)
        eventually(child.ended)
        child.step(1001.0 + processes.LONG_LIFE)
        assert said[-1].endswith("in 1 s.")

    def test_a_program_that_cannot_be_started_is_tried_again(self) -> None:
        said: list[str] = []
        child = Child("It", ["/no/such/program"], said.append)
        child.step(1000.0)
        assert said == [
            "It cannot be started: No such file or directory. Starting it again in 1 s."
        ]
