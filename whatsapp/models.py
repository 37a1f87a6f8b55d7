"""One row per WhatsApp account: what staff want (written by pages) and what is true (written by its line)."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class WhatsAppAccount(models.Model):
    """A studio's account. Pages write the wishes, the line writes the rest; states have sentences in states.py."""

    class State(models.TextChoices):
        STOPPED = "stopped", _("Not linked")
        CONNECTING = "connecting", _("Connecting")
        QR_READY = "qr_ready", _("Waiting for the scan")
        SYNCING = "syncing", _("Linked, loading")
        CONNECTED = "connected", _("Connected")
        RETRYING = "retrying", _("Retrying: WhatsApp cannot be reached")
        PASSKEY_REQUIRED = "passkey_required", _("WhatsApp asks for a passkey")
        QR_EXPIRED = "qr_expired", _("The code was not scanned")
        REPLACED = "replaced", _("Taken over by another program")
        LOGGED_OUT = "logged_out", _("Unlinked on the phone")
        BANNED = "banned", _("Blocked by WhatsApp")
        OUTDATED = "outdated", _("MILA's WhatsApp part is too old")
        NUMBER_IN_USE = "number_in_use", _("This number belongs to another studio")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.OneToOneField(Tenant, models.CASCADE, related_name="whatsapp")

    # Wishes of staff.
    wanted = models.BooleanField(_("should be connected"), default=True)
    pair_requested_at = models.DateTimeField(null=True, blank=True)  # show codes from now on
    pair_phone = models.CharField(max_length=16, blank=True)  # E.164: pair by code for this number
    logout_requested_at = models.DateTimeField(null=True, blank=True)

    # The truth, as the line last saw it.
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.STOPPED)
    state_since = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(_("problem"), blank=True)
    qr = models.TextField(blank=True, editable=False)  # a secret while valid: never in a log
    qr_expires_at = models.DateTimeField(null=True, blank=True)
    pair_code = models.CharField(max_length=12, blank=True, editable=False)
    pair_code_expires_at = models.DateTimeField(null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True)  # E.164, of the linked account
    lid = models.CharField(max_length=40, blank=True, editable=False)
    push_name = models.CharField(_("name on WhatsApp"), max_length=80, blank=True)
    connected_at = models.DateTimeField(_("connected since"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)
    banned_until = models.DateTimeField(null=True, blank=True)
    # WhatsApp refused a message to somebody who had not written: no others until then.
    unasked_from = models.DateTimeField(null=True, blank=True, editable=False)

    # Who holds it.
    lease_owner = models.CharField(max_length=80, blank=True, editable=False)
    lease_epoch = models.PositiveIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("WhatsApp account")
        verbose_name_plural = _("WhatsApp accounts")

    def __str__(self) -> str:
        return f"{self.tenant}: {self.get_state_display()}"


class LinkEvent(models.Model):
    """What happened to a studio's link (whatsapp/linklog.py has the words); never a code."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    what = models.CharField(max_length=16)
    who = models.CharField(max_length=150, blank=True)  # empty: nobody of the staff
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("event of the link")
        verbose_name_plural = _("events of the link")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "at", "what"], name="one_row_per_link_event")
        ]

    def __str__(self) -> str:
        return self.what


class Installation(models.Model):
    """What every host of this installation must know alike: one row, made by whoever asks first."""

    send_key = models.CharField(max_length=64, editable=False)  # 32 random bytes, as hex

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")

    def __str__(self) -> str:
        return str(self.pk)
