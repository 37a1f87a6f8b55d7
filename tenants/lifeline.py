"""A child process never outlives its parent, also when the parent is killed with -9.

The parent keeps the write end of a pipe that it never writes to, the child reads the other end: end of file
means that the parent is gone, however it went.
"""

import os
import signal
import stat
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

VARIABLE = "MILA_PARENT_FD"


@cache
def hold() -> int:
    """The read end that children inherit. One pipe serves all children; it closes when this process ends."""
    read, _write = os.pipe()  # neither end reaches a child unless named in pass_fds
    return read


def tied(environment: Mapping[str, str] | None = None, *fds: int) -> dict[str, Any]:
    """Arguments for subprocess.Popen that tie a child to this process (`fds` are passed on as well)."""
    values = dict(os.environ if environment is None else environment)
    return {"env": values | {VARIABLE: str(hold())}, "pass_fds": (hold(), *fds)}


def exit_with_parent(grace: float = 15.0) -> bool:
    """In the child: when the parent is gone, stop as on SIGTERM, and after `grace` seconds without ceremony.

    False when no parent asked for it (a command typed by a person).
    """
    name = os.environ.pop(VARIABLE, "")  # for this process only, not for its own children
    if not _is_pipe(name):
        return False
    read = int(name)
    os.set_inheritable(read, False)
    threading.Thread(target=_watch, args=(read, grace), name="lifeline", daemon=True).start()
    return True


def _is_pipe(name: str) -> bool:
    try:
        return name.isdigit() and stat.S_ISFIFO(os.fstat(int(name)).st_mode)
    except OSError:
        return False


def _watch(read: int, grace: float) -> None:
    while os.read(read, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os._exit(1)
