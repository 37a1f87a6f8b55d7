"""Facts that a good answer works out: an end from start and length, the price of two, the date of “besok”.

Each is accepted only when code comes to the same result from facts that are shown; anything else is stopped.
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence

from agent.amounts import amount_of
from agent.calendar_words import DAYS, Date
from agent.clock_words import Time
from agent.stated import Stated, stated

_ALTOGETHER = re.compile(
    r"\b(?:total|totalnya|semuanya|jadi(?:nya)?|jumlah(?:nya)?|altogether|in all|so|both|berdua|bertiga|berempat)\b|=|\d ?[x\u00d7] ?(?:rp|[\d$\u00a4])"
)
_MULTIPLIED = re.compile(
    r"\b(\d{1,2}) ?[x\u00d7] ?(?:[a-z]{0,3}\$|[a-z]{2,3}\b)?\.? ?\u00a4?(\d+(?:[.,]\d+)*)"
)
TOGETHER = {"both": 2, "berdua": 2, "couple": 2, "bertiga": 3, "berempat": 4, "berlima": 5}
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_HALVED = re.compile(r"\b(?:setengah|separuh|half)\b")
RELATIVE = {
    "hari ini": 0, "today": 0, "tonight": 0, "malam ini": 0, "nanti malam": 0, "sore ini": 0, "pagi ini": 0, "nanti sore": 0,
    "besok lusa": 2, "besok": 1, "bsk": 1, "bsok": 1, "tomorrow": 1, "tmrw": 1, "lusa": 2, "day after tomorrow": 2,
    "kemarin": -1, "kmrn": -1, "yesterday": -1,
}  # fmt: skip
WHEN = "|".join(sorted(RELATIVE, key=len, reverse=True))
_WHEN = re.compile(rf"\b(?:{WHEN})\b")
_DAY = "|".join(sorted(DAYS, key=len, reverse=True))
_TOGETHER = re.compile(
    rf"\b(?P<when>{WHEN})(?:\s(?:adalah|itu|is|hari))?[\s,(]{{1,3}}(?:hari )?(?P<day>{_DAY})\b(?!\s(?:depan|lalu|ini|sekali))"
    rf"|\b(?P<day2>{_DAY})\s?[(,]?\s?(?P<when2>{WHEN})\b"
)


def names_a_day(text: str) -> bool:
    """“Besok ada kelasnya Kak.”"""
    return bool(_WHEN.search(text.lower()))


def time_fits(time: Time, draft: Stated, entries: Sequence[Stated]) -> bool:
    """An end is the time before it plus its length, from the draft or an entry that names both; a limit is a time of the
    draft less a length of the draft (“4 jam sebelum kelas 17:00, jadi sampai 13:00”)."""
    lengths = _lengths(draft)
    if time.earlier and any(
        time.both & {(minute - length) % 1440 for minute in other.both for length in lengths}
        for other in draft.times
        if other is not time
    ):
        return True
    earlier = [other for other in draft.times if other.start < time.start]
    if not (time.ends and earlier):
        return False
    start = earlier[-1]
    for entry in entries:
        known = start.both & frozenset().union(*(each.both for each in entry.times))
        for length in _lengths_beside(known, entry) if known else ():
            if (not lengths or length in lengths) and time.both & {
                (m + length) % 1440 for m in known
            }:
                return True
    return False


def _lengths_beside(minutes: frozenset[int], entry: Stated) -> set[int]:
    """Lengths in the sentences of the entry that name this time; of the whole entry when those name none."""
    beside: set[int] = set()
    for part in _SENTENCE.split(entry.text):
        told = stated(part)
        if minutes & frozenset().union(*(each.both for each in told.times)):
            beside |= _lengths(told)
    return beside or _lengths(entry)


def _lengths(text: Stated) -> set[int]:
    return {int(value) for kind, value in text.quantities if kind == "span" and value <= 1440}


def length_fits(minutes: float, here: Sequence[Time]) -> bool:
    """“75 menit” beside “07:00-08:15”."""
    all_minutes = {minute for time in here for minute in time.both}
    return any((late - early) % 1440 == minutes for late in all_minutes for early in all_minutes)


def amount_fits(value: float, draft: Stated, prices: frozenset[float], asked: Stated) -> bool:
    """The price of as many as were asked for, a sum, a share: beside what it is made of."""
    told = sorted({amount for _code, amount in draft.money} & prices)
    if any(value == price * many for price in told for many in party(asked)):
        return True
    if value in _multiplied(draft.text, told):
        return True
    if _ALTOGETHER.search(draft.text):
        if any(value == price * each for price in told for each in party(asked) & party(draft)):
            return True
        if any(value in (one + two, abs(one - two)) for one in told for two in told if one != two):
            return True
        if len(told) > 2 and value == sum(told):
            return True
    if _HALVED.search(draft.text) and any(value * 2 == price for price in told):
        return True
    off = [share / 100 for share in draft.percent if 0 < share < 100]
    return any(
        abs(value - price * part) < 1
        for price in told
        for share in off
        for part in (share, 1 - share)
    )


def multiplies(text: str) -> bool:
    return bool(_MULTIPLIED.search(text.lower()))


_MINUTES = r"(?:menit|mnt|minutes?|mins?)\b"
_NO_LENGTH = (
    r"(?!(?:jl|jln|jalan|gang|gg|no|nomor|blok|lantai|lt|ruang|room|unit|street|st|road|rd|level|rt|rw|bus|di|at|in|on|dari|from|"
    r"maks|maksimal|max|maximum|min|minimal|usia|umur|age|aged|harga|price|seharga|pukul|jam|sisa)\b)"
)
_LISTED = re.compile(
    rf"(?<![\w.,:])\d{{1,3}}(?:(?:, ?|/)\d{{1,3}})*(?:,? (?:atau|or|dan|and|&) |/)\d{{1,3}} ?{_MINUTES}"
    rf"|\b\d{{1,3}} ?{_MINUTES}(?:(?:,| ?\(| dan| and| &) ?(?:{_NO_LENGTH}[a-z]+ ){{0,2}}\d{{1,3}}(?=[,.;)]|\s|$))+"
)


def listed_length(minutes: float, entries: Sequence[Stated]) -> bool:
    """“60, 75 atau 90 menit” and “Kelas 60 menit, Yin 75” tell the 75 minutes, too; “60 menit di Jl Danau 40” tells no 40."""
    return any(
        minutes in map(float, re.findall(r"\d+", match[0]))
        for entry in entries
        if minutes in entry.numbers
        for match in _LISTED.finditer(entry.text)
    )


def _multiplied(text: str, prices: Sequence[float]) -> set[float]:
    """“2 x Rp 95.000” by value."""
    found = ((int(match[1]), amount_of(match[2])) for match in _MULTIPLIED.finditer(text))
    return {many * price for many, price in found if price in prices}


def follows(value: float, draft: Stated, asked: Iterable[Stated]) -> bool:
    """Whether an amount is made of another amount of the draft: as many times as asked for, a sum, a difference, a share."""
    others = [amount for _code, amount in draft.money if amount != value]
    if not others:
        return False
    if _made_of(value, others, draft) or value in _multiplied(draft.text, others):
        return True
    if not any(2 <= value / other <= 60 for other in others if other):
        return False
    told = party(draft)
    return any(
        value == other * many for each in asked for many in party(each) | told for other in others
    )


def _made_of(value: float, others: list[float], draft: Stated) -> bool:
    if any(value in (one + two, abs(one - two)) for one in others for two in others if one != two):
        return True
    shares = [share / 100 for share in draft.percent if 0 < share < 100]
    shares += [0.5] if _HALVED.search(draft.text) else []
    return any(
        abs(value - other * part) < 1
        for other in others
        for share in shares
        for part in (share, 1 - share)
    )


def party(text: Stated) -> set[float]:
    """Of how many people or pieces a text speaks; “paket 10x” is no such number."""
    named = {value for kind, value in text.quantities if kind == "people"} | text.numbers
    return {value for value in named | together(text) if 2 <= value <= 60}


def together(text: Stated) -> set[float]:
    """How many “bertiga” are."""
    return {float(many) for word, many in TOGETHER.items() if word in text.text}


def count_fits(value: float, draft: Stated, lines: int) -> bool:
    """“Ada 3 kelas:” before three lines, times or days."""
    days = len(draft.weekdays)
    return 2 <= value <= 12 and value in (
        lines,
        len({time.minutes for time in draft.times}),
        days,
        len(draft.dates),
    )


def date_fits(date: Date, weekdays: frozenset[int], text: str, today: dt.date) -> bool:
    """A date of the next two weeks beside its weekday, or beside “besok” and the like."""
    for ahead in range(-1, 15):
        day = today + dt.timedelta(days=ahead)
        if not date.fits(Date(day.day, day.month, day.year)):
            continue
        if day.weekday() in weekdays:
            return True
        return any(ahead == RELATIVE[word] for word in _WHEN.findall(text))
    return False


def calendar_problems(draft: Stated, today: dt.date) -> list[str]:
    """“Besok Jumat” when tomorrow is Thursday, “Senin 25 Desember” when it is a Friday."""
    wrong = []
    for match in _TOGETHER.finditer(draft.text):
        ahead = RELATIVE[match["when"] or match["when2"]]
        if (today.weekday() + ahead) % 7 != DAYS[match["day"] or match["day2"]]:
            wrong.append(" ".join(match[0].split()))
    if len(draft.dates) == 1 and len(draft.weekdays) == 1:
        wrong += _wrong_weekday(draft.dates[0], next(iter(draft.weekdays)), draft.text, today)
    return wrong


_NAMED_DAY = re.compile(rf"\b(?P<day>{_DAY})\s?,?\s?(?:tanggal |tgl |the )?$")


def _wrong_weekday(date: Date, weekday: int, text: str, today: dt.date) -> list[str]:
    if date.month is None or not _NAMED_DAY.search(text[: date.start]):
        return []
    year = date.year or today.year + ((date.month, date.day) < (today.month, today.day))
    try:
        right = dt.date(year, date.month, date.day).weekday() == weekday
    except ValueError:
        right = False
    return [] if right else [" ".join(text[max(0, date.start - 12) : date.end].split())]
