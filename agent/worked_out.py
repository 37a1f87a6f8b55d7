"""Which facts of a draft need no place of their own in the entries: what it works out, counts, or takes up from the question."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent import derived
from agent.clauses import Clause
from agent.known import Known, read
from agent.pieces import Fact
from agent.stated import Stated


@dataclass(frozen=True)
class Asked:
    """What is known beside the entries."""

    texts: Sequence[str] = ()  # of the customer
    words: str = ""  # of the question
    today: dt.date | None = None
    lines: int = 0  # of lists in the draft

    @property
    def customer(self) -> Iterator[Stated]:
        """One message after the other: the newest one is read only when something depends on it."""
        return map(read, self.texts)


def worked_out(fact: Fact, clause: Clause, told: Stated, held: Known, asked: Asked) -> bool:
    """`told`: by the whole draft; `held`: by the entries."""
    value = fact.values[0]
    number = value if isinstance(value, float) else 0.0
    match fact.kind:
        case "money":
            return value not in held.amounts or (
                bool(asked.texts) and derived.follows(number, told, asked.customer)
            )
        case "time" if fact.open:
            return any(
                derived.time_fits(time, told, held.parts)
                for time in told.times
                if time.both & set(fact.values)
            )
        case "span":
            return _asked_length(value, asked) or _between(value, told)
        case "date":
            return derived.names_a_day(clause.text)
        case "people" | "number" | "count":
            return _counted(number, clause, told, asked)
    return False


def _asked_length(value: object, asked: Asked) -> bool:
    """“Telat 10 menit” of a customer who asks about ten minutes."""
    return any(
        value == f"{kind}{number:g}" for each in asked.customer for kind, number in each.quantities
    )


def _between(value: object, told: Stated) -> bool:
    length = str(value)
    return length.startswith("span") and derived.length_fits(float(length[4:]), told.times)


def _counted(value: float, clause: Clause, told: Stated, asked: Asked) -> bool:
    priced = any(other.kind == "money" for other in clause.all_facts)
    if not priced and derived.count_fits(value, told, asked.lines):
        return True
    return any(value in each.every_number | derived.together(each) for each in asked.customer)
