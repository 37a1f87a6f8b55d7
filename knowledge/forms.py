"""The form of an entry: the text, and beside it the picture or PDF that may leave with an answer."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from knowledge import attachments
from knowledge.models import KnowledgeEntry
from tenants.forms import StudioForm


class EntryForm(StudioForm):
    """A file is looked at before anything is saved; a wrong one is told and the text stays in the form."""

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
        return values
