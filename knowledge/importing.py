"""Entries from a file: read it, say line by line what would become of each, and write once somebody confirmed.

The studio is the one that is chosen, never one that the file names; rows are found by external id or title. Nothing
is written in a request: the runner writes a few lines at a time, each with its mark, so that a kill costs nothing.
"""

import copy
import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

from knowledge import changes, pdftext, queueing, review, spellings, tables
from knowledge.entries import FIELDS, Known, fill, mark, store
from knowledge.exporting import read_back
from knowledge.models import KnowledgeEntry, Upload, UploadLine
from tenants.models import Tenant

logger = logging.getLogger(__name__)

CHUNK = 20  # lines of one transaction: others wait while it lasts
LEASE = dt.timedelta(seconds=60)
ATTEMPTS = 5
OPEN_FOR = dt.timedelta(days=2)  # an upload that nobody confirmed goes
KEPT_FOR = dt.timedelta(days=30)
Verdict, State = UploadLine.Verdict, Upload.State
# An empty cell of these says nothing; of the others it empties the field.
KEEPS = frozenset({"category", "language", "status"})


def begin(
    tenant: Tenant, *, by: User | None, name: str, data: bytes, language: str, at: dt.datetime
) -> Upload:
    """Read the file and keep its lines. ValidationError with a sentence when it cannot be read."""
    pages = data.startswith(b"%PDF-")
    table = pdftext.read(data) if pages else tables.read(data)
    if not table.columns:
        raise ValidationError(_("The first line must name the columns, such as title and text."))
    with transaction.atomic():
        _forget_old(tenant, at)
        upload = Upload.objects.create(
            tenant=tenant,
            made_by=by,
            language=language,
            file_name=name.replace("\x00", "")[-120:],
            pages=pages,
            as_drafts=pages,
            told=table.told,
            columns=table.columns,
            mapping=spellings.mapped(table.columns),
            created_at=at,
        )
        rows = (
            UploadLine(upload=upload, tenant=tenant, number=number, cells=cells)
            for number, cells in table.lines
        )
        UploadLine.objects.bulk_create(rows, batch_size=200)
    return upload


def choose(
    upload: Upload, mapping: Mapping[str, int], *, category: str = "", as_drafts: bool = False
) -> None:
    """Which column holds what; then every line is looked at."""
    for needed in ("title", "content"):
        if needed not in mapping:
            label = field_label(needed)
            raise ValidationError(_("Say which column holds “%(name)s”.") % {"name": label})
    if len(set(mapping.values())) < len(mapping):
        raise ValidationError(_("One column can hold only one thing. Choose each column once."))
    upload.mapping, upload.category = dict(mapping), category
    upload.as_drafts = as_drafts or upload.pages
    check(upload)


def check(upload: Upload) -> None:
    """Say of each line what would become of it. Writes nothing but that."""
    with transaction.atomic():
        row = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
        if row.state != State.OPEN:
            raise ValidationError(_("This import was confirmed already."))
        lines, judge = list(upload.lines.order_by("number")), _Judge(upload)
        for line in lines:
            judge.look_at(line)
            line.pk = None
        upload.lines.all().delete()
        UploadLine.objects.bulk_create(lines, batch_size=200)
        upload.checked = True
        upload.save(update_fields=["mapping", "category", "as_drafts", "checked"])


def confirm(upload: Upload, *, only_good: bool, at: dt.datetime) -> None:
    """Let the runner write. ValidationError while lines are wrong, unless the good ones alone are wanted."""
    counts = upload.counts()
    if counts[Verdict.WRONG] and not only_good:
        raise ValidationError(
            _(
                "Nothing was written. Lines with errors: %(number)d. Correct the file, or tick “%(tick)s”."
            )
            % {"number": counts[Verdict.WRONG], "tick": _("Import the good lines")}
        )
    if not counts[Verdict.NEW] + counts[Verdict.CHANGED]:
        raise ValidationError(_("No line of this file is new or changed."))
    rows = Upload.objects.filter(pk=upload.pk, state=State.OPEN, checked=True)
    if not rows.update(state=State.RUNNING, confirmed_at=at, lease_until=None, attempts=0):
        raise ValidationError(_("This import was confirmed already."))


def stop(upload: Upload, at: dt.datetime) -> bool:
    """What is written stays. False when it was not running."""
    rows = Upload.objects.filter(pk=upload.pk, state=State.RUNNING)
    return bool(rows.update(state=State.STOPPED, finished_at=at, error=""))


