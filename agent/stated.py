"""What a text states that must be right: amounts, times, dates, durations, counts, per cent, links, numbers.

The guard reads drafts and entries with it, so both are read in the same way. Only the standard library.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property

from agent.addresses import addresses, long_numbers, without
from agent.amounts import amount_of, money
from agent.calendar_words import Date, dates, months_alone, weekdays
from agent.clock_words import Time, times
from agent.quantities import hours_and_minutes, quantities, soft
from agent.spoken import plain_digits

# “1. Vinyasa”, “1) drop-in 2) unlimited” and “two ways” count nothing that could be wrong.
_NUMBERING = re.compile(
    r"^[ \t]*(?:[-•][ \t]*)?\d{1,2}[.)](?=[ \t])|(?<![\w.,:(-])\d\)(?=\s)|"
    r"\b[2-5] (?:\w+ )?(?:pilihan|opsi|cara|hal|macam|jenis|langkah|alternatif|options?|ways|things|choices|kinds|types|steps|questions)\b",
    re.MULTILINE,
)
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s?-?\s?(?:%|persen|percent|per cent|pct)")
_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(r"(?<![\w.,])([a-z]*)(\d+(?:[.,]\d+)?)([a-z]*)(?!\w)")
_SUFFIXES = {"", "st", "nd", "rd", "th", "an", "ish", "s"}


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
    long_numbers: frozenset[str] = frozenset()  # phones and accounts, in digits
    accounts: frozenset[str] = frozenset()  # those beside the name of a bank or wallet
    months: frozenset[int] = frozenset()  # without a day: “bulan Januari”
    text: str = field(default="", compare=False)

    @cached_property
    def soft(self) -> frozenset[tuple[str, float]]:
        """Lengths without a number: “per jam”."""
        return soft(self.text)

    def __bool__(self) -> bool:
        return bool(
            self.money or self.times or self.dates or self.weekdays or self.percent or self.quantities
            or self.numbers or self.codes or self.links or self.long_numbers or self.months
        )  # fmt: skip


def stated(text: str) -> Stated:
    """Reads one kind after the other and takes out what is read, so that no digit counts twice.

    The order is the precedence: addresses, numbering, amounts (with a currency, “ribu” or dots), dates, weekdays, lengths of hours and
    minutes, times of day, phones and accounts, per cent, numbers with a unit, and what is left: a large number is an amount.
    """
    low, links = plain_digits(text), addresses(text)
    rest = without(links, low) if links else low
    if not _DIGIT.search(rest):
        return _without_digits(low, links, rest)
    rest = _NUMBERING.sub(_blank, rest)
    amounts, unread, rest = money(rest)
    found, rest = dates(rest)
    days, meant = _days(rest)
    months = months_alone(rest)
    whole, rest = hours_and_minutes(rest)
    clock, rest = times(rest)
    long, accounts, rest = long_numbers(rest)
    percent, rest = _percent(rest)
    counted, raw, rest = quantities(rest)
    bare, numbers, codes = _rest(rest)
    return Stated(
        money=frozenset(amounts) | bare,
        times=tuple(clock),
        dates=tuple(found),
        weekdays=days,
        days_meant=meant,
        percent=frozenset(percent),
        quantities=frozenset(counted | whole),
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
        codes=frozenset(codes | unread),
        links=links,
        long_numbers=frozenset(long),
        accounts=frozenset(accounts),
        months=months,
        text=low,
    )


def _without_digits(low: str, links: frozenset[str], rest: str) -> Stated:
    """Most sentences of an answer: at most an address, weekdays, a month, “tengah hari”."""
    days, meant = _days(rest)
    return Stated(
        times=tuple(times(rest)[0]),
        weekdays=days,
        days_meant=meant,
        links=links,
        months=months_alone(rest),
        text=low,
    )


def _days(text: str) -> tuple[frozenset[int], frozenset[int]]:
    """The weekdays that are named, and those that are meant."""
    found = frozenset(day for day, _start, _end in weekdays(text))
    return found, frozenset(day for day, _start, _end in weekdays(text, inner=True))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _percent(text: str) -> tuple[set[float], str]:
    found = {float(match[1].replace(",", ".")) for match in _PERCENT.finditer(text)}
    return found, _PERCENT.sub(_blank, text) if found else text


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
