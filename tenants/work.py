"""Threads that live long and ask the database now and then."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Around each piece of work of a thread of our own, as Django does it around a request: it begins on a connection
    that works, and on PostgreSQL the thread gives it back to the pool of its process afterwards."""
    connection.close_if_unusable_or_obsolete()
    try:
        yield
    finally:
        connection.close_if_unusable_or_obsolete()
