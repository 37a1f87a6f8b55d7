"""Where one person wants to be told."""

from typing import TYPE_CHECKING, Any

from django import forms

from notices.models import OwnNotices

if TYPE_CHECKING:
    Form = forms.ModelForm[OwnNotices]
else:
    Form = forms.ModelForm


class OwnNoticesForm(Form):
    class Meta:
        model = OwnNotices
        fields = ("phone", "email")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        typed = {"phone": ("tel", "tel"), "email": ("email", "email")}
        for name, (kind, filled) in typed.items():
            field = self.fields[name]
            field.widget.attrs |= {"class": "m-field", "type": kind, "autocomplete": filled}
            field.widget.attrs["inputmode"] = kind
            # As people type numbers, with spaces; the model brings it into one spelling.
            if isinstance(field, forms.CharField) and name == "phone":
                field.max_length = 40
                field.validators = []
                field.widget.attrs["maxlength"] = "40"
