"""Times of day as people write them: 17.00, 5 pm, jam 5 sore, setengah enam. Only the standard library.

Expects text as `agent.spoken.plain_digits` leaves it: lower case, digits.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_PARTS = {
    "pagi": "am", "siang": "noon", "sore": "pm", "petang": "pm", "malam": "night", "malem": "night", "mlm": "night",
    "am": "am", "pm": "pm", "in the morning": "am", "in the afternoon": "pm", "in the evening": "pm", "at night": "night",
    "this morning": "am", "tonight": "night", "subuh": "am", "o'clock": "", "wib": "", "wita": "", "wit": "",
}  # fmt: skip
_PART = rf"(?:\s?({'|'.join(sorted(_PARTS, key=len, reverse=True))})\b)?"
_AT = r"(?:jam|pukul|jm|pkl|pk|at|from|dari|mulai|until|till|by|before|after|around|about)"
_TIMES = (
    re.compile(rf"(?:\b(?:jam|pukul|jm|pkl)\s)?(?<![\d.,:])(\d{{1,2}})[:.](\d{{2}})(?![.,:]?\d|\s?(?:jt|juta|rb|km|kg|m\b)){_PART}"),
    re.compile(rf"(?<![\d.,:])(\d{{1,2}})h(\d{{2}})?(?!\w){_PART}"),
    re.compile(r"(?<![\d.,:])(\d{2})(\d{2})\s?(?:hrs|h\b)()"),
    re.compile(rf"\b(?:{_AT})\s(\d{{1,2}}) (00|15|20|30|40|45|50)\b(?!\s?(?:menit|min|m\b)){_PART}"),
    re.compile(r"(?<![\d.,:])(\d{1,2}) (00|15|20|30|40|45|50)\s?(am|pm)\b"),
    re.compile(rf"\b(?:jam|pukul|jm)\s(\d{{1,2}})\s(?:lewat|lebih|past)\s(\d{{1,2}})\b(?:\s?menit)?{_PART}"),
    re.compile(r"(?<![\d.,:])(\d{1,2})()(?:\s?-\s?|\s(?:to|sampai|s/d|until)\s)?\s?(?:jam )?(?=\s?(?:-|to|sampai)?)(am|pm)\b"),
    re.compile(rf"\b(?:jam|pukul|jm|pkl)\s?(\d{{1,2}})(?![\d]|[:.,]\d)(){_PART}"),
    re.compile(r"(?<![\d.,:])(\d{1,2})()\s(pagi|siang|sore|petang|malam|malem|o'clock|in the morning|in the afternoon|in the evening|at night)\b"),
    re.compile(rf"\b(?:at|from|until|till)\s(\d{{1,2}})(?![\d%]|[:.,/]\d|\s?(?:-|to )?\d*\s?(?:past|min|h(?:ou)?rs?\b|day|week|month|year|class|people|%|am|pm)|[a-z])(){_PART}"),
)  # fmt: skip
_PAST = re.compile(
    rf"\b(half|quarter|\d{{1,2}}(?: minutes?)?) (past) (\d{{1,2}})\b{_PART}|\b(quarter|\d{{1,2}} minutes?) (to) (\d{{1,2}})\b{_PART}"
)
_SETENGAH = re.compile(rf"\bsetengah (\d{{1,2}})\b(?!\s?(?:jam|harga|hari|juta)){_PART}")
_KURANG = re.compile(
    rf"\b(?:jam|pukul|jm)\s(\d{{1,2}}) kurang (seperempat|\d{{1,2}})(?:\s?menit)?{_PART}"
)
_SHARED = re.compile(
    r"(?<![\d.,:])([1-9]|1[0-2])((?:[.:]\d{2})?)(\s?(?:-|to|sampai|s/d|and|dan|&)\s?(?:jam |pukul )?)(?=(\d{1,2})((?:[.:]\d{2})?)\s?(am|pm|pagi|siang|sore|malam)\b)"
)
_FROM_TO = re.compile(
    r"\bfrom (\d{1,2}) to (\d{1,2})(?!\s?[-\w:.]*\d|\s(?:min|hour|day|week|month|year|class|people|person|orang|kelas))"
)
_SHARP = re.compile(r"(?<=\d) o'clock(?= (?:in the|at night|[ap]m\b))")
_NOON = re.compile(r"\b(?:noon|midday|tengah hari)\b")
_MIDNIGHT = re.compile(r"\b(?:midnight|tengah malam)\b")
_ENDS = re.compile(
    r"(?:(?:\d|[ap]m|wib|wita|wit|pagi|siang|sore|malam| {3}) ?-|\b(?:sampai|smp|hingga|sd|s/d|until|till?|to|ends?(?: at| around| by)?|finish(?:es|ed)?|ending|done|over|out|"
    r"selesai(?:nya)?|berakhir|kelar|beres|bubar|keluar)\b)\W*(?:kira-kira |sekitar |around |about |jam |pukul |at |by |the |di |pada |±|~)*\W*$"
)
_EARLIER = re.compile(
    r"\b(?:sebelum|before|by|paling lambat|maksimal|latest|batas(?:nya)?|cut-?off|deadline|buka|dibuka|open(?:s|ed)?|datang|tiba|"
    r"arrive|hadir|gratis sampai|until|till|sampai|hingga|cancel|batal\w*|tutup|ditutup|close[sd]?)\b[^.\d]{0,16}$"
)
_DIGIT = re.compile(r"\d")
_WIDE = re.compile(r"(?<![\d.,:])(?:1[3-9]|2[0-3])[.:][0-5]\d(?![.,:]?\d)")
_HALF_DAY = re.compile(r"\d\s?[ap]\.?m\b")


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


def counts_to_24(texts: Iterable[str]) -> bool:
    """Whether somebody writes 17:00 for the afternoon, and never 5 pm."""
    whole = "\n".join(texts).lower()
    return bool(_WIDE.search(whole)) and not _HALF_DAY.search(whole)


def times(text: str) -> tuple[list[Time], str]:
    """The times of a text in their order, and the text without them."""
    found: list[Time] = []
    numbered = bool(_DIGIT.search(text))
    if numbered:
        text = _SHARP.sub("", text)
        text = _SHARED.sub(_same_half, _FROM_TO.sub(r"from \1 until \2", text))
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
        return " " * len(match[0])

    for pattern, minutes in ((_NOON, 720), (_MIDNIGHT, 0)):
        text = pattern.sub(lambda m, at=minutes: add(m, at // 60, 0, None, exact=True), text)  # type: ignore[misc]
    text = _on_clocks(text, add) if numbered else text
    return sorted(found, key=lambda time: time.start), text


def _on_clocks(text: str, add: Callable[..., str]) -> str:
    """The text without the times that are told in numbers; `add` takes each."""
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
    return text


def _same_half(match: re.Match[str]) -> str:
    """“7-9 pm” is “7 pm-9 pm”; “7 to 4 pm” leaves the half of the day open."""
    hour, minutes, between, later, after, half = match.groups()
    ends_earlier = (int(hour) % 12, minutes[1:]) >= (int(later) % 12, after[1:])
    return match[0] if ends_earlier else f"{hour}{minutes} {half}{between}"


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
