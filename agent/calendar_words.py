"""Dates and weekdays in Indonesian and English, as a text states them. Only the standard library.

Expects text as `agent.spoken.plain_digits` leaves it: lower case, digits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTH_NAMES = (
    "januari january jan", "februari february feb peb pebruari", "maret march mar mrt", "april apr", "mei may",
    "juni june jun", "juli july jul", "agustus august aug agu ags agt", "september sept sep", "oktober october okt oct",
    "november nov nop nopember", "desember december des dec",
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_MONTH_BEGINS = tuple({name[:3] for name in MONTHS})
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY_NAMES = (
    "senin monday mondays", "selasa tuesday tuesdays", "rabu rebo wednesday wednesdays", "kamis thursday thursdays",
    "jumat jum'at friday fridays", "sabtu saturday saturdays", "minggu ahad sunday sundays",
)  # fmt: skip
_SHORT_DAYS = (
    "sen mon",
    "sel tue tues",
    "rab wed",
    "kam thu thur thurs",
    "jum fri",
    "sab sat",
    "mgg sun",
)
DAYS = {name: number for number, names in enumerate(_DAY_NAMES) for name in names.split()}
_SHORT = {name: number for number, names in enumerate(_SHORT_DAYS) for name in names.split()}
_YEAR = r"(?:,?\s+(20\d\d)(?!\d))?"
_ORDINAL = r"(?:st|nd|rd|th)?"
_TO = r"\s*(?:-|sampai|s/d|sd|hingga|to|until|and|dan|&|,)\s*"
_DATES = (
    re.compile(r"(?<!\d)(?P<y>20\d\d)-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d)"),
    re.compile(
        rf"(?<![\d.,/])(?:(?P<from>\d{{1,2}}){_ORDINAL}{_TO}(?:the )?)?(?P<d>\d{{1,2}}){_ORDINAL}\s?(?:of )?"
        rf"(?P<name>{_MONTH})\b\.?{_YEAR.replace('(20', '(?P<y>20')}"
    ),
    re.compile(
        rf"\b(?P<name>{_MONTH})\.? (?:the )?(?P<from>\d{{1,2}}){_ORDINAL}{_TO}(?P<d>\d{{1,2}}){_ORDINAL}"
        rf"(?![\d:./]|\s?[ap]m|\s(?:{_MONTH})\b){_YEAR.replace('(20', '(?P<y>20')}"
    ),
    re.compile(
        rf"\b(?P<name>{_MONTH})\.? (?:the )?(?P<d>\d{{1,2}}){_ORDINAL}(?![\d%]|[.,:]\d|\s?[ap]m){_YEAR.replace('(20', '(?P<y>20')}"
    ),
    re.compile(r"(?<![\d.,/-])(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>20\d\d)(?!\d)"),
    re.compile(r"(?<![\d.,/])(?P<d>\d{1,2})/(?P<m>\d{1,2})(?![\d/])"),
    re.compile(r"\b(?:(?:tanggal|tgl|on the)\s|the\s(?=\d+[a-z]))(?P<d>\d{1,2})(?:st|nd|rd|th)?\b(?![:.,]\d|\s?%|\s?[ap]\.?m\b|-[a-z]|\s[a-z]+s\b)"),
)  # fmt: skip
_AFTER_MONTH = re.compile(rf"\b(?:{_MONTH})\.? $")
_WEEK = re.compile(
    r"(?:\b(?:per|se|ke|tiap|setiap|dalam|selama|beberapa|\d+(?:[.,]\d+)?)[\s-]?minggu(?! (?:pagi|siang|sore|malam|jam|pukul)))"
    r"|\bminggu[\s-](?:depan|lalu|kemarin|ke|ini|berikutnya|sekali|sebelum\w*|setelah\w*)\b"
)
_DAY = re.compile(
    rf"\b(?P<name>{'|'.join(sorted(DAYS, key=len, reverse=True))})\b"
    rf"|\b(?P<short>{'|'.join(sorted(_SHORT, key=len, reverse=True))})\b\.?(?=\s*(?:[-/,&.+)(:]|\d|and\b|dan\b|to\b|at\b|jam\b|pukul\b|$))"
)
_RANGE = re.compile(r"\s*(?:-|sampai|s/d|sd|hingga|to|through|thru|until)\s*(?:dengan )?(?:hari )?")
_GROUPS = (
    (re.compile(r"\b(?:weekdays?|hari kerja|hari biasa)\b"), range(5)),
    (re.compile(r"\b(?:weekends?|akhir pekan)\b"), range(5, 7)),
    (re.compile(r"\b(?:every ?day|daily|(?:se)?tiap hari(?! \w*(?:nin|sa|bu|mis|at|tu|minggu)\b)|each day|all week)\b"), range(7)),
)  # fmt: skip


@dataclass(frozen=True)
class Date:
    day: int
    month: int | None = None  # “tanggal 25” names none
    year: int | None = None
    start: int = 0
    end: int = 0

    @property
    def key(self) -> tuple[int | None, int]:
        return self.month, self.day

    def fits(self, other: "Date") -> bool:
        return (
            self.day == other.day
            and (self.month is None or other.month is None or self.month == other.month)
            and (self.year is None or other.year is None or self.year == other.year)
        )


def dates(text: str) -> tuple[list[Date], str]:
    """The dates of a text, and the text without them. A range names its first and its last day."""
    found: list[Date] = []
    named = _names_a_month(text)
    for pattern in _DATES:
        if named or "name" not in pattern.groupindex:
            text = pattern.sub(lambda match: _take(match, found), text)
    return found, text


def _names_a_month(text: str) -> bool:
    """Perhaps: quicker than to look for all the names everywhere."""
    return any(begin in text for begin in _MONTH_BEGINS)


def _take(match: re.Match[str], found: list[Date]) -> str:
    parts = match.groupdict()
    month = (
        MONTHS[parts["name"]] if parts.get("name") else int(parts["m"]) if parts.get("m") else None
    )
    year = int(parts["y"]) if parts.get("y") else None
    kept = ""
    if parts.get("from") and _AFTER_MONTH.search(match.string[: match.start()]):
        # “December 24 to 2 January”: the first number belongs to the month before it.
        kept, parts["from"] = match[0][: match.start("d") - match.start()], None
    days = [int(parts[name]) for name in ("from", "d") if parts.get(name)]
    if any(not 1 <= day <= 31 for day in days) or (month is not None and not 1 <= month <= 12):
        return match[0]
    found += [Date(day, month, year, *match.span()) for day in days]
    return kept + " " * (len(match[0]) - len(kept))


def weekdays(text: str, *, inner: bool = False) -> Iterator[tuple[int, int, int]]:
    """Each weekday as (0 for Monday, start, end); with `inner` also those inside a range and those of “weekend”."""
    if "minggu" in text:
        text = _WEEK.sub(lambda match: " " * len(match[0]), text)
    last: tuple[int, int] | None = None
    for match in _DAY.finditer(text):
        day = DAYS[match["name"]] if match["name"] else _SHORT[match["short"]]
        if inner and last and _RANGE.fullmatch(text, last[1], match.start()):
            yield from (
                (each % 7, *match.span()) for each in range(last[0], day + 7 * (day < last[0]))
            )
        yield day, *match.span()
        last = day, match.end()
    if inner:
        for pattern, days in _GROUPS:
            if group := pattern.search(text):
                yield from ((day, *group.span()) for day in days)


def day_ranges(text: str) -> Iterator[tuple[int, int]]:
    """“Senin sampai Jumat” as its first and last day."""
    last: tuple[int, int] | None = None
    for day, start, end in weekdays(text):
        if last and _RANGE.fullmatch(text, last[1], start):
            yield last[0], day
        last = day, end


_ALONE = re.compile(
    rf"\b(?:bulan|in|during|awal|akhir|pertengahan|early|late|mid|until|sampai|hingga|every|tiap|setiap) (?P<name>{_MONTH})\b"
)


def months_alone(text: str) -> frozenset[int]:
    """Months that are named without a day: “bulan Januari”, “in March”."""
    if not _names_a_month(text):
        return frozenset()
    return frozenset(MONTHS[match["name"]] for match in _ALONE.finditer(text))


_ONE_DAY = rf"(?:{'|'.join(sorted(DAYS, key=len, reverse=True))})"
_SOME_DAYS = rf"(?P<{{}}>{_ONE_DAY}\b(?:(?:,? (?:dan|and|atau|or|sampai|to|until) |, | ?[-&/] ?)(?:hari |on )?{_ONE_DAY}\b)*)"
_EXCEPTED = re.compile(
    rf"\b(?:kecuali|except(?: for)?|excluding|selain|libur|tutup|closed|no class(?:es)?|tidak ada(?: kelas)?) (?:(?:pada|on|hari|tiap|setiap|every) ){{0,3}}"
    rf"{_SOME_DAYS.format('behind')}"
    rf"|\b{_SOME_DAYS.format('before')}:? (?:(?:kami|kita|studio|we|is|are|itu) ){{0,2}}(?:libur|tutup|closed)\b"
)


def excepted(text: str) -> frozenset[int]:
    """The days that a text names only to leave them out: “tiap hari kecuali Minggu”, “Minggu tutup”."""
    return frozenset(
        day
        for match in _EXCEPTED.finditer(text)
        for day, _start, _end in weekdays(match["behind"] or match["before"], inner=True)
    )
