"""Many reply times in little room: how many fell into each of a row of steps, each 5 % wider than the last.

A median or a p95 read from it is the middle of its step, so it is at most 2.5 % off the true one. Several days are
summed by adding their steps, which is why days can be stored one by one.
"""

import math
from collections import Counter
from collections.abc import Mapping

_SHORTEST = 0.1  # seconds; what is shorter counts as this
_STEP = math.log(1.05)


class Times(Counter[int]):
    """Steps and how often each was met."""

    def note(self, seconds: float) -> None:
        self[step_of(seconds)] += 1

    @classmethod
    def of(cls, stored: Mapping[str, int]) -> "Times":
        """Back from JSON, whose names are texts."""
        return cls({int(step): number for step, number in stored.items()})

    def share(self, part: float) -> float | None:
        """The seconds within which `part` (0.5: the median, 0.95) of the replies came; None without replies."""
        wanted, seen = math.ceil(part * self.total()), 0
        for step in sorted(self):
            seen += self[step]
            if seen >= wanted and self[step]:
                return seconds_of(step)
        return None


def step_of(seconds: float) -> int:
    return round(math.log(max(seconds, _SHORTEST) / _SHORTEST) / _STEP)


def seconds_of(step: int) -> float:
    return _SHORTEST * math.exp(step * _STEP)
