"""Runs exams: question by question, by the service that answers customers, never by a page."""

import datetime as dt
import logging
import time
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q

from agent import exam
from agent.ask import ask
from agent.models import Turn
from agent.records import Exam, ExamAnswer
from tenants.models import Tenant

logger = logging.getLogger(__name__)
LEASE = dt.timedelta(seconds=60)  # longer than one question can take
AT_ONCE = 5.0  # seconds for one exam before the next one has its turn
KEPT = 5  # exams of a studio


def start(
    tenant: Tenant, language: str, by: User | None, at: dt.datetime, *, again: bool = True
) -> Exam:
    """Begin an exam; the one that runs when there is one already."""
    try:
        with transaction.atomic():
            begun = Exam.objects.create(
                tenant=tenant, language=language, started_by=by, created_at=at
            )
    except IntegrityError:
        if running := Exam.objects.filter(tenant=tenant, state=Exam.State.RUNNING).first():
            return running
        if not again:
            raise
        return start(tenant, language, by, at, again=False)  # the other one ended just now
    old = tenant.exams.order_by("-created_at").values_list("pk", flat=True)[KEPT:]
    Exam.objects.filter(pk__in=list(old)).delete()
    return begun


def stop(tenant: Tenant, at: dt.datetime) -> None:
    """End the exam that runs; what was answered stays."""
    running = Exam.objects.filter(tenant=tenant, state=Exam.State.RUNNING)
    running.update(state=Exam.State.STOPPED, finished_at=at)


def examine_next(at: dt.datetime) -> bool:
    """A step: some questions of the exam that waits longest. False when none waits."""
    claimed = _claim(at)
    if claimed is None:
        return False
    until = time.monotonic() + AT_ONCE
    going = True
    while going and time.monotonic() < until:
        going = _answer_next(claimed, at)
    Exam.objects.filter(pk=claimed.pk).update(lease_until=None)
    return True


def _claim(at: dt.datetime) -> Exam | None:
    free = Q(lease_until=None) | Q(lease_until__lte=at)
    waiting = Exam.objects.filter(free, state=Exam.State.RUNNING).select_related("tenant")
    for one in waiting.order_by("created_at")[:5]:
        if Exam.objects.filter(free, pk=one.pk).update(lease_until=at + LEASE):
            return one
    return None


def _answer_next(running: Exam, at: dt.datetime) -> bool:
    """Answer one question; False when the exam is over or was stopped."""
    rows = Exam.objects.filter(pk=running.pk, state=Exam.State.RUNNING)
    done = set(running.answers.values_list("number", flat=True))
    left = [question for question in exam.exam_questions() if question.number not in done]
    if not left:
        rows.update(state=Exam.State.DONE, finished_at=at)
        return False
    if not rows.update(lease_until=at + LEASE):
        return False
    _answer(running, left[0], at)
    return True


def _answer(running: Exam, question: exam.ExamQuestion, at: dt.datetime) -> None:
    """One that cannot be answered counts as failed, and the exam goes on."""
    try:
        became = _became(running, question, at)
    except OperationalError:  # the database is away; the question is not to blame
        raise
    except Exception as error:
        logger.exception("A question of an exam failed.")
        became = {
            "verdict": exam.Verdict.FAILED,
            "error": f"{type(error).__name__}: {error}"[:500],
        }
    defaults = {"tenant": running.tenant, **became}
    ExamAnswer.objects.get_or_create(exam=running, number=question.number, defaults=defaults)


def _became(running: Exam, question: exam.ExamQuestion, at: dt.datetime) -> dict[str, Any]:
    tenant = running.tenant
    text = question.text(running.language)
    reply = ask(tenant, text, at=at, purpose=Turn.Purpose.PLAYGROUND)
    judged = exam.judge(question, reply, tenant, at)
    return {
        "verdict": judged.verdict,
        "reply": reply.text,
        "escalated": reply.escalation is not None,
        "entries": [entry.reference for entry in judged.entries],
        "missing": [topic.key for topic in judged.missing],
        "error": exam.troubled(reply),
        "cost": reply.cost,
        "milliseconds": reply.milliseconds,
    }
