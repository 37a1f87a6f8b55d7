"""Receipts that come before anybody knows whose they are."""

import pytest

from conversations.inbound import Receipt
from tenants.models import Tenant
from tests.factories import NOW
from whatsapp import receipts as module
from whatsapp.receipts import Receipts


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """What the outbox was told; it knows the ids that begin with A."""
    heard: list[tuple[str, tuple[str, ...]]] = []

    def receipt(event: Receipt, at: object) -> set[str]:
        heard.append((event.kind, event.whatsapp_ids))
        return {each for each in event.whatsapp_ids if each.startswith("A")}

    monkeypatch.setattr("whatsapp.receipts.outbox.receipt", receipt)
    return heard


def about(tenant: Tenant, *ids: str, kind: str = "delivered") -> Receipt:
    return Receipt(tenant.pk, ids, kind, NOW)  # type: ignore[arg-type]


def test_what_found_its_message_is_not_remembered(ombak: Tenant, told: list[object]):
    receipts = Receipts()
    receipts.take(about(ombak, "A1", "B1"), NOW)
    receipts.apply("A1", NOW)
    assert told == [("delivered", ("A1", "B1"))]


def test_what_was_early_is_told_once_in_its_order_and_of_this_message_only(
    ombak: Tenant, told: list[object]
):
    receipts = Receipts()
    receipts.take(about(ombak, "B1", "B2"), NOW)
    receipts.take(about(ombak, "B1", kind="read"), NOW)
    del told[:]
    receipts.apply("B1", NOW)
    receipts.apply("B1", NOW)
    assert told == [("delivered", ("B1",)), ("read", ("B1",))]
    receipts.apply("B2", NOW)
    assert told[2:] == [("delivered", ("B2",))]


def test_only_so_many_are_remembered_the_newest(
    ombak: Tenant, told: list[object], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "MOST", 2)
    receipts = Receipts()
    receipts.take(about(ombak, "B1", "B2", "B3"), NOW)
    del told[:]
    for whatsapp_id in ("B1", "B2", "B3"):
        receipts.apply(whatsapp_id, NOW)
    assert told == [("delivered", ("B2",)), ("delivered", ("B3",))]
