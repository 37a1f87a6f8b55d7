"""What is known of messages that are not here: not yet, or not any more."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class EarlyChange(models.Model):
    """An edit, a deletion or an emoji that came before its message, kept until the message comes."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    whatsapp_id = models.CharField(max_length=80, editable=False)  # of the message
    from_me = models.BooleanField(editable=False)  # the message is the studio's
    name = models.CharField(max_length=120, editable=False)  # the same for every copy
    change = models.JSONField(editable=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("early change")
        verbose_name_plural = _("early changes")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "whatsapp_id", "from_me", "name"], name="one_row_per_early_change"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Erased(models.Model):
    """A message that was erased for good, without any of its content: whatever WhatsApp brought of it stays away."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    mark = models.CharField(max_length=64, editable=False)  # a hash of studio and WhatsApp's id
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("erased message")
        verbose_name_plural = _("erased messages")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "mark"], name="one_row_per_erased_message")
        ]

    def __str__(self) -> str:
        return self.mark[:8]
