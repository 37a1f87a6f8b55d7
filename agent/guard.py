"""Between draft and outbox: what a draft states must stand in what the studio says, or follow from it by computing.

Sources are unequal. The studio's side (entries that were shown, its settings, what staff and assistant wrote) may be
repeated. What the customer wrote is a source for days, times and numbers (“untuk 3 orang”), since an answer takes
up the question; never for a link, a phone or account number; and for an amount or a percentage only where the answer
does not affirm it: in a denial, a question, or a word that the team will check. “Kata staf kemarin diskon 90%” makes
nothing true, and “diskon 90% tidak ada” may be said.
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from agent import derived
from agent.belongs import Asked, misplaced
from agent.clauses import Fact
from agent.form import LIMIT, shortened, whatsapp
from agent.stated import Stated, counts_to_24, stated

__all__ = ["LIMIT", "Sources", "complaint", "shortened", "unsupported", "whatsapp"]
_T = TypeVar("_T")
_DOLLARS = {"AUD", "USD", "SGD"}


@dataclass(frozen=True)
class Sources:
    """What a draft is held against."""

    entries: tuple[str, ...]  # that the model was shown
    studio: tuple[str, ...] = ()  # settings, fixed sentences, earlier lines of staff and assistant
    customer: tuple[str, ...] = ()
    today: dt.date | None = None  # on the studio's clock
    currency: str = "IDR"
    name: str = ""  # the studio's
    told: tuple[str, ...] = ()  # what staff and assistant wrote in the chat

    @property
    def ours(self) -> tuple[str, ...]:
        return (*self.entries, *self.studio, *self.told)


def unsupported(draft: str, sources: Sources | Sequence[str]) -> list[str]:
    """What the draft states and nothing holds."""
    if not isinstance(sources, Sources):
        sources = Sources(tuple(sources))
    told = _stated(draft)
    if not told:
        return []
    check = _Check(draft, told, sources)
    return list(dict.fromkeys(check.missing()))


@lru_cache(maxsize=4096)
def _stated(text: str) -> Stated:
    """Entries are asked for the same facts in every turn, so what they state is kept."""
    return stated(text)


@dataclass(frozen=True)
class _Known:
    """The facts of several texts together."""

    parts: tuple[Stated, ...]
    money: frozenset[tuple[str, float]]
    amounts: frozenset[float]
    clock: frozenset[int]
    days: frozenset[int]
    percent: frozenset[float]
    quantities: frozenset[tuple[str, float]]
    numbers: frozenset[float]
    every_number: frozenset[float]
    codes: frozenset[str]
    links: frozenset[str]
    long_numbers: frozenset[str]


@lru_cache(maxsize=256)
def _known(texts: tuple[str, ...]) -> _Known:
    parts = tuple(_stated(text) for text in texts)
    money = _all(part.money for part in parts)
    wide = counts_to_24(texts)
    return _Known(
        parts,
        money,
        frozenset(value for _code, value in money),
        _all(time.meant if wide else time.both for part in parts for time in part.times),
        _all(part.days_meant for part in parts),
        _all(part.percent for part in parts),
        _all(part.quantities for part in parts),
        _all(part.numbers for part in parts),
        _all(part.every_number for part in parts),
        _all(part.codes for part in parts),
        _all(part.links for part in parts),
        _all(part.long_numbers for part in parts),
    )


def _all(parts: Iterable[frozenset[_T]]) -> frozenset[_T]:
    return frozenset().union(*parts)


class _Check:
    """One draft against its sources, kind by kind."""

    def __init__(self, draft: str, told: Stated, sources: Sources) -> None:
        self.draft, self.told, self.sources = draft, told, sources
        self.entries = _known(sources.entries)
        self.studio = _known((*sources.studio, *sources.told))
        self.customer = _known(sources.customer)
        self.ours = (self.entries, self.studio)
        self.everybody = (self.entries, self.studio, self.customer)
        self.lines = len(re.findall(r"^(?:-|\d+\.) ", draft, re.MULTILINE))

    def missing(self) -> Iterable[str]:
        yield from self._money()
        yield from self._times()
        yield from self._dates()
        yield from (
            f"{value:g}%" for value in sorted(self.told.percent) if not self._percent(value)
        )
        yield from self._quantities()
        yield from sorted(self.told.codes - self._of("codes", self.everybody))
        yield from sorted(link for link in self.told.links if not self._link(link))
        yield from sorted(self.told.long_numbers - self._of("long_numbers", self.ours))
        yield from self._misplaced()

    def _misplaced(self) -> Iterable[str]:
        """What is true of something else, and was not told otherwise in the chat."""
        asked = Asked(
            self.customer.parts,
            self.sources.customer[-1] if self.sources.customer else "",
            self.sources.today,
            self.lines,
        )
        said = _known(self.sources.told)
        for fact in misplaced(
            self.draft, self.told, self.sources.entries, self.entries.parts, asked
        ):
            if not self._told_by_us(fact, said):
                yield f"{self._shown(fact)} (of something else)"

    def _told_by_us(self, fact: Fact, said: _Known) -> bool:
        known: dict[str, frozenset[Any]] = {
            "day": said.days,
            "time": said.clock,
            "money": said.amounts,
        }
        return bool(known.get(fact.kind, frozenset()) & set(fact.values))

    def _shown(self, fact: Fact) -> str:
        value = fact.values[0]
        match value:
            case float() if fact.kind == "day":
                return _DAY_NAMES[int(value)]
            case float() if fact.kind == "time":
                return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
            case float() if fact.kind == "money":
                return f"{self.sources.currency}:{value:.10g}"
            case (first, last) if fact.kind == "days":
                return f"{_DAY_NAMES[first]} to {_DAY_NAMES[last]}"
            case (month, day):
                return f"{day}/{month}"
            case float():
                return f"{value:g} {_UNIT_NAMES.get(fact.kind, fact.kind)}"
        return str(value)

    def _of(self, name: str, known: Iterable[_Known]) -> frozenset[str]:
        return _all(getattr(each, name) for each in known)

    def _money(self) -> Iterable[str]:
        for code, value in sorted(self.told.money):
            if any(self._same(code, value, each) for each in self.ours):
                continue
            if any(
                derived.amount_fits(value, self.told, self.entries.amounts, asked)
                for asked in self.customer.parts
            ):
                continue
            if value in self.customer.amounts and self._not_affirmed(value):
                continue
            yield f"{code or self.sources.currency}:{value:.10g}"

    def _same(self, code: str, value: float, known: _Known) -> bool:
        """The amount in the same currency; “$” is the studio's own dollar, and a bare amount fits any."""
        if value not in known.amounts:
            return False
        return any(
            value == amount and self._one_currency(code, other) for other, amount in known.money
        )

    def _one_currency(self, one: str, two: str) -> bool:
        home = self.sources.currency
        ones = {home if home in _DOLLARS else "$"} if one == "$" else {one}
        twos = {home if home in _DOLLARS else "$"} if two == "$" else {two}
        return not one or not two or ones == twos

    def _percent(self, value: float) -> bool:
        if any(value in each.percent for each in self.ours):
            return True
        return value in self.customer.percent and self._not_affirmed(value)

    def _not_affirmed(self, value: float) -> bool:
        """Every clause with the customer's amount denies it, asks, or leaves it to the team."""
        clauses = [
            clause
            for clause in _CLAUSES.split(self.draft)
            if value in {m[1] for m in _stated(clause).money} | _stated(clause).percent
        ]
        return bool(clauses) and all(
            _OPEN.search(_MILD.sub(" ", clause.lower())) for clause in clauses
        )

    def _times(self) -> Iterable[str]:
        clock = _all(each.clock for each in self.everybody)
        for time in self.told.times:
            if time.both & clock or derived.time_fits(time, self.told, self.entries.parts):
                continue
            yield f"{time.minutes // 60:02d}:{time.minutes % 60:02d}"

    def _dates(self) -> Iterable[str]:
        today = self.sources.today
        known = [date for each in self.everybody for part in each.parts for date in part.dates]
        for date in self.told.dates:
            if any(date.fits(other) for other in known):
                continue
            if today and derived.date_fits(date, self.told.weekdays, self.told.text, today):
                continue
            yield self.told.text[date.start : date.end].strip()
        near = {(today.weekday() + ahead) % 7 for ahead in (0, 1)} if today else set()
        meant = _all(each.days for each in self.everybody)
        yield from (_DAY_NAMES[day] for day in sorted(self.told.weekdays - meant - near))
        if today:
            yield from derived.calendar_problems(self.told, today)

    def _quantities(self) -> Iterable[str]:
        known = _all(each.quantities for each in self.everybody)
        bare = self.entries.numbers | self.customer.numbers  # not the studio's: 112 is no weight
        every = _all(each.every_number for each in self.everybody)
        for kind, value in sorted(self.told.quantities - known):
            if not self._counted(kind, value, bare):
                yield f"{value:g} {_UNIT_NAMES.get(kind, kind)}"
        for value in sorted(self.told.numbers - every):
            if value > 1 and not derived.count_fits(value, self.told, self.lines):
                yield f"{value:g}"

    def _counted(self, kind: str, value: float, bare: frozenset[float]) -> bool:
        if kind == "span":
            return derived.length_fits(value, self.told.times)
        if kind in ("count", "people") and (value == 1 or value in self.customer.every_number):
            return True
        return value in bare or (
            kind in ("count", "people") and derived.count_fits(value, self.told, self.lines)
        )

    def _link(self, link: str) -> bool:
        """The address as it stands in the studio's words, or the front page of it."""
        known = self._of("links", self.ours)
        return link in known or any(
            other.split("/")[0] == link for other in known if "@" not in link
        )


