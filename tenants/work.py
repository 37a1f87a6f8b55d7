"""Threads that live long and ask the database now and then."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import close_old_connections


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Around each piece of work of a thread of our own, as Django does it around a request: it begins on a connection
    that works, and on PostgreSQL the thread gives it back to the pool of its process afterwards."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
