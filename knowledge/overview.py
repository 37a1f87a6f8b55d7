"""“What classes do you offer?” has no entry of its own: a short list of what the studio's entries are called answers."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge import asking, passages
from knowledge.answers import LONGEST
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from knowledge.search import everything, vocabulary_of
from tenants.models import Tenant

MOST = 8  # lines of a list
LONGEST_QUESTION = 10  # words; who tells more wants something particular
_Builtin = KnowledgeCategory.Builtin
_DAY = rf"\b(?:{'|'.join(sorted(asking.DAYTIMES))}|\d{{1,2}}|besok|lusa|hari ini|today|tomorrow|minggu ini|this week|tonight|nanti)\b"
_CLASS = r"\b(?:class(?:es)?|kelas|yoga)\b"
# What is asked, and which entries tell it: the first category that has any.
_ABOUT = (
    (
        re.compile(rf"\b(?:jadwal|schedules?|timetables?)\b|{_CLASS}.*{_DAY}|{_DAY}.*{_CLASS}"),
        (_Builtin.SCHEDULES,),
    ),
    (
        re.compile(
            rf"\b(?:what|which|any|list|all|kinds? of|types? of|jenis|macam|daftar|pilihan|ada)\b.*{_CLASS}"
            rf"|{_CLASS}.*\b(?:apa|jenis|macam|pilihan)\b"
        ),
        (_Builtin.CLASSES, _Builtin.SCHEDULES),
    ),
    (re.compile(r"\b(?:fasilitas|facilit\w+|amenities)\b"), (_Builtin.LOCATION,)),
)
_AT = re.compile(r"\b\d{1,2} (?:am|pm|pagi|siang|sore|malam)\b|\b(?:jam|pukul|at) \d{1,2}\b")
_EXPLAINS = re.compile(r"^(?:apa itu|what is|what's|about|tentang)\s+(.+?)\??$", re.IGNORECASE)
# Words of an overview's question that name no subject of their own.
_PLAIN = frozenset(
    asking.listed(
        """classes class kelas yoga schedule schedules jadwal timetable types type kinds kind jenis macam fasilitas facilities
    facility amenities offer offering list daftar pilihan options option minggu week weekly full lengkap current latest
    terbaru studio kalian tersedia available regular rutin"""
    )
)


@dataclass(frozen=True)
class Overview:
    """Either the only entry there is, as it stands, or what several are called."""

    category: str
    text: str
    language: str = ""  # of the only entry; a list has none


def overview(tenant: Tenant, text: str, *, at: dt.datetime) -> Overview | None:
    """A short list from the studio's own entries of the category that was asked for; None when nothing was."""
    asked = asking.question(vocabulary_of(tenant), text, tenant.name)
    categories = next((names for asks, names in _ABOUT if asks.search(asked.text)), ())
    if not categories or not _names_nothing(asked) or len(asked.text.split()) > LONGEST_QUESTION:
        return None
    told = sorted(everything(tenant, at=at), key=lambda entry: entry.title)
    by_name = {name: [e for e in told if e.category == name] for name in categories}
    return next((_listed(name, entries) for name, entries in by_name.items() if entries), None)


def _names_nothing(asked: asking.Question) -> bool:
    """Whether nothing in particular is asked for: “jadwal yin” is no overview."""
    if any(kind.name in ("price", "who", "length", "age", "way") for kind in asked.kinds):
        return False
    if _AT.search(asked.text):
        return False  # who names an hour wants to know about that hour
    return asked.whole_day or all(_PLAIN.issuperset(one.said) for one in asked.hard)


def _listed(category: str, entries: Sequence[KnowledgeEntry]) -> Overview:
    whole = passages.whatsapp(entries[0].content)
    if len(entries) == 1 and len(whole) <= LONGEST:
        return Overview(category, whole, entries[0].language)
    names = [name for name in map(_name, entries) if name] or [e.title for e in entries]
    lines = [f"- {passages.inline(name)}" for name in names[:MOST]]
    return Overview(category, "\n".join(lines))


def _name(entry: KnowledgeEntry) -> str:
    """“Hatha Lembut” of “Apa itu Hatha Lembut?”; nothing of another question."""
    explains = _EXPLAINS.match(entry.title)
    if explains:
        return explains[1]
    return "" if entry.title.endswith("?") else entry.title
