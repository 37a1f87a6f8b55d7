"""What differs between two texts, piece by piece, for the eye; and the versions of an entry, newest first."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from knowledge.entries import FIELDS, label_of

MOST_WORDS = 600  # compared word by word; longer passages line by line
SHOWN = 400  # characters of a passage that is the same in both
Piece = tuple[str, str]  # "same", "gone" or "new", and its text


@dataclass(frozen=True)
class Change:
    """One field that differs."""

    name: str
    label: str
    pieces: list[Piece]


@dataclass(frozen=True)
class Version:
    """The entry as somebody left it, with what they changed."""

    row: Any
    who: str
    kind: str
    changes: list[Change]
    is_now: bool


def between(old: Any, new: Any) -> list[Change]:
    """The fields in which two versions differ. Both are entries, or rows of their history."""
    return [
        Change(name, label_of(name), pieces(_shown(old, name), _shown(new, name)))
        for name in FIELDS
        if _shown(old, name) != _shown(new, name)
    ]


def pieces(old: str, new: str) -> list[Piece]:
    """The new text with what is gone from the old one, in reading order."""
    lines = list(_compared(old.splitlines(keepends=True), new.splitlines(keepends=True)))
    found: list[Piece] = []
    for kind, before, after in lines:
        if kind == "same":
            found.append(("same", _shortened("".join(before))))
        elif len(before) + len(after) and _words("".join(before), "".join(after)) <= MOST_WORDS:
            found += _by_word("".join(before), "".join(after))
        else:
            found += [("gone", "".join(before)), ("new", "".join(after))]
    return [piece for piece in found if piece[1]]


def _by_word(old: str, new: str) -> Iterator[Piece]:
    for kind, before, after in _compared(_split(old), _split(new)):
        if kind == "same":
            yield "same", "".join(before)
        else:
            yield "gone", "".join(before)
            yield "new", "".join(after)


def _compared(
    old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) > 2000)
    for tag, i, j, k, m in matcher.get_opcodes():
        yield ("same" if tag == "equal" else "other"), old[i:j], new[k:m]


def _split(text: str) -> list[str]:
    """Words with the spaces behind them."""
    parts = text.replace("\n", "\n ").split(" ")
    return [part if part.endswith("\n") else f"{part} " for part in parts]


def _words(*texts: str) -> int:
    return sum(len(text.split()) for text in texts)


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]} … {text[-SHOWN // 2 :]}"


def versions(history: QuerySet[Any], most: int = 100) -> list[Version]:
    """Those versions that say something else than the one before, newest first. One query."""
    newest = history.select_related("history_user").order_by("-history_date", "-history_id")
    rows = list(newest[: most + 1])
    told = []
    for place, row in enumerate(rows[:most]):
        before = rows[place + 1] if place + 1 < len(rows) else None
        changed = between(before, row) if before is not None else []
        if changed or before is None:
            told.append(Version(row, author(row), _kind(row, before), changed, place == 0))
    return told


def by(entry: Any, person: User | None, reason: str = "") -> None:
    """Whose the next version of the entry is, once it is saved, and why."""
    entry._history_user, entry._change_reason = person, reason[:100]


def author(row: Any) -> str:
    """Who made this version, as colleagues call them."""
    person = getattr(row, "history_user", None)
    if person is None:
        return _("A program")
    return str(person.first_name or person.get_username())


def latest(history: QuerySet[Any]) -> Any:
    """The newest version with its author; None of an entry without a history."""
    return history.select_related("history_user").order_by("-history_date", "-history_id").first()


def _kind(row: Any, before: Any) -> str:
    if before is None:
        return _("first version")
    return str(row.history_change_reason or "")


def _shown(row: Any, name: str) -> str:
    value = getattr(row, name)
    if name in ("status", "language") and value:
        return str(getattr(row, f"get_{name}_display")())
    return str(value or "").replace("\r\n", "\n")
