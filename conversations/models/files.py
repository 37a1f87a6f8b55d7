"""Files that came with messages, or leave with them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models.chats import Message
from tenants.models import Tenant


class MediaFile(models.Model):
    """The file of a message: one that came is loaded after it, one that leaves is stored with it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Is being loaded")
        STORED = "stored", _("Loaded")
        FAILED = "failed", _("Could not be loaded")

    class Problem(models.TextChoices):
        TOO_LARGE = "too_large", _("The file is too large. It can be seen on the studio's phone.")
        WRONG_KIND = (
            "wrong_kind",
            _("This kind of file is not kept here. It can be seen on the studio's phone."),
        )
        NO_ROOM = "no_room", _("The room for files of this studio is used up.")
        EXPIRED = "expired", _("WhatsApp does not have the file any more. Ask for it once more.")
        BROKEN = "broken", _("The file arrived damaged. Ask for it once more.")
        UNREACHABLE = "unreachable", _("WhatsApp did not give out the file. Ask for it once more.")
        TAKEN_BACK = "taken_back", _("The sender deleted it.")
        TOO_OLD = "too_old", _("Deleted: the studio keeps files no longer.")

    message = models.OneToOneField(Message, models.CASCADE, related_name="media")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    problem = models.CharField(_("problem"), max_length=12, choices=Problem, blank=True)
    source = models.JSONField(default=dict, editable=False)  # forgotten when it was loaded
    path = models.CharField(max_length=120, blank=True, editable=False)  # below MEDIA_ROOT
    content_type = models.CharField(max_length=60, blank=True)  # by its first bytes
    size = models.PositiveBigIntegerField(_("size"), default=0)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    due_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [
            models.Index(
                fields=["tenant", "due_at"], condition=Q(state="waiting"), name="files_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.get_state_display()

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def is_sound(self) -> bool:
        return self.content_type.startswith("audio/")
