"""Reads the made-up dialogues of the demo studios: plain text, whose marks are told at the top of ombak.txt."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["asks", "answers", "hands_over", "staff", "takes", "reacts", "unknown"]
_MARKS: dict[str, Kind] = {
    ">": "asks",
    "<": "answers",
    "!": "hands_over",
    "=": "staff",
    "+": "reacts",
    "?": "unknown",
}
_HEAD = re.compile(r"# (id|en): (.+)")
_NAMES = re.compile(r"& (id|en): (.+)")
_ANSWER = re.compile(r"(.*\S) \[([\w\s-]*)\]")
_TASK = re.compile(r"(\w+) (low|normal|urgent): (.+)")
_STAFF = re.compile(r"(\d+): (.+)")


@dataclass(frozen=True)
class Step:
    """One line of a dialogue. `texts` are variations of what a customer says, or the one text of anybody else."""

    kind: Kind
    texts: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    minutes: int = 0
    category: str = ""
    urgency: str = ""


@dataclass
class Dialogue:
    language: str
    title: str
    weight: int = 1
    recent: int | None = None  # minutes before now: it stands in the waiting list
    steps: list[Step] = field(default_factory=list)


@dataclass
class Weeks:
    """What one file tells: who writes, and what is said."""

    names: dict[str, list[str]]
    dialogues: list[Dialogue]


def read(path: Path) -> Weeks:
    """The dialogues of one studio. A line that cannot be read raises ValueError with its number."""
    weeks = Weeks({}, [])
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            _take(weeks, line)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise ValueError(f"{path.name}, line {number} cannot be read: {line}") from error
    return weeks


def _take(weeks: Weeks, line: str) -> None:
    if head := _HEAD.fullmatch(line):
        weeks.dialogues.append(Dialogue(head[1], head[2]))
    elif names := _NAMES.fullmatch(line):
        weeks.names[names[1]] = names[2].split(", ")
    elif line and weeks.dialogues:
        _add(weeks.dialogues[-1], line)


def _add(dialogue: Dialogue, line: str) -> None:
    mark, text = line[0], line[2:]
    if mark == "@":
        name, number = text.split()
        setattr(dialogue, {"weight": "weight", "recent": "recent"}[name], int(number))
    else:
        dialogue.steps.append(_step(_MARKS[mark], text))


def _step(kind: Kind, text: str) -> Step:
    if kind == "asks":
        return Step(kind, tuple(text.split(" | ")))
    if kind == "answers":
        said = _ANSWER.fullmatch(text)
        return Step(kind, (said[1],), tuple(said[2].split())) if said else Step(kind, (text,))
    if kind == "hands_over":
        category, urgency, summary = _TASK.fullmatch(text).groups()  # type: ignore[union-attr]
        return Step(kind, (summary,), category=category, urgency=urgency)
    if kind == "staff" and text == "take":
        return Step("takes")
    if kind == "staff":
        minutes, words = _STAFF.fullmatch(text).groups()  # type: ignore[union-attr]
        return Step(kind, (words,), minutes=int(minutes))
    return Step(kind, (text.strip(),))
