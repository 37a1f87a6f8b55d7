"""Entries that must not be told to customers before a person of the studio has looked: checked whenever their text is
saved, and once more where every process takes its knowledge from, so that no way of writing a row goes round it.

An approval holds for the text that was approved: a later change is checked again.
"""

import datetime as dt
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from knowledge.suspicions import suspicions

if TYPE_CHECKING:
    from knowledge.models import KnowledgeEntry

RULES = "3"  # raised when the rules change: what was checked by older ones is checked again
CHECKED = frozenset({"title", "keywords", "content", "external_id"})
FIELDS = ("needs_review", "review_reasons", "checked_fingerprint")

_SENTENCES = {
    "order": gettext_noop("It reads like an order to the assistant: “%s”."),
    "hidden": gettext_noop("It holds characters that nobody sees (%s). Type that passage anew."),
    "remark": gettext_noop("It holds a remark that the page does not show: “%s”."),
    "disguised": gettext_noop("It mixes letters of two alphabets that look alike: %s."),
    "secret": gettext_noop("It seems to hold a password or key: “%s”."),
    "asks_secret": gettext_noop("It asks for a one-time code or PIN: “%s”."),
    "card": gettext_noop("It seems to hold the number of a card (%s)."),
    "account": gettext_noop("It names an account that no other entry has: %s. Is it the studio's?"),
    "link": gettext_noop(
        "It sends payments to an address that no other entry has: %s. Is it the studio's?"
    ),
}


def check(entry: "KnowledgeEntry") -> None:
    """Look at the text that is about to be saved, and mark the entry when a person has to see it."""
    mark = fingerprint(entry)
    if entry.checked_fingerprint == mark and entry.review_reasons == []:
        entry.needs_review = False
        return
    found = suspicions(text_of(entry), _others(entry), entry.tenant.persona_name)
    entry.review_reasons = [[one.kind, one.words] for one in found]
    entry.needs_review = bool(found) and entry.approved_fingerprint != text_mark(entry)
    entry.checked_fingerprint = mark


def cleared(rows: "Iterable[KnowledgeEntry]") -> "list[KnowledgeEntry]":
    """Those rows that customers may be told of. Rows that were written past `save` are checked here."""
    rows = list(rows)
    known = [row for row in rows if row.checked_fingerprint == fingerprint(row)]
    told = [row for row in known if not row.needs_review]
    unknown = [row for row in rows if row.checked_fingerprint != fingerprint(row)]
    others = [text_of(row) for row in told] if unknown else []
    trusted = {row.pk for row in told} | {row.pk for row in unknown if _trusted(row, others)}
    return [row for row in rows if row.pk in trusted]


_judged: dict[tuple[Any, str], bool] = {}  # of rows that nobody has checked again yet
_KEPT = 5000


def _trusted(row: "KnowledgeEntry", others: list[str]) -> bool:
    if row.approved_fingerprint == text_mark(row):
        return True
    key = (row.tenant_id, fingerprint(row))
    if key not in _judged:
        if len(_judged) >= _KEPT:
            _judged.clear()
        _judged[key] = not suspicions(text_of(row), others)
    return _judged[key]


def recheck(rows: "Iterable[KnowledgeEntry]") -> int:
    """Check again what was written past `save`, or by older rules. Returns how many entries wait now that did not."""
    waiting = 0
    for row in rows:
        if row.checked_fingerprint != fingerprint(row):
            before = row.needs_review
            row.save(update_fields=["content"])
            waiting += row.needs_review and not before
    return waiting


def approve(
    entry: "KnowledgeEntry", *, by: User | None, at: dt.datetime, seen: str | None = None
) -> None:
    """A person takes responsibility for the text as it stands; `seen` is the mark of the text they looked at."""
    mark = text_mark(entry)
    if seen is not None and seen != mark:
        raise ValidationError(_("The entry was changed meanwhile. Read it once more."))
    entry.approved_fingerprint, entry.approved_by, entry.approved_at = mark, by, at
    entry.needs_review = False
    approval = ("approved_fingerprint", "approved_by", "approved_at", "needs_review", "updated_at")
    entry.save(update_fields=approval)


def is_approved(entry: "KnowledgeEntry") -> bool:
    """Whether a person approved the text as it stands."""
    return entry.approved_at is not None and entry.approved_fingerprint == text_mark(entry)


def reasons(entry: "KnowledgeEntry") -> list[str]:
    """Why the entry waits, in sentences for staff."""
    return [_(_SENTENCES[kind]) % words for kind, words in entry.review_reasons]


def fingerprint(entry: "KnowledgeEntry") -> str:
    """What was checked, and by which rules."""
    return _hash(RULES, text_of(entry))


def text_mark(entry: "KnowledgeEntry") -> str:
    """What is approved: the text alone, whatever the rules are."""
    return _hash(text_of(entry))


def text_of(entry: "KnowledgeEntry") -> str:
    """Everything of the entry that a customer or the model may come to read."""
    return "\n".join((entry.title, entry.keywords, entry.content, entry.external_id or ""))


def _others(entry: "KnowledgeEntry") -> "Iterable[str]":
    """What the studio tells already; read only when the text speaks of ways to pay."""
    model: Any = type(entry)
    rows = model.objects.filter(tenant=entry.tenant_id, needs_review=False).exclude(pk=entry.pk)
    parts = rows.values_list("title", "keywords", "content")
    return ("\n".join(texts) for texts in parts)


def _hash(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode()).hexdigest()
