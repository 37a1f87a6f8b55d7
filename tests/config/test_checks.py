"""Wrong configuration is told with its remedy; right configuration is silent."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from config.checks import configuration


@pytest.fixture(autouse=True)
def private(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp.version.built_on", lambda: timezone.now().date())
    settings.DATA_DIR = settings.WHATSAPP_SESSION_PATH = tmp_path
    settings.ALLOWED_HOSTS = ["localhost"]


def ids() -> list[str | None]:
    return [message.id for message in configuration(None)]


def test_the_defaults_are_silent() -> None:
    assert ids() == []


@pytest.mark.parametrize(
    ("changes", "id"),
    [
        ({"ENCRYPTION_KEYS": ["short"]}, "mila.E001"),
        ({"DEBUG": True, "ALLOWED_HOSTS": ["mila.example.com"]}, "mila.E002"),
        ({"ALLOWED_HOSTS": ["*"]}, "mila.W003"),
        ({"CSRF_TRUSTED_ORIGINS": ["mila.example.com"]}, "mila.E004"),
        ({"QDRANT_URL": "localhost:6333"}, "mila.E005"),
        ({"ANTHROPIC_BASE_URL": "http://"}, "mila.E005"),
        ({"QDRANT_URL": "http://q.example.com", "QDRANT_API_KEY": "k"}, "mila.W006"),
        ({"QDRANT_URL": "http://8.8.8.8:6333", "QDRANT_API_KEY": "k"}, "mila.W006"),
        ({"AGENT_THREADS": 0}, "mila.E007"),
        ({"AGENT_CONTEXT": "everything"}, "mila.E008"),
        ({"PHONE_REGION": "Indonesia"}, "mila.E008"),
    ],
)
def test_what_is_wrong_is_told_with_a_hint(
    settings: Settings, changes: dict[str, Any], id: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert ids() == [id]
    assert configuration(None)[0].hint


@pytest.mark.parametrize("host", ["qdrant", "127.0.0.1", "10.0.0.5", "localhost", "[::1]"])
def test_plain_http_to_a_neighbour_is_fine(settings: Settings, host: str) -> None:
    settings.QDRANT_URL, settings.QDRANT_API_KEY = f"http://{host}:6333", "k"
    assert ids() == []


def test_an_old_whatsapp_library_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp.version.built_on", lambda: dt.date(2026, 1, 1))
    assert ids() == ["mila.W011"]
    assert "git pull" in configuration(None)[0].msg


def test_no_key_is_ever_in_a_message(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = ["veryverysecret"]
    settings.QDRANT_URL, settings.QDRANT_API_KEY = "http://q.example.com", "veryverysecret"
    assert "veryverysecret" not in str(configuration(None))


def test_a_folder_that_all_can_read_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.checks._is_open", lambda folder: True)
    assert ids() == ["mila.W010", "mila.W010"]


def test_a_private_parent_is_enough(tmp_path: Path, settings: Settings) -> None:
    os.chmod(tmp_path, 0o700)  # noqa: PTH101
    inner = tmp_path / "whatsapp"
    inner.mkdir(mode=0o755)
    settings.WHATSAPP_SESSION_PATH = inner
    assert ids() == []
