"""Saving an entry from plain data: what the API, imports and loaded files send. Errors are sentences by field."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.dateparse import parse_date
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tenants.models import Language, Tenant

LONGEST = 20_000
FIELDS = (
    *("external_id", "title", "category", "content", "keywords"),
    *("language", "status", "valid_from", "valid_until"),
)


def save_entry(
    tenant: Tenant, data: Mapping[str, Any], entry: KnowledgeEntry | None = None
) -> KnowledgeEntry:
    """A new entry of the studio, or `entry` changed; fields that `data` lacks stay as they are.

    Raises ValidationError with all fields that are wrong; then nothing is saved.
    """
    if entry is not None and entry.tenant_id != tenant.pk:
        raise ValidationError(_("This entry belongs to another studio."))
    entry = entry or KnowledgeEntry(tenant=tenant, language=tenant.default_language)
    fill(entry, data)
    store(entry)
    return entry


def store(entry: KnowledgeEntry) -> None:
    """Save what people said, and never the index's own fields, which the runner may just have written."""
    if entry._state.adding:
        entry.save()
    else:
        entry.save(update_fields=[*FIELDS, "updated_at"])


@dataclass(frozen=True)
class Known:
    """What a value is checked against, read once for many entries."""

    categories: list[str]
    external_ids: dict[str, uuid.UUID]

    @classmethod
    def of(cls, tenant: Tenant) -> "Known":
        named = KnowledgeEntry.objects.filter(tenant=tenant).exclude(external_id=None)
        ids = named.order_by().values_list("external_id", "pk")
        return cls(KnowledgeCategory.names(tenant), {name: pk for name, pk in ids if name})


def fill(entry: KnowledgeEntry, data: Mapping[str, Any], known: Known | None = None) -> None:
    """Put what `data` says into the entry, unsaved. Raises ValidationError with all fields that are wrong."""
    wanted = {name: getattr(entry, name) for name in FIELDS}
    wanted |= {name: data[name] for name in FIELDS if name in data}
    clean = _Cleaned(entry.tenant, entry, known)
    for name in FIELDS:
        clean.take(name, wanted[name])
    clean.finish()


def mark(entry: KnowledgeEntry) -> str:
    """A short sign of all that people said in the entry: another sign means that somebody changed it."""
    said = "\x1f".join(f"{getattr(entry, name) or ''}" for name in FIELDS)
    return sha256(said.encode()).hexdigest()


def label_of(name: str) -> str:
    """What staff call a field."""
    return str(capfirst(KnowledgeEntry._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def sentences(error: ValidationError) -> list[str]:
    """What is wrong, field by field."""
    if not hasattr(error, "error_dict"):
        return error.messages
    told = error.message_dict.items()
    return [f"{label_of(name)}: {' '.join(messages)}" for name, messages in told]


class _Cleaned:
    """Takes field by field and gathers what is wrong."""

    def __init__(self, tenant: Tenant, entry: KnowledgeEntry, known: Known | None = None) -> None:
        self.tenant = tenant
        self.entry = entry
        self.known = known
        self.values: dict[str, Any] = {}
        self.errors: dict[str, list[str]] = {}

    def take(self, name: str, value: Any) -> None:
        try:
            self.values[name] = getattr(self, f"_{name}")(value)
        except ValidationError as error:
            self.errors[name] = error.messages

    def finish(self) -> None:
        first, last = self.values.get("valid_from"), self.values.get("valid_until")
        if first and last and last < first:
            self.errors["valid_until"] = [_("The last day is before the first day.")]
        if self.errors:
            raise ValidationError(
                {name: [*messages] for name, messages in self.errors.items()}  # all at once
            )
        for name, value in self.values.items():
            setattr(self.entry, name, value)

    def _title(self, value: Any) -> str:
        text = " ".join(_text(value).split())
        if not text:
            raise ValidationError(_("The title is missing."))
        return _short(text, 200)

    def _content(self, value: Any) -> str:
        text = _text(value).replace("\r\n", "\n").strip()
        if not text:
            raise ValidationError(_("The text is missing. Write what customers should be told."))
        return _short(text, LONGEST)

    def _category(self, value: Any) -> str:
        names = self.known.categories if self.known else KnowledgeCategory.names(self.tenant)
        known = {name.casefold(): name for name in names}
        text = _text(value).strip()
        if text.casefold() not in known:
            raise ValidationError(
                _("“%(name)s” is no category. Choose one of: %(names)s.")
                % {"name": text[:60], "names": self._listed(names, KnowledgeCategory.Builtin)}
            )
        return known[text.casefold()]

    def _keywords(self, value: Any) -> str:
        parts = value if isinstance(value, list | tuple) else _text(value).split(",")
        words = [" ".join(_text(part).replace(",", " ").split()) for part in parts]
        return _short(", ".join(dict.fromkeys(word for word in words if word)), 500)

    def _language(self, value: Any) -> str:
        return self._one_of(value, Language, _("the language"))

    def _status(self, value: Any) -> str:
        return self._one_of(value, KnowledgeEntry.Status, _("the status"))

    def _one_of(self, value: Any, choices: type[TextChoices], what: str) -> str:
        if value not in choices.values:
            raise ValidationError(
                _("“%(value)s” is not possible for %(what)s. Choose one of: %(choices)s.")
                % {
                    "value": str(value)[:40],
                    "what": what,
                    "choices": self._listed(choices.values, choices),
                }
            )
        return str(value)

    def _listed(self, names: list[str], choices: type[TextChoices]) -> str:
        """As a program must send them; in a file of people (`known`), the words of their own language."""
        words = dict(choices.choices) if self.known else {}
        return ", ".join(str(words.get(name, name)) for name in names)

    def _valid_from(self, value: Any) -> dt.date | None:
        return _date(value)

    def _valid_until(self, value: Any) -> dt.date | None:
        return _date(value)

    def _external_id(self, value: Any) -> str | None:
        text = _short(_text(value).strip(), 120)
        if text and self._is_taken(text):
            raise ValidationError(_("Another entry of this studio has the id “%s”.") % text)
        return text or None

    def _is_taken(self, external_id: str) -> bool:
        if self.known is not None:
            return self.known.external_ids.get(external_id, self.entry.pk) != self.entry.pk
        others = KnowledgeEntry.objects.filter(tenant=self.tenant, external_id=external_id)
        return others.exclude(pk=self.entry.pk).exists()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValidationError(_("Expected a text."))
    return value.replace("\x00", "")


def _short(text: str, most: int) -> str:
    if len(text) > most:
        raise ValidationError(
            _("%(size)d characters are too many; %(most)d at most.")
            % {"size": len(text), "most": most}
        )
    return text


def _date(value: Any) -> dt.date | None:
    if value in (None, ""):
        return None
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        day = parse_date(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None:
        raise ValidationError(_("“%s” is no date. Write it as 2026-12-31.") % str(value)[:40])
    return day
