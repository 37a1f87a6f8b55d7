"""A studio (tenant), the people who work for it, and the tokens of programs."""

import datetime as dt
import hashlib
import hmac
import re
import secrets
import uuid
import zoneinfo
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    validate_email,
)
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.hours import valid_opening_hours
from tenants.phones import normalise
from tenants.secrets import EncryptedTextField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


def valid_timezone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(name)s” is no time zone. Use one such as Asia/Jakarta or Asia/Makassar."),
            params={"name": name[:60]},
        )


def valid_currency(code: str) -> str:
    """The currency in capitals, such as IDR."""
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise ValidationError(
            _("“%(code)s” is no currency. Use three letters such as IDR or USD."),
            params={"code": code[:20]},
        )
    return code.upper()


def valid_contacts(contacts: Any) -> list[str]:
    """Hand-over contacts in one spelling: phone numbers in E.164, e-mail addresses as they are."""
    if not isinstance(contacts, list) or not all(isinstance(c, str) for c in contacts):
        raise ValidationError(
            _("Hand-over contacts are a list of phone numbers and e-mail addresses.")
        )
    return [_contact(contact.strip()) for contact in contacts if contact.strip()]


def _contact(text: str) -> str:
    if "@" not in text:
        return normalise(text)
    validate_email(text)
    return text


def valid_greeting(text: str) -> str:
    MaxLengthValidator(600)(text)  # a TextField does not check its length by itself
    return text


def _or_none(given: Any) -> Any:
    """An empty field of a form, a file or a command says: none."""
    return None if given == "" else given


def checked_hours(hours: Any) -> Any:
    valid_opening_hours(hours)
    return hours


def budget(name: "_StrPromise") -> "models.DecimalField[Any, Any]":
    """A field for a limit on money; none may be below zero."""
    return models.DecimalField(
        name,
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("In the studio's currency. Empty: as the installation sets it. 0: no limit."),
    )


# Reports count a day anew for a month, and what WhatsApp handed over in raw form is kept for 30 days.
LEAST_DAYS, LEAST_FILE_DAYS, MOST_DAYS = 45, 7, 3650


def days_kept(name: "_StrPromise", least: int) -> "models.PositiveSmallIntegerField[Any, Any]":
    """A field for how long something is kept; empty: for ever."""
    too_few = _("At least %(limit_value)s days; empty to keep them for ever.")
    return models.PositiveSmallIntegerField(
        name,
        null=True,
        blank=True,
        validators=[MinValueValidator(least, message=too_few), MaxValueValidator(MOST_DAYS)],
    )


def valid_words(text: str) -> str:
    """One word or name per line, each once; a word of one letter would call a person for nearly every message."""
    words = [" ".join(line.split()) for line in re.split(r"[\n,;]", text)]
    words = list(dict.fromkeys(word for word in words if word))
    if bad := next((word for word in words if not 2 < len(word) <= 40), ""):
        told = _("“%(word)s” cannot be used: each word has 3 to 40 letters.")
        raise ValidationError(told, params={"word": bad[:60]})
    if len(words) > MOST_WORDS:
        raise ValidationError(_("Up to %(most)s words."), params={"most": MOST_WORDS})
    return "\n".join(words)


MOST_WORDS = 50


class Language(models.TextChoices):
    INDONESIAN = "id", _("Indonesian")
    ENGLISH = "en", _("English")


class TenantQuerySet(models.QuerySet["Tenant"]):
    def active(self) -> Self:
        return self.filter(active=True)


# Older messages and files are deleted (see conversations/retention.py).
KEEPS = frozenset({"keep_messages_days", "keep_files_days"})
BUDGETS = ("budget_day", "budget_month", "budget_customer_day")


