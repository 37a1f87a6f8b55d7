import datetime as dt
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation

from tenants.models import Tenant
from tests import factories
from tests.factories import NOW
from whatsapp import version
from whatsapp.models import WhatsAppAccount
from whatsapp.states import describe

TODAY = NOW.date()


def test_the_day_stands_in_the_library_that_is_installed():
    built = version.built_on()
    assert built is not None
    assert dt.date(2026, 1, 1) < built < dt.date(2100, 1, 1)


@pytest.mark.parametrize("word", ["v0.0.0-", "v0.4.1-0.", "v1.2.3-pre.0."])
def test_the_day_is_found_in_every_form_of_a_version(tmp_path: Path, word: str):
    line = f"\0dep\tgo.mau.fi/whatsmeow\t{word}20260921121126-35ae40906e74\th1:x\n"
    (tmp_path / "neonize-linux-amd64.so").write_bytes(b"\x7fELF" + line.encode())
    assert version.built_on(tmp_path) == dt.date(2026, 9, 21)


def test_where_it_cannot_be_told_nobody_is_warned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "neonize-linux-amd64.so").write_bytes(b"\x7fELF")
    assert version.built_on(tmp_path) is None
    assert version.built_on(tmp_path / "missing") is None
    monkeypatch.setattr(version, "built_on", lambda: None)
    assert version.warning(NOW) == ""


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed library is as old as it may get without a word."""
    day = timezone.now().date() - version.WARN_AFTER
    monkeypatch.setattr(version, "built_on", lambda: day)


def test_the_warning_begins_on_the_75th_day(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(version, "built_on", lambda: TODAY - dt.timedelta(days=74))
    assert version.warning(NOW) == ""
    assert "75 days old" in version.warning(NOW + dt.timedelta(days=1))
    assert version.COMMAND in version.warning(NOW + dt.timedelta(days=1))


def test_owners_and_platform_admins_read_it(
    old: None, client: Client, sari: User, ombak: Tenant, senja: Tenant
):
    client.force_login(sari)
    assert "75 days old" in client.get("/admin/whatsapp/card/").content.decode()
    client.force_login(factories.platform_admin())
    assert "75 days old" in client.get("/admin/").content.decode()


def test_a_card_that_was_read_before_is_shown_again(
    monkeypatch: pytest.MonkeyPatch, client: Client, sari: User
):
    monkeypatch.setattr(version, "built_on", lambda: timezone.now().date())
    client.force_login(sari)
    seen = client.get("/admin/whatsapp/card/").content.decode().split("seen=")[1].split('"')[0]
    day = timezone.now().date() - version.WARN_AFTER
    monkeypatch.setattr(version, "built_on", lambda: day)
    assert client.get("/admin/whatsapp/card/", {"seen": seen}).status_code == 200


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_number_that_was_refused_reads_the_command(language: str):
    row = WhatsAppAccount(tenant=Tenant(name="Ombak"), heartbeat_at=NOW, state="outdated")
    with translation.override(language):
        assert version.COMMAND in describe(row, NOW).next_step
