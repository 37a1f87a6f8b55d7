"""The settings in parts, one form each. Nothing of a part is stored with another, so less meets less."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import modelform_factory
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.forms import TenantForm
from tenants.models import Tenant

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Tab:
    """One part: the word of its address, its name, what it is about, and its fields from top to bottom."""

    key: str
    title: Promise
    about: Promise
    fields: Sequence[str] = ()

    @property
    def stored(self) -> list[str]:
        """Those of the fields that are columns."""
        return [name for name in self.fields if name != "remove_keys"]


TABS = (
    Tab(
        "studio",
        gettext_lazy("Studio"),
        gettext_lazy("Where you are, when you are open, and which clock counts."),
        ("name", "city", "address", "phone", "opening_hours", "timezone", "currency"),
    ),
    Tab(
        "assistant",
        gettext_lazy("Assistant"),
        gettext_lazy("How it introduces itself, how it speaks, and what it may pass on."),
        (
            *("mode", "persona_name", "persona_tone", "default_language", "greeting"),
            *("handover_words", "public_contacts"),
        ),
    ),
    Tab(
        "limits",
        gettext_lazy("Limits"),
        gettext_lazy("How much one customer may write, and how much the AI may cost."),
        (
            *("messages_per_minute", "phone_silence_minutes"),
            *("budget_day", "budget_month", "budget_customer_day"),
        ),
    ),
    Tab(
        "notices",
        gettext_lazy("Notices"),
        gettext_lazy("Who is told when a customer needs a person, and when not to disturb."),
        ("handover_contacts", "quiet_from", "quiet_until"),
    ),
    Tab(
        "privacy",
        gettext_lazy("Privacy"),
        gettext_lazy("What is kept of your customers, and how to delete it."),
        ("keep_messages_days", "keep_files_days"),
    ),
    Tab(
        "keys",
        gettext_lazy("Keys"),
        gettext_lazy("Your own keys for the AI. Without them, those of the installation are used."),
        ("anthropic_api_key", "openai_api_key", "remove_keys"),
    ),
)
BY_KEY = {tab.key: tab for tab in TABS}
_PLAIN = (forms.Select, forms.TextInput, forms.Textarea, forms.NumberInput, forms.PasswordInput)


def clock(label: "_StrPromise", help_text: "_StrPromise | str" = "") -> forms.TimeField:
    """A time as people type it: 22:00, 22.00 or 22."""
    return forms.TimeField(
        label=label,
        required=False,
        input_formats=["%H:%M", "%H.%M", "%H", "%H:%M:%S"],
        widget=forms.TimeInput(
            {"inputmode": "numeric", "placeholder": "22:00", "autocomplete": "off"}, "%H:%M"
        ),
        error_messages={"invalid": gettext_lazy("This is no time. Write it like 22:00.")},
        help_text=help_text,
    )


class TabForm(TenantForm):
    """A part of TenantForm, with our fields."""

    quiet_from = clock(gettext_lazy("Quiet from"))
    quiet_until = clock(
        gettext_lazy("Quiet until"),
        gettext_lazy(
            "In between, on the studio's clock, only urgent matters are told. Both empty: at any time."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = self._meta.fields or ()
        for name in [name for name in self.fields if name not in shown]:
            del self.fields[name]  # the base declares some for every form
        self.order_fields(shown)
        for field in self.fields.values():
            if isinstance(field.widget, _PLAIN):
                field.widget.attrs["class"] = "m-field"
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 4

    def _update_errors(self, errors: ValidationError) -> None:
        """What does not fit with a setting of another part is told on top of this one."""
        known = errors.error_dict if hasattr(errors, "error_dict") else {NON_FIELD_ERRORS: [errors]}
        here: dict[str, list[Any]] = {}
        for name, told in known.items():
            here.setdefault(name if name in self.fields else NON_FIELD_ERRORS, []).extend(told)
        super()._update_errors(ValidationError(here))  # type: ignore[misc]

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if values is not None and (values.get("quiet_from") is None) != (
            values.get("quiet_until") is None
        ):
            self.add_error("quiet_until", _("Give both times, or none."))
        return values


def form_class(tab: Tab) -> type[TabForm]:
    return cast(type[TabForm], modelform_factory(Tenant, form=TabForm, fields=list(tab.fields)))
