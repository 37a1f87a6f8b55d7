"""The form of an entry: the text, and beside it the picture or PDF that may leave with an answer."""

import copy
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from knowledge import attachments, changes
from knowledge.entries import FIELDS, mark
from knowledge.models import KnowledgeEntry
from tenants.forms import StudioForm


@dataclass(frozen=True)
class Overtaken:
    """What a colleague saved while this form was open."""

    sentence: str
    changes: list[changes.Change]  # from theirs to what stands in this form
    of_file: bool = False  # their words are those that this form began with


class EntryForm(StudioForm):
    """A file is looked at before anything is saved; a wrong one is told and the text stays in the form.

    Who saves second reads what the first one wrote, and decides.
    """

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    new_file = forms.FileField(
        label=gettext_lazy("Picture or PDF"),
        required=False,
        widget=UnfoldAdminFileFieldWidget({"accept": ".jpg,.jpeg,.png,.webp,.pdf"}),
        help_text=gettext_lazy("Sent after an answer from this entry, once to each customer."),
    )
    remove_file = forms.BooleanField(
        label=gettext_lazy("Remove the file"), required=False, widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = KnowledgeEntry
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.overtaken: Overtaken | None = None
        if not self.instance._state.adding:
            self.fields["version"].initial = version_of(self.instance)

    def clean_new_file(self) -> tuple[attachments.Checked, str] | None:
        given = self.cleaned_data.get("new_file")
        if not isinstance(given, UploadedFile):
            return None
        data = given.read(settings.ATTACHMENT_MAX_MB * 2**20 + 1)
        return attachments.checked(data), str(given.name)

    def keep_file(self) -> None:
        """After the entry was saved."""
        given = self.cleaned_data.get("new_file")
        if given:
            attachments.keep(self.instance, *given)
        elif self.cleaned_data.get("remove_file"):
            attachments.remove(self.instance)

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if values and values.get("new_file") and values.get("remove_file"):
            raise ValidationError(_("Either attach a new file or remove the old one."))
        self._not_overtaken()
        return values

    def _not_overtaken(self) -> None:
        """Nobody's words and nobody's file are replaced unseen."""
        opened = self.data.get(self.add_prefix("version"))
        if self.instance._state.adding or not opened:
            return
        rows = KnowledgeEntry.objects.select_for_update(no_key=True).defer("embedding")
        now = rows.filter(pk=self.instance.pk).first()
        self.overtaken = None if now is None else self._overtaken(now, opened)
        if now is None or self.overtaken is None:
            return
        shown: Any = self.data
        shown = shown.copy()
        file = _file_of(now) if self.overtaken.of_file else opened.partition(".")[2]
        shown[self.add_prefix("version")] = f"{mark(now)}.{file}"  # saving once more is a decision
        self.data = shown
        raise ValidationError(self.overtaken.sentence)

    def _overtaken(self, now: KnowledgeEntry, opened: str) -> Overtaken | None:
        words, _point, file = opened.partition(".")
        if mark(now) != words:
            return Overtaken(_who_changed(now), changes.between(now, self._wanted(now)))
        touched = self.cleaned_data.get("new_file") or self.cleaned_data.get("remove_file")
        if touched and _file_of(now) != file:
            told = _("Somebody changed the picture or PDF of this entry while your form was open.")
            return Overtaken(told, [], of_file=True)
        return None

    def _wanted(self, now: KnowledgeEntry) -> KnowledgeEntry:
        """The entry as this form would have it, beside the one that is stored."""
        wanted = copy.copy(now)
        for name in FIELDS:
            if name in self.cleaned_data:
                setattr(wanted, name, self.cleaned_data[name])
        return wanted


def version_of(entry: KnowledgeEntry) -> str:
    """A sign of what people said in the entry, and of its file."""
    return f"{mark(entry)}.{_file_of(entry)}"


def _file_of(entry: KnowledgeEntry) -> str:
    return str(entry.file.pk) if entry.file else ""  # a new file is a new row


def _who_changed(entry: KnowledgeEntry) -> str:
    row = changes.latest(entry.history.all())
    if row is None:
        return _("Somebody changed this entry while your form was open.")
    at = timezone.localtime(row.history_date)
    today = at.date() == timezone.localdate()
    said = _("%(who)s changed this at %(at)s.") if today else _("%(who)s changed this on %(at)s.")
    shown = date_format(at, "TIME_FORMAT" if today else "DATETIME_FORMAT")
    return said % {"who": changes.author(row), "at": shown}
