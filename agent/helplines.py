"""Where people call in danger and in distress, by country. HELP_NUMBERS in the settings adds countries or corrects them.

Sources and doubts: SEJIWA (119 ext. 8) was opened again by Indonesia's ministry of health in July 2025 and is not always
reached; 112 and 119 answer in Jakarta and Bali. The others are the national numbers that their governments publish.
"""

import zoneinfo
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from django.conf import settings

Numbers = dict[str, str]  # emergency and helpline, each in two languages: emergency_id, …

_KNOWN: dict[str, tuple[str, str, str]] = {
    # country: emergency, in Indonesian where it says more, line for people in distress
    "ID": ("112, or 119 for an ambulance", "112 atau ambulans 119", "SEJIWA, 119 ext. 8"),
    "AU": ("000", "000", "Lifeline, 13 11 14"),
    "NZ": ("111", "111", "1737"),
    "SG": ("995", "995", "SOS, 1767"),
    "MY": ("999", "999", "Befrienders KL, 03-7627 2929"),
    "GB": ("999", "999", "Samaritans, 116 123"),
    "US": ("911", "911", "988"),
}
_NOWHERE = {
    "id": (
        "hubungi nomor darurat setempat",
        "Layanan bantuan krisis di tempat Kakak siap mendengarkan.",
    ),
    "en": ("call your local emergency number", "Your local crisis line is there to listen."),
}


def help_lines(timezone: str, language: str) -> tuple[str, str]:
    """Where to call in danger, and whom to talk to in distress, for a place in this time zone."""
    told = settings.HELP_NUMBERS.get(country_of(timezone)) or {}
    known = _KNOWN.get(country_of(timezone), ("", "", ""))
    emergency = told.get("emergency") or known[1 if language == "id" else 0]
    helpline = told.get("helpline") or known[2]
    if language == "id":
        parts = f"hubungi {emergency}", f"Kakak bisa menelepon {helpline}."
    else:
        parts = f"call {emergency}", f"You can phone {helpline}."
    nowhere = _NOWHERE[language]
    return parts[0] if emergency else nowhere[0], parts[1] if helpline else nowhere[1]


@lru_cache(maxsize=256)
def country_of(timezone: str) -> str:
    """The two letters of the country that the zone lies in; empty when nobody knows."""
    if timezone.startswith("Australia/"):
        return "AU"
    return _countries().get(timezone, "")


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Zones by country, as the time zone database lists them."""
    try:
        table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    except (ModuleNotFoundError, OSError):
        table = _system_table()
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {row[2]: row[0] for row in rows if len(row) > 2} | _INDONESIA


_INDONESIA = dict.fromkeys(
    ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Pontianak"), "ID"
)


def _system_table() -> str:
    for folder in zoneinfo.TZPATH:
        try:
            return Path(folder, "zone.tab").read_text("utf-8")
        except OSError:
            continue
    return ""
