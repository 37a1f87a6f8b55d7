"""What an answer rests on, so that a corrected entry is not contradicted by the assistant's own earlier answers."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from conversations.history import Line
from knowledge.fingerprints import of_text
from knowledge.models import KnowledgeEntry
from knowledge.shelf import Shelf

MOST = 12
_FIGURE = re.compile(r"\d[\d.,:]*\d")  # prices and times, as they are written


def rests_on(
    text: str, found: Iterable[KnowledgeEntry], shown: Iterable[KnowledgeEntry]
) -> dict[str, str]:
    """The entries behind an answer, each with its fingerprint: what was found, and what holds one of its figures."""
    figures = frozenset(_FIGURE.findall(text))
    holding = [entry for entry in shown if figures and not figures.isdisjoint(_in(entry.content))]
    entries = {entry.reference: entry for entry in (*found, *holding)}
    return {name: _print(entry) for name, entry in list(entries.items())[:MOST]}


def still_true(lines: Sequence[Line], shelf: Shelf, today: dt.date) -> Sequence[Line]:
    """The chat without answers of the assistant that rest on an entry which was changed or taken away since."""
    if not any(line.rests_on for line in lines):
        return lines
    wanted = {name for line in lines for name in line.rests_on}
    entries = [entry for entry in shelf.valid(today) if entry.reference in wanted]
    prints = {entry.reference: _print(entry) for entry in entries}
    return [line for line in lines if line.rests_on.items() <= prints.items()]


@lru_cache(maxsize=4096)
def _in(content: str) -> frozenset[str]:
    """The figures of an entry, which is asked for them in every turn."""
    return frozenset(_FIGURE.findall(content))


def _print(entry: KnowledgeEntry) -> str:
    return _print_of(entry.title, entry.keywords, entry.content)


@lru_cache(maxsize=4096)
def _print_of(title: str, keywords: str, content: str) -> str:
    """Asked for the same entries in every turn."""
    return of_text(KnowledgeEntry(title=title, keywords=keywords, content=content))[:12]
