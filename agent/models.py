"""Every run of the assistant, as staff and figures need it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from agent.records import Exam as Exam
from agent.records import ExamAnswer as ExamAnswer
from agent.records import Gap as Gap
from agent.records import GapQuestion as GapQuestion
from conversations.models import Conversation, Customer, Message
from tenants.models import Tenant
from tenants.prepared import PreparedInsert


class Turn(models.Model):
    """One run: what it saw, used, cost and became. Commands such as `ask` leave a Turn without a conversation.

    A voice note that was written down is a run, too: it answers nothing, but it costs.
    """

    class Purpose(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        PLAYGROUND = "playground", _("Playground")
        COMMAND = "command", _("Command")
        LISTENING = "listening", _("Voice note")

    class Outcome(models.TextChoices):
        ANSWERED = "answered", _("Answered by the model")
        FROM_KNOWLEDGE = "from_knowledge", _("Answered word for word, without a model")
        HANDED_OVER = "handed_over", _("Handed over to a person")
        OVERTAKEN = "overtaken", _("Overtaken by a newer message")
        FAILED = "failed", _("Failed")
        HEARD = "heard", _("Written down")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The index below begins with it.
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="turns", db_index=False)
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, null=True, blank=True, related_name="turns"
    )
    reply = models.OneToOneField(
        Message, models.SET_NULL, null=True, blank=True, related_name="turn"
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome)
    model = models.CharField(_("model"), max_length=80, blank=True)
    rounds = models.PositiveSmallIntegerField(_("model calls"), default=0)
    tools = models.JSONField(_("tools"), default=list, blank=True)  # names, in order
    # References (external id, else id) of the entries that the answer was given, best first.
    entries = models.JSONField(_("entries"), default=list, blank=True)
    language = models.CharField(_("language"), max_length=2, blank=True)
    input_tokens = models.PositiveIntegerField(
        _("input tokens"), default=0
    )  # neither read nor written cached
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    cache_read_tokens = models.PositiveIntegerField(_("tokens read from cache"), default=0)
    cache_write_tokens = models.PositiveIntegerField(_("tokens written to cache"), default=0)
    cost = models.DecimalField(_("cost in USD"), max_digits=10, decimal_places=6, default=0)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)
    error = models.TextField(_("error"), blank=True)
    # How the context was filled, and what the guard held back: {"context": "full", "stopped": [[…], …]}.
    details = models.JSONField(_("details"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        indexes = [models.Index(fields=["tenant", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} · {self.created_at:%Y-%m-%d %H:%M}"

    def insert(self) -> "Turn":
        """Store a new turn, as `save` does, at a third of its cost."""
        return _NEW_TURN(self)


_NEW_TURN = PreparedInsert(Turn)


class Purse(models.Model):
    """What a studio, or one of its customers, spent on the model; only where there is a limit (agent/budgets.py).

    Amounts are millionths of a US dollar. `day` and `month` are the studio's own dates.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="purses")
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, blank=True, related_name="purses"
    )
    day = models.DateField()
    day_spent = models.BigIntegerField(default=0)
    month = models.DateField()  # its first day
    month_spent = models.BigIntegerField(default=0)
    # Set aside for calls that are being made; after `reserved_until` their makers are dead, and it counts as spent.
    reserved = models.BigIntegerField(default=0)
    reserved_until = models.DateTimeField()
    dearest = models.BigIntegerField(default=0)  # the most that one call has cost

    class Meta:
        verbose_name = _("AI budget")
        verbose_name_plural = _("AI budgets")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(customer=None), name="one_purse_per_studio"
            ),
            models.UniqueConstraint(fields=["customer"], name="one_purse_per_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.day_spent / 1_000_000:.2f} USD · {self.day}"
