"""How the installation is and what it uses: for platform admins, in words, with what to do."""

import datetime as dt
from collections import namedtuple
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from agent.models import Turn
from config import soundness, usage
from config.telling import MODEL as MADE_UP
from conversations.models import Message
from knowledge.models import KnowledgeEntry
from tenants.models import Tenant
from tests import factories
from tests.config.rows import conversation
from whatsapp.models import WhatsAppAccount

HEALTH, USAGE = "/admin/platform/health/", "/admin/platform/usage/"
Disk = namedtuple("Disk", "total used free")


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(factories.platform_admin())
    return client


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR, settings.QDRANT_URL = tmp_path, ""
    return tmp_path


def part(name: str, at: dt.datetime | None = None) -> soundness.Part:
    return next(p for p in soundness.parts(at or timezone.now()) if p.name == name)


def turn(tenant: Tenant, at: dt.datetime, **fields: Any) -> None:
    values = {"purpose": "customer", "outcome": "answered", "model": "m", "cost": "1", **fields}
    row = Turn.objects.create(tenant=tenant, **values)
    Turn.objects.filter(pk=row.pk).update(created_at=at)


@pytest.mark.parametrize("address", [HEALTH, USAGE])
def test_only_the_platform_has_these_pages(sari: User, root: Client, address: str) -> None:
    theirs = Client()
    theirs.force_login(sari)
    assert theirs.get(address).status_code == 403
    assert root.get(address).status_code == 200


def test_a_new_house_is_fine_but_for_a_backup_and_a_key(db: None) -> None:
    tones = {p.name: p.tone for p in soundness.parts(timezone.now())}
    assert {name for name, tone in tones.items() if tone == "bad"} == set()
    assert tones["Database"] == tones["Messages"] == tones["Index of the knowledge"] == "ok"
    assert tones["Last backup"] == "wait"
    assert all(p.do for p in soundness.parts(timezone.now()) if p.tone != "ok")


def test_a_service_that_is_silent_is_red_at_its_studio(ombak: Tenant) -> None:
    now = timezone.now()
    WhatsAppAccount.objects.create(
        tenant=ombak, phone="+6281200001101", state="connected", heartbeat_at=now
    )
    assert part("WhatsApp · Ombak Yoga", now).tone == "ok"
    later = part("WhatsApp · Ombak Yoga", now + dt.timedelta(minutes=2))
    assert (later.tone, bool(later.do)) == ("bad", True)
    assert "2\xa0minutes ago" in later.what


def test_what_waits_too_long_is_said(ombak: Tenant, now: dt.datetime) -> None:
    chat = conversation(ombak, reply_due_at=now - dt.timedelta(minutes=3))
    assert part("Messages", now).tone == "bad"
    chat.reply_due_at = None
    chat.save()
    Message.objects.create(
        tenant=ombak, conversation=chat, author="staff", state="queued", text="x", created_at=now
    )
    assert part("Messages", now).tone == "ok"
    assert part("Messages", now + dt.timedelta(minutes=3)).tone == "wait"


@pytest.mark.parametrize(
    ("errors", "tone"), [(["x", "x", "x"], "bad"), (["", "x", "x"], "wait"), (["", ""], "ok")]
)
def test_the_provider_is_judged_by_its_last_calls(
    ombak: Tenant, settings: Settings, now: dt.datetime, errors: list[str], tone: str
) -> None:
    settings.ANTHROPIC_API_KEY = "sk-test"
    for number, error in enumerate(errors):
        turn(ombak, now - dt.timedelta(minutes=9 - number), error=error)
    assert part("AI provider", now).tone == tone


@pytest.mark.parametrize(("state", "tone"), [("failed", "bad"), ("waiting", "wait")])
def test_entries_that_are_not_indexed_are_said(ombak: Tenant, state: str, tone: str) -> None:
    entry = factories.entry(ombak)
    KnowledgeEntry.objects.filter(pk=entry.pk).update(index_state=state)
    later = timezone.now() + dt.timedelta(minutes=3)
    assert part("Index of the knowledge", later).tone == tone


def test_a_vector_server_that_is_away_is_amber(db: None, settings: Settings) -> None:
    settings.QDRANT_URL = "http://127.0.0.1:9"
    assert part("Vector store").tone == "wait"


@pytest.mark.parametrize(("free", "tone"), [(50, "ok"), (1.5, "wait"), (0.3, "bad")])
def test_a_full_disk_is_said_before_it_is_full(
    db: None, monkeypatch: pytest.MonkeyPatch, free: float, tone: str
) -> None:
    room = Disk(100 * soundness.GIGABYTE, 0, free * soundness.GIGABYTE)
    monkeypatch.setattr("config.soundness.shutil.disk_usage", lambda _path: room)
    assert part("Disk").tone == tone


@pytest.mark.parametrize(("hours", "tone"), [(1, "ok"), (30, "wait"), (200, "bad")])
def test_the_age_of_the_last_backup_is_told(db: None, folder: Path, hours: int, tone: str) -> None:
    (folder / "backups").mkdir()
    (folder / "backups" / "mila-20261101T000000Z.tar.gz").touch()
    assert part("Last backup", timezone.now() + dt.timedelta(hours=hours)).tone == tone


def test_a_check_that_fails_leaves_the_others_standing(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_path: Any) -> Any:
        raise OSError

    monkeypatch.setattr("config.soundness.shutil.disk_usage", broken)
    page = root.get(HEALTH).content.decode()
    assert "It could not be looked at: OSError" in page
    assert "Something is broken." in page
    assert "Versions" in page


def test_usage_is_summed_by_studio_and_day_in_both_currencies(
    root: Client, ombak: Tenant, senja: Tenant, settings: Settings
) -> None:
    settings.EXCHANGE_RATES = {"USD": 1.0, "IDR": 16500.0}
    noon = timezone.now().replace(hour=0, minute=0, second=1)
    turn(ombak, noon, cost="0.5", input_tokens=100, output_tokens=11)
    turn(ombak, noon, cost="0.25", purpose="playground")
    turn(senja, noon, cost="2", model=MADE_UP)
    turn(senja, noon - dt.timedelta(days=40), cost="9")
    rows = usage.used(noon.date().replace(day=1))
    assert [(r.studio.slug, r.answers, r.tokens, r.cost) for r in rows] == [
        ("ombak", 1, 111, Decimal("0.75")),
        ("senja", 0, 0, Decimal(0)),
    ]
    assert rows[0].by_day == {noon.date(): Decimal("0.75")}
    page = root.get(USAGE).content.decode()
    assert "Rp 12.375" in page
    assert "US$ 0.75" in page


@pytest.mark.parametrize("month", ["2026-11", "1999-01", "x", "'"])
def test_a_month_that_is_none_is_the_present_one(root: Client, ombak: Tenant, month: str) -> None:
    assert root.get(USAGE, {"month": month}).status_code == 200


def test_the_pages_take_the_same_queries_however_many_studios_there_are(root: Client) -> None:
    numbers = []
    for slugs in (["a", "b"], ["c", "d", "e", "f", "g", "h"]):
        for slug in slugs:
            studio = factories.studio(slug)
            turn(studio, timezone.now())
            WhatsAppAccount.objects.create(tenant=studio)
        for address in (HEALTH, USAGE, "/admin/", "/admin/platform/"):
            with CaptureQueriesContext(connection) as queries:
                assert root.get(address).status_code == 200
            numbers.append(len(queries))
    assert numbers[:4] == numbers[4:]
