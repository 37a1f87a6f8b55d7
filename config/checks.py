"""Wrong configuration is told at the start of a command, with what to do about it."""

import importlib.util
import ipaddress
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils import timezone

from whatsapp import version

TAG = "mila"
LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]", "testserver", ".localhost"})


@register(TAG)
def configuration(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    """Everything that can be seen without asking the database or the network."""
    return [
        *_encryption_keys(),
        *_public_hosts(),
        *_addresses(),
        *_numbers(),
        *_choices(),
        *_database_driver(),
        *_data_folder(),
        *_whatsapp_version(),
    ]


def _encryption_keys() -> Iterator[CheckMessage]:
    for number, key in enumerate(settings.ENCRYPTION_KEYS, 1):
        try:
            Fernet(key)
        except ValueError:
            yield Error(
                f"Key number {number} of ENCRYPTION_KEYS is no encryption key.",
                hint="Make one with: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
                id="mila.E001",
            )


def _public_hosts() -> Iterator[CheckMessage]:
    public = sorted(set(settings.ALLOWED_HOSTS) - LOCAL)
    if settings.DEBUG and public:
        yield Error(
            f"DEBUG is on while MILA is served as {', '.join(public)}: error pages would show settings and data.",
            hint="Set DEBUG=off, or leave only localhost in ALLOWED_HOSTS.",
            id="mila.E002",
        )
    if "*" in public:
        yield Warning(
            "ALLOWED_HOSTS is *, so links in pages can be forged.",
            hint="Name the host names that MILA is reached by, separated by commas.",
            id="mila.W003",
        )
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if urlsplit(origin).scheme not in ("http", "https"):
            yield Error(
                f"CSRF_TRUSTED_ORIGINS holds {origin}, which lacks http:// or https://.",
                hint="Write it like https://mila.example.com",
                id="mila.E004",
            )


def _addresses() -> Iterator[CheckMessage]:
    for name in ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "QDRANT_URL"):
        url = getattr(settings, name)
        if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
            yield Error(
                f"{name} is no address.",
                hint="Write it like http://localhost:6333 or https://host.example.com",
                id="mila.E005",
            )
    keys = {
        "QDRANT_URL": "QDRANT_API_KEY",
        "ANTHROPIC_BASE_URL": "ANTHROPIC_API_KEY",
        "OPENAI_BASE_URL": "OPENAI_API_KEY",
    }
    for name, key in keys.items():
        url = urlsplit(getattr(settings, name))
        if getattr(settings, key) and url.scheme == "http" and _is_public(url.hostname or ""):
            yield Warning(
                f"{key} is sent over plain http to {url.hostname}: anybody on the way can read it.",
                hint=f"Use https in {name}.",
                id="mila.W006",
            )


def _is_public(host: str) -> bool:
    """A name without a dot, such as the `qdrant` of docker compose, is a neighbour."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localhost"))


def _numbers() -> Iterator[CheckMessage]:
    for name in ("AGENT_TURN_DEADLINE", "AGENT_THREADS"):
        if getattr(settings, name) <= 0:
            yield Error(
                f"{name} is {getattr(settings, name)}; it must be more than 0.",
                hint=f"Remove {name} to use the default.",
                id="mila.E007",
            )


def _choices() -> Iterator[CheckMessage]:
    known: dict[str, set[str]] = {
        "AGENT_CONTEXT": {"auto", "full", "search"},
        "SECOND_FACTOR": {"off", "platform", "owners"},
        "PHONE_REGION": set(phonenumbers.SUPPORTED_REGIONS),
    }
    for name, choices in known.items():
        value = getattr(settings, name)
        if value not in choices:
            yield Error(
                f"{name} is “{value}”, which MILA does not know.",
                hint=f"Use one of {', '.join(sorted(choices)[:8])}{' …' if len(choices) > 8 else ''}.",
                id="mila.E008",
            )


def _database_driver() -> Iterator[CheckMessage]:
    engine = str(settings.DATABASES["default"]["ENGINE"])
    if "postgresql" in engine and importlib.util.find_spec("psycopg") is None:
        yield Error(
            "DATABASE_URL names PostgreSQL, but its driver is not installed.",
            hint="Run make install again.",
            id="mila.E009",
        )


def _data_folder() -> Iterator[CheckMessage]:
    for folder in (Path(settings.DATA_DIR), Path(settings.WHATSAPP_SESSION_PATH)):
        if folder.exists() and all(_is_open(place) for place in (folder, *folder.parents)):
            yield Warning(
                f"Every user of this machine can look into {folder}: keys, chats and WhatsApp sessions lie there.",
                hint=f"Run: chmod 700 {folder}",
                id="mila.W010",
            )


def _whatsapp_version() -> Iterator[CheckMessage]:
    if old := version.warning(timezone.now()):
        yield Warning(
            old, hint="docs/DEPLOYMENT.md, “When WhatsApp refuses the version”.", id="mila.W011"
        )


def _is_open(folder: Path) -> bool:
    return bool(stat.S_IMODE(folder.stat().st_mode) & 0o001)
