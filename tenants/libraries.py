"""Large libraries, loaded when they are first needed, by one thread at a time.

Their modules import each other. Two threads that begin at different ends of such a circle end in an error of Python's
own import locks, and the question that came first would go unanswered.
"""

import importlib
import threading

_lock = threading.RLock()
_loaded: set[str] = set()


def load(*names: str) -> None:
    """Import these modules; at once when they are here."""
    if _loaded.issuperset(names):
        return
    with _lock:
        for name in names:
            importlib.import_module(name)
        _loaded.update(names)
