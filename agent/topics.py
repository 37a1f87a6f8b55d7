"""The topics that customers ask every studio about. Apart from the exam, as pages need them without the assistant,
whose patterns take a third of a second to load."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge import asking

_TELLS = {
    "money": next(kind for kind in asking.KINDS if kind.name == "price").tells,
    "clock": re.compile(
        r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2}\s?(?:am|pm)\b|\b(?:jam|pukul) \d{1,2}\b", re.I
    ),
    "digit": re.compile(r"\d"),
    "street": next(kind for kind in asking.KINDS if kind.name == "address").tells,
    "day": re.compile(asking.DAY, re.IGNORECASE),
    "person": next(
        kind for kind in asking.KINDS if kind.name == "who"
    ).tells,  # a name has a capital
    "care": re.compile(
        r"\b(?:minggu|weeks?|trimester|dokter|doctor|bidan|midwife)\b", re.IGNORECASE
    ),
    **{kind.name: kind.tells for kind in asking.KINDS if kind.name in ("length", "way")},
}


@dataclass(frozen=True)
class Topic:
    """Something that customers ask, how a passage looks that tells it, and what its entry should hold."""

    key: str
    category: str
    about: re.Pattern[str]
    tells: tuple[re.Pattern[str], ...]
    keywords: str
    words: Mapping[str, Mapping[str, str]]  # name, advice and draft, by language

    def text(self, part: str, language: str) -> str:
        return self.words[part]["id" if language.startswith("id") else "en"]

    def told_by(self, text: str, heading: str = "") -> bool:
        """Whether a passage, under what stands above it, speaks of the topic and tells it."""
        return self.named_in(f"{heading}\n{text}") and self.tells_in(text)

    def named_in(self, text: str) -> bool:
        return bool(self.about.search(text.lower()))

    def tells_in(self, text: str) -> bool:
        return all(tell.search(text) for tell in self.tells)


@cache
def topics() -> dict[str, Topic]:
    return {key: _topic(key, row) for key, row in sheet()["topics"].items()}


@cache
def sheet() -> dict[str, Any]:
    """The exam's questions and topics."""
    data: dict[str, Any] = json.loads(Path(__file__).with_name("exam.json").read_text("utf-8"))
    return data


def _topic(key: str, row: Mapping[str, Any]) -> Topic:
    return Topic(
        key=key,
        category=row["category"],
        about=re.compile(rf"\b{_BEFORE}(?:{row['about']}){_AFTER}(?!\w)"),
        tells=tuple(_any_of(names.split("|")) for names in row["tells"].split()),
        keywords=row["keywords"],
        words={part: row[part] for part in ("name", "advice", "draft")},
    )


# Indonesian words come with syllables before and after: “dicutikan” is of “cuti”.
_BEFORE, _AFTER = r"(?:di|men?|mem|ber|ter|pe[mn]?)?", r"(?:kan|an|i)?(?:nya)?"


def _any_of(names: Sequence[str]) -> re.Pattern[str]:
    patterns = [_TELLS[name] for name in names]
    if len(patterns) == 1:
        return patterns[0]
    return re.compile("|".join(f"(?:{pattern.pattern})" for pattern in patterns), re.IGNORECASE)
