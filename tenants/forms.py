"""The forms behind the admin: keys that never come out, and hours and contacts as people write them."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AuthenticationForm
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from tenants.attempts import is_locked, locked
from tenants.hours import DAYS
from tenants.models import Tenant
from tenants.secrets import hint

KEYS = frozenset({"anthropic_api_key", "openai_api_key"})
_SPAN = re.compile(r"(\d{1,2})[:.](\d\d)\s*[-–]\s*(\d{1,2})[:.](\d\d)")  # noqa: RUF001 - people type both dashes
Hours = dict[str, list[list[str]]]


class LoginForm(AuthenticationForm):  # type: ignore[misc]
    """The theme's, which also says when a name may not be tried for a while."""

    def get_invalid_login_error(self) -> ValidationError:
        name = self.cleaned_data.get("username", "")
        if is_locked(self.request, name):
            return ValidationError(locked(self.request, name), code="locked")
        refused: ValidationError = super().get_invalid_login_error()
        return refused


class StudioForm(forms.ModelForm):  # type: ignore[type-arg]
    """Knows the studio before it validates, so that “unique in the studio” is checked and told, not raised."""

    studio: Tenant | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.studio and self.instance._state.adding and hasattr(self.instance, "tenant_id"):
            self.instance.tenant = self.studio

    def _get_validation_exclusions(self) -> set[str]:
        left_out: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return left_out if "tenant" in self.fields else left_out - {"tenant"}


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
    """Keys go in and never come out: the page tells the last four characters, an empty field keeps the old key."""

    remove_keys = forms.BooleanField(
        label=gettext_lazy("Remove the stored keys"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )
    opening_hours = forms.CharField(
        label=gettext_lazy("Opening hours"),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 7}),
        help_text=gettext_lazy(
            "One day per line, such as “mon 08:00-12:00, 16:00-20:00”. A day that is missing is closed."
        ),
    )
    handover_contacts = forms.CharField(
        label=gettext_lazy("Hand-over contacts"),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text=gettext_lazy("Phone numbers or e-mail addresses, one per line."),
    )

    class Meta:
        model = Tenant
        fields = "__all__"  # noqa: DJ007 - the admin names the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["opening_hours"] = hours_as_lines(self.instance.opening_hours)
        self.initial["handover_contacts"] = "\n".join(map(str, self.instance.handover_contacts))
        for name in KEYS & self.fields.keys():
            stored = hint(getattr(self.instance, name))
            told = _("Stored: %(hint)s. Leave empty to keep it.") % {"hint": stored}
            self.fields[name].help_text = told if stored else _("None is stored.")
            self.fields[name].widget = UnfoldAdminPasswordWidget({"autocomplete": "new-password"})
            self.initial[name] = ""

    def clean_opening_hours(self) -> Hours:
        return hours_of_lines(self.cleaned_data["opening_hours"])

    def clean_handover_contacts(self) -> list[str]:
        lines = self.cleaned_data["handover_contacts"].splitlines()
        return [line.strip() for line in lines if line.strip()]

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if values is not None:
            for name in KEYS & self.fields.keys():
                kept = "" if values.get("remove_keys") else getattr(self.instance, name)
                values[name] = (values.get(name) or "").strip() or kept
        return values


def hours_as_lines(hours: Hours) -> str:
    """mon 08:00-12:00, 16:00-20:00, a line for each open day."""
    days = [(day, hours[day]) for day in DAYS if hours.get(day)]
    return "\n".join(f"{day} " + ", ".join("-".join(span) for span in spans) for day, spans in days)


def hours_of_lines(text: str) -> Hours:
    """The hours behind the lines. ValidationError with the line that cannot be read."""
    hours: Hours = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        day, _space, times = line.partition(" ")
        spans = [_span(part) for part in times.split(",")]
        if day.lower().rstrip(":") not in DAYS or not all(spans):
            raise ValidationError(
                _("“%(line)s” cannot be read. Write a day and its times, such as mon 08:00-20:00."),
                params={"line": line[:60]},
            )
        hours[day.lower().rstrip(":")] = spans
    return hours


def _span(text: str) -> list[str]:
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return []
    return [f"{int(found[1]):02}:{found[2]}", f"{int(found[3]):02}:{found[4]}"]
