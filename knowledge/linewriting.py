"""The runner's part of an import: a few lines at a time, each with its mark, so that a kill costs nothing."""

import datetime as dt
import logging
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override

from knowledge import changes, queueing, review
from knowledge.entries import Known, fill, mark, sentences, store
from knowledge.linechecks import new_entry
from knowledge.models import KnowledgeEntry, Upload, UploadLine

logger = logging.getLogger(__name__)

CHUNK = 20  # lines of one transaction: others wait while it lasts
LEASE = dt.timedelta(seconds=60)
ATTEMPTS = 5
Verdict, State = UploadLine.Verdict, Upload.State


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
        line.problems = sentences(error)
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
