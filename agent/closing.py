"""Gaps close when they are answered: a question is asked again as soon as the knowledge may tell it."""

import datetime as dt
import logging
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models import F
from django.utils.translation import gettext_noop

from agent.likeness import likeness, sense
from agent.models import Turn
from agent.records import Gap, GapQuestion
from agent.reply import Reply
from conversations.history import history
from knowledge.models import KnowledgeEntry
from knowledge.search import search

logger = logging.getLogger(__name__)
LEASE = dt.timedelta(seconds=90)  # longer than one answer can take
AT_ONCE = 50
LONGEST_KEYWORD = 80  # characters of a question that become keywords
NEAR = 0.3  # an entry as much alike as this may answer

NOT_USED = gettext_noop(
    "The assistant still hands this question over. Write the entry in the words that customers use, or add them as keywords."
)
NOT_KNOWN = gettext_noop("The assistant still says that it does not know.")
NOT_ASKED = gettext_noop(
    "This question could not be asked again because of an error. Try again; if it fails once more, look into the log."
)


def ask_again(gap: Gap, at: dt.datetime) -> None:
    """Put the question to the assistant as soon as the service comes to it."""
    rows = Gap.objects.filter(pk=gap.pk, state=Gap.State.OPEN)
    rows.update(state=Gap.State.CHECKING, check_at=at, note="")


def write(gap: Gap, at: dt.datetime) -> None:
    """Somebody writes the entry now: the next change of the knowledge is held against this gap."""
    Gap.objects.filter(pk=gap.pk).update(writing_since=at)


def link(gap: Gap, entry: KnowledgeEntry, at: dt.datetime) -> None:
    """An entry answers this already, in other words: it gets the customers' words as keywords, and the question is asked again."""
    question = _newest(gap)
    words = " ".join(question.text.replace(",", " ").split())[:LONGEST_KEYWORD] if question else ""
    known = [word for word in (entry.keywords or "").split(",") if word.strip()]
    room = entry._meta.get_field("keywords").max_length or 0
    if words and words.lower() not in (word.strip().lower() for word in known):
        told = ", ".join([*(word.strip() for word in known), words])
        if len(told) <= room:
            entry.keywords = told
            entry.save()
    Gap.objects.filter(pk=gap.pk).update(entry=entry)
    ask_again(gap, at)


def dismiss(gap: Gap, by: User | None, at: dt.datetime) -> None:
    """Nobody needs an answer to this; when it is asked again it stays out of the list."""
    rows = Gap.objects.open().filter(pk=gap.pk)
    rows.update(state=Gap.State.DISMISSED, settled_at=at, settled_by=by)


def reopen(gap: Gap) -> None:
    rows = Gap.objects.filter(pk=gap.pk, state__in=(Gap.State.DISMISSED, Gap.State.CLOSED))
    rows.update(state=Gap.State.OPEN, settled_at=None, settled_by=None, entry=None)


def notice_changes(at: dt.datetime) -> int:
    """Hold open gaps against knowledge that moved; how many are asked again."""
    moved = Gap.objects.filter(
        state=Gap.State.OPEN, seen_version__lt=F("tenant__knowledge_version")
    )
    asked = 0
    for gap in moved.select_related("tenant").order_by("-last_at")[:AT_ONCE]:
        Gap.objects.filter(pk=gap.pk).update(seen_version=gap.tenant.knowledge_version)
        if gap.writing_since or _may_be_told(gap, at):
            ask_again(gap, at)
            asked += 1
    return asked


def _may_be_told(gap: Gap, at: dt.datetime) -> bool:
    """Whether an entry that is newer than the question looks like an answer to it."""
    question = _newest(gap)
    if question is None:
        return False
    before = [question.earlier] if question.earlier else []
    asked = sense(question.text, question.earlier)
    return any(
        hit.clear or likeness(asked, sense(f"{hit.entry.title} {hit.entry.keywords}")) >= NEAR
        for hit in search(gap.tenant, [question.text], earlier=before, at=at)
        if hit.entry.updated_at > gap.first_at
    )


def close_next(at: dt.datetime) -> bool:
    """A step: one gap is asked again. False when none waits."""
    for gap in Gap.objects.due(at).select_related("tenant")[:5]:
        if Gap.objects.due(at).filter(pk=gap.pk).update(lease_until=at + LEASE):
            _check(gap, at)
            return True
    return False


def _check(gap: Gap, at: dt.datetime) -> None:
    question = _newest(gap)
    if question is None:
        gap.delete()
        return
    said = history(question.conversation, question.message_id, question.asked_at)
    rows = Gap.objects.filter(pk=gap.pk, state=Gap.State.CHECKING)
    from agent.ask import ask  # the whole assistant, which no page needs

    try:
        reply = ask(gap.tenant, question.text, history=said, at=at, purpose=Turn.Purpose.PLAYGROUND)
    except OperationalError:  # the database is away; the question is not to blame
        raise
    except Exception:
        logger.exception("A question could not be asked again.")
        rows.update(state=Gap.State.OPEN, note=NOT_ASKED, lease_until=None)
        return
    note = _why_not(reply)
    changed = {"answer": reply.text, "note": note, "writing_since": None, "lease_until": None}
    if note:
        rows.update(state=Gap.State.OPEN, **changed)
    else:
        entry = _entry(gap, reply.entries)
        rows.update(state=Gap.State.CLOSED, settled_at=at, entry=entry, **changed)


def _why_not(reply: Reply) -> str:
    """In English, for staff; empty when the answer is a good one."""
    from agent.exam import troubled
    from agent.unknown import says_unknown

    if reply.escalation is not None:
        return troubled(reply) or NOT_USED
    unknown = reply.outcome == Turn.Outcome.ANSWERED and says_unknown(reply.text)
    return NOT_KNOWN if unknown else ""


def _newest(gap: Gap) -> GapQuestion | None:
    rows = gap.questions.select_related("conversation")
    return rows.order_by("-asked_at", "-pk").first()


def _entry(gap: Gap, references: Iterable[str]) -> KnowledgeEntry | None:
    """The entry that closed it: of those that the answer was given, the one written since, else the first."""
    given = {name: place for place, name in enumerate(references)}
    rows = KnowledgeEntry.objects.filter(tenant=gap.tenant).defer("embedding")
    found = [row for row in rows if row.reference in given]
    linked = gap.entry_id  # staff named it
    found.sort(key=lambda r: (r.pk != linked, r.updated_at <= gap.first_at, given[r.reference]))
    return found[0] if found else None
