"""Settings from the environment and from files, as Docker and Kubernetes hand secrets over."""

import datetime as dt
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Max
from django.utils import timezone

from config.settings import BASE_DIR, env
from tests import factories


def test_the_line_end_of_a_secret_file_is_no_part_of_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("sk-secret\n")
    monkeypatch.setenv("MILA_TEST_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("MILA_TEST_KEY", "from the environment")
    assert env.str("MILA_TEST_KEY") == "sk-secret"
    assert env.list("MILA_TEST_KEY") == ["sk-secret"]


def test_a_value_that_is_no_number_is_told_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILA_TEST_PORT", "abc")
    with pytest.raises(ImproperlyConfigured, match="The setting MILA_TEST_PORT cannot be used"):
        env.int("MILA_TEST_PORT")


def test_a_secret_file_that_is_missing_is_told_with_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MILA_TEST_LOST_FILE", "/no/such/file")
    with pytest.raises(ImproperlyConfigured, match=r"MILA_TEST_LOST cannot be used: .*/no/such"):
        env.str("MILA_TEST_LOST")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    settings = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    return subprocess.run(
        command, cwd=BASE_DIR, env=settings, capture_output=True, text=True, check=False
    )


def test_an_unknown_log_level_is_one_sentence(tmp_path: Path) -> None:
    done = run("check", DATA_DIR=str(tmp_path), LOG_LEVEL="loud")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "LOG_LEVEL is LOUD, but must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL."
    ]


def test_a_database_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = run("updatetenant", DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be used: no such table")
    assert "Traceback" not in done.stderr


def test_a_line_without_an_account_is_told_in_a_sentence(tmp_path: Path) -> None:
    settings = {"DATA_DIR": str(tmp_path), "WHATSAPP_SESSION_PATH": str(tmp_path / "w")}
    done = run("runwhatsapp", "--line", "nope", **settings)
    assert done.stderr.splitlines() == ["CommandError: There is no WhatsApp account nope."]


@pytest.mark.django_db
def test_fields_read_what_a_file_keeps_as_text() -> None:
    """SQLite's own conversion is off in the settings; Django's fields do it."""
    tenant = factories.studio("ombak")
    tenant.refresh_from_db()
    day = timezone.localdate()
    entry = factories.entry(tenant, valid_until=day)
    entry.refresh_from_db()
    assert isinstance(tenant.created_at, dt.datetime)
    assert tenant.active is True
    assert isinstance(tenant.pk, uuid.UUID)
    assert entry.valid_until == day
    newest = type(entry).objects.aggregate(newest=Max("created_at"), last=Max("valid_until"))
    assert newest == {"newest": entry.created_at, "last": day}
