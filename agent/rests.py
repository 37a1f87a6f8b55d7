"""Which of the entries that an answer was given its words come from, and how well each fits: for staff who read why."""

import re
import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from agent.fits import Fit, fits
from agent.gaps import messages_of
from agent.models import Turn
from knowledge.models import KnowledgeEntry

IN_A_ROW = 4  # words that an answer shares with an entry by more than chance
_FIGURE = re.compile(r"\d[\d.,:]*\d")  # prices and times, as they are written


def sources(turn: Turn) -> list[dict[str, Any]]:
    """The entries of a run by title: those that its answer rests on, then what it was given besides.

    A deleted one keeps its reference.
    """
    given = (turn.reply.details.get("rests_on") if turn.reply else None) or {}
    names = list(dict.fromkeys([*turn.entries, *given]))
    known = _named(turn, names) if names else {}
    text = turn.reply.text if turn.reply else ""
    fitting = _fits(turn, known)
    listed = [
        {
            "reference": name,
            "entry": known.get(name),
            "used": speaks_from(known.get(name), text),
            "place": turn.entries.index(name) + 1 if name in turn.entries else 0,
            "fit": fitting.get(name),
        }
        for name in names
    ]
    return sorted(listed, key=lambda source: not source["used"])


def _fits(turn: Turn, known: dict[str, KnowledgeEntry]) -> dict[str, Fit]:
    """By reference; none for a run without a customer's words, such as that of a command."""
    if turn.reply is None or not known:
        return {}
    asked = "\n".join(message.text for message in messages_of(turn))
    return dict(zip(known, fits(asked, list(known.values())), strict=True))


def _named(turn: Turn, names: Iterable[str]) -> dict[str, KnowledgeEntry]:
    ids = [name for name in names if _is_id(name)]
    rows = KnowledgeEntry.objects.filter(
        Q(external_id__in=list(names)) | Q(pk__in=ids), tenant=turn.tenant_id
    )
    return {
        row.reference: row for row in rows.only("pk", "title", "external_id", "keywords", "content")
    }


def _is_id(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True


def speaks_from(entry: KnowledgeEntry | None, text: str) -> bool:
    """Whether the text repeats a figure of the entry, or some of its words in a row."""
    if entry is None or not text:
        return False
    figures = set(_FIGURE.findall(text)) & set(_FIGURE.findall(entry.content))
    return bool(figures) or bool(_runs(text) & _runs(f"{entry.title}\n{entry.content}"))


def _runs(text: str) -> set[tuple[str, ...]]:
    said = re.findall(r"[^\W_]+", text.lower())
    return {tuple(said[i : i + IN_A_ROW]) for i in range(len(said) - IN_A_ROW + 1)}
