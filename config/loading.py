"""Studios from files into the database: all of them or none."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from config.studiofile import (
    ENTRY_KEYS,
    STUDIO_FIELDS,
    STUDIO_KEYS,
    STUDIO_TEXTS,
    Studio,
    StudioFileError,
)
from knowledge import attachments, review
from knowledge.entries import save_entry
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tenants.models import Tenant

Progress = Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]]


@dataclass
class Loaded:
    """What became of one studio of the file."""

    tenant: Tenant
    replaced: bool
    added: int = 0
    changed: int = 0
    removed: int = 0
    # Entries that are stored and not used: a person has to look at them first.
    waiting: list[KnowledgeEntry] = field(default_factory=list)


def load(
    studios: list[Studio],
    *,
    replace: bool = False,
    approve: bool = False,
    progress: Progress = iter,
) -> list[Loaded]:
    """Store the studios with their knowledge. Raises StudioFileError, and then nothing has changed.

    `approve`: whoever loads the file answers for entries that would wait for review.
    """
    existing = set(
        Tenant.objects.filter(slug__in=[s["id"] for s in studios]).values_list("slug", flat=True)
    )
    if existing and not replace:
        raise StudioFileError(
            *[
                f"Studio {slug} exists already. Nothing was changed; with --replace its knowledge becomes that of the file."
                for slug in sorted(existing)
            ]
        )
    problems: list[str] = []
    with transaction.atomic():
        loaded = [_load(studio, problems, progress) for studio in studios]
        if problems:
            raise StudioFileError(*problems)
        found = [one for one in loaded if one is not None]
        for one in found:
            _review(one, approve)
    return found


def _review(one: Loaded, approve: bool) -> None:
    waiting = list(KnowledgeEntry.objects.filter(tenant=one.tenant).waiting())
    for entry in waiting if approve else []:
        review.approve(entry, by=None, at=timezone.now())
    one.waiting = [] if approve else waiting


def _load(studio: Studio, problems: list[str], progress: Progress) -> Loaded | None:
    tenant = Tenant.objects.filter(slug=studio["id"]).first()
    result = Loaded(tenant or Tenant(slug=studio["id"], mode=Tenant.Mode.LIVE), tenant is not None)
    try:
        _store_studio(result.tenant, studio)
    except ValidationError as error:
        problems += sentences(error, f"Studio {studio['id'][:60]}")
        return None
    _store_entries(result, studio, problems, progress)
    return result


def _store_studio(tenant: Tenant, studio: Studio) -> None:
    """Fields that the file does not name stay as they are."""
    for name in STUDIO_FIELDS:
        if studio.get(name) is not None:
            value = studio[name]
            setattr(tenant, name, value.strip() if name in STUDIO_TEXTS else value)
    if studio.get("whatsapp_number"):
        tenant.whatsapp_number = str(studio["whatsapp_number"])
    extra = {e["id"]: rest for e in studio["entries"] if (rest := _unknown(e, ENTRY_KEYS))}
    tenant.loaded = {**_unknown(studio, STUDIO_KEYS), **({"entries": extra} if extra else {})}
    tenant.full_clean(validate_unique=False)
    _check_number_is_free(tenant)
    fields = [*STUDIO_FIELDS, "whatsapp_number", "loaded"]  # knowledge_version moves by itself
    tenant.save(update_fields=None if tenant._state.adding else fields)
    for name in studio.get("categories") or []:
        if name.strip() and name.strip() not in KnowledgeCategory.names(tenant):
            KnowledgeCategory.objects.create(tenant=tenant, name=name.strip())


def _check_number_is_free(tenant: Tenant) -> None:
    if tenant.whatsapp_number is None:
        return
    holder = Tenant.objects.filter(whatsapp_number=tenant.whatsapp_number).exclude(pk=tenant.pk)
    if other := holder.first():
        raise ValidationError(
            {"whatsapp_number": f"{tenant.whatsapp_number} belongs to the studio {other.slug}."}
        )


def _unknown(row: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in known}


def _store_entries(result: Loaded, studio: Studio, problems: list[str], progress: Progress) -> None:
    tenant = result.tenant
    before = {entry.reference: entry for entry in KnowledgeEntry.objects.filter(tenant=tenant)}
    for row in progress(studio["entries"]):
        entry = before.pop(row["id"], None)
        try:
            _store_entry(result, row, entry)
        except ValidationError as error:
            problems += sentences(error, f"Studio {tenant.slug}, entry {row['id'][:60]}")
    for entry in before.values():
        entry.delete()
        result.removed += 1


def _store_entry(result: Loaded, row: dict[str, Any], entry: KnowledgeEntry | None) -> None:
    wanted = _wanted(row, result.tenant)
    if entry is None:
        entry = save_entry(result.tenant, wanted)
        result.added += 1
    elif not _same(entry, wanted):
        save_entry(result.tenant, wanted, entry)
        result.changed += 1
    if row.get("file"):
        _store_file(entry, row["file"])


def _store_file(entry: KnowledgeEntry, file: Mapping[str, str]) -> None:
    """The picture or PDF of the file, unless the entry has that very one."""
    try:
        data = base64.b64decode(file["data"], validate=True)
    except binascii.Error as error:
        raise ValidationError({"file": _("The file is not in base64.")}) from error
    try:
        if entry.file and attachments.read(entry.file) == data:
            return
    except OSError:
        pass  # gone from the disk: here it is again
    try:
        attachments.attach(entry, data, file["name"])
    except ValidationError as error:
        raise ValidationError({"file": error.messages}) from error


def _wanted(row: dict[str, Any], tenant: Tenant) -> dict[str, Any]:
    keywords = row.get("keywords") or ""
    return {
        "external_id": row["id"],
        "title": " ".join(row["title"].split()),
        "category": row["category"],
        "content": row["content"].replace("\r\n", "\n").strip(),
        "keywords": keywords if isinstance(keywords, str) else ", ".join(keywords),
        "language": row.get("language") or tenant.default_language,
        "status": row.get("status") or KnowledgeEntry.Status.ACTIVE,
        "valid_from": row.get("valid_from") or None,
        "valid_until": row.get("valid_until") or None,
    }


def _same(entry: KnowledgeEntry, wanted: Mapping[str, Any]) -> bool:
    """An entry that says the same already is left alone: nothing is indexed again."""
    return all(str(getattr(entry, field) or "") == (wanted[field] or "") for field in wanted)


def sentences(error: ValidationError, where: str) -> list[str]:
    """One sentence for each field that is wrong."""
    fields = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    return [
        f"{where}{', ' + field if field and field != '__all__' else ''}: {message}"
        for field, messages in fields.items()
        for message in messages
    ]
