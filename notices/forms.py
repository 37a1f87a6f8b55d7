"""Where one person wants to be told."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from notices import contacts, customers
from notices.models import OwnNotices
from tenants.phones import normalise

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

    def clean_phone(self) -> str:
        """A customer's number would be answered no more, and read of other customers: an owner decides about that."""
        typed, tenant = self.cleaned_data["phone"].strip(), self.instance.tenant
        phone = normalise(typed) if typed else ""
        known = ("", self.initial.get("phone"), *contacts.of(tenant).phones)
        if phone not in known and customers.among(tenant, [phone]):
            raise ValidationError(
                _(
                    "A customer wrote to the studio from this number. Is it yours? Then ask an owner to add it to the "
                    "hand-over contacts in the settings."
                )
            )
        return phone
