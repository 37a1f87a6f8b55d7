"""What would become of each line of an uploaded file: held against the studio's entries, and nothing is written."""

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from knowledge import spellings, tables
from knowledge.entries import FIELDS, Known, fill, label_of, mark, sentences
from knowledge.models import KnowledgeEntry, Upload, UploadLine
from tenants.cells import read_back
from tenants.models import Tenant

Verdict = UploadLine.Verdict
# An empty cell of these says nothing; of the others it empties the field.
KEEPS = frozenset({"category", "language", "status"})


@dataclass
class Judge:
    """Holds the studio's entries against line after line of one file."""

    upload: Upload
    known: Known = field(init=False)
    by_id: dict[str, KnowledgeEntry] = field(init=False)
    by_title: dict[str, list[KnowledgeEntry]] = field(init=False)
    meant: dict[Any, int] = field(default_factory=dict)  # entry, or title of a new one → its line

    def __post_init__(self) -> None:
        entries = list(self.upload.tenant.entries.defer("embedding"))
        self.known = Known.of(self.upload.tenant)
        self.by_id = {entry.external_id: entry for entry in entries if entry.external_id}
        self.by_title = defaultdict(list)
        for entry in entries:
            self.by_title[_folded(entry.title)].append(entry)

    def look_at(self, line: UploadLine) -> None:
        said, problems = self._said(line.cells)
        line.values, line.before, line.entry, line.seen = said, {}, None, ""
        line.title = said.get("title", "")[:200]
        if extra := self._parted(line.cells):
            problems = [extra]
        elif not problems:
            problems = self._place(line, said)
        line.problems = problems
        if problems:
            line.verdict = Verdict.WRONG

    def _parted(self, cells: Sequence[str]) -> str:
        """What to do about a separator within a text: all that follows it would stand in the wrong column."""
        found, columns = len(cells), len(self.upload.columns)
        if found <= columns or self.upload.pages:
            return ""
        told = _(
            "The row has %(found)d cells, the first row %(columns)d. A “;” or “,” stands within a text: put the whole text in quotation marks."
        )
        return told % {"found": found, "columns": columns}

    def _said(self, cells: Sequence[str]) -> tuple[dict[str, str], list[str]]:
        """What the line says, by field, and its formulas, which nobody calculates here."""
        said, problems = {}, []
        for name, column in self.upload.mapping.items():
            text = cells[column] if column < len(cells) else ""
            if text.startswith(tables.FORMULA):
                told = _(
                    "The cell holds a formula (%(text)s). Put its result there, as plain text."
                )
                problems.append(_of(name, told % {"text": text[1:40]}))
                continue
            value = spellings.meant(name, read_back(text))
            if value or name not in KEEPS:
                said[name] = value
        return said, problems

    def _place(self, line: UploadLine, said: dict[str, str]) -> list[str]:
        """Find the entry that the line means and compare; returns what is wrong."""
        candidates = [] if not said.get("title") else self._candidates(said)
        compared = [(entry, *self._compared(entry, said)) for entry in candidates]
        for entry, filled, _problems in compared:
            if (
                filled is not None
                and entry.pk not in self.meant
                and not _differences(entry, filled)
            ):
                return self._settled(line, Verdict.SAME, entry)
        if not candidates or self.upload.pages:
            return self._new(line, said)
        if len(candidates) > 1:
            told = _(
                "%(number)d entries have this title. Rename them, or name one by its external id."
            )
            return [_of("title", told % {"number": len(candidates)})]
        entry, filled, problems = compared[0]
        if filled is None:
            return problems
        line.before = {name: _shown(old) for name, old, _new in _differences(entry, filled)}
        return self._settled(line, Verdict.CHANGED, entry)

    def _candidates(self, said: Mapping[str, str]) -> list[KnowledgeEntry]:
        named = said.get("external_id", "")
        if named in self.by_id:
            return [self.by_id[named]]
        found = self.by_title.get(_folded(said["title"]), [])
        if named:
            found = [entry for entry in found if not entry.external_id]
        in_language = [entry for entry in found if entry.language == said.get("language")]
        return in_language if "language" in said else found

    def _settled(self, line: UploadLine, verdict: str, entry: KnowledgeEntry) -> list[str]:
        if entry.pk in self.meant:
            told = _("Row %(row)d means the same entry.")
            return [_of("title", told % {"row": self.meant[entry.pk]})]
        self.meant[entry.pk] = line.number
        line.verdict, line.entry, line.seen = verdict, entry, mark(entry)
        return []

    def _new(self, line: UploadLine, said: dict[str, str]) -> list[str]:
        if self.upload.category:
            said.setdefault("category", self.upload.category)
        if self.upload.as_drafts:
            said["status"] = KnowledgeEntry.Status.DRAFT
        entry = new_entry(self.upload.tenant)
        _filled, problems = self._compared(entry, said, keep=entry)
        key = said.get("external_id") or (_folded(line.title), entry.language)
        if not problems and key in self.meant and not self.upload.pages:
            told = _("Row %(row)d has the same title.")
            problems = [_of("title", told % {"row": self.meant[key]})]
        self.meant.setdefault(key, line.number)
        line.verdict = Verdict.NEW
        return problems

    def _compared(
        self, entry: KnowledgeEntry, said: Mapping[str, Any], keep: KnowledgeEntry | None = None
    ) -> tuple[KnowledgeEntry | None, list[str]]:
        """The entry as the line wants it, or what is wrong with that."""
        wanted = keep or copy.copy(entry)
        try:
            fill(wanted, said, self.known)
        except ValidationError as error:
            return None, sentences(error)
        return wanted, []


def new_entry(tenant: Tenant) -> KnowledgeEntry:
    return KnowledgeEntry(tenant=tenant, language=tenant.default_language)


def _differences(entry: KnowledgeEntry, filled: KnowledgeEntry) -> list[tuple[str, Any, Any]]:
    """Field, old and new value, wherever they differ by more than spaces and line ends."""
    old = copy.copy(entry)
    known = Known([filled.category, entry.category], {})
    try:
        fill(old, {}, known)
    except ValidationError:
        old = entry
    pairs = [(name, getattr(old, name) or "", getattr(filled, name) or "") for name in FIELDS]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _folded(title: str) -> str:
    return " ".join(title.split()).casefold()


def _shown(value: Any) -> str:
    return str(value or "")


def _of(name: str, sentence: str) -> str:
    return f"{label_of(name)}: {sentence}"