_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_UNIT_NAMES = {"span": "minutes", "months": "months", "count": "classes or times", "m": "metres"}
_CLAUSES = re.compile(r"(?<=[.!?;])\s+|\n+|,\s+|\s(?:tapi|tetapi|namun|but)\s", re.IGNORECASE)
# Words that deny, ask, or leave it to people …
_OPEN = re.compile(
    r"\b(?:tidak|tak|nggak|ngga|gak|ga|enggak|belum|bukan|tanpa|not|no|never|cannot|unable|neither)\b|n't\b|\?\s*$|"
    r"\b(?:cek|mengecek|dicek|periksa|memeriksa|diperiksa|memastikan|pastikan|konfirmasi|teruskan|meneruskan|sampaikan|menyampaikan|"
    r"check|verify|confirm with|pass(?:ed|ing)?\b.{0,30}\b(?:on|to)|forward(?:ed)?)\b"
)
# … and those that only look like it.
_MILD = re.compile(
    r"\b(?:(?:tidak|ga|gak|nggak) (?:masalah|apa-apa|papa|perlu khawatir)|(?:belum|tidak) termasuk|bukan (?:cuma|hanya)|tidak hanya|"
    r"no (?:problem|worries)|not only|not including|why not|betul,? (?:tidak|bukan))\b"
)


def complaint(missing: list[str]) -> str:
    """What the model is told when its draft does not hold."""
    return (
        f"Your answer states what stands in no entry: {', '.join(missing)}. Answer again with facts from the entries "
        "only, copied exactly; leave out what is not there, or offer the team."
    )
