"""The exam in the admin: starts it, shows how far it is, and what is missing. The service does the asking."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy

from agent import exam, examining, prefill
from agent.exam import Verdict
from agent.records import Exam, ExamAnswer
from agent.topics import Topic, topics
from knowledge.models import KnowledgeEntry
from tenants.models import Language, Tenant
from tenants.pages import frame, studio_page

RIGHT = "knowledge.change"
PATIENCE = dt.timedelta(seconds=6)  # until an exam that nobody works on is called waiting

# The colour of the label, and its words.
SAID = {
    Verdict.ANSWERED: ("ok", gettext_lazy("Answered")),
    Verdict.HANDED_OVER: ("ok", gettext_lazy("Handed over, as it should be")),
    Verdict.RIGHT: ("ok", gettext_lazy("Answered politely")),
    Verdict.PARTLY: ("wait", gettext_lazy("Only a part was answered")),
    Verdict.NOT_USED: ("wait", gettext_lazy("The knowledge tells it, the customer was not told")),
    Verdict.MISSING: ("wait", gettext_lazy("An entry is missing")),
    Verdict.BESIDE: ("bad", gettext_lazy("Answered with something else")),
    Verdict.WRONG: ("bad", gettext_lazy("Wrong: a person was needed, or something was promised")),
    Verdict.FAILED: ("bad", gettext_lazy("No answer")),
}


@studio_page(RIGHT)
def page(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    if request.method == "POST":
        return _started(request, tenant)
    context = _context(tenant, timezone.now())
    title = str(gettext_lazy("Exam"))
    return frame(request, "agent/exam.html", title, languages=Language.choices, **context)


@studio_page(RIGHT)
def results(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The results as they are now; 204 when the page shows just that."""
    context = _context(tenant, timezone.now())
    if request.GET.get("seen") == context["fingerprint"]:
        return HttpResponse(status=204)
    return render(request, "agent/exam_results.html", context)


@studio_page(RIGHT)
def stop(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    if request.method == "POST":
        examining.stop(tenant, timezone.now())
    return redirect("exam")


def _started(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    wanted = request.POST.get("language", "")
    language = wanted if wanted in Language.values else tenant.default_language
    assert isinstance(request.user, User)  # the site let them in
    examining.start(tenant, language, request.user, timezone.now())
    return redirect("exam")


def _context(tenant: Tenant, at: dt.datetime) -> dict[str, Any]:
    """The newest exam of the studio, in words."""
    newest = tenant.exams.select_related("started_by").first()
    answers = list(newest.answers.all()) if newest else []
    running = newest is not None and newest.state == Exam.State.RUNNING
    silent = running and _nobody_works(newest, answers, at)
    seen = newest and f"{newest.pk}-{newest.state}-{len(answers)}-{silent}"
    return {
        "tenant": tenant,
        "exam": newest,
        "running": running,
        "silent": silent,
        "done": len(answers),
        "total": len(exam.exam_questions()),
        "fingerprint": seen or "",
        "right": sum(answer.verdict in exam.GOOD for answer in answers),
        "cost": sum(answer.cost for answer in answers),
        "missing": _missing(tenant, answers, at, look=not running),
        "rows": _rows(tenant, newest, answers) if newest else [],
    }


def _nobody_works(newest: Exam | None, answers: Sequence[ExamAnswer], at: dt.datetime) -> bool:
    """Whether an exam waits although no process has taken it: runwhatsapp does not run."""
    if newest is None or answers or at - newest.created_at < PATIENCE:
        return False
    return newest.lease_until is None or newest.lease_until < at


def _missing(
    tenant: Tenant, answers: Iterable[ExamAnswer], at: dt.datetime, *, look: bool
) -> list[dict[str, Any]]:
    """What no entry told, with what such an entry should hold; `written` when one tells it by now."""
    keys = dict.fromkeys(key for answer in answers for key in answer.missing)
    known = [topic for key in keys if (topic := topics().get(key))]
    shown = get_language() or "en"
    return [
        {
            "name": topic.text("name", shown),
            "advice": topic.text("advice", shown),
            "address": prefill.for_topic(topic, tenant.default_language),
            "written": look and _held_now(tenant, topic, at),
        }
        for topic in known
    ]


def _held_now(tenant: Tenant, topic: Topic, at: dt.datetime) -> bool:
    return bool(exam.holders(tenant, topic, at))


def _rows(tenant: Tenant, newest: Exam, answers: Sequence[ExamAnswer]) -> list[dict[str, Any]]:
    """The questions that were answered, the bad ones first."""
    titles = _entries(tenant, answers)
    asked = {question.number: question for question in exam.exam_questions()}
    rows = [
        {
            "answer": answer,
            "question": asked[answer.number].text(newest.language),
            "tone": SAID[Verdict(answer.verdict)][0],
            "said": SAID[Verdict(answer.verdict)][1],
            "entries": [titles[name] for name in answer.entries if name in titles],
        }
        for answer in answers
        if answer.number in asked
    ]
    order = {"bad": 0, "wait": 1, "ok": 2}
    return sorted(rows, key=lambda row: order[row["tone"]])


def _entries(tenant: Tenant, answers: Iterable[ExamAnswer]) -> dict[str, KnowledgeEntry]:
    wanted = {name for answer in answers for name in answer.entries}
    rows = KnowledgeEntry.objects.for_tenant(tenant).only("pk", "title", "external_id")
    return {entry.reference: entry for entry in rows if entry.reference in wanted}
