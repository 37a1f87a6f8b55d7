"""An exam is answered by the service, question by question, and survives its end."""

import datetime as dt

import pytest
from django.db import IntegrityError

from agent import examining
from agent.ask import ask
from agent.models import Turn
from agent.records import Exam, ExamAnswer
from tests import factories
from tests.agent.conftest import Serve
from tests.model_server import NO_CREDIT


@pytest.fixture
def running(ombak, sari, now):
    factories.entry(ombak, "Parkir", content="Motor gratis, mobil tidak bisa parkir.")
    return examining.start(ombak, "id", sari, now)


def finish(at):
    while examining.examine_next(at):
        pass


def test_forty_answers_and_the_exam_is_over(running, now):
    finish(now)
    running.refresh_from_db()
    assert (running.state, running.answers.count()) == (Exam.State.DONE, 40)
    parking = running.answers.get(number=15)
    assert (parking.verdict, parking.missing) == ("missing", ["address"])
    assert set(Turn.objects.values_list("purpose", flat=True)) == {Turn.Purpose.PLAYGROUND}
    assert not examining.examine_next(now)


def test_a_studio_has_one_running_exam(running, ombak, sari, now):
    assert examining.start(ombak, "en", sari, now) == running
    assert Exam.objects.count() == 1


def test_what_was_answered_before_a_kill_is_not_asked_again(running, now, monkeypatch):
    monkeypatch.setattr(examining, "AT_ONCE", 0.0)
    Exam.objects.update(lease_until=now + examining.LEASE)  # whoever had it is dead
    assert not examining.examine_next(now)
    later = now + examining.LEASE
    ExamAnswer.objects.create(exam=running, tenant=running.tenant, number=1, verdict="right")
    monkeypatch.setattr(examining, "AT_ONCE", 5.0)
    finish(later)
    assert running.answers.count() == 40
    assert running.answers.get(number=1).reply == ""


def test_a_stopped_exam_keeps_its_answers_and_asks_no_more(running, ombak, now):
    examining._answer_next(running, now)
    examining.stop(ombak, now)
    finish(now)
    running.refresh_from_db()
    assert (running.state, running.answers.count()) == (Exam.State.STOPPED, 1)


def test_old_exams_go(ombak, sari, now):
    for days in range(7):
        examining.start(ombak, "id", sari, now + dt.timedelta(days=days))
        examining.stop(ombak, now)
    assert Exam.objects.count() == examining.KEPT


def test_a_model_that_fails_stands_beside_the_answer(running, now, serve: Serve):
    serve(rules=lambda _body: NO_CREDIT)
    finish(now)
    assert "no credit" in running.answers.get(number=5).error


def test_two_services_never_ask_the_same_exam(running, now):
    assert examining._claim(now) == running
    assert examining._claim(now) is None
    assert examining._claim(now + examining.LEASE) == running


def test_a_question_that_breaks_is_failed_and_the_exam_goes_on(running, now, monkeypatch):
    def breaks(tenant, text, **more):
        if "parkir" in text.lower():
            raise ZeroDivisionError("no luck")
        return ask(tenant, text, **more)

    monkeypatch.setattr(examining, "ask", breaks)
    finish(now)
    running.refresh_from_db()
    assert (running.state, running.answers.count()) == (Exam.State.DONE, 40)
    broken = running.answers.get(number=15)
    assert (broken.verdict, broken.error) == ("failed", "ZeroDivisionError: no luck")


def test_an_exam_begins_although_the_one_before_ended_meanwhile(ombak, sari, now, monkeypatch):
    made, create = [], Exam.objects.create

    def late(**values):
        made.append(values)
        if len(made) == 1:
            raise IntegrityError("one_running_exam_per_studio")
        return create(**values)

    monkeypatch.setattr(Exam.objects, "create", late)
    assert examining.start(ombak, "id", sari, now).state == Exam.State.RUNNING
