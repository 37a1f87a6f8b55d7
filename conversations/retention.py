"""What is older than a studio keeps is deleted for good, once a day and in portions, so that nobody waits for it.

A run that is cut off begins again where it stopped: what is gone is not there to be found. The customers themselves stay,
and so do the figures of the reports.
"""

import datetime as dt
import logging
import uuid
from collections import Counter
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from conversations.models import Conversation, Escalation, MediaFile, Message, Note
from tenants import tidying
from tenants.models import Tenant

log = logging.getLogger(__name__)
PORTION = 500
Gone = Counter[str]
_so_far: dict[uuid.UUID, Gone] = {}
# Files that this run could not delete: the others are tried first, these again tomorrow.
_stuck: dict[uuid.UUID, set[int]] = {}
MOST_STUCK = 5000  # more, and the disk is to blame


def step(at: dt.datetime) -> bool:
    """One portion of the studio that is due; False when none is."""
    tenant = tidying.due(at).first()
    if tenant is None:
        return False
    before = _before(at, tenant.keep_messages_days)
    if before and not tidying.counted(tenant, before, at):
        return True
    gone = tidy(tenant, at)
    total = _so_far.setdefault(tenant.pk, Counter()) + gone
    _so_far[tenant.pk] = total
    if not gone.total():
        _stuck.pop(tenant.pk, None)
        del total["stuck"]
        tidying.done(tenant, at, **_so_far.pop(tenant.pk))
    return True


def tidy(tenant: Tenant, at: dt.datetime) -> Gone:
    """Delete one portion. Says how much of what; nothing when all is done."""
    gone: Gone = Counter()
    stuck = _stuck.setdefault(tenant.pk, set())
    known = len(stuck)
    if known > MOST_STUCK:
        return gone
    if before := _before(at, tenant.keep_files_days):
        gone["files"] = _files_go(tenant, before)
    if before := _before(at, tenant.keep_messages_days):
        gone["messages"] = _messages_go(tenant, before)
        gone["more"] = _rest_goes(tenant, before)
    gone["stuck"] = len(stuck) - known  # behind them are others
    return gone


def _before(at: dt.datetime, days: int | None) -> dt.datetime | None:
    return at - dt.timedelta(days=days) if days else None


def _files_go(tenant: Tenant, before: dt.datetime) -> int:
    rows = MediaFile.objects.filter(tenant=tenant, message__created_at__lt=before).exclude(path="")
    keys = _unlinked(rows.exclude(pk__in=_stuck[tenant.pk]), _stuck[tenant.pk])
    too_old = MediaFile.Problem.TOO_OLD
    changes: dict[str, Any] = {
        "state": MediaFile.State.FAILED,
        "problem": too_old,
        "source": {},
        "due_at": None,
    }
    MediaFile.objects.filter(pk__in=keys).update(**changes, path="", size=0)
    return len(keys)


def _unlinked(rows: QuerySet[MediaFile], stuck: set[int]) -> list[int]:
    """The files first: were the rows first, a kill in between would leave files that nobody finds."""
    found = dict(rows.order_by("pk").values_list("pk", "path")[:PORTION])
    gone = [key for key, path in found.items() if not path or _is_gone(path)]
    stuck.update(found.keys() - set(gone))
    return gone


def _is_gone(path: str) -> bool:
    try:
        (settings.MEDIA_ROOT / path).unlink(missing_ok=True)
    except OSError as error:
        log.error("The file %s is too old and cannot be deleted, its row stays: %s", path, error)
        return False
    return True


def _messages_go(tenant: Tenant, before: dt.datetime) -> int:
    """In every chat of the studio, with its own people too: staff chats, its own chat, the Playground."""
    stuck = _stuck[tenant.pk]
    rows = Message.objects.filter(tenant=tenant, created_at__lt=before).order_by("created_at")
    if stuck:
        rows = rows.exclude(pk__in=MediaFile.objects.filter(pk__in=stuck).values("message"))
    keys = list(rows.values_list("pk", flat=True)[:PORTION])
    files = MediaFile.objects.filter(message__in=keys)
    stays = files.exclude(pk__in=_unlinked(files, stuck)).values_list("message_id", flat=True)
    going = set(keys) - set(stays)
    Message.objects.filter(pk__in=going).delete()
    return len(going)


def _rest_goes(tenant: Tenant, before: dt.datetime) -> int:
    """What else holds a customer's words: notes, closed escalations, what the assistant noted of its turns."""
    closed = Escalation.objects.filter(state=Escalation.State.RESOLVED, resolved_at__lt=before)
    gone = _portion_goes(Note.objects.filter(tenant=tenant, created_at__lt=before))
    gone += _portion_goes(closed.filter(tenant=tenant))
    told = tenant.turns.filter(created_at__lt=before).filter(
        Q(details__isnull=False) | ~Q(error="")
    )
    keys = list(told.order_by().values_list("pk", flat=True)[:PORTION])
    tenant.turns.filter(pk__in=keys).update(details=None, error="")
    return gone + len(keys) + _emptied(tenant, before)


def _portion_goes(rows: QuerySet[Note] | QuerySet[Escalation]) -> int:
    keys = list(rows.order_by().values_list("pk", flat=True)[:PORTION])
    rows.model._default_manager.filter(pk__in=keys).delete()
    return len(keys)


def _emptied(tenant: Tenant, before: dt.datetime) -> int:
    """Chats in which nothing is left stand in no list any more, until somebody writes; unless a person is still needed."""
    rows = Conversation.objects.filter(tenant=tenant, last_message_at__lt=before)
    left = Exists(Message.objects.filter(conversation=OuterRef("pk")))
    open_cases = Escalation.objects.filter(state=Escalation.State.OPEN)
    needed = Exists(open_cases.filter(conversation=OuterRef("pk")))
    return rows.filter(~left, ~needed).update(last_message_at=None, unread=0)
