"""What a text states that must be right: amounts, times, dates, durations, counts, per cent, links, numbers.

The guard reads drafts and entries with it, so both are read in the same way. Only the standard library.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from agent import facts
from agent.calendar_words import Date, dates, weekdays
from agent.spoken import AMOUNT, plain_digits

_CODES = {
    "rp": "IDR", "idr": "IDR", "rupiah": "IDR", "perak": "IDR", "a$": "AUD", "au$": "AUD", "aud": "AUD", "us$": "USD",
    "usd": "USD", "s$": "SGD", "sgd": "SGD", "$": "$", "dollar": "$", "dolar": "$", "bucks": "$", "buck": "$", "eur": "EUR", "euro": "EUR",
    "€": "EUR", "£": "GBP", "gbp": "GBP", "rm": "MYR", "myr": "MYR", "ringgit": "MYR", AMOUNT: "",
}  # fmt: skip
_DIGITS = r"\d+(?:[.,]\d+)*"
_BEFORE = re.compile(
    rf"(?:(?<![a-z])(rp\.?|idr|rm|myr|aud|usd|sgd|eur|gbp)|(au\$|us\$|a\$|s\$|\$|€|£))?\s?({AMOUNT})?"
    rf"(?<!\d)({_DIGITS})(?:,-)?(?:\s?(rupiah|perak|dollar|dolar|bucks?|aud|usd|idr|sgd|eur|euro|myr|ringgit)s?\b)?"
)
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?")
_LINE_NUMBER = re.compile(r"^[ \t]*(?:[-•][ \t]*)?\d{1,2}[.)](?=[ \t])", re.MULTILINE)
_PHONE = re.compile(r"(?<![\w.,:/])\+?\(?\d[\d\s().-]{4,}\d(?![\w%:])")
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s?-?\s?(?:%|persen|percent|per cent|pct)")
_PARTS = {
    "pagi": "am", "siang": "noon", "sore": "pm", "petang": "pm", "malam": "night", "malem": "night", "mlm": "night",
    "am": "am", "pm": "pm", "in the morning": "am", "in the afternoon": "pm", "in the evening": "pm", "at night": "night",
    "this morning": "am", "tonight": "night", "subuh": "am", "o'clock": "", "wib": "", "wita": "", "wit": "",
}  # fmt: skip
_PART = rf"(?:\s?({'|'.join(sorted(_PARTS, key=len, reverse=True))})\b)?"
_AT = r"(?:jam|pukul|jm|pkl|pk|at|from|dari|mulai|until|till|by|before|after|around|about)"
_TIMES = (
    re.compile(rf"(?<![\d.,:])(\d{{1,2}})[:.](\d{{2}})(?![.,:]?\d|\s?(?:jt|juta|rb|km|kg|m\b)){_PART}"),
    re.compile(rf"(?<![\d.,:])(\d{{1,2}})h(\d{{2}})?(?!\w){_PART}"),
    re.compile(r"(?<![\d.,:])(\d{2})(\d{2})\s?(?:hrs|h\b)()"),
    re.compile(rf"\b(?:{_AT})\s(\d{{1,2}}) (00|15|20|30|40|45|50)\b(?!\s?(?:menit|min|m\b)){_PART}"),
    re.compile(r"(?<![\d.,:])(\d{1,2}) (00|15|20|30|40|45|50)\s?(am|pm)\b"),
    re.compile(rf"\b(?:jam|pukul|jm)\s(\d{{1,2}})\s(?:lewat|lebih|past)\s(\d{{1,2}})\b(?:\s?menit)?{_PART}"),
    re.compile(r"(?<![\d.,:])(\d{1,2})()(?:\s?-\s?|\s(?:to|sampai|s/d|until)\s)?\s?(?:jam )?(?=\s?(?:-|to|sampai)?)(am|pm)\b"),
    re.compile(rf"\b(?:jam|pukul|jm|pkl)\s?(\d{{1,2}})(?![\d]|[:.,]\d)(){_PART}"),
    re.compile(r"(?<![\d.,:])(\d{1,2})()\s(pagi|siang|sore|petang|malam|malem|o'clock|in the morning|in the afternoon|in the evening|at night)\b"),
    re.compile(rf"\b(?:at|from|until|till)\s(\d{{1,2}})(?![\d%]|[:.,/]\d|\s?(?:-|to )?\d*\s?(?:past|min|hour|day|week|month|year|class|people|%|am|pm)|[a-z])(){_PART}"),
)  # fmt: skip
_PAST = re.compile(
    rf"\b(half|quarter|\d{{1,2}}(?: minutes?)?) (past) (\d{{1,2}})\b{_PART}|\b(quarter|\d{{1,2}} minutes?) (to) (\d{{1,2}})\b{_PART}"
)
_SETENGAH = re.compile(rf"\bsetengah (\d{{1,2}})\b(?!\s?(?:jam|harga|hari|juta)){_PART}")
_KURANG = re.compile(
    rf"\b(?:jam|pukul|jm)\s(\d{{1,2}}) kurang (seperempat|\d{{1,2}})(?:\s?menit)?{_PART}"
)
_SHARED = re.compile(
    r"(?<![\d.,:])([1-9]|1[0-2])((?:[.:]\d{2})?)(\s?(?:-|to|sampai|s/d|and|dan|&)\s?(?:jam |pukul )?)(?=(\d{1,2})(?:[.:]\d{2})?\s?(am|pm|pagi|siang|sore|malam)\b)"
)
_FROM_TO = re.compile(
    r"\bfrom (\d{1,2}) to (\d{1,2})(?!\s?[-\w:.]*\d|\s(?:min|hour|day|week|month|year|class|people|person|orang|kelas))"
)
_NOON = re.compile(r"\b(?:noon|midday|tengah hari)\b")
_MIDNIGHT = re.compile(r"\b(?:midnight|tengah malam)\b")
_ENDS = re.compile(
    r"(?:-|\b(?:sampai|smp|hingga|sd|s/d|until|till?|to|and|dan|ends?(?: at| around| by)?|finish(?:es|ed)?|ending|done|over|out|"
    r"selesai(?:nya)?|berakhir|kelar|beres|bubar|keluar)\b)\W*(?:kira-kira |sekitar |around |about |jam |pukul |at |by |the |di |pada |±|~)*\W*$"
)
_EARLIER = re.compile(
    r"\b(?:sebelum|before|by|paling lambat|maksimal|latest|batas(?:nya)?|cut-?off|deadline|buka|dibuka|open(?:s|ed)?|datang|tiba|"
    r"arrive|hadir|gratis sampai|until|till|sampai|hingga|cancel|batal\w*|tutup|ditutup|close[sd]?)\b[^.\d]{0,16}$"
)

_UNIT_WORDS = {
    "span:1": "menit mnt minute minutes min mins",
    "span:60": "jam hour hours hr hrs",
    "span:1440": "hari day days",
    "span:10080": "minggu week weeks pekan mgg",
    "months:1": "bulan bln month months mo",
    "months:12": "tahun thn year years yr yrs yo taun",
    "nights": "malam night nights",
    "count": "kelas kls class classes sesi session sessions kali kalinya x times time pertemuan meeting meetings "
    "visit visits kunjungan practices credits credit kredit pack kelasnya lesson lessons",
    "people": "orang org people person persons peserta participants participant pax murid siswa students student anak kids kid "
    "children child karyawan employees employee pegawai tamu guests guest tempat place places space spaces spot spots seat seats kursi tiket ticket tickets mats matras mat "
    "ibu mothers teman friends adult adults dewasa slot slots",
    "kg": "kg kilo kilogram kilograms",
    "m:1000": "km kilometer kilometers kilometre kilometres",
    "m:1": "meter meters metre metres m",
    "degree": "derajat degrees degree °c °",
    "floor": "floor floors",
}
_UNITS = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split()}
_UNIT = "|".join(re.escape(word) for word in sorted(_UNITS, key=len, reverse=True))
_NUMBER = r"\d+(?:[.,]\d+)?"
_AGE = re.compile(rf"\b(?:usia|umur|umurnya|age|aged|ages|berusia)\s({_NUMBER})\b(?:\s?(?:-|to|sampai|and|dan)\s?({_NUMBER}))?(?:\s?(?:{_UNIT})\b)?")  # fmt: skip
_NTH = re.compile(
    rf"\b(?:week|minggu(?: ke)?|lantai|floors?|lt\.?)[\s-]({_NUMBER})\b(?:(?: dan | and |-| & )({_NUMBER})\b)?"
)
_QUANTITY = re.compile(
    rf"(?<![\w.,])({_NUMBER})(?:st|nd|rd|th)?(?:\s?(?:-|sampai|s/d|hingga|to|or|atau|and|dan|until)\s?({_NUMBER}))?"
    rf"[\s-]?(?:(?!(?:{_UNIT})\b)(?!dan\b|and\b|per\b|x\b|sampai\b|to\b|atau\b|or\b)[a-z'-]+\s){{0,2}}?({_UNIT})(?![a-z])"
)
_HOURS_MINUTES = re.compile(r"(?<![\w.,])(\d{1,2})\s?(?:jam|hours?|hrs?|h)\s?(?:dan |and )?(\d{1,2})\s?(?:menit|mnt|minutes?|mins?|m)\b")  # fmt: skip
_TOKEN = re.compile(r"(?<![\w.,])([a-z]*)(\d+(?:[.,]\d+)?)([a-z]*)(?!\w)")
_SUFFIXES = {"", "st", "nd", "rd", "th", "an", "ish", "s"}


@dataclass(frozen=True)
class Time:
    minutes: int
    other: int | None = None  # in the other half of the day, when the text leaves it open
    ends: bool = False  # told as an end: “sampai 18:15”
    earlier: bool = False  # told as a limit before something: “paling lambat 13:00”
    start: int = 0  # where it stands in the text
    written: bool = False  # with its minutes, as on a clock: “10.30”

    @property
    def meant(self) -> frozenset[int]:
        """What it says where people write 17:00 for the afternoon."""
        return frozenset({self.minutes}) if self.written else self.both

    @property
    def both(self) -> frozenset[int]:
        return frozenset({self.minutes} if self.other is None else {self.minutes, self.other})


@dataclass(frozen=True)
class Stated:
    """The facts of one text."""

    money: frozenset[tuple[str, float]] = frozenset()  # (currency or “”, value)
    times: tuple[Time, ...] = ()
    dates: tuple[Date, ...] = ()
    weekdays: frozenset[int] = frozenset()
    days_meant: frozenset[int] = frozenset()  # with those inside “Senin sampai Jumat”
    percent: frozenset[float] = frozenset()
    quantities: frozenset[tuple[str, float]] = frozenset()  # (“span”, 75), (“people”, 10)
    numbers: frozenset[float] = frozenset()  # without a unit that is known
    every_number: frozenset[float] = frozenset()
    codes: frozenset[str] = frozenset()  # “21b”, “rys200”
    links: frozenset[str] = frozenset()
    long_numbers: frozenset[str] = frozenset()
    text: str = field(default="", compare=False)

    def __bool__(self) -> bool:
        return bool(
            self.money or self.times or self.dates or self.weekdays or self.percent or self.quantities
            or self.numbers or self.codes or self.links or self.long_numbers
        )  # fmt: skip


_WIDE = re.compile(r"(?<![\d.,:])(?:1[3-9]|2[0-3])[.:][0-5]\d(?![.,:]?\d)")
_HALF_DAY = re.compile(r"\d\s?[ap]\.?m\b")


def counts_to_24(texts: Iterable[str]) -> bool:
    """Whether somebody writes 17:00 for the afternoon, and never 5 pm."""
    whole = "\n".join(texts).lower()
    return bool(_WIDE.search(whole)) and not _HALF_DAY.search(whole)


def stated(text: str) -> Stated:
    """Reads one kind after the other and takes out what is read, so that no digit counts twice."""
    low = plain_digits(text)
    links, rest = _links(low)
    rest = _LINE_NUMBER.sub(_blank, rest)
    money, rest = _money(rest)
    found, rest = dates(rest)
    days = list(weekdays(rest))
    meant = frozenset(day for day, _start, _end in weekdays(rest, inner=True))
    whole, rest = _hours_and_minutes(rest)
    times, rest = _times(rest)
    long_numbers, rest = _long(rest)
    percent, rest = _percent(rest)
    quantities, raw, rest = _quantities(rest)
    bare, numbers, codes = _rest(rest)
    return Stated(
        money=frozenset(money) | bare,
        times=tuple(times),
        dates=tuple(found),
        weekdays=frozenset(day for day, _start, _end in days),
        days_meant=meant,
        percent=frozenset(percent),
        quantities=frozenset(quantities | whole),
        numbers=frozenset(numbers),
        every_number=frozenset(
            {
                *numbers,
                *raw,
                *percent,
                *(date.day for date in found),
                *(date.year or 0 for date in found),
            }
        ),
        codes=frozenset(codes),
        links=links,
        long_numbers=frozenset(long_numbers),
        text=low,
    )


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


_HANDLE = re.compile(r"(?<![\w.])@[a-z][\w.]{2,29}(?<!\.)")


def _links(text: str) -> tuple[frozenset[str], str]:
    """Addresses, mailboxes and @names."""
    found = facts.links(text) | set(_HANDLE.findall(text))
    for link in sorted(found, key=len, reverse=True):
        text = re.sub(rf"(?:https?://)?(?:www\.)?{re.escape(link)}", _blank, text)
    return frozenset(found), text


def _money(text: str) -> tuple[set[tuple[str, float]], str]:
    found: set[tuple[str, float]] = set()

    def take(match: re.Match[str]) -> str:
        word, sign, amount, digits, after = match.groups()
        code = (word or sign or after or "").rstrip(".")
        grouped = _GROUPED.fullmatch(digits)
        if not (code or amount or grouped):
            return match[0]
        found.add((_CODES.get(code, ""), amount_of(digits)))
        return _blank(match)

    return found, _BEFORE.sub(take, text)


def amount_of(digits: str) -> float:
    """“1.200.000”, “1,950.00” and “3.20” by value: three digits after a mark are thousands."""
    whole = re.fullmatch(r"(\d+(?:[.,]\d{3})*)(?:[.,](\d{1,2}))?", digits)
    if whole is None:
        return float(re.sub(r"\D", "", digits))
    return float(re.sub(r"\D", "", whole[1])) + (float(f"0.{whole[2]}") if whole[2] else 0)


def _times(text: str) -> tuple[list[Time], str]:
    found: list[Time] = []
    text = _FROM_TO.sub(r"from \1 until \2", text)
    text = _SHARED.sub(_same_half, text)
    # “19.45” beside “7.00”: a text that counts to 24 means the morning by “7.00”.
    wide = any(int(m[1]) >= 13 for m in _TIMES[0].finditer(text))

    def add(
        match: re.Match[str], hour: int, minute: int, part: str | None, *, exact: bool = False
    ) -> str:
        if hour > 24 or minute > 59:
            return match[0]
        before = match.string[: match.start()]
        written = match.re is _TIMES[0]
        found.append(_time(hour, minute, part, before, exact or wide, written))
        return _blank(match)

    for pattern, minutes in ((_NOON, 720), (_MIDNIGHT, 0)):
        text = pattern.sub(lambda m, at=minutes: add(m, at // 60, 0, None, exact=True), text)  # type: ignore[misc]
    text = _PAST.sub(lambda m: _past(m, add), text)
    text = _SETENGAH.sub(lambda m: add(m, (int(m[1]) - 1) % 24, 30, m[2]), text)
    text = _KURANG.sub(
        lambda m: add(
            m, (int(m[1]) - 1) % 24, 60 - (15 if m[2] == "seperempat" else int(m[2])), m[3]
        ),
        text,
    )
    for pattern in _TIMES:
        text = pattern.sub(
            lambda m: add(
                m, int(m[1]), int(m[2] or 0), m[3], exact=len(m[1]) == 2 and m[1][0] == "0"
            ),
            text,
        )
    return sorted(found, key=lambda time: time.start), text


def _same_half(match: re.Match[str]) -> str:
    """“7-9 pm” is “7 pm-9 pm”; “7 to 4 pm” leaves the half of the day open."""
    hour, minutes, between, later, half = match.groups()
    return match[0] if int(hour) % 12 > int(later) % 12 else f"{hour}{minutes} {half}{between}"


def _past(match: re.Match[str], add: Callable[..., str]) -> str:
    told, past, named, part = match.groups()[:4] if match[1] else match.groups()[4:]
    minutes = {"half": 30, "quarter": 15}.get(told) or int(re.sub(r"\D", "", told))
    hour = int(named)
    if past == "to":
        hour, minutes = (hour - 1) % 24, 60 - minutes
    return add(match, hour, minutes, part)


def _time(hour: int, minute: int, part: str | None, text: str, sure: bool, written: bool) -> Time:
    """`text`: what stands before it."""
    half = _PARTS.get(part or "", "")
    open_half = not half and not sure and 1 <= hour <= 11
    if (half == "noon" and hour < 6) or (
        half in ("pm", "night") and hour < 12 and not (half == "night" and hour < 5)
    ):
        hour += 12
    elif (half == "am" or (half == "night")) and hour == 12:
        hour = 0
    minutes = (hour % 24) * 60 + minute
    other = (minutes + 720) % 1440 if open_half else None
    return Time(
        minutes,
        other,
        bool(_ENDS.search(text[-80:])),
        bool(_EARLIER.search(text[-80:])),
        len(text),
        written,
    )


def _long(text: str) -> tuple[set[str], str]:
    """Phone and account numbers, without spaces, dashes and country code."""
    found: set[str] = set()

    def take(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match[0])
        if len(digits) < 6:
            return match[0]
        found.add(re.sub(r"^(?:62|61|0)", "", digits) if len(digits) > 7 else digits)
        return _blank(match)

    return found, _PHONE.sub(take, text)


def _percent(text: str) -> tuple[set[float], str]:
    found = {float(match[1].replace(",", ".")) for match in _PERCENT.finditer(text)}
    return found, _PERCENT.sub(_blank, text)


def _hours_and_minutes(text: str) -> tuple[set[tuple[str, float]], str]:
    """“1 jam 15 menit”, before “jam 15” is read as a time."""
    found = {("span", float(int(m[1]) * 60 + int(m[2]))) for m in _HOURS_MINUTES.finditer(text)}
    return found, _HOURS_MINUTES.sub(_blank, text)


def _quantities(text: str) -> tuple[set[tuple[str, float]], set[float], str]:
    """Numbers with a unit, in one size of it, and as they stand there."""
    found: set[tuple[str, float]] = set()
    raw: set[float] = set()

    def add(unit: str, *values: str | None) -> None:
        kind, _colon, factor = unit.partition(":")
        numbers = [float(value.replace(",", ".")) for value in values if value]
        raw.update(numbers)
        found.update((kind, number * int(factor or 1)) for number in numbers)

    def take(match: re.Match[str]) -> str:
        add(_UNITS[match[3]], match[1], match[2])
        return _blank(match)

    def aged(match: re.Match[str]) -> str:
        add("months:12", match[1], match[2])
        return _blank(match)

    def nth(match: re.Match[str]) -> str:
        add("floor" if match[0][0] in "lf" else "span:10080", match[1], match[2])
        return _blank(match)

    for pattern, taking in ((_AGE, aged), (_NTH, nth), (_QUANTITY, take)):
        text = pattern.sub(taking, text)
    return found, raw, text


def _rest(text: str) -> tuple[set[tuple[str, float]], set[float], set[str]]:
    """Digits that nothing else explains: large ones are amounts, small ones numbers, “21b” is a code."""
    amounts: set[tuple[str, float]] = set()
    numbers: set[float] = set()
    codes: set[str] = set()
    for before, digits, after in _TOKEN.findall(text):
        if before or after not in _SUFFIXES:
            codes.add(f"{before}{digits}{after}")
        elif (value := amount_of(digits)) >= 1000 and not 1900 <= value <= 2100:
            amounts.add(("", value))
        else:
            numbers.add(value)
    return amounts, numbers, codes
