"""The forms behind the admin: keys that never come out, and hours and contacts as people write them."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AuthenticationForm
from unfold.widgets import (
    SELECT_CLASSES,
    UnfoldAdminPasswordWidget,
    UnfoldBooleanSwitchWidget,
)

from tenants.attempts import is_locked, locked
from tenants.hours import DAYS
from tenants.models import Tenant
from tenants.places import ZONES, Choices, currencies, offered
from tenants.secrets import hint
from tenants.updates import clean_key
from tenants.widgets import HoursWidget, LongSelect, RowsWidget

KEYS = frozenset({"anthropic_api_key", "openai_api_key"})
SHORTEST_KEY = 20
_TIME = re.compile(r"([01]?[0-9]|2[0-4])(?:[:.]?([0-9]{2}))?")
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
    opening_hours = forms.Field(
        label=gettext_lazy("Opening hours"),
        required=False,
        widget=HoursWidget,
        help_text=gettext_lazy(
            "Like 08:00 to 20:00. The second pair is for studios with a break; an empty day is closed."
        ),
    )
    handover_contacts = forms.Field(
        label=gettext_lazy("Hand-over contacts"),
        required=False,
        widget=RowsWidget,
        help_text=gettext_lazy(
            "Phone numbers or e-mail addresses of who is told when a customer needs a person."
        ),
    )
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"),
        widget=LongSelect({"class": " ".join(SELECT_CLASSES)}),
        help_text=gettext_lazy("All times on the pages and in the answers are of this zone."),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        widget=LongSelect({"class": " ".join(SELECT_CLASSES)}),
        help_text=gettext_lazy("AI budgets and costs are told in this money."),
    )

    class Meta:
        model = Tenant
        fields = "__all__"  # noqa: DJ007 - the admin names the fields
        help_texts = {
            "mode": gettext_lazy("In test mode only messages that start with !test are answered."),
            "persona_name": gettext_lazy("With this name the assistant introduces itself."),
            "address": gettext_lazy(
                "Street and number. With an AI key the assistant tells it to customers who ask; without one they are told what the knowledge "
                "says. The templates for the knowledge start with it."
            ),
            "phone": gettext_lazy(
                "Of the studio, for people who call. Empty: the WhatsApp number."
            ),
            "handover_words": gettext_lazy(
                "One word or name per line, such as “komplain” or the manager's name. A customer who writes one of them always gets a "
                "person, as with MILA's own words for complaints and emergencies."
            ),
            "keep_messages_days": gettext_lazy(
                "At least 45. What is older is deleted for good, and notes, files and unanswered questions with it. Empty: kept until you delete it."
            ),
            "keep_files_days": gettext_lazy(
                "At least 7. Pictures, voice notes and documents of customers, often screenshots of payments. Their messages stay."
            ),
            "greeting": gettext_lazy("Its own first sentence, in the default language."),
            "default_language": gettext_lazy(
                "Customers are answered in their own language; this one counts when it cannot be told."
            ),
            "messages_per_minute": gettext_lazy(
                "What a customer writes beyond it is not answered at once."
            ),
            "phone_silence_minutes": gettext_lazy(
                "After somebody writes from the studio's phone, the assistant keeps quiet in that chat."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("timezone", ZONES), ("currency", currencies())):
            if name in self.fields:
                self._offer(name, choices)
        for name in KEYS & self.fields.keys():
            stored = hint(getattr(self.instance, name))
            self.fields[name].help_text = _told_of_key(stored)
            self.fields[name].widget = UnfoldAdminPasswordWidget({"autocomplete": "new-password"})
            self.initial[name] = ""

    def _offer(self, name: str, choices: Choices) -> None:
        typed = [self.data.get(self.add_prefix(name), "")] if self.is_bound else []
        widget = self.fields[name].widget
        assert isinstance(widget, LongSelect)
        widget.choices = offered(choices, [*typed, getattr(self.instance, name)])

    def clean_opening_hours(self) -> Hours:
        return tidy_hours(self.cleaned_data["opening_hours"] or {})

    def clean_handover_contacts(self) -> list[str]:
        return list(self.cleaned_data["handover_contacts"] or [])

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if values is not None:
            for name in KEYS & self.fields.keys():
                kept = "" if values.get("remove_keys") else getattr(self.instance, name)
                values[name] = _plausible(name, values.get(name) or "") or kept
        return values


def _told_of_key(stored: str) -> str:
    """What the page says of a stored key. A short one shows nothing of itself."""
    if not stored:
        return _("None is stored.")
    if stored == "…":
        return _("One is stored. Leave empty to keep it.")
    return _("Stored: %(hint)s. Leave empty to keep it.") % {"hint": stored}


def _plausible(name: str, typed: str) -> str:
    """The key, or the sentence why it can be none. What another server of the operator takes is not for us to judge."""
    key = clean_key(name, typed)
    if not key:
        return key
    if name == "anthropic_api_key" and not settings.ANTHROPIC_BASE_URL:
        if not key.startswith("sk-ant-") or len(key) < SHORTEST_KEY:
            told = _(
                "This is no Anthropic key, and nothing was replaced. They begin with sk-ant-; copy the whole key from console.anthropic.com."
            )
            raise ValidationError({name: told})
    elif name == "openai_api_key" and not settings.OPENAI_BASE_URL and len(key) < SHORTEST_KEY:
        told = _(
            "This is too short for an OpenAI key, and nothing was replaced. Copy the whole key from platform.openai.com."
        )
        raise ValidationError({name: told})
    return key


def tidy_hours(typed: Hours) -> Hours:
    """The hours as they are stored. ValidationError with the day and the time that cannot be read."""
    hours: Hours = {}
    for day, spans in typed.items():
        hours[day] = [[_clock(day, end) for end in span] for span in spans]
        for opens, closes in hours[day]:
            if opens >= closes:
                told = _("%(day)s: %(opens)s – %(closes)s ends before it begins.")  # noqa: RUF001
                values = {"day": _day(day), "opens": opens, "closes": closes}
                raise ValidationError(told % values)
    return hours


def _clock(day: str, text: str) -> str:
    """08:00 of what people type: 8, 8.00, 0800, 8:00."""
    found = _TIME.fullmatch(text)
    clock = f"{int(found[1]):02}:{found[2] or '00'}" if found else ""
    if not found or clock > "24:00" or int(found[2] or 0) > 59:
        told = _("%(day)s: “%(text)s” is no time. Write it like 08:00.")
        raise ValidationError(told % {"day": _day(day), "text": text[:20]})
    return clock


def _day(day: str) -> str:
    return str(WEEKDAYS[DAYS.index(day)])
