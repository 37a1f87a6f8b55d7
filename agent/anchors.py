"""What an answer rests on, so that a corrected entry is not contradicted by the assistant's own earlier answers."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence

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
    figures = set(_FIGURE.findall(text))
    holding = [entry for entry in shown if any(figure in entry.content for figure in figures)]
    entries = {entry.reference: entry for entry in (*found, *holding)}
    return {name: _print(entry) for name, entry in list(entries.items())[:MOST]}


def still_true(lines: Sequence[Line], shelf: Shelf, today: dt.date) -> Sequence[Line]:
    """The chat without answers of the assistant that rest on an entry which was changed or taken away since."""
    if not any(line.rests_on for line in lines):
        return lines
    known = {entry.reference: entry for entry in shelf.valid(today)}
    prints = {
        name: _print(known[name]) for line in lines for name in line.rests_on if name in known
    }
    return [line for line in lines if line.rests_on.items() <= prints.items()]


def _print(entry: KnowledgeEntry) -> str:
    return of_text(entry)[:12]
