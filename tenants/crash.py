"""Places where a test may kill this process, so that what a crash there leaves behind can be looked at.

`MILA_CRASH_AT=C5` kills at the first passing of C5, `C5:3` at the third, and `C5:1:STOP` freezes instead. The path
of a file means what stands in it, and whoever dies there deletes it first, so that one file is one kill. Unset, as
it always is outside of tests, nothing is looked up. docs/TESTING.md says which place is which.
"""

import os
import signal
from collections import Counter
from pathlib import Path

_ORDER = os.environ.get("MILA_CRASH_AT", "")
_passed: Counter[str] = Counter()


def point(name: str) -> None:
    """Die here as with kill -9, when that was asked for."""
    if _ORDER and (how := _due(name)):
        os.kill(os.getpid(), getattr(signal, f"SIG{how}"))


def _due(name: str) -> str:
    """The signal that is due here, if any."""
    ordered, passing, how = (*_ordered().split(":"), "", "")[:3]
    if name != ordered:
        return ""
    _passed[name] += 1
    return (how or "KILL") if _passed[name] == int(passing or 1) and _taken() else ""


def _ordered() -> str:
    if not _ORDER.startswith("/"):
        return _ORDER
    try:
        return Path(_ORDER).read_text()
    except FileNotFoundError:
        return ""


def _taken() -> bool:
    """Whether the kill is ours: of several processes that pass at once, one deletes the file."""
    try:
        if _ORDER.startswith("/"):
            Path(_ORDER).unlink()
            _passed.clear()  # who was only frozen may be given another order
    except FileNotFoundError:
        return False
    return True
