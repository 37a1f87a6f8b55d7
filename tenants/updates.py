"""Changing a studio's settings, from the API and from commands: checked as a whole, stored as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tenants.models import BUDGETS as BUDGETS
from tenants.models import Tenant

KEYS = {"anthropic": "anthropic_api_key", "openai": "openai_api_key"}
SECRET = frozenset(KEYS.values())
# Only the platform's admin changes these: they name the studio to others, or close it.
PLATFORM = ("slug", "whatsapp_number", "active")
SETTINGS = (
    "timezone",
    "default_language",
    "persona_name",
    "persona_tone",
    "greeting",
    "opening_hours",
    "handover_contacts",
    "public_contacts",
    "city",
    "address",
    "phone",
    "quiet_from",
    "quiet_until",
    "currency",
    "messages_per_minute",
    "phone_silence_minutes",
    "handover_words",
    "keep_messages_days",
    "keep_files_days",
    "mode",
)


@dataclass(frozen=True)
class Change:
    field: str
    before: Any
    after: Any


def store(tenant: Tenant, values: Mapping[str, Any]) -> list[Change]:
    """Set fields of a new or known studio; return what differs now. Raises ValidationError and stores nothing."""
    before = {field: getattr(tenant, field) for field in values}
    for field, value in values.items():
        setattr(tenant, field, clean_key(field, value) if field in SECRET else value)
    tenant.full_clean(validate_unique=False)
    _check_unique(tenant)
    new = tenant._state.adding
    try:
        with transaction.atomic():
            # Only what was asked for: knowledge_version moves at any time.
            tenant.save(update_fields=None if new else list(values))
    except IntegrityError:  # somebody took the number or the name a moment ago
        _check_unique(tenant)
        raise
    after = {field: getattr(tenant, field) for field in values}
    return [Change(f, before[f], after[f]) for f in values if before[f] != after[f]]


def holder_of(number: str | None, *, besides: Tenant) -> Tenant | None:
    """The other studio that has this WhatsApp number."""
    if not number:
        return None
    return Tenant.objects.filter(whatsapp_number=number).exclude(pk=besides.pk).first()


def clean_key(field: str, key: str) -> str:
    """A key as the provider wants it in a header: visible ASCII without spaces around."""
    key = key.strip()
    if key and (not key.isascii() or not key.isprintable() or " " in key):
        raise ValidationError(
            {field: _("This is no API key: it holds spaces or special characters.")}
        )
    return key


def amount(sent: float | str) -> Decimal | str | None:
    """An amount as the field wants it; what is none stays as it is, and the field says so."""
    if sent == "":
        return None
    try:
        return Decimal(str(sent))
    except InvalidOperation:
        return str(sent)


def _check_unique(tenant: Tenant) -> None:
    errors = {}
    if holder_of(tenant.whatsapp_number, besides=tenant):
        errors["whatsapp_number"] = _("%(number)s belongs to another studio already.") % {
            "number": tenant.whatsapp_number
        }
    if Tenant.objects.filter(slug=tenant.slug).exclude(pk=tenant.pk).exists():
        errors["slug"] = _("There is a studio with the short name “%(slug)s” already.") % {
            "slug": tenant.slug
        }
    if errors:
        raise ValidationError(errors)
