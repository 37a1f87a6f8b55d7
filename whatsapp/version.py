"""How old WhatsApp's library is. WhatsApp refuses versions of some months, so the day is watched, not waited for.

The library file itself tells the day of the protocol code in it; it is read, not loaded.
"""

import datetime as dt
import importlib.util
import mmap
import re
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

WARN_AFTER = dt.timedelta(days=75)  # refused after four to six months; upgrades need their time
COMMAND = "git pull && make install"
CONTAINERS = "git pull && docker compose up -d --build"
_PROTOCOL = re.compile(rb"go\.mau\.fi/whatsmeow\tv[\d.]+-(?:[\w.]+\.)?(\d{8})\d{6}-")


def built_on(folder: Path | None = None) -> dt.date | None:
    """The day of the protocol code that is installed; None where it cannot be told."""
    return _built_on(folder or _installed())


@cache
def _built_on(folder: Path | None) -> dt.date | None:
    files = sorted(folder.glob("neonize-*")) if folder else []
    found = next((match for path in files if (match := _search(path))), None)
    return dt.datetime.strptime(found, "%Y%m%d").date() if found else None  # noqa: DTZ007  a day


def _installed() -> Path | None:
    spec = importlib.util.find_spec("neonize")  # looks for the folder, loads nothing
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def _search(path: Path) -> str:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        match = _PROTOCOL.search(content)
        return match[1].decode() if match else ""


def age(at: dt.datetime) -> dt.timedelta | None:
    built = built_on()
    return at.date() - built if built else None


def warning(at: dt.datetime) -> str:
    """What staff and operators read when the library is getting old; empty before."""
    old = age(at)
    if old is None or old < WARN_AFTER:
        return ""
    text = _(
        "MILA's WhatsApp part is %(days)s days old. WhatsApp refuses versions of some months: the operator should"
        " upgrade now, with “%(command)s” and a restart."
    )
    return text % {"days": old.days, "command": COMMAND}
