"""Fields of the settings that people fill in without knowing any notation: hours by day, contacts one below the other."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.dates import WEEKDAYS
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tenants.hours import DAYS

SPANS = 2  # morning and afternoon; a day that has more keeps them


class OurWidget(forms.Widget):
    """A widget whose template lies among our pages."""

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        return render_to_string(template_name, context)


class LongSelect(forms.Select):
    """A choice of hundreds, written as one piece. Django draws a template for each option: 60 ms for the time zones."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = self.format_value(value)
        options = (
            (key, flatatt({"selected": str(key) in chosen}), label) for key, label in self.choices
        )
        drawn = format_html_join("", '<option value="{}"{}>{}</option>', options)
        own = flatatt(self.build_attrs({**self.attrs, "name": name}, attrs))
        return format_html("<select{}>{}</select>", own, drawn)


class HoursWidget(OurWidget):
    """Two opening times for each day of the week, as text: a phone's clock field knows no 24:00."""

    template_name = "admin/widgets/hours.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        hours = value if isinstance(value, dict) else {}
        context["days"] = [
            {"key": day, "label": label, "spans": self._spans(name, day, hours.get(day, []))}
            for day, label in zip(DAYS, WEEKDAYS.values(), strict=True)
        ]
        return context

    def _spans(self, name: str, day: str, known: list[Any]) -> list[dict[str, str]]:
        filled = [*known, *[["", ""]] * (SPANS - len(known))]
        return [
            {"name": f"{name}-{day}-{number}", "opens": opens, "closes": closes}
            for number, (opens, closes) in enumerate(filled)
        ]

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> dict[str, list[list[str]]]:
        """What was typed, by day; empty fields are left out."""
        days = {day: self._typed(data, f"{name}-{day}-") for day in DAYS}
        return {day: spans for day, spans in days.items() if spans}

    def _typed(self, data: Mapping[str, Any], start: str) -> list[list[str]]:
        spans, number = [], 0
        while f"{start}{number}-opens" in data:
            ends = [str(data.get(f"{start}{number}-{end}", "")).strip() for end in ENDS]
            number += 1
            if any(ends):
                spans.append(ends)
        return spans

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-{DAYS[0]}-0-opens" not in data

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return ""  # a group of fields, which has its own legend


ENDS = ("opens", "closes")


class RowsWidget(OurWidget):
    """A list of short texts, each in its own field."""

    template_name = "admin/widgets/rows.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["rows"] = [*(value or []), ""]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        many = data.getlist(name) if isinstance(data, MultiValueDict) else data.get(name, [])
        return [str(text).strip() for text in many if str(text).strip()]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return f"{id_}_0"
