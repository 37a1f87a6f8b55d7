"""While many entries are written one after the other, their vectors wait for the runner: it asks for a hundred at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_later: ContextVar[bool] = ContextVar("later", default=False)


@contextmanager
def later() -> Iterator[None]:
    """Entries that are saved inside are left to the queue."""
    token = _later.set(True)
    try:
        yield
    finally:
        _later.reset(token)


def is_later() -> bool:
    return _later.get()
