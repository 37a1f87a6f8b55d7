"""The people who write to a studio."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Language, Tenant


class Customer(models.Model):
    """A person who writes to a studio, known by phone number, by WhatsApp's hidden id (LID), or both."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="customers")
    phone = models.CharField(_("phone"), max_length=16, null=True, blank=True)  # E.164
    lid = models.CharField(
        max_length=40, null=True, blank=True, editable=False
    )  # never shown as a number
    name = models.CharField(
        _("name"), max_length=80, blank=True
    )  # as they call themselves: untrusted
    language = models.CharField(_("language"), max_length=2, choices=Language, blank=True)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    # What they write since then is stored and never answered.
    blocked_at = models.DateTimeField(_("blocked"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "phone"], name="one_customer_per_phone"),
            models.UniqueConstraint(fields=["tenant", "lid"], name="one_customer_per_lid"),
        ]
        indexes = [models.Index(fields=["tenant", "-created_at"], name="customers_by_day")]

    def __str__(self) -> str:
        return self.name or self.phone or str(_("Unknown number"))
