"""Two words for people who try the studio out: `!ping`, and `!test QUESTION`."""

import re
from dataclasses import dataclass

_TEST = re.compile(r"!test(?:\s+|$)(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Shortcut:
    """`ping`, or `test` with the question behind it."""

    name: str
    question: str = ""


def shortcut(text: str) -> Shortcut | None:
    """The command that a message is, or None for everything else."""
    text = text.strip()
    if text.lower() == "!ping":
        return Shortcut("ping")
    match = _TEST.fullmatch(text)
    return Shortcut("test", match[1].strip()) if match else None
