"""Secrets at rest: encrypted with ENCRYPTION_KEYS (the first encrypts, all decrypt), masked when shown."""

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


def encrypt(text: str) -> str:
    return _box().encrypt(text.encode()).decode() if text else ""


def decrypt(stored: str) -> str:
    """The secret. Raises ImproperlyConfigured when no key of ENCRYPTION_KEYS opens it."""
    if not stored:
        return ""
    try:
        return _box().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        message = "A stored secret does not open with ENCRYPTION_KEYS. Put the former key back, or enter the secret again."
        raise ImproperlyConfigured(message) from error


def hint(secret: str) -> str:
    """What people may see of a secret: its last four characters."""
    return f"…{secret[-4:]}" if len(secret) > 8 else ("…" if secret else "")


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database and plain on the instance."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if value else ""

    def from_db_value(self, value: str | None, *_args: Any) -> str:
        return decrypt(value or "")
