"""A studio as a file: the form that loadstudio reads, so that a studio moves from house to house."""

import base64
import datetime as dt
from typing import Any

from knowledge import attachments
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tenants.models import Tenant

# Written only where they differ from what loading assumes.
USUAL: dict[str, Any] = {
    "address": "",
    "phone": "",
    "quiet_from": None,
    "quiet_until": None,
    "persona_name": "Mila",
    "persona_tone": "",
    "greeting": "",
    "public_contacts": "",
    "opening_hours": {},
    "handover_contacts": [],
    "messages_per_minute": 10,
    "phone_silence_minutes": 30,
    "handover_words": "",
    "keep_messages_days": None,
    "keep_files_days": None,
    "mode": Tenant.Mode.LIVE,
    "active": True,
}


def studio_as_dict(tenant: Tenant, *, files: bool = True) -> dict[str, Any]:
    """The studio with its knowledge, and with what its file said beyond that. Never with keys."""
    extra = dict(tenant.loaded)
    entry_extra: dict[str, dict[str, Any]] = extra.pop("entries", {})
    known = {field: getattr(tenant, field) for field in USUAL}
    unusual = {f: _written(value) for f, value in known.items() if value != USUAL[f]}
    categories = KnowledgeCategory.objects.filter(tenant=tenant).values_list("name", flat=True)
    rows = KnowledgeEntry.objects.filter(tenant=tenant).select_related("attachment")
    entries = rows.order_by("created_at", "pk")
    return {
        "id": tenant.slug,
        "name": tenant.name,
        "city": tenant.city,
        "timezone": tenant.timezone,
        "currency": tenant.currency,
        "default_language": tenant.default_language,
        "whatsapp_number": (tenant.whatsapp_number or "").removeprefix("+") or None,
        **unusual,
        **({"categories": list(categories)} if categories else {}),
        **extra,
        "entries": [
            entry_as_dict(e) | (_file(e) if files else {}) | entry_extra.get(e.reference, {})
            for e in entries
        ],
    }


def _written(value: Any) -> Any:
    return f"{value:%H:%M}" if isinstance(value, dt.time) else value


def _file(entry: KnowledgeEntry) -> dict[str, Any]:
    """Its picture or PDF; nothing when there is none, or somebody deleted it from the disk."""
    try:
        data = attachments.read(entry.file) if entry.file else b""
    except OSError:
        data = b""
    if not entry.file or not data:
        return {}
    return {"file": {"name": entry.file.name, "data": base64.b64encode(data).decode()}}


def entry_as_dict(entry: KnowledgeEntry) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": entry.reference,
        "title": entry.title,
        "category": entry.category,
        "language": entry.language,
        "keywords": entry.keywords,
        "content": entry.content,
    }
    if entry.status != KnowledgeEntry.Status.ACTIVE:
        row["status"] = entry.status
    dates = {"valid_from": entry.valid_from, "valid_until": entry.valid_until}
    return row | {name: day.isoformat() for name, day in dates.items() if day}
