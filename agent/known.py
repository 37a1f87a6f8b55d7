"""What a draft is held against: the studio's words and the customer's, with the facts that they state."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

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
    def ours(self) -> tuple[str, ...]:
        return (*self.entries, *self.studio, *self.told, *self.clock)


@dataclass(frozen=True)
class Known:
    """The facts of several texts together."""

    parts: tuple[Stated, ...]
    money: frozenset[tuple[str, float]]
    amounts: frozenset[float]
    clock: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    percent: frozenset[float]
    quantities: frozenset[tuple[str, float]]
    numbers: frozenset[float]
    every_number: frozenset[float]
    codes: frozenset[str]
    links: frozenset[str]
    long_numbers: frozenset[str]
    accounts: frozenset[str]


@lru_cache(maxsize=4096)
def read(text: str) -> Stated:
    """Entries are asked for the same facts in every turn, so what they state is kept."""
    return stated(text)


@lru_cache(maxsize=256)
def known(texts: tuple[str, ...]) -> Known:
    parts = tuple(read(text) for text in texts)
    money = union(part.money for part in parts)
    wide = counts_to_24(texts)
    return Known(
        parts,
        money,
        frozenset(value for _code, value in money),
        union(time.meant if wide else time.both for part in parts for time in part.times),
        union(part.days_meant for part in parts),
        union(part.months for part in parts)
        | {date.month for part in parts for date in part.dates if date.month},
        union(part.percent for part in parts),
        union(part.quantities | part.soft for part in parts),
        union(part.numbers for part in parts),
        union(part.every_number for part in parts),
        union(part.codes for part in parts),
        union(part.links for part in parts),
        union(part.long_numbers for part in parts),
        union(part.accounts for part in parts),
    )


def union(parts: Iterable[frozenset[_T]]) -> frozenset[_T]:
    return frozenset().union(*parts)
