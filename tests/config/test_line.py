"""A line's process loads what it needs, and nothing of pages, models and indexes."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

from config import line, settings

ROOT = Path(__file__).resolve().parents[2]
# django.contrib.admin comes with the versions of entries (simple_history's models): a megabyte, and none of its pages.
NOT_FOR_LINES = {
    *("config.site", "config.dashboard", "knowledge.admin", "conversations.admin"),
    *("unfold", "ninja", "config.urls", "qrcode", "markdown_it", "nh3"),
    *("anthropic", "openai", "qdrant_client", "numpy"),
}
LOAD = """
import sys, django
django.setup()
import whatsapp.line, whatsapp.management.commands.runwhatsapp
print(*sys.modules)
"""


def test_a_line_loads_no_pages_no_model_and_no_index(tmp_path: Path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": settings.WHATSAPP_LINE_SETTINGS,
        "DATA_DIR": str(tmp_path),
        "ENV_FILE": os.devnull,
    }
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()).isdisjoint(NOT_FOR_LINES)


def test_a_line_knows_every_app_whose_rows_may_hang_on_its_own():
    ours = {name for name in settings.INSTALLED_APPS if (ROOT / name / "migrations").is_dir()}
    assert ours <= set(line.INSTALLED_APPS) <= set(settings.INSTALLED_APPS)


def test_a_line_has_the_same_database_keys_and_limits():
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "WHATSAPP_SESSION_PATH", "MEDIA_ROOT", "LOGGING"):
        assert getattr(line, name) == getattr(settings, name)
    now = importlib.reload(line)  # the database of the tests has another name than at the start
    assert now.DATABASES["default"]["NAME"] == settings.DATABASES["default"]["NAME"]


def test_a_line_keeps_half_a_megabyte_of_a_database_file_and_other_engines_are_left_alone():
    file = {"ENGINE": "sqlite", "OPTIONS": {"timeout": 20, "init_command": "PRAGMA x=1;"}}
    small = line.with_small_caches(file)
    command = "PRAGMA x=1; PRAGMA cache_size=-500;"
    assert small == file | {"OPTIONS": {"timeout": 20, "init_command": command}}
    for other in ({"ENGINE": "postgresql"}, {"ENGINE": "postgresql", "OPTIONS": {"a": 1}}):
        assert line.with_small_caches(other) == other
