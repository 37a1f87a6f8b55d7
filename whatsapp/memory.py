"""How much memory this process has for itself. A line that has grown is started anew, at no cost but a second."""

from pathlib import Path

LIMIT = 300.0  # MB; a line begins with about 65
PAGES_PER_MB = 256
_STATM = Path("/proc/self/statm")


def own() -> float:
    """In MB, without what is shared with others; 0 where the system does not tell (macOS)."""
    try:
        _all, resident, shared, *_rest = _STATM.read_text().split()
    except OSError:
        return 0.0
    return (int(resident) - int(shared)) / PAGES_PER_MB
