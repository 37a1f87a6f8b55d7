"""Rows of imports: an uploaded file waits here, line by line, until somebody confirms it and the runner wrote it."""

import datetime as dt
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Language, Tenant


class UploadQuerySet(models.QuerySet["Upload"]):
    def due(self, at: dt.datetime) -> Self:
        """Confirmed, not finished, and nobody is writing."""
        free = Q(lease_until=None) | Q(lease_until__lte=at)
        return self.filter(free, state=Upload.State.RUNNING)


class Upload(models.Model):
    """One file of entries that somebody of the studio brought."""

    class State(models.TextChoices):
        OPEN = "open", _("Not confirmed yet")
        RUNNING = "running", _("Running")
        DONE = "done", _("Finished")
        STOPPED = "stopped", _("Stopped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="uploads")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    language = models.CharField(_("language"), max_length=2, choices=Language)  # of its sentences
    file_name = models.CharField(_("file name"), max_length=120)
    pages = models.BooleanField(default=False)  # cut from a PDF: entries are drafts
    told = models.TextField(blank=True)  # what was noticed while reading
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)  # field of an entry → number of its column
    category = models.CharField(_("category"), max_length=60, blank=True)  # of lines without one
    as_drafts = models.BooleanField(default=False)
    checked = models.BooleanField(default=False)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.OPEN)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(_("uploaded"))
    confirmed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["state", "lease_until"])]

    def __str__(self) -> str:
        return self.file_name

    def counts(self) -> dict[str, int]:
        """Lines by verdict."""
        found = self.lines.order_by().values_list("verdict").annotate(Count("pk"))
        return dict.fromkeys(UploadLine.Verdict.values, 0) | dict(found)


class UploadLine(models.Model):
    """One line of the file: what stands there, what would become of it, and what became of it."""

    class Verdict(models.TextChoices):
        UNCHECKED = "unchecked", _("Not checked yet")
        WRONG = "wrong", _("Error")
        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        SAME = "same", _("Same")
        WRITTEN = "written", _("Written")
        FAILED = "failed", _("Not written")

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="lines")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()  # of the line in the file, or of the piece of a PDF
    cells = models.JSONField(default=list)
    verdict = models.CharField(max_length=9, choices=Verdict, default=Verdict.UNCHECKED)
    title = models.CharField(_("title"), max_length=200, blank=True)
    values = models.JSONField(default=dict)  # field of an entry → what the line says
    before = models.JSONField(default=dict)  # field → what the entry says, where that differs
    problems = models.JSONField(default=list)  # sentences
    entry = models.ForeignKey(
        "knowledge.KnowledgeEntry", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    seen = models.CharField(max_length=64, blank=True)  # mark of the entry that was compared

    class Meta:
        ordering = ["number"]
        verbose_name = _("line of an import")
        verbose_name_plural = _("lines of imports")
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="one_line_per_number")
        ]
        indexes = [models.Index(fields=["upload", "verdict", "number"])]

    def __str__(self) -> str:
        return f"{self.number}: {self.title}"
