"""The figures of one finished day of a studio, so that ninety days are ninety rows and not a hundred thousand."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class Day(models.Model):
    """What was counted of a studio's day. Holds numbers and references of entries, nothing that anybody wrote."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="days")
    day = models.DateField(_("day"))  # on the studio's clock
    timezone = models.CharField(max_length=60)  # in which it was counted
    counted_at = models.DateTimeField()
    # What the platform sums over studios; the rest is in `figures` (reports/counts.py).
    customer_messages = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    cost = models.BigIntegerField(default=0)  # millionths of a US dollar
    tokens = models.BigIntegerField(default=0)
    figures = models.JSONField(default=dict)

    class Meta:
        ordering = ["day"]
        verbose_name = _("day of the reports")
        verbose_name_plural = _("days of the reports")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "day"], name="one_row_per_studio_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.day}"