class Tenant(models.Model):
    """One studio. Everything else in the database belongs to exactly one."""

    class Mode(models.TextChoices):
        LIVE = "live", _("Live: answers customers")
        TEST = "test", _("Test only: answers !test")
        OFF = "off", _("Off: answers nobody")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True, default="", db_default="")
    phone = models.CharField(_("phone"), max_length=16, blank=True, default="", db_default="")
    whatsapp_number = models.CharField(
        _("WhatsApp number"), max_length=16, unique=True, null=True, blank=True
    )
    timezone = models.CharField(
        _("time zone"), max_length=60, default="Asia/Makassar", validators=[valid_timezone]
    )
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    default_language = models.CharField(
        _("default language"), max_length=2, choices=Language, default=Language.INDONESIAN
    )
    persona_name = models.CharField(_("assistant's name"), max_length=60, default="Mila")
    persona_tone = models.CharField(
        _("tone"), max_length=300, blank=True, help_text=_("For example: warm, short, says “Kak”.")
    )
    greeting = models.TextField(_("greeting"), blank=True, max_length=600)
    # {"mon": [["08:00", "20:00"]], …}; a day that is missing is closed; {} means not told.
    opening_hours = models.JSONField(_("opening hours"), default=dict, blank=True)
    # Besides those of the entries; whatever else a customer or a model comes up with is never sent.
    public_contacts = models.TextField(
        _("links, phone and account numbers that may be told"),
        blank=True,
        max_length=2000,
        default="",
        db_default="",
        help_text=_(
            "One per line, with a word on what it is: “Booking: ombak.example/jadwal”, “BCA 1234567890 PT Ombak”. The assistant "
            "gives no other link, phone or account number than these and those in active entries."
        ),
    )
    # One per line; whatever a customer asks with one of them in it goes to a person.
    handover_words = models.TextField(
        _("words that always reach a person"), blank=True, default="", db_default=""
    )
    # E.164 numbers and e-mail addresses of the people who get escalations.
    handover_contacts = models.JSONField(_("hand-over contacts"), default=list, blank=True)
    # Between these times, on the studio's clock, only urgent notices go out; both empty: at any time.
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    anthropic_api_key = EncryptedTextField(_("own Anthropic key"), blank=True)
    openai_api_key = EncryptedTextField(_("own OpenAI key"), blank=True)
    messages_per_minute = models.PositiveSmallIntegerField(
        _("messages per customer and minute"), default=10
    )
    phone_silence_minutes = models.PositiveSmallIntegerField(
        _("minutes of silence after a message from the studio's phone"), default=30
    )
    # What the model may cost, in the studio's currency; empty: the installation's limit, 0: none.
    budget_day = budget(_("AI budget a day"))
    budget_month = budget(_("AI budget a month"))
    budget_customer_day = budget(_("AI budget a day for one customer"))
    # What is older is deleted once a day (conversations/retention.py).
    keep_messages_days = days_kept(_("days that messages are kept"), LEAST_DAYS)
    keep_files_days = days_kept(_("days that pictures and files are kept"), LEAST_FILE_DAYS)
    tidied_at = models.DateTimeField(null=True, blank=True, editable=False)
    mode = models.CharField(_("mode"), max_length=4, choices=Mode, default=Mode.TEST)
    active = models.BooleanField(_("active"), default=True)
    # Counts changes of the knowledge: processes rebuild their embedded index when it moved.
    knowledge_version = models.PositiveIntegerField(default=0, editable=False)
    # The setup guide was put away while steps were open ("open") or when all were done ("live").
    guide_hidden = models.CharField(max_length=4, default="", db_default="", editable=False)
    # What a loaded file said that MILA itself does not use; exportstudio gives it back.
    loaded = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("studio")
        verbose_name_plural = _("studios")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """Whoever changes for how long things are kept has a day to take it back: nothing is deleted before."""
        written = options.get("update_fields")
        named = KEEPS if written is None else KEEPS & set(written)
        if named and not self._state.adding and self._differs(named):
            self.tidied_at = timezone.now()
            if written is not None:
                options["update_fields"] = {*written, "tidied_at"}
        super().save(*args, **options)

    def _differs(self, fields: Collection[str]) -> bool:
        stored = type(self).objects.filter(pk=self.pk).values(*fields).first()
        return stored is not None and any(stored[name] != getattr(self, name) for name in fields)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Spell numbers and codes in the one way before they are checked and compared."""
        errors: dict[str, Any] = {
            field.name: _("This holds a character that cannot be stored.")
            for field in self._meta.fields
            if isinstance(value := getattr(self, field.attname), str) and "\x00" in value
        }
        tidy: list[tuple[str, Callable[[Any], Any]]] = [
            ("whatsapp_number", lambda number: normalise(number) if number else None),
            ("phone", lambda number: normalise(number) if number else ""),
            ("quiet_from", lambda time: time or None),
            ("quiet_until", lambda time: time or None),
            *((name, _or_none) for name in (*KEEPS, *BUDGETS)),
            ("currency", valid_currency),
            ("opening_hours", checked_hours),
            ("handover_contacts", valid_contacts),
            ("handover_words", valid_words),
            ("greeting", valid_greeting),
        ]
        for field, rule in tidy:
            if field in errors:
                continue
            try:
                setattr(self, field, rule(getattr(self, field)))
            except ValidationError as error:
                errors[field] = error
        if limited := self._limit_without_rate():
            errors[limited] = _(
                "There is no exchange rate for %(currency)s, so no limit can be kept. Whoever runs MILA adds it to "
                "EXCHANGE_RATES; until then leave the AI budgets empty."
            ) % {"currency": str(self.currency)[:3]}
        try:
            super().clean_fields(exclude={*(exclude or ()), *errors})
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def _limit_without_rate(self) -> str:
        """The first limit on money that cannot be kept, as nobody knows what the studio's money is worth."""
        if str(self.currency).upper() in settings.EXCHANGE_RATES:
            return ""
        return next((name for name in BUDGETS if getattr(self, name)), "")

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)

    def local(self, at: dt.datetime) -> dt.datetime:
        """`at` on the studio's own clock."""
        return at.astimezone(self.zone)


