"""What staff keep for themselves in the inbox: notes, quick replies, and how the inbox works in their studio."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.models.chats import Conversation
from tenants.models import Language, Tenant


class Note(models.Model):
    """A word among colleagues about a chat. It is no message: nothing that sends or that asks a model reads these rows."""

    LONGEST = 2000

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="notes")
    text = models.TextField(_("text"), max_length=LONGEST)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("time"))

    class Meta:
        ordering = ["created_at"]
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [models.Index(fields=["conversation", "created_at"], name="notes_of_chat")]

    def __str__(self) -> str:
        return self.text[:60]


class QuickReply(models.Model):
    """A sentence that staff send often: typed as “/word” in the composer, in the customer's language."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    shortcut = models.CharField(
        _("shortcut"),
        max_length=30,
        validators=[RegexValidator(r"^[\w-]+$", _("One word, without spaces: “parking”."))],
        help_text=_("Typed after a slash in the reply field: /parking"),
    )
    text_id = models.TextField(_("text in Indonesian"), max_length=1000, blank=True)
    text_en = models.TextField(_("text in English"), max_length=1000, blank=True)

    class Meta:
        ordering = ["shortcut"]
        verbose_name = _("quick reply")
        verbose_name_plural = _("quick replies")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "shortcut"],
                name="one_quick_reply_per_shortcut",
                violation_error_message=_("There is a quick reply with this shortcut already."),
            )
        ]

    def __str__(self) -> str:
        return f"/{self.shortcut}"

    def clean(self) -> None:
        self.shortcut = (self.shortcut or "").strip().lstrip("/").lower()
        if not (self.text_id.strip() or self.text_en.strip()):
            raise ValidationError(_("Write the text in at least one language."))

    def text(self, language: str) -> str:
        """In the customer's language, else in the one that there is."""
        indonesian, english = self.text_id.strip(), self.text_en.strip()
        if language == Language.ENGLISH:
            return english or indonesian
        return indonesian or english


class Desk(models.Model):
    """How the inbox works in one studio; without a row, as the defaults say."""

    tenant = models.OneToOneField(
        Tenant, models.CASCADE, primary_key=True, related_name="desk", editable=False
    )
    # Whoever took a chat over and says nothing for so long gives it back without a word.
    resumes_after = models.PositiveSmallIntegerField(
        _("minutes without a word of staff until the assistant resumes"),
        default=60,
        validators=[MaxValueValidator(1440)],
        help_text=_(
            "After somebody took a chat over. 0: never by itself. A chat with an open request for a person, complaint or "
            "emergency always stays with staff."
        ),
    )

    class Meta:
        verbose_name = _("inbox settings")
        verbose_name_plural = _("inbox settings")

    def __str__(self) -> str:
        return str(self.tenant)

    @classmethod
    def of(cls, tenant: Tenant) -> "Desk":
        return cls.objects.filter(tenant=tenant).first() or cls(tenant=tenant)
