"""Words after which a person must take over, whatever the model thinks: a net below the model, not the judge.

The words stand in redflags.toml, each with sentences that call a person and sentences that do not.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from knowledge.hidden import revealed

WORDS = Path(__file__).with_name("redflags.toml")
# The answer to these is fixed text: certain, at once, and without a word about yoga.
WITHOUT_MODEL = frozenset({"human_request", "self_harm", "emergency", "medical", "safeguarding"})
_PART = re.compile(r"<([a-z_]+)>")
_LABEL = re.compile(r"^(?:\[[a-z ]+\] ?)+")  # “[image] udah tf ya kak”
_LONG = re.compile(r"([^\W\d_])\1{2,}|([aiu])\2+\b")


@dataclass(frozen=True)
class Flag:
    category: str
    urgency: str
    words: str  # what was recognised, for the summary

    @property
    def fixed(self) -> bool:
        return self.category in WITHOUT_MODEL


@dataclass(frozen=True)
class _Net:
    """The words, compiled: what most commands never need."""

    spellings: dict[str, str]  # what chats write → the word of the patterns
    spelling: re.Pattern[str]
    flags: tuple[tuple[str, str, re.Pattern[str]], ...]  # category, urgency, pattern


def find(text: str) -> Flag | None:
    """The most serious reason in the message to call a person, or None."""
    readings = list(dict.fromkeys(_readings(text)))
    for category, urgency, pattern in net().flags:
        for reading in readings:
            if match := pattern.search(reading):
                return Flag(category, urgency, match[0].strip()[:80])
    return None


@cache
def net() -> _Net:
    """Read and compiled once; a process that answers does it before its first customer writes."""
    told = tomllib.loads(WORDS.read_text("utf-8"))
    spellings = {each: word for word, chats in told["spellings"].items() for each in chats}
    longest_first = sorted(spellings, key=len, reverse=True)
    return _Net(
        spellings,
        re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b"),
        tuple((each["category"], each["urgency"], _any(each, told)) for each in told["flags"]),
    )


def _any(flag: dict[str, Any], told: dict[str, Any]) -> re.Pattern[str]:
    patterns = ("|".join(each["match"]) for each in flag["patterns"])
    return re.compile("|".join(f"(?:{_filled(pattern, told)})" for pattern in patterns))


def _filled(pattern: str, told: dict[str, Any]) -> str:
    """With the parts in place of their names."""

    def part(named: re.Match[str]) -> str:
        words = told["parts"][named[1]]
        return words if isinstance(words, str) else f"(?:{'|'.join(words)})"

    return _PART.sub(part, pattern)


@lru_cache(maxsize=64)
def readings(text: str) -> tuple[str, ...]:
    """The text as it may be read, line by line, in the spelling of the patterns. Insults are looked for in the same."""
    return tuple(map(_spelled, revealed(text).split("\n")))


def _readings(text: str) -> Iterator[str]:
    """The message as one line, then each of its lines by itself: “halo”, “admin” are two messages of one burst."""
    whole = " ".join(text.split())
    for part in dict.fromkeys((whole, text.strip())):
        yield from readings(part)


def _spelled(text: str) -> str:
    """In the spelling of the patterns: “adminnn” is “admin”, “gamau” is “tidak mau”."""
    low = _LABEL.sub("", re.sub(r"\s+", " ", text.lower().replace("\u2019", "'")).strip())
    low = _LONG.sub(lambda match: match[1] or match[2], low)
    words = net()
    return words.spelling.sub(lambda match: words.spellings[match[0]], low).strip()
