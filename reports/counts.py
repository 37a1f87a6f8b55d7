"""The figures of a day or of many: what they are, how they are added, how they are stored."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from reports.times import Times

WHO = ("customer", "assistant", "staff")
NUMBERS = (
    "begun",
    "alone",
    "with_staff",
    "handed_over",
    "answers",
    "sourced",
    "good",
    "bad",
    "cost",
    "other_cost",
    "tokens_in",
    "tokens_cached",
    "tokens_out",
)


def _hours() -> dict[str, list[int]]:
    return {who: [0] * 24 for who in WHO}


def _replies() -> dict[str, Times]:
    return {"assistant": Times(), "staff": Times()}


@dataclass
class Counts:
    """Numbers only; every definition stands at its field, and in words on the page (reports/words.py)."""

    hours: dict[str, list[int]] = field(default_factory=_hours)  # messages by author and hour
    replies: dict[str, Times] = field(default_factory=_replies)  # by who replied
    # Conversations: what a customer writes until they are silent for 24 hours.
    begun: int = 0
    alone: int = 0  # answered, without staff and hand-over within 24 hours
    with_staff: int = 0  # staff wrote
    handed_over: int = 0  # the assistant called staff
    # The assistant's answers to customers.
    answers: int = 0
    sourced: int = 0  # of them with at least one entry
    uses: Counter[str] = field(default_factory=Counter)  # answers by reference of an entry
    first: Counter[str] = field(default_factory=Counter)  # … in which it was the best one
    good: int = 0  # 👍 on answers
    bad: int = 0  # 👎
    # Money in millionths of a US dollar: for customers, and for trying out.
    cost: int = 0
    other_cost: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0

    def messages(self, who: str) -> int:
        return sum(self.hours[who])

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_cached + self.tokens_out

    def add(self, other: "Counts") -> None:
        for who in WHO:
            mine, theirs = self.hours[who], other.hours[who]
            self.hours[who] = [one + two for one, two in zip(mine, theirs, strict=True)]
        for who, times in other.replies.items():
            self.replies[who].update(times)
        self.uses.update(other.uses)
        self.first.update(other.first)
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def stored(self) -> dict[str, Any]:
        """As JSON takes it; what is zero is left out."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in named.items() if value}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Counts":
        counts = cls(**{name: stored.get(name, 0) for name in NUMBERS})
        counts.hours |= stored.get("hours", {})
        replies = stored.get("replies", {})
        counts.replies |= {who: Times.of(times) for who, times in replies.items()}
        counts.uses, counts.first = (Counter(stored.get(name, {})) for name in ("uses", "first"))
        return counts


def sum_of(many: Any) -> Counts:
    total = Counts()
    for each in many:
        total.add(each)
    return total
