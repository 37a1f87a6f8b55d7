"""One row for each time somebody is to be told something, on one channel; and where each person wants to be told."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models import Escalation, Message
from tenants.models import Tenant
from tenants.phones import normalise


class Notice(models.Model):
    """One escalation, told once per step and channel to one recipient. Without an escalation it is a test alert.

    The rows of an escalation are its plan: made at once, sent when they are due, left out when somebody has it by then.
    """

    class Channel(models.TextChoices):
        WHATSAPP = "whatsapp", "WhatsApp"
        EMAIL = "email", _("E-mail")
        PAGE = "page", _("Open pages")
        PLATFORM = "platform", _("Whoever runs MILA")

    class State(models.TextChoices):
        WAITING = "waiting", _("Comes later")
        SENDING = "sending", _("Being sent")
        QUEUED = "queued", _("On its way")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Not sent")
        SKIPPED = "skipped", _("Not needed any more")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="notices")
    escalation = models.ForeignKey(
        Escalation, models.CASCADE, null=True, blank=True, related_name="notices"
    )
    step = models.PositiveSmallIntegerField(_("minutes after the customer asked"), default=0)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    to = models.CharField(_("to"), max_length=254, blank=True)  # a number in E.164 or an address
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    error = models.CharField(_("error"), max_length=300, blank=True)
    held = models.BooleanField(default=False)  # by the quiet hours; comes bundled after them
    created_at = models.DateTimeField(_("planned"))
    due_at = models.DateTimeField(_("due"))
    sent_at = models.DateTimeField(_("time"), null=True, blank=True)
    # Those that left as one message have the same claim.
    claim = models.CharField(max_length=32, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        ordering = ["-created_at", "step"]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "step", "channel", "to"], name="one_notice_per_step_and_way"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="notices_that_wait"),
            models.Index(fields=["state", "sent_at"], name="notices_by_state"),
            models.Index(fields=["tenant", "-created_at"], name="notices_of_studio"),
            models.Index(fields=["tenant", "-sent_at"], name="notices_told"),
            models.Index(fields=["tenant", "channel", "to", "sent_at"], name="notices_to"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.to}".strip()


class OwnNotices(models.Model):
    """Where one person wants to be told about one studio's customers, beside the studio's contacts."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="own_notices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="own_notices")
    phone = models.CharField(_("your WhatsApp number"), max_length=16, blank=True)  # E.164
    email = models.EmailField(_("your e-mail address"), blank=True)

    class Meta:
        verbose_name = _("own notices")
        verbose_name_plural = _("own notices")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="one_row_per_person_and_studio")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.tenant}"

    def clean_fields(self, exclude: object = None) -> None:
        try:
            self.phone = normalise(self.phone) if self.phone.strip() else ""
        except ValidationError as error:
            raise ValidationError({"phone": error}) from error
        super().clean_fields(exclude=exclude)  # type: ignore[arg-type]


class OwnProof(models.Model):
    """A code that was sent to a number or address, which counts as somebody's own once it has come back."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8, choices=Notice.Channel)
    to = models.CharField(max_length=254)
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    open = models.BooleanField(default=True)
    # How many codes left within a day of the first.
    first_at = models.DateTimeField()
    sent = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user", "channel"], name="one_proof_per_person_and_way"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.channel}"
