"""What a draft is held against: the studio's words and the customer's, with the facts that they state."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

from agent.calendar_words import Date
from agent.clock_words import counts_to_24
from agent.stated import Stated, stated

_T = TypeVar("_T")


@dataclass(frozen=True)
class Sources:
    """What a draft is held against."""

    entries: tuple[str, ...]  # that the model was shown
    studio: tuple[str, ...] = ()  # settings, fixed sentences
    customer: tuple[str, ...] = ()
    today: dt.date | None = None  # on the studio's clock
    currency: str = "IDR"
    name: str = ""  # the studio's
    told: tuple[str, ...] = ()  # what staff and assistant wrote in the chat
    clock: tuple[str, ...] = ()  # what time it is, and when people answer: no hours of classes

    @property
    def question(self) -> str:
        """What the customer wrote last."""
        return self.customer[-1] if self.customer else ""

    @property
    def ours(self) -> tuple[str, ...]:
        return (*self.entries, *self.studio, *self.told, *self.clock)


class Known:
    """The facts of several texts together. Each kind is gathered when a draft first states one."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts = texts

    @cached_property
    def parts(self) -> tuple[Stated, ...]:
        return tuple(read(text) for text in self.texts)

    @cached_property
    def money(self) -> frozenset[tuple[str, float]]:
        return union(part.money for part in self.parts)

    @cached_property
    def amounts(self) -> frozenset[float]:
        return frozenset(value for _code, value in self.money)

    @cached_property
    def clock(self) -> frozenset[int]:
        wide = counts_to_24(self.texts)
        return union(
            time.meant if wide else time.both for each in self.parts for time in each.times
        )

    @cached_property
    def dates(self) -> tuple[Date, ...]:
        return tuple(date for part in self.parts for date in part.dates)

    @cached_property
    def days(self) -> frozenset[int]:
        return union(part.days_meant for part in self.parts)

    @cached_property
    def months(self) -> frozenset[int]:
        dated = {date.month for date in self.dates if date.month}
        return union(part.months for part in self.parts) | dated

    @cached_property
    def percent(self) -> frozenset[float]:
        return union(part.percent for part in self.parts)

    @cached_property
    def quantities(self) -> frozenset[tuple[str, float]]:
        return union(part.quantities | part.soft for part in self.parts)

    @cached_property
    def numbers(self) -> frozenset[float]:
        return union(part.numbers for part in self.parts)

    @cached_property
    def every_number(self) -> frozenset[float]:
        return union(part.every_number for part in self.parts)

    @cached_property
    def codes(self) -> frozenset[str]:
        return union(part.codes for part in self.parts)

    @cached_property
    def links(self) -> frozenset[str]:
        return union(part.links for part in self.parts)

    @cached_property
    def long_numbers(self) -> frozenset[str]:
        return union(part.long_numbers for part in self.parts)

    @cached_property
    def accounts(self) -> frozenset[str]:
        return union(part.accounts for part in self.parts)


@lru_cache(maxsize=4096)
def read(text: str) -> Stated:
    """Entries are asked for the same facts in every turn, so what they state is kept."""
    return stated(text)


@lru_cache(maxsize=256)
def known(texts: tuple[str, ...]) -> Known:
    return Known(texts)


def union(parts: Iterable[frozenset[_T]]) -> frozenset[_T]:
    return frozenset().union(*parts)