def field_label(name: str) -> str:
    return str(capfirst(KnowledgeEntry._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def _forget_old(tenant: Tenant, at: dt.datetime) -> None:
    rows = Upload.objects.filter(tenant=tenant).exclude(state=State.RUNNING)
    rows.filter(state=State.OPEN, created_at__lt=at - OPEN_FOR).delete()
    rows.filter(created_at__lt=at - KEPT_FOR).delete()


# What would become of each line ----------------------------------------------------------------


@dataclass
class _Judge:
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
        if not problems:
            problems = self._place(line, said)
        line.problems = problems
        if problems:
            line.verdict = Verdict.WRONG

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
            told = _("Line %(line)d means the same entry.")
            return [_of("title", told % {"line": self.meant[entry.pk]})]
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
            told = _("Line %(line)d has the same title.")
            problems = [_of("title", told % {"line": self.meant[key]})]
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
            return None, _sentences(error)
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
    return f"{field_label(name)}: {sentence}"


def _sentences(error: ValidationError) -> list[str]:
    return [_of(name, " ".join(messages)) for name, messages in error.message_dict.items()]


# Writing ---------------------------------------------------------------------------------------


class _NotOursError(Exception):
    """Somebody stopped the import, or it took so long that another runner has it."""


def write_next(at: dt.datetime) -> bool:
    """A step of the runner: the next lines of an import that somebody confirmed. False: there is none."""
    upload = _claimed(at)
    if upload is None:
        return False
    try:
        with override(upload.language):
            _write(upload, at)
    except _NotOursError:
        logger.info("The import %s is no longer ours.", upload.pk)
    except Exception:
        logger.exception("lines of the import %s could not be written", upload.pk)
        _give_up(upload, at)
    return True


def _claimed(at: dt.datetime) -> Upload | None:
    upload = Upload.objects.due(at).select_related("tenant").order_by("confirmed_at").first()
    if upload is None:
        return None
    rows = Upload.objects.filter(pk=upload.pk, state=State.RUNNING, lease_until=upload.lease_until)
    until = at + LEASE
    if not rows.update(lease_until=until, attempts=F("attempts") + 1):
        return None
    upload.lease_until, upload.attempts = until, upload.attempts + 1
    return upload


def _give_up(upload: Upload, at: dt.datetime) -> None:
    """Another try comes when the lease ends, unless it failed too often."""
    if upload.attempts >= ATTEMPTS:
        with override(upload.language):
            told = _(
                "Writing failed several times. What is written stays; upload the file once more."
            )
        rows = Upload.objects.filter(pk=upload.pk, state=State.RUNNING)
        rows.update(state=State.STOPPED, error=told, finished_at=at)


def _write(upload: Upload, at: dt.datetime) -> None:
    waiting = upload.lines.filter(verdict__in=(Verdict.NEW, Verdict.CHANGED))
    lines = list(waiting.select_related("entry").order_by("number")[:CHUNK])
    known = Known.of(upload.tenant)
    made = [(line, _made(upload, line, known)) for line in lines]  # reads and checks, locks nothing
    with queueing.later(), transaction.atomic():
        for line, entry in made:
            if entry is not None:
                _stored(upload, line, entry)
            line.save(update_fields=["verdict", "problems", "entry"])
        _released(upload, at, done=len(lines) < CHUNK)


def _released(upload: Upload, at: dt.datetime, *, done: bool) -> None:
    rows = Upload.objects.filter(pk=upload.pk, state=State.RUNNING, lease_until=upload.lease_until)
    changes: dict[str, Any] = {"lease_until": None, "attempts": 0}
    if done:
        changes |= {"state": State.DONE, "finished_at": at}
    if not rows.update(**changes):
        raise _NotOursError


def _made(upload: Upload, line: UploadLine, known: Known) -> KnowledgeEntry | None:
    """The entry to save; None when it cannot be, and then the line says why."""
    line.verdict, entry = Verdict(line.verdict), line.entry
    try:
        if line.verdict == Verdict.CHANGED:
            if entry is None:
                raise ValidationError(_("The entry was deleted meanwhile."))
            if mark(entry) != line.seen:
                raise ValidationError(_meanwhile())
        else:
            _not_there_yet(upload, line)
            entry = new_entry(upload.tenant)
        entry.tenant = upload.tenant
        fill(entry, line.values, known)
    except ValidationError as error:
        line.verdict = Verdict.FAILED
        line.problems = _sentences(error) if hasattr(error, "error_dict") else error.messages
        return None
    review.check(entry)
    return entry


def _stored(upload: Upload, line: UploadLine, entry: KnowledgeEntry) -> None:
    if not entry._state.adding:
        rows = KnowledgeEntry.objects.select_for_update(no_key=True)
        now = rows.filter(pk=entry.pk).first()
        if now is None or mark(now) != line.seen:
            line.verdict, line.problems = Verdict.FAILED, [_meanwhile()]
            return
    changes.by(entry, upload.made_by, upload.file_name)
    store(entry)
    line.verdict, line.entry = Verdict.WRITTEN, entry


def _not_there_yet(upload: Upload, line: UploadLine) -> None:
    """A colleague may have written the same entry since the check."""
    if upload.pages:
        return
    language = line.values.get("language", upload.tenant.default_language)
    rows = KnowledgeEntry.objects.filter(tenant=upload.tenant, language=language)
    ours = upload.lines.exclude(entry=None).values("entry")
    if (
        rows.filter(title__iexact=line.title, created_at__gt=upload.created_at)
        .exclude(pk__in=ours)
        .exists()
    ):
        raise ValidationError(_("Somebody wrote an entry of this title meanwhile."))


def _meanwhile() -> str:
    return _("Somebody changed the entry after the check. Check the file once more.")


def waiting_for_review(upload: Upload) -> Iterable[KnowledgeEntry]:
    return KnowledgeEntry.objects.waiting().filter(pk__in=upload.lines.values("entry"))
