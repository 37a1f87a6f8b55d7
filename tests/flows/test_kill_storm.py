"""The short form of `python -m benchmarks.kill_storm`: ten kills of random processes while customers write."""

import pytest

from tests.flows.storm import storm
from tests.postgres import binaries

pytestmark = pytest.mark.e2e
KILLS, MESSAGES = 10, 160


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_storm_of_kills_loses_nothing_silently_and_answers_nothing_twice(engine: str) -> None:
    if engine == "postgres" and binaries() is None:
        pytest.skip("No PostgreSQL server here. On Debian: apt-get install postgresql")
    done, account = storm(engine, MESSAGES, KILLS)
    assert len(account.fates) >= MESSAGES
    assert account.lost == []
    assert account.doubled == []
    assert account.strangers == []
    assert sum(map(len, done.recoveries.values())) == KILLS
