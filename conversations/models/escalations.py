"""What needs a person."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models.chats import Conversation
from tenants.models import Tenant


class Escalation(models.Model):
    """A customer needs a person. One is open per conversation and category."""

    class Category(models.TextChoices):
        HUMAN_REQUEST = "human_request", _("Wants a person")
        COMPLAINT = "complaint", _("Complaint")
        MEDICAL = "medical", _("Medical question")
        EMERGENCY = "emergency", _("Emergency")
        SELF_HARM = "self_harm", _("Self-harm")
        SAFEGUARDING = "safeguarding", _("Protection of a person")
        BILLING = "billing", _("Billing")
        REFUND = "refund", _("Refund")
        POLICY_EXCEPTION = "policy_exception", _("Exception to a rule")
        ACCOUNT_CHANGE = "account_change", _("Booking or membership change")
        CANNOT_ANSWER = "cannot_answer", _("No answer in the knowledge")

    class Urgency(models.TextChoices):
        LOW = "low", _("Low")
        NORMAL = "normal", _("Normal")
        URGENT = "urgent", _("Urgent")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Resolved")

    # These silence the assistant in the chat until staff hand it back.
    SILENCING = frozenset({"human_request", "complaint", "emergency", "self_harm"})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="escalations")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="escalations")
    category = models.CharField(_("reason"), max_length=20, choices=Category)
    urgency = models.CharField(_("urgency"), max_length=6, choices=Urgency, default=Urgency.NORMAL)
    summary = models.TextField(_("summary"), blank=True, max_length=1000)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(_("since"))
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(_("outcome"), max_length=200, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "category"],
                condition=Q(state="open"),
                name="one_open_escalation_per_reason",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-created_at"], name="escalations_by_state")
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {self.conversation}"
