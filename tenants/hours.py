"""Opening hours as a studio writes them: {"mon": [["08:00", "12:00"], ["16:00", "20:00"]], …}."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def valid_opening_hours(hours: Any) -> None:
    """A day that is missing is closed; {} means not told. Raises ValidationError with the day that is wrong."""
    if not isinstance(hours, dict):
        raise ValidationError(
            _('Opening hours are an object of days, such as {"mon": [["08:00", "20:00"]]}.')
        )
    for day, spans in hours.items():
        if day not in DAYS:
            raise ValidationError(
                _("“%(day)s” is no day. Days are mon, tue, wed, thu, fri, sat and sun."),
                params={"day": str(day)[:40]},
            )
        if not isinstance(spans, list) or not all(_is_span(span) for span in spans):
            raise ValidationError(
                _(
                    "The hours of %(day)s are a list of pairs of times in 24-hour time, such as "
                    '[["08:00", "20:00"]].'
                ),
                params={"day": day},
            )


def _is_span(span: Any) -> bool:
    clocks = isinstance(span, list) and len(span) == 2 and all(isinstance(c, str) for c in span)
    return clocks and all(_CLOCK.fullmatch(c) for c in span) and span[0] < span[1]
