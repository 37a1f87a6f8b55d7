"""Between draft and outbox: what a draft states must stand in what the studio says, or follow from it by computing.

Sources are unequal. The studio's side (entries that were shown, its settings, what staff and assistant wrote) may be
repeated. What the customer wrote is a source for days, times and numbers (“untuk 3 orang”), since an answer takes
up the question; never for a link, a phone or account number; and for an amount or a percentage only where the answer
does not affirm it: in a denial, a question, or a word that the team will check. “Kata staf kemarin diskon 90%” makes
nothing true, and “diskon 90% tidak ada” may be said.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from agent import derived, sums
from agent.addresses import national
from agent.affirmed import agreed_day, denied, of_people, open_time
from agent.belongs import misplaced
from agent.catalogue import catalogue
from agent.form import LIMIT, shortened, whatsapp
from agent.known import Known, Sources, known, read, union
from agent.naming import DAY_NAMES, MONTH_NAMES, UNIT_NAMES, named
from agent.pieces import Fact
from agent.stated import Stated
from agent.worked_out import Asked

__all__ = ["LIMIT", "Sources", "complaint", "shortened", "unsupported", "whatsapp"]
_DOLLARS = {"AUD", "USD", "SGD"}
_HOME = {"IDR": "62", "AUD": "61", "SGD": "65", "MYR": "60", "GBP": "44", "THB": "66"}

_LINE = re.compile(r"^(?:-|\d+\.) ", re.MULTILINE)
_WEEKLY = re.compile(r"\b(?:x|times|kali) (?:a|per|tiap|setiap|se)\s?(?:week|minggu)\b")


def unsupported(draft: str, sources: Sources | Sequence[str]) -> list[str]:
    """What the draft states and nothing holds."""
    if not isinstance(sources, Sources):
        sources = Sources(tuple(sources))
    told = read(draft)
    if not (told or derived.names_a_day(draft)):
        return []
    check = _Check(draft, told, sources)
    return list(dict.fromkeys(check.missing()))


class _Check:
    """One draft against its sources, kind by kind."""

    def __init__(self, draft: str, told: Stated, sources: Sources) -> None:
        self.draft, self.told, self.sources = draft, told, sources
        self.entries = known(sources.entries)
        self.studio = known((*sources.studio, *sources.told))
        self.clock = known(sources.clock)
        self.customer = known(sources.customer)
        self.ours = (self.entries, self.studio, self.clock)
        self.everybody = (*self.ours, self.customer)
        self.lines = len(_LINE.findall(draft))

    def missing(self) -> Iterable[str]:
        yield from self._money()
        yield from self._times()
        yield from self._dates()
        yield from (
            f"{value:g}%" for value in sorted(self.told.percent) if not self._percent(value)
        )
        yield from self._quantities()
        if self.told.codes:
            yield from sorted(self.told.codes - self._of("codes", self.everybody))
        yield from sorted(link for link in self.told.links if not self._link(link))
        yield from self._long_numbers()
        yield from self._misplaced()

    def _misplaced(self) -> Iterable[str]:
        """What is true of something else, and was not told otherwise in the chat."""
        asked = Asked(
            self.sources.customer,
            self.sources.question,
            self.sources.today,
            self.lines,
        )
        said = known(self.sources.told)
        for fact in misplaced(self.draft, self.told, self.sources.entries, self.entries, asked):
            if not self._told_by_us(fact, said):
                yield f"{named(fact, self.sources.currency)} (of something else)"

    def _told_by_us(self, fact: Fact, said: Known) -> bool:
        known: dict[str, frozenset[Any]] = {
            "day": said.days,
            "time": said.clock,
            "money": said.amounts,
        }
        return bool(known.get(fact.kind, frozenset()) & set(fact.values))

    def _of(self, name: str, known: Iterable[Known]) -> frozenset[str]:
        return union(getattr(each, name) for each in known)

    def _money(self) -> Iterable[str]:
        for code, value in sorted(self.told.money):
            if any(self._same(code, value, each) for each in self.ours):
                continue
            if any(
                derived.amount_fits(value, self.told, self.entries.amounts, asked)
                for asked in self.customer.parts
            ):
                continue
            if value in self.customer.amounts and denied(self.draft, value):
                continue
            if self._comes_to(value):
                continue
            yield f"{code or self.sources.currency}:{value:.10g}"

    def _comes_to(self, value: float) -> bool:
        """The price for two, or of one class of a pack, of prices that the draft does not name."""
        priced, question = catalogue(self.sources.entries), self.sources.question
        return sums.each_of(value, self.draft, question, priced) or sums.for_as_many(
            value, self.told, self.customer.parts, question, priced
        )

    def _same(self, code: str, value: float, known: Known) -> bool:
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
        return value in self.customer.percent and denied(self.draft, value)

    def _times(self) -> Iterable[str]:
        for time in self.told.times:
            if time.both & self.entries.clock or time.both & self.studio.clock:
                continue
            if derived.time_fits(time, self.told, self.entries.parts):
                continue
            if time.both & self.clock.clock and of_people(self.draft, time.both):
                continue
            if time.both & self.customer.clock and open_time(self.draft, time.both):
                continue
            yield f"{time.minutes // 60:02d}:{time.minutes % 60:02d}"

    def _dates(self) -> Iterable[str]:
        today = self.sources.today
        for date in self.told.dates:
            if any(date.fits(other) for each in self.everybody for other in each.dates):
                continue
            if today and derived.date_fits(date, self.told.weekdays, self.told.text, today):
                continue
            yield self.told.text[date.start : date.end].strip()
        if self.told.months:
            yield from self._months()
        if self.told.weekdays:
            yield from self._weekdays()
        if today:
            yield from derived.calendar_problems(self.told, today)

    def _weekdays(self) -> Iterable[str]:
        today = self.sources.today
        near = {(today.weekday() + ahead) % 7 for ahead in (0, 1)} if today else set()
        meant = union(each.days for each in self.everybody)
        yield from (DAY_NAMES[day] for day in sorted(self.told.weekdays - meant - near))
        guessed = (
            self.told.weekdays & self.customer.days - union(each.days for each in self.ours) - near
        )
        yield from (DAY_NAMES[day] for day in sorted(guessed) if agreed_day(self.draft, day))

    def _months(self) -> Iterable[str]:
        """“bulan Januari” where no date is in January."""
        today = self.sources.today
        near = {today.month, today.month % 12 + 1} if today else set()
        own = {date.month for date in self.told.dates}
        held = union(each.months for each in self.everybody) | near | own
        yield from (MONTH_NAMES[month - 1] for month in sorted(self.told.months - held))

    def _long_numbers(self) -> Iterable[str]:
        """Phones in any spelling of the country's code; accounts digit by digit, and only what stands as an account."""
        if not self.told.long_numbers:
            return
        home = _HOME.get(self.sources.currency, "")
        digits = union(each.long_numbers for each in self.ours)
        accounts = union(each.accounts for each in self.ours)
        phones = {national(number, home) for number in digits - accounts}
        for number in sorted(self.told.long_numbers):
            if number in self.told.accounts:
                fits = number in accounts
            else:
                fits = number in digits or national(number, home) in phones
            if not fits:
                yield number

    def _quantities(self) -> Iterable[str]:
        for kind, value in sorted(self._beyond("quantities")):
            if not self._counted(kind, value):
                yield f"{value:g} {UNIT_NAMES.get(kind, kind)}"
        for value in sorted(self._beyond("numbers", "every_number")):
            if value > 1 and not derived.count_fits(value, self.told, self.lines):
                yield f"{value:g}"

    def _beyond(self, name: str, held: str = "") -> set[Any]:
        """What the draft states of a kind beyond what each source holds; no source is read when nothing is left."""
        left = set(getattr(self.told, name))
        for each in self.everybody:
            if left:
                left -= getattr(each, held or name)
        return left

    def _counted(self, kind: str, value: float) -> bool:
        if kind == "span":
            return derived.length_fits(value, self.told.times) or derived.listed_length(
                value, self.entries.parts
            )
        if kind == "count" and self._weekly(value):
            return True
        if kind in ("count", "people") and (value == 1 or value in self.customer.every_number):
            return True
        if kind in ("count", "people") and any(
            value in derived.together(asked) for asked in self.customer.parts
        ):
            return True
        # Not the studio's numbers: 112 is no weight.
        return value in self.entries.numbers | self.customer.numbers or (
            kind in ("count", "people") and derived.count_fits(value, self.told, self.lines)
        )

    def _weekly(self, value: float) -> bool:
        """“Twice a week” of a class that an entry tells on two days."""
        if not _WEEKLY.search(self.told.text):
            return False
        return any(
            sum(fact.kind == "day" for fact in clause.all_facts) == value
            for clause in catalogue(self.sources.entries).clauses
        )

    def _link(self, link: str) -> bool:
        """The address as it stands in the studio's words, or the front page of it."""
        held = self._of("links", self.ours)
        if link.startswith("@"):
            name = re.compile(rf"(?<![\w.]){re.escape(link[1:])}(?![\w.]*\w)")
            return any(name.search(part.text) for each in self.ours for part in each.parts)
        return link in held or any(other.split("/")[0] == link for other in held if "@" not in link)


def complaint(missing: list[str]) -> str:
    """What the model is told when its draft does not hold."""
    return (
        f"Your answer states what stands in no entry: {', '.join(missing)}. Answer again with facts from the entries "
        "only, copied exactly; leave out what is not there, or offer the team."
    )