class Membership(models.Model):
    """A person works for a studio, in one role."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        EDITOR = "editor", _("Editor")
        FRONT_DESK = "front_desk", _("Front desk")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.FRONT_DESK)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["tenant", "user"]
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="one_membership_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.tenant} · {self.get_role_display()}"


class ApiToken(models.Model):
    """A program's key to one studio: `mila_<id>_<secret>`. Only the hash of the secret is kept."""

    key = models.CharField(max_length=8, primary_key=True)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=80, blank=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"mila_{self.key}_…"

    @classmethod
    def issue(cls, tenant: Tenant, name: str = "") -> tuple[Self, str]:
        """A new token and its text, which can be shown only now."""
        key, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        token = cls.objects.create(tenant=tenant, key=key, name=name, digest=_digest(secret))
        return token, f"mila_{key}_{secret}"

    @classmethod
    def find(cls, text: str) -> Self | None:
        """The valid token behind `text`, or None. Compares in constant time."""
        prefix, _sep, rest = text.partition("_")
        key, _sep, secret = rest.partition("_")
        if prefix != "mila" or len(key) != 8 or not key.isalnum() or not secret:
            return None
        valid = cls.objects.select_related("tenant").filter(revoked_at=None, tenant__active=True)
        token = valid.filter(pk=key).first()
        if token is None or not hmac.compare_digest(token.digest, _digest(secret)):
            return None
        return token

    def used(self) -> None:
        """Note the use, at most once a minute."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > dt.timedelta(minutes=1):
            type(self).objects.filter(pk=self.pk).update(last_used_at=now)


class FailedLogin(models.Model):
    """One wrong password or code. `key` stands for name and address, `name` for the name alone
    (tenants/attempts.py); rows live for minutes."""

    key = models.CharField(max_length=64)
    name = models.CharField(max_length=64, db_default="", default="")
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["key", "at"], name="failed_login_by_key"),
            models.Index(fields=["name", "at"], name="failed_login_by_name"),
        ]

    def __str__(self) -> str:
        return f"failed at {self.at:%Y-%m-%d %H:%M}"


class StaffLogin(models.Model):
    """What belongs to a login besides Django's user: the language of the pages and the second factor.

    The factor counts from `confirmed_at` on; until then its secret only waits for the first right code.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="staff_login"
    )
    language = models.CharField(
        _("language of the pages"), max_length=2, choices=Language, blank=True
    )
    secret = EncryptedTextField(blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(default=0)  # of the newest code that was taken: none twice
    recovery = models.JSONField(default=list, blank=True)  # hashes of the recovery codes left

    class Meta:
        verbose_name = _("login")
        verbose_name_plural = _("logins")

    def __str__(self) -> str:
        return str(self.user)


class LoginSession(models.Model):
    """One browser in which somebody is logged in, so that they can end it from another."""

    session_key = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="login_sessions"
    )
    browser = models.CharField(max_length=60)
    address = models.CharField(max_length=45)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.user} · {self.browser}"


class Invitation(models.Model):
    """A link with which one person joins a studio in a role. Only the hash of its secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="invitations")
    role = models.CharField(_("role"), max_length=10, choices=Membership.Role)
    name = models.CharField(_("for whom"), max_length=80, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.tenant} · {self.get_role_display()}"


class Deed(models.Model):
    """Who did what in a studio or on the platform. `what` is a word of tenants/deeds.py with its `values`."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, blank=True, related_name="deeds")
    who = models.CharField(_("who"), max_length=150, blank=True)
    what = models.CharField(_("what"), max_length=40)
    values = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("change")
        verbose_name_plural = _("change log")
        indexes = [models.Index(fields=["tenant", "-at"], name="deeds_of_studio")]

    def __str__(self) -> str:
        return f"{self.who}: {self.what}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
