"""Rows of exams, and of questions that customers got no good answer to."""

import datetime as dt
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation, Message
from knowledge.models import KnowledgeEntry
from tenants.models import Language, Tenant


class Exam(models.Model):
    """The forty questions, put to one studio's assistant by somebody of its staff."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Finished")
        STOPPED = "stopped", _("Stopped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="exams")
    language = models.CharField(_("language"), max_length=2, choices=Language)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.RUNNING)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("exam")
        verbose_name_plural = _("exams")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(state="running"), name="one_running_exam_per_studio"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {self.created_at:%Y-%m-%d %H:%M}"


class ExamAnswer(models.Model):
    """One question of an exam and what became of it."""

    exam = models.ForeignKey(Exam, models.CASCADE, related_name="answers")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=11)  # one of agent.exam.Verdict
    reply = models.TextField(blank=True)
    escalated = models.BooleanField(default=False)
    entries = models.JSONField(default=list)  # references of the entries that tell what was asked
    missing = models.JSONField(default=list)  # keys of topics that no entry tells
    error = models.TextField(blank=True)
    cost = models.DecimalField(max_digits=10, decimal_places=6, default=0)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "number"], name="one_answer_per_exam_question")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.verdict}"


class GapQuerySet(models.QuerySet["Gap"]):
    def open(self) -> Self:
        return self.filter(state__in=(Gap.State.OPEN, Gap.State.CHECKING))

    def due(self, at: dt.datetime) -> Self:
        """Gaps that are to be asked again and that nobody asks now."""
        free = Q(lease_until=None) | Q(lease_until__lte=at)
        return self.filter(free, state=Gap.State.CHECKING).order_by("check_at", "pk")


class Gap(models.Model):
    """Something that customers asked and the knowledge does not tell. Their words stand in its questions only."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CHECKING = "checking", _("Is being asked again")
        CLOSED = "closed", _("Answered now")
        DISMISSED = "dismissed", _("Dismissed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="gaps")
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    first_at = models.DateTimeField(_("first asked"))
    last_at = models.DateTimeField(_("last asked"))
    # Since then somebody writes its entry: whatever changes in the knowledge, it is asked again.
    writing_since = models.DateTimeField(null=True, blank=True)
    # The knowledge that it was last held against.
    seen_version = models.PositiveIntegerField(default=0, editable=False)
    check_at = models.DateTimeField(null=True, blank=True)  # asked again since
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    answer = models.TextField(_("answer"), blank=True)  # what the assistant said when asked again
    note = models.TextField(_("note"), blank=True)  # why it stays open, in English
    entry = models.ForeignKey(
        KnowledgeEntry, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = GapQuerySet.as_manager()

    class Meta:
        ordering = ["-last_at"]
        verbose_name = _("unanswered question")
        verbose_name_plural = _("unanswered questions")
        indexes = [
            models.Index(fields=["tenant", "state", "-last_at"], name="gaps_by_state"),
            models.Index(fields=["check_at"], condition=Q(state="checking"), name="gaps_to_check"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {self.last_at:%Y-%m-%d}"


class GapQuestion(models.Model):
    """A customer's question of a gap; gone with the conversation."""

    gap = models.ForeignKey(Gap, models.CASCADE, related_name="questions")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    # The first message of the question, before which the chat stands that it belongs to.
    message = models.ForeignKey(Message, models.CASCADE, related_name="+")
    turn = models.OneToOneField("agent.Turn", models.CASCADE, related_name="gap_question")
    text = models.TextField()
    earlier = models.TextField(
        blank=True
    )  # what they wrote before, when the text alone names nothing
    language = models.CharField(max_length=2, blank=True)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["asked_at", "pk"]

    def __str__(self) -> str:
        return self.text[:60]
