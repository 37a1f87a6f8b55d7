import os
import select
import signal
import subprocess
import sys
import textwrap

import pytest

from tenants import lifeline

CHILD = """
import os, sys, time
from tenants import lifeline
assert lifeline.exit_with_parent(grace={grace})
{before}
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = """
import subprocess, sys
from tenants import lifeline
subprocess.Popen([sys.executable, "-c", sys.argv[1]], **lifeline.tied())
sys.stdin.read()
"""


def start_family(before: str = "", grace: float = 10) -> tuple[subprocess.Popen, int]:
    """A parent process and the id of its child, which has started to watch."""
    child = textwrap.dedent(CHILD).format(before=before, grace=grace)
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), child],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def ends(pid_fd: int, timeout: float) -> bool:
    return bool(select.select([pid_fd], [], [], timeout)[0])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_goes_when_its_parent_is_killed(how):
    parent, child = start_family()
    watched = os.pidfd_open(child)
    parent.send_signal(how)
    parent.wait()
    assert ends(watched, 5)


def test_a_child_that_ignores_the_signal_goes_after_the_grace():
    parent, child = start_family("import signal; signal.signal(15, signal.SIG_IGN)", grace=0.2)
    watched = os.pidfd_open(child)
    parent.kill()
    parent.wait()
    assert ends(watched, 5)


def test_a_child_lives_as_long_as_its_parent():
    parent, child = start_family()
    watched = os.pidfd_open(child)
    assert not ends(watched, 0.2)
    parent.kill()
    parent.wait()
    assert ends(watched, 5)


def test_a_command_typed_by_a_person_watches_nobody(monkeypatch):
    monkeypatch.delenv(lifeline.VARIABLE, raising=False)
    assert not lifeline.exit_with_parent()


@pytest.mark.parametrize("stale", ["", "nonsense", "99999"])
def test_a_stale_variable_is_ignored_and_not_handed_on(monkeypatch, stale):
    monkeypatch.setenv(lifeline.VARIABLE, stale)
    assert not lifeline.exit_with_parent()
    assert lifeline.VARIABLE not in os.environ
