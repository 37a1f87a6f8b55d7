"""“Kelas jam berapa besok?” without a model: the hours of that day, in the words of the studio's timetable."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent import days_off, derived, sessions
from agent.calendar_words import weekdays
from agent.guard import LIMIT
from agent.phrases import day_name
from agent.sessions import Session
from knowledge import asking
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from knowledge.search import everything
from tenants.models import Tenant

_CLASS = re.compile(r"\b(?:kelas\w*|class(?:es)?|yoga|jadwal\w*|schedules?|timetables?)\b")
_WHEN = re.compile(rf"\b(?:{derived.WHEN})\b")
_ANOTHER_WEEK = re.compile(
    r"\b(?:depan|lalu|kemarin|yesterday|setiap|tiap|every|(?:next|last) (?:week|\w+days?))\b"
)
# What only people know: whether there is room, whether a class takes place after all.
_LIVE = re.compile(
    r"\b(?:penuh|full|fully|slots?|spots?|spaces?|seats?|room left|kuota|tempat|tetap|still on|cancell?ed|dibatalkan|ditiadakan|batal ya)\b"
)
_PARTS = (
    (re.compile(r"\b(?:pagi|morning|subuh)\b"), range(12 * 60)),
    (re.compile(r"\b(?:siang|noon|lunch\w*|midday)\b"), range(11 * 60, 15 * 60)),
    (re.compile(r"\b(?:sore|afternoon)\b"), range(14 * 60, 19 * 60)),
    (re.compile(r"\b(?:malam|malem|evening|night|tonight)\b"), range(17 * 60, 24 * 60)),
)
# Words that name no class of their own.
_PLAIN = asking.DAYTIMES | asking.listed(
    """classes class kelas yoga schedule schedules jadwal timetable besok lusa tomorrow today tonight now sekarang hari ini nanti
    jam pukul time times hour berapa what when kapan studio kalian regular rutin list daftar am pm malem last terakhir first pertama wats whats before sebelum after
    setelah mulai start starts begin buka open running going on left remaining sisa
    tersisa lengkap jadwalnya kelasnya min kak kakak mbak mas sis bang gan team guys"""
)
_TEXTS = {
    "id": {
        "day": "Kelas rutin {when}, Kak:",
        "over": "Kelas rutin hari ini sudah selesai, Kak.",
        0: "hari ini, {day}",
        1: "besok, {day}",
        None: "hari {day}",
    },
    "en": {
        "day": "Our regular classes {when}:",
        "over": "Today's regular classes are over.",
        0: "today, {day}",
        1: "tomorrow, {day}",
        None: "on {day}",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Day:
    """The day that a question is about, on the studio's clock; `ahead` when it was told as “besok”."""

    date: dt.date
    ahead: int | None = None


def of_the_moment(asked: asking.Question) -> bool:
    """“Kelas besok masih ada tempat?”: no entry tells that."""
    return all(words.search(asked.text) for words in (_CLASS, _WHEN, _LIVE))


def day_asked(asked: asking.Question, today: dt.date) -> Day | None:
    """Which day's classes are asked for; None when the question is about a class, a price or several days."""
    low = asked.text
    if not _CLASS.search(low) or _ANOTHER_WEEK.search(low) or sessions.HOLIDAY.search(low):
        return None
    if any(kind.name in ("price", "who", "length", "count", "age", "way") for kind in asked.kinds):
        return None
    if not all(_PLAIN.issuperset(one.said) or _number(one.said) for one in asked.hard):
        return None
    ahead = {derived.RELATIVE[word] for word in _WHEN.findall(low)}
    days = {day for day, _start, _end in weekdays(low)}
    if len(ahead) == 1 and not days:
        return Day(today + dt.timedelta(min(ahead)), min(ahead))
    if len(days) == 1 and not ahead:
        return Day(today + dt.timedelta((min(days) - today.weekday()) % 7))
    return None


def _number(said: Sequence[str]) -> bool:
    return all(word.isdigit() for word in said)


def timetable(
    tenant: Tenant, asked: asking.Question, day: Day, at: dt.datetime, language: str
) -> str:
    """The classes of the day; "" when the studio's knowledge does not tell them for certain."""
    found = _on(tenant, day.date, at)
    if found is None:
        return ""
    if day.ahead == 0 and found:
        now = tenant.local(at)
        left = [each for each in found if each.last > now.hour * 60 + now.minute]
        return _listed(left, asked, day, language) if left else _over(tenant, asked, at, language)
    return _listed(found, asked, day, language)


def told_by(tenant: Tenant, at: dt.datetime) -> Sequence[KnowledgeEntry]:
    """The entries that a timetable is read from."""
    return [entry for entry in everything(tenant, at=at) if _tells_hours(entry)]


def _tells_hours(entry: KnowledgeEntry) -> bool:
    return entry.category == KnowledgeCategory.Builtin.SCHEDULES


def _over(tenant: Tenant, asked: asking.Question, at: dt.datetime, language: str) -> str:
    """Nothing more today: tomorrow's instead."""
    tomorrow = Day(tenant.local(at).date() + dt.timedelta(1), 1)
    text = _listed(_on(tenant, tomorrow.date, at) or (), None, tomorrow, language)
    return f"{_TEXTS[language]['over']} {text}" if text else ""


def _listed(
    found: Iterable[Session], asked: asking.Question | None, day: Day, language: str
) -> str:
    told = list(found)
    spans = [span for words, span in _PARTS if asked and words.search(asked.text)]
    fitting = [each for each in told if any(hour in span for hour in each.hours for span in spans)]
    lines = [f"- {each.text}" for each in fitting or told]
    if not lines:
        return ""
    texts = _TEXTS[language]
    when = texts[day.ahead if day.ahead in (0, 1) else None].format(
        day=day_name(day.date, language)
    )
    text = "\n".join([texts["day"].format(when=when), *lines])
    return text if len(text) <= LIMIT else ""


def _on(tenant: Tenant, day: dt.date, at: dt.datetime) -> Sequence[Session] | None:
    """The day's classes by their hours; None when something speaks against them, or nothing tells."""
    entries = everything(tenant, at=at + (day - tenant.local(at).date()))
    ours = [e for e in entries if _tells_hours(e)]
    if any(days_off.off(e.content, day) for e in entries) or any(
        days_off.names(e.content, day) for e in ours
    ):
        return None
    told = [sessions.read(e.title, e.content, e.language) for e in ours]
    regular = [each for each in told if not each.dated]
    if any(each.unclear for each in regular):
        return None
    weekday = day.weekday()
    found = _apart(s for each in regular for s in each.sessions if weekday in s.days)
    hours = {hour for each in found for hour in each.hours}
    closed = [text for each in told for text, days in each.closed if weekday in days]
    denied = {hour for each in told for days, at in each.denied if weekday in days for hour in at}
    if hours & denied or bool(found) == bool(closed):
        return None
    return found or [Session(text, frozenset({weekday}), (), 24 * 60) for text in closed[:1]]


def _apart(found: Iterable[Session]) -> list[Session]:
    """Each class once, in the words that are meant for fewest days."""
    kept: dict[object, Session] = {}
    for each in sorted(found, key=lambda s: len(s.days)):
        kept.setdefault((each.hours[0], each.name), each)
    return sorted(kept.values(), key=lambda s: s.hours[0])
