"""Two entries that tell different prices of the same thing: told, never refused."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client

from knowledge.contradictions import contradictions
from tenants.models import Tenant
from tests import factories
from tests.knowledge.test_admin import ADD, FORM

APART = [
    ("Harga", "Drop-in: Rp 150.000", "Biaya", "- Drop-in Rp 175.000"),
    ("Harga kelas", "Sekali datang 150 rb.", "Kelas: harga", "Sekali datang Rp 160.000."),
    ("Jam buka", "Buka 06:00 sampai 21:00", "Jam buka studio", "Setiap hari 07.00-20.00"),
    ("Retreat", "1,2 juta per orang", "Retreat", "Rp 1.500.000 per orang"),
]
TOGETHER = [
    ("Harga", "Drop-in: Rp 150.000", "Biaya", "Drop-in 150 ribu"),
    ("Harga", "Drop-in Rp 150.000\nPaket 10x Rp 1.200.000", "Paket", "Paket 5x Rp 650.000"),
    ("Jadwal yin", "Senin 07:00 Yin", "Jadwal vinyasa", "Senin 18:00 Vinyasa"),
    ("Price", "Drop-in Rp 150.000", "Harga", "Drop-in Rp 150.000"),
    ("Parkir", "Gratis", "Loker", "Rp 10.000"),
]


@pytest.mark.parametrize(("title", "text", "other", "theirs"), APART)
def test_other_amounts_of_the_same_thing_are_found(
    ombak: Tenant, title: str, text: str, other: str, theirs: str
) -> None:
    there = factories.entry(ombak, other, content=theirs)
    found = contradictions(factories.entry(ombak, title, content=text))
    assert [one.other for one in found] == [there]


@pytest.mark.parametrize(("title", "text", "other", "theirs"), TOGETHER)
def test_what_agrees_or_speaks_of_something_else_is_not(
    ombak: Tenant, title: str, text: str, other: str, theirs: str
) -> None:
    factories.entry(ombak, other, content=theirs)
    assert contradictions(factories.entry(ombak, title, content=text)) == []


def test_other_studios_other_days_and_drafts_contradict_nothing(
    ombak: Tenant, senja: Tenant
) -> None:
    entry = factories.entry(ombak, content="Drop-in Rp 150.000", valid_until=dt.date(2026, 12, 1))
    factories.entry(senja, content="Drop-in Rp 99.000")
    factories.entry(ombak, content="Drop-in Rp 99.000", status="draft")
    factories.entry(ombak, content="Drop-in Rp 99.000", valid_from=dt.date(2026, 12, 2))
    assert contradictions(entry) == []


def test_it_is_said_at_saving_and_the_entry_is_saved(
    client: Client, ombak: Tenant, sari: User
) -> None:
    client.force_login(sari)
    factories.entry(ombak, "Biaya", content="Drop-in Rp 175.000", category="classes")
    page = client.post(ADD, FORM | {"content": "Drop-in: Rp 150.000"}, follow=True)
    assert "Another entry says something else." in page.content.decode()
    assert ombak.entries.count() == 2
