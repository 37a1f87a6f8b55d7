"""A studio as a file: the form that loadstudio reads, so that a studio moves from house to house."""

from typing import Any

from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tenants.models import Tenant

# Written only where they differ from what loading assumes.
USUAL: dict[str, Any] = {
    "persona_name": "Mila",
    "persona_tone": "",
    "greeting": "",
    "public_contacts": "",
    "opening_hours": {},
    "handover_contacts": [],
    "messages_per_minute": 10,
    "phone_silence_minutes": 30,
    "mode": Tenant.Mode.LIVE,
    "active": True,
}


def studio_as_dict(tenant: Tenant) -> dict[str, Any]:
    """The studio with its knowledge, and with what its file said beyond that. Never with keys."""
    extra = dict(tenant.loaded)
    entry_extra: dict[str, dict[str, Any]] = extra.pop("entries", {})
    unusual = {f: getattr(tenant, f) for f, usual in USUAL.items() if getattr(tenant, f) != usual}
    categories = KnowledgeCategory.objects.filter(tenant=tenant).values_list("name", flat=True)
    entries = KnowledgeEntry.objects.filter(tenant=tenant).order_by("created_at", "pk")
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
        "entries": [entry_as_dict(e) | entry_extra.get(e.reference, {}) for e in entries],
    }


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
