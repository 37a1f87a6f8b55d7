"""Which dates the studio's own words call off: “tutup 24 Desember sampai 3 Januari”. A date without a year means each year's."""

import datetime as dt
import re
from functools import lru_cache
from itertools import pairwise

from agent.calendar_words import Date
from agent.stated import stated
from knowledge.answers import FULL_STOP

_CLOSED = re.compile(
    r"\b(?:tutup|libur|ditiadakan|clos(?:e|es|ed)|shuts?|reopens?|holidays?|no (?:yoga|class\w*)|tidak ada kelas)\b"
)
_REACHES = re.compile(
    r"[-\u2013]|\b(?:sampai|s/d|sd|hingga|to|until|till|through|reopens?|(?:buka|mulai) (?:lagi|kembali))\b"
)


def off(text: str, day: dt.date) -> bool:
    """Whether a text tells that something is closed on this very date, or from a date before it to one after it."""
    return any(
        _between(first, last, day) if last else _fits(first, day)
        for first, last in _dated_closures(text)
    )


@lru_cache(maxsize=4096)
def _dated_closures(text: str) -> tuple[tuple[Date, Date | None], ...]:
    """Each date beside “closed”, and each with the one that it reaches to."""
    found: list[tuple[Date, Date | None]] = []
    for part in FULL_STOP.split(text.replace("*", "")):
        if _CLOSED.search(part.lower()):
            told = stated(part)
            dated = sorted((d for d in told.dates if d.month), key=lambda d: (d.start, d.end))
            found += [(date, None) for date in dated]
            found += [
                (one, two)
                for one, two in pairwise(dated)
                if one.start == two.start or _REACHES.search(told.text[one.end : two.start])
            ]
    return tuple(found)


def names(text: str, day: dt.date) -> bool:
    """Whether a text names this date, for whatever."""
    return any(date.month and _fits(date, day) for date in stated(text.lower()).dates)


def _fits(date: Date, day: dt.date) -> bool:
    return date.fits(Date(day.day, day.month, day.year))


def _between(first: Date, last: Date, day: dt.date) -> bool:
    """By day and month, over the end of a year as well."""
    if first.year and not first.year <= day.year <= (last.year or day.year + 1):
        return False
    begin, end, here = (
        (first.month or 0, first.day),
        (last.month or 0, last.day),
        (day.month, day.day),
    )
    return begin <= here <= end if begin <= end else here >= begin or here <= end
