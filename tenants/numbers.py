"""Numbers as people of the page's language write them: “3.9 s” in English, “3,9 dtk” in Indonesian."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def decimal(value: float | Decimal, digits: int) -> str:
    """Rounded to so many digits, with the point or comma of the language and thousands in groups."""
    return number_format(Decimal(f"{value:.{digits}f}"), digits, use_l10n=True, force_grouping=True)


def duration(seconds: float | None) -> str:
    """How long people wait, as one says it: “40 ms”, “3.2 s”, “14 min”, “2.5 h”."""
    if seconds is None:
        return "—"
    if seconds < 0.1:
        return _("%(n)s ms") % {"n": decimal(1000 * seconds, 0)}
    if seconds < 90:
        return _("%(n)s s") % {"n": decimal(seconds, 1 if seconds < 9.95 else 0)}
    if seconds < 5400:
        return _("%(n)s min") % {"n": decimal(seconds / 60, 0)}
    return _("%(n)s h") % {"n": decimal(seconds / 3600, 1)}
