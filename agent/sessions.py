"""What an entry of a timetable tells day by day: the lines and sentences that name a class's hour, and the days that are off.

Words are never put together anew: what a line limits (“first Sunday of the month only”) stays with it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agent.calendar_words import DAYS, excepted
from agent.stated import stated
from knowledge import passages
from knowledge.answers import FULL_STOP

Days = frozenset[int]  # 0 for Monday

_HOLIDAYS = (
    r"holidays?|tanggal merah|hari raya|cuti bersama|christmas|natal|nyepi|lebaran|ramad\w+|puasa|easter|good friday|galungan|"
    r"kuningan|waisak|eid|idul|new year|tahun baru|closures?"
)
HOLIDAY = re.compile(rf"\b(?:libur(?:an)?|{_HOLIDAYS})\b")
_ON_HOLIDAYS = re.compile(rf"\b(?:libur nasional|{_HOLIDAYS})\b")  # “Minggu libur” is about Sundays
# Hours of what goes with a class, and of the house.
_BESIDE = re.compile(
    r"\b(?:pintu|gerbang|doors?|gate|reception|resepsionis|front desk|staffed|kafe|caf[eé]|shop|toko|booking|pemesanan|waitlist)\b"
)
_HOUSE = re.compile(r"\b(?:studio|kami|we(?: are|'re)?) (?:buka|tutup|opens?|closes?|closed)\b")
_DAY_WORDS = r"(?:sen|sel|rab|kam|jum|sab|ming|mon|tue|wed|thu|fri|sat|sun)\w*"
_DENIED = re.compile(
    rf"(?:\b(?:no|not|tidak|tak|bukan|tanpa)|n't)\b(?: \w+){{0,3}}? (?:{_DAY_WORDS}|class\w*|kelas|yoga|weekends?)\b"
)
_BUT = re.compile(r"\b(?:kecuali|except|selain)\b")
_ONE_DAY = rf"(?:{'|'.join(sorted(DAYS, key=len, reverse=True))})"
_DAY_TO_DAY = re.compile(
    rf"\b({_ONE_DAY}) ?(?:sampai|s/d|sd|hingga|to|until|through|[-\u2013]) ?(?=(?:hari )?{_ONE_DAY}\b)"
)
_MARKS = re.compile(r"[*_~`]")
_STARTS = re.compile(r"\d{1,2}(?:[.:]\d\d|\s?[ap]m)")
_DAYS_ONLY = re.compile(
    rf"(?:\W|\b(?:{_ONE_DAY}|hari|dan|and|sampai|to|kerja|weekdays?|weekend|akhir pekan|daily)\b)+"
)


@dataclass(frozen=True)
class Session:
    """Words that tell at what hours something is on these days."""

    text: str
    days: Days
    hours: tuple[int, ...]  # minutes of the day, in the order of the text
    last: int  # the latest that they may mean
    language: str = ""

    @property
    def name(self) -> tuple[str, ...]:
        """By which two lines are known to tell the same class."""
        return tuple(re.findall(r"[^\W\d_]{2,}", self.text.lower())[:2])


@dataclass(frozen=True)
class Reading:
    """An entry as a timetable. What is not certain stands beside it."""

    sessions: tuple[Session, ...] = ()
    closed: tuple[tuple[str, Days], ...] = ()  # “Minggu libur.”
    denied: tuple[tuple[Days, frozenset[int]], ...] = ()  # no class at these hours
    unclear: bool = False  # an hour in a list, of nobody knows which day
    dated: bool = False  # names dates: a course, an event


@lru_cache(maxsize=4096)
def read(title: str, content: str, language: str = "") -> Reading:
    """The entry of a timetable, read once for each wording."""
    if HOLIDAY.search(title.lower()):
        return Reading()
    sessions: list[Session] = []
    closed: list[tuple[str, Days]] = []
    denied: list[tuple[Days, frozenset[int]]] = []
    unclear = False
    for text, above in _units(title, content):
        low = _MARKS.sub("", text.lower())
        # “Senin sampai Sabtu pukul 07:00” is no limit.
        hours = [t for t in stated(_DAY_TO_DAY.sub(r"\1, ", low)).times if not t.earlier]
        days = stated(low).days_meant - excepted(low)
        if _ON_HOLIDAYS.search(low) or _BESIDE.search(low):
            continue
        if not hours:
            closed += [(text, without)] if (without := excepted(low)) else []
        elif _HOUSE.search(low):
            continue
        elif _DENIED.search(low):
            at = frozenset(minute for time in hours for minute in time.both)
            denied += [] if _BUT.search(low) else [(days or frozenset(range(7)), at)]
        elif days or above:
            minutes = tuple(time.minutes for time in hours)
            last = max(minute for time in hours for minute in time.both)
            sessions.append(Session(text, days or above or frozenset(), minutes, last, language))
        else:
            unclear |= above is not None
    dated = any(date.month for date in stated(f"{title}\n{content}").dates)
    return Reading(tuple(sessions), tuple(closed), tuple(denied), unclear, dated)


def _units(title: str, content: str) -> Iterator[tuple[str, Days | None]]:
    """Each line of a list and each sentence; with a line that needs them the days that stand above it, perhaps none."""
    titled, carried = _days(title), frozenset[int]()
    for block in passages.blocks(content):
        above, carried = (_days(block.heading) if block.heading else carried), frozenset()
        for line in block.lines:
            if not block.is_list and _names_days_only(line):
                above = carried = _days(line)
            elif block.is_list or _STARTS.match(_MARKS.sub("", line)):
                yield passages.NUMBER.sub("", line), above or titled
            else:
                yield from ((part, None) for part in FULL_STOP.split(line))


def _days(text: str) -> Days:
    return stated(_MARKS.sub("", text.lower())).days_meant


def _names_days_only(line: str) -> bool:
    return bool(_DAYS_ONLY.fullmatch(line.lower()) and _days(line))
