"""Sentences that are meant for an assistant and not for a customer, in both languages: the net of orders.toml.

It errs towards asking a person: what it stops is saved and can be approved. It reads the text as knowledge/hidden.py
reveals it: small letters, nothing invisible.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

NAME = "mila"
_TOKEN = re.compile(r"<([A-Z_]+)>")


def order(text: str, name: str = "") -> str:
    """The words of the text that order an assistant about; empty when there are none. `text` is revealed.

    `name` is what the studio calls its assistant.
    """
    for pattern in _compiled(name.strip().casefold()):
        match = pattern.search(text)
        if match:
            return " ".join(match[0].split())
    return ""


@cache
def table() -> dict[str, Any]:
    """The patterns with what each finds and leaves alone."""
    return tomllib.loads((Path(__file__).parent / "orders.toml").read_text("utf-8"))


def written_out(pattern: str, name: str = "") -> str:
    """The pattern with the words for which its tokens stand."""
    names = "|".join(re.escape(each) for each in dict.fromkeys([NAME, name]) if each)
    words: dict[str, str] = {**table()["words"], "NAME": f"(?:{names})"}
    while _TOKEN.search(pattern):
        pattern = _TOKEN.sub(lambda token: words[token[1]], pattern)
    return pattern


def _compiled(name: str) -> "list[re.Pattern[str]]":
    return _of_everybody() if name in ("", NAME) else _named(name)


@cache
def _of_everybody() -> list[re.Pattern[str]]:
    return [re.compile(written_out(row["pattern"])) for row in table()["order"]]


def _named(name: str) -> list[re.Pattern[str]]:
    """Those that call it by its name are made anew; all others are shared."""
    calls = [row["pattern"] for row in table()["order"] if "<NAME>" in row["pattern"]]
    return [*_of_everybody(), *(re.compile(written_out(pattern, name)) for pattern in calls)]
