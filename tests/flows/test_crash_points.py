"""Kills at the named places of a message's way: what comes of them is what the crash table says (docs/TESTING.md)."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.flows.crashes import (
    IN_THE_LINE,
    IN_THE_SUPERVISOR,
    UNCERTAIN,
    Campaign,
    CrashHouse,
)
from tests.flows.engines import Prepared, prepared
from tests.flows.ledger import ANSWERED, Account
from tests.postgres import binaries
from tests.whatsapp_server.api import LocalRig

pytestmark = pytest.mark.e2e
KILLS = 3
SENT_LATER = """SELECT sum(attempts - 1) FROM conversations_message
    WHERE attempts > 1 AND state IN ('sent', 'delivered', 'read', 'unknown')"""


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Prepared]:
    if request.param == "postgres" and binaries() is None:
        pytest.skip("No PostgreSQL server here. On Debian: apt-get install postgresql")
    with prepared(request.param, tmp_path / "first") as house:
        yield house


@pytest.fixture
def campaigns(engine: Prepared, tmp_path: Path) -> Iterator[list[Campaign]]:
    """One whose lines die, and one whose supervisor does: each with a WhatsApp of its own."""
    with contextlib.ExitStack() as stack:

        def house(name: str) -> CrashHouse:
            copy, rig = engine.copy(tmp_path / name), stack.enter_context(LocalRig())
            house = CrashHouse(rig, copy.folder, **copy.settings)
            stack.callback(house.close)
            return house

        lines, supervisor = house("lines"), house("supervisor")
        yield [
            Campaign(lines, IN_THE_LINE, KILLS),
            Campaign(supervisor, IN_THE_SUPERVISOR, KILLS, ["ombak"]),
        ]
        print(lines.logs(), supervisor.logs())  # noqa: T201  pytest shows it when the test failed


def test_a_crash_anywhere_on_a_messages_way_costs_no_answer_and_makes_none_twice(
    campaigns: list[Campaign],
) -> None:
    with ThreadPoolExecutor() as pool:
        ledgers = list(pool.map(Campaign.run, campaigns))
    for campaign, ledger in zip(campaigns, ledgers, strict=True):
        assert campaign.done == dict.fromkeys(campaign.points, KILLS)
        _nothing_lost_or_doubled(ledger.account(), campaign.quiet)
    assert len(ledgers[0].account().unsettled) >= len(UNCERTAIN)
    assert campaigns[0].house.value(SENT_LATER) >= KILLS  # after C8, as nothing of them had left


def _nothing_lost_or_doubled(account: Account, quiet: set[str]) -> None:
    assert account.lost == []
    assert account.doubled == []
    assert account.strangers == []
    # A kill may catch a text inside WhatsApp's library, or another answer on its way: staff see that, too.
    # Where phones are silent an answer that arrived stays in doubt; all others are settled by receipts.
    caught = {id for id, fate in account.fates.items() if fate != ANSWERED}
    assert len(caught | set(account.unsettled) - quiet) <= KILLS
