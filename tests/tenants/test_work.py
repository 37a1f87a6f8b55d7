"""The connections of a process that has many threads."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings
from django.db import connection

from tenants.models import Tenant
from tenants.work import unit_of_work
from tests.postgres import postgres, real_database

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("races")]
__all__ = ["postgres", "real_database"]
OURS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


@contextmanager
def living(threads: int) -> Iterator[list[ThreadPoolExecutor]]:
    """So many threads that do what they are given, and stay."""
    with ExitStack() as stack:
        yield [stack.enter_context(ThreadPoolExecutor(1)) for _ in range(threads)]


def looked() -> int:
    with unit_of_work():
        return Tenant.objects.count()


def connections_now() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OURS)
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("real_database", ["postgres"], indirect=True)
def test_threads_that_ask_one_after_the_other_share_a_connection(real_database: str) -> None:
    connection.close()
    with living(12) as threads:
        for thread in threads * 2:
            assert thread.submit(looked).result() == 0
        with unit_of_work():
            assert connections_now() <= 2


@pytest.mark.parametrize("real_database", ["postgres"], indirect=True)
def test_all_threads_of_a_process_may_ask_at_the_same_moment(real_database: str) -> None:
    most = settings.AGENT_THREADS + 8
    together = threading.Barrier(most)

    def one() -> None:
        with unit_of_work():
            assert Tenant.objects.count() == 0
            together.wait(20)  # holding its connection

    with living(most) as threads:
        for done in [thread.submit(one) for thread in threads]:
            done.result()
