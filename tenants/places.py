"""What a studio chooses from by where it is: its clock and its money."""

import zoneinfo
from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

Choices = list[tuple[str, str]]
# The three zones of Indonesia first.
HOME = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
# Zones of places; the list of the computer also names “Zulu”, “localtime” and the like.
_PARTS = frozenset(
    [
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
)
ZONES: Choices = [(zone, f"{zone} ({name})") for zone, name in HOME.items()]
ZONES += [
    (zone, zone.replace("_", " "))
    for zone in sorted(zoneinfo.available_timezones() - HOME.keys())
    if zone.partition("/")[0] in _PARTS and "/" in zone
]
CURRENCIES = {
    "IDR": gettext_noop("Indonesian rupiah"),
    "USD": gettext_noop("US dollar"),
    "EUR": gettext_noop("Euro"),
    "AUD": gettext_noop("Australian dollar"),
    "SGD": gettext_noop("Singapore dollar"),
    "MYR": gettext_noop("Malaysian ringgit"),
    "THB": gettext_noop("Thai baht"),
    "PHP": gettext_noop("Philippine peso"),
    "VND": gettext_noop("Vietnamese dong"),
    "INR": gettext_noop("Indian rupee"),
    "JPY": gettext_noop("Japanese yen"),
    "CNY": gettext_noop("Chinese yuan"),
    "HKD": gettext_noop("Hong Kong dollar"),
    "KRW": gettext_noop("South Korean won"),
    "GBP": gettext_noop("British pound"),
    "CHF": gettext_noop("Swiss franc"),
    "NZD": gettext_noop("New Zealand dollar"),
    "CAD": gettext_noop("Canadian dollar"),
    "AED": gettext_noop("UAE dirham"),
}


def currencies() -> Choices:
    """Those that people know by name, then what else the operator gave a rate for."""
    named = [(code, f"{code} · {_(name)}") for code, name in CURRENCIES.items()]
    return named + [(code, code) for code in sorted(settings.EXCHANGE_RATES.keys() - CURRENCIES)]


def offered(choices: Choices, stored: Iterable[str]) -> Choices:
    """The choices, and before them what stands already and is none: a form never changes it unasked."""
    known = dict(choices)
    return [
        (value, value) for value in dict.fromkeys(stored) if value and value not in known
    ] + choices
