"""Entries from a file: read it, say line by line what would become of each, and write once somebody confirmed.

The studio is the one that is chosen, never one that the file names; rows are found by external id or title. Nothing
is written in a request: the runner writes a few lines at a time, each with its mark, so that a kill costs nothing.
"""

import datetime as dt
from collections.abc import Mapping

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from knowledge import pdftext, spellings, tables
from knowledge.entries import label_of
from knowledge.linechecks import Judge
from knowledge.models import Upload, UploadLine
from knowledge.uploads import UploadQuerySet
from tenants.models import Tenant

OPEN_FOR = dt.timedelta(days=2)  # an upload that nobody confirmed goes
KEPT_FOR = dt.timedelta(days=30)
PORTION = 100  # lines of one transaction: others wait while it lasts
Verdict, State = UploadLine.Verdict, Upload.State


def begin(
    tenant: Tenant, *, by: User | None, name: str, data: bytes, language: str, at: dt.datetime
) -> Upload:
    """Read the file and keep its lines. ValidationError with a sentence when it cannot be read."""
    pages = data.startswith(b"%PDF-")
    table = pdftext.read(data) if pages else tables.read(data)
    if not table.columns:
        raise ValidationError(_("The first line must name the columns, such as title and text."))
    _forget_old(tenant, at)
    upload = Upload.objects.create(
        tenant=tenant,
        made_by=by,
        language=language,
        file_name=name.replace("\x00", "")[-120:],
        pages=pages,
        as_drafts=pages,
        told=table.told,
        created_at=at,
    )
    for first in range(0, len(table.lines), PORTION):
        UploadLine.objects.bulk_create(
            UploadLine(upload=upload, tenant=tenant, number=number, cells=cells)
            for number, cells in table.lines[first : first + PORTION]
        )
    upload.columns, upload.mapping = table.columns, spellings.mapped(table.columns)
    upload.save(update_fields=["columns", "mapping"])  # last: without columns it is not whole
    return upload


def choose(
    upload: Upload, mapping: Mapping[str, int], *, category: str = "", as_drafts: bool = False
) -> None:
    """Which column holds what; then every line is looked at."""
    for needed in ("title", "content"):
        if needed not in mapping:
            label = label_of(needed)
            raise ValidationError(_("Say which column holds “%(name)s”.") % {"name": label})
    if len(set(mapping.values())) < len(mapping):
        raise ValidationError(_("One column can hold only one thing. Choose each column once."))
    upload.mapping, upload.category = dict(mapping), category
    upload.as_drafts = as_drafts or upload.pages
    check(upload)


def check(upload: Upload) -> None:
    """Say of each line what would become of it. Writes nothing but that.

    A portion is judged, then written: others write meanwhile. Of two checks of one file the later one counts.
    """
    ours = _begun(upload)
    judge, last = Judge(upload), -1
    while lines := list(upload.lines.filter(number__gt=last).order_by("number")[:PORTION]):
        for line in lines:
            judge.look_at(line)
        last = lines[-1].number
        with transaction.atomic():
            _still(upload, ours)
            _replaced(upload, lines)
    with transaction.atomic():
        _still(upload, ours).update(checked=True)
    upload.checked = True


def _begun(upload: Upload) -> int:
    """The number of this check. Until it ends, nobody can confirm."""
    rows = Upload.objects.filter(pk=upload.pk, state=State.OPEN)
    with transaction.atomic():
        upload.checked = False
        chosen = {name: getattr(upload, name) for name in ("mapping", "category", "as_drafts")}
        if not rows.update(checked=False, attempts=F("attempts") + 1, **chosen):
            raise ValidationError(_("This import was confirmed already."))
        return int(rows.values_list("attempts", flat=True).get())


def _still(upload: Upload, ours: int) -> UploadQuerySet:
    """The row, locked, while nobody began another check."""
    rows = Upload.objects.filter(pk=upload.pk, state=State.OPEN, attempts=ours)
    if rows.select_for_update(no_key=True).first() is None:
        raise ValidationError(_("Somebody chose the columns anew meanwhile. Look at their report."))
    return rows


def _replaced(upload: Upload, lines: list[UploadLine]) -> None:
    """Faster than changing row by row, and no line is lost by a kill."""
    upload.lines.filter(pk__in=[line.pk for line in lines]).delete()
    for line in lines:
        line.pk = None
    UploadLine.objects.bulk_create(lines)


def confirm(upload: Upload, *, only_good: bool, at: dt.datetime) -> None:
    """Let the runner write. ValidationError while lines are wrong, unless the good ones alone are wanted."""
    counts = upload.counts()
    if counts[Verdict.WRONG] and not only_good:
        raise ValidationError(
            _(
                "Nothing was written. Lines with errors: %(number)d. Correct the file, or import the good lines alone."
            )
            % {"number": counts[Verdict.WRONG]}
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


def _forget_old(tenant: Tenant, at: dt.datetime) -> None:
    rows = Upload.objects.filter(tenant=tenant).exclude(state=State.RUNNING)
    rows.filter(state=State.OPEN, created_at__lt=at - OPEN_FOR).delete()
    rows.filter(created_at__lt=at - KEPT_FOR).delete()
