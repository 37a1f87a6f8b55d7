"""The short form of `benchmarks.mutated_events`."""

from pathlib import Path

import pytest

from conversations.models import Message
from tenants.models import Tenant
from tests.whatsapp.mutations import Mutations, Ordeal
from whatsapp.journal import Journal


@pytest.mark.parametrize("events", [400, pytest.param(2_000, marks=pytest.mark.e2e)])
def test_mutated_events_are_all_accounted_for(ombak: Tenant, tmp_path: Path, events: int):
    ordeal = Ordeal(ombak, Journal(tmp_path / "one.journal"))
    ordeal.feed(Mutations(seed=7).events(events))
    account = ordeal.account
    assert account.uncaught == []
    assert account.surprises == 0, account.unreadable
    assert account.adds_up, account
    assert ordeal.left_over() == {"waiting": 0, "set aside": account.unreadable.total()}
    assert ordeal.stuck() == []
    assert account.became["InboundMessage"] > events / 5  # they were no mere noise
    assert Message.objects.exclude(tenant=ombak).count() == 0


def test_the_same_seed_is_the_same_ordeal():
    first, second = (list(Mutations(seed=3).events(50)) for _time in range(2))
    assert first == second
    assert first != list(Mutations(seed=4).events(50))
