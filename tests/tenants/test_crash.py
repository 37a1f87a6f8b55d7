import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PASSES = """
from tenants import crash
for passing in range(1, 5):
    print(passing, flush=True)
    crash.point("C4")
    crash.point("C5")
"""


def passed(order: str) -> tuple[int, str]:
    """The exit code of a program that passes C4 and C5 four times, and how far it came."""
    environment = {**os.environ, "MILA_CRASH_AT": order}
    program = [sys.executable, "-c", PASSES]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, "".join(done.stdout.split())


@pytest.mark.parametrize(
    ("order", "end"),
    [("", (0, "1234")), ("C8", (0, "1234")), ("C5", (-9, "1")), ("C5:3", (-9, "123"))],
)
def test_a_process_dies_at_the_passing_that_was_ordered(order: str, end: tuple[int, str]) -> None:
    assert passed(order) == end


def test_a_process_can_be_frozen_instead() -> None:
    environment = {**os.environ, "MILA_CRASH_AT": "C5:2:STOP"}
    program = subprocess.Popen([sys.executable, "-c", PASSES], env=environment, stdout=-1)
    _pid, status = os.waitpid(program.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    program.send_signal(signal.SIGCONT)
    assert program.communicate()[0].split() == [b"1", b"2", b"3", b"4"]


def test_a_process_that_was_frozen_takes_another_order(tmp_path: Path) -> None:
    order = tmp_path / "order"
    order.write_text("C5:1:STOP")
    environment = {**os.environ, "MILA_CRASH_AT": f"{order}"}
    program = subprocess.Popen([sys.executable, "-c", PASSES], env=environment, stdout=-1)
    os.waitpid(program.pid, os.WUNTRACED)
    order.write_text("C5:2")
    program.send_signal(signal.SIGCONT)
    assert program.communicate()[0].split() == [b"1", b"2", b"3"]
    assert program.returncode == -signal.SIGKILL


def test_an_order_in_a_file_is_one_kill(tmp_path: Path) -> None:
    order = tmp_path / "order"
    order.write_text("C5:2")
    assert passed(f"{order}") == (-9, "12")
    assert not order.exists()
    assert passed(f"{order}") == (0, "1234")
