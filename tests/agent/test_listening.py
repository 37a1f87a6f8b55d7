"""Voice notes that staff will read, and what each of them costs: within the budgets, and counted."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from agent import hearing, listening, troubles
from agent.jobs import Jobs
from agent.listening import HeldChats
from agent.models import Purse, Turn
from agent.turns import answer_next
from config import alarms, soundness
from conversations import handling, media
from conversations.models import Conversation, Customer, MediaFile, Message
from reports.counting import count
from tenants.models import Tenant
from tests import factories
from tests.agent.conftest import Serve
from tests.agent.test_arrivals import SOUND, sends, step
from tests.agent.test_arrivals import clock as clock
from tests.agent.test_arrivals import folder as folder
from tests.agent.test_arrivals import server as server
from tests.agent.test_turns import replies
from tests.model_server import text

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def held(ombak, sari, clock):
    """A chat that staff hold."""
    sends(ombak, clock, None, "text", "halo", number=99)
    MediaFile.objects.all().delete()
    chat = Conversation.objects.get()
    assert handling.take_over(chat, sari, clock())
    return chat


def look(clock, after=dt.timedelta()):
    return HeldChats().step(clock() + after)


def test_staff_read_what_is_said_in_a_chat_that_they_hold(ombak, clock, server, held):
    message = sends(ombak, clock, SOUND, seconds=30)
    assert not answer_next("test", clock=clock, wait=clock.wait)
    assert look(clock)
    message.refresh_from_db()
    assert message.text == "jam berapa kelas besok"
    assert message.details["written_down_by"] == "whisper-1"
    assert message.state == Message.State.HANDED_OVER
    assert not Message.objects.filter(author="assistant").exists()  # no answer is made by that
    assert not look(clock)
    assert len(server.asked) == 1


def test_the_services_own_jobs_do_it(ombak, clock, server, held, monkeypatch):
    sends(ombak, clock, SOUND)
    monkeypatch.setattr("agent.jobs.timezone.now", clock)
    assert Jobs(lambda: 0.0).step()
    assert Message.objects.get(kind="voice").text


def test_it_costs_by_its_length_and_is_a_run_of_its_own(ombak, clock, server, held, settings):
    settings.TRANSCRIPTION_PRICE = 0.006
    sends(ombak, clock, SOUND, seconds=30)
    look(clock)
    turn = Turn.objects.get()
    assert (turn.purpose, turn.outcome, turn.model) == ("listening", "heard", "whisper-1")
    assert turn.cost == Decimal("0.003000")
    assert (turn.reply, turn.conversation) == (None, held)


def test_who_says_that_a_long_note_is_short_pays_by_its_size(settings):
    settings.TRANSCRIPTION_PRICE = 0.06
    message = Message(details={"seconds": 1})
    assert listening.price(listening._seconds(message, b"x" * 160_000)) == Decimal("0.010000")


def test_an_answered_note_is_counted_too_and_only_once(ombak, clock, server, serve: Serve):
    factories.entry(ombak, "Jadwal besok", content="Kelas besok jam 07:00.")
    serve([text("Kelas besok jam 07:00 Kak.")])
    sends(ombak, clock, SOUND, seconds=10)
    step(clock)
    assert Turn.objects.filter(purpose="listening").count() == 1
    assert Turn.objects.filter(purpose="customer").count() == 1


def test_a_used_up_budget_pays_for_no_voice_note(ombak, clock, server, held, settings):
    settings.TRANSCRIPTION_PRICE = 0.02
    Tenant.objects.filter(pk=ombak.pk).update(budget_day=Decimal("0.01"), currency="USD")
    sends(ombak, clock, SOUND, number=1, seconds=60)
    sends(ombak, clock, SOUND, number=2, seconds=60)
    assert look(clock)
    assert Purse.objects.get().day_spent == 20_000
    look(clock)
    assert len(server.asked) == 1
    assert Turn.objects.count() == 1


def test_a_failure_costs_nothing_and_is_tried_again_later(ombak, clock, server, held, monkeypatch):
    Tenant.objects.filter(pk=ombak.pk).update(budget_day=Decimal(1), currency="USD")
    server.status = 500
    message = sends(ombak, clock, SOUND)
    look(clock)
    assert Purse.objects.get().day_spent == 0
    assert not Turn.objects.exists()
    monkeypatch.setattr(hearing, "_resting", {})
    server.status = 200
    assert not look(clock)  # not at once
    assert look(clock, listening.AGAIN)
    message.refresh_from_db()
    assert message.text


def test_what_a_customer_deleted_meanwhile_stays_deleted(ombak, clock, server, held, monkeypatch):
    message = sends(ombak, clock, SOUND)
    heard = hearing.heard

    def slowly(*args):
        Message.objects.filter(pk=message.pk).update(details={"revoked": {"text": ""}})
        return heard(*args)

    monkeypatch.setattr(hearing, "heard", slowly)
    look(clock)
    message.refresh_from_db()
    assert (message.text, message.details) == ("", {"revoked": {"text": ""}})


def test_a_file_that_cannot_be_read_now_is_tried_again(ombak, clock, server, held, monkeypatch):
    message = sends(ombak, clock, SOUND)

    def away(_file):
        raise OSError("the disk is away")

    with monkeypatch.context() as gone:
        gone.setattr(media, "read", away)
        look(clock)
    assert look(clock, listening.AGAIN)
    message.refresh_from_db()
    assert message.text


def test_a_kind_of_sound_that_nobody_knows_holds_up_no_other(ombak, clock, server, held):
    sends(ombak, clock, SOUND)
    MediaFile.objects.update(content_type="audio/amr")
    known = sends(ombak, clock, SOUND, number=98)
    assert look(clock)
    assert look(clock)
    known.refresh_from_db()
    assert known.text
    assert not look(clock, HOUR)
    assert len(server.asked) == 1


def test_silence_is_paid_for_once(ombak, clock, server, held):
    server.text = ""
    sends(ombak, clock, SOUND)
    assert look(clock)
    assert not look(clock, HOUR)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "case",
    [
        "old",
        "of staff",
        "blocked",
        "nobody configured",
        "being loaded",
        "test mode",
        "off",
        "archived",
    ],
)
def test_what_is_left_alone(ombak, clock, server, held, settings, case):
    if case == "blocked":
        Customer.objects.update(blocked_at=clock())
    mode = {"test mode": "test", "off": "off"}.get(case, "live")
    Tenant.objects.filter(pk=ombak.pk).update(mode=mode, active=case != "archived")
    sends(ombak, clock, None if case == "being loaded" else SOUND)
    if case == "of staff":
        Message.objects.filter(kind="voice").update(author="staff")
    settings.TRANSCRIPTION_MODEL = "" if case == "nobody configured" else "whisper-1"
    assert not look(clock, listening.BACK + HOUR if case == "old" else dt.timedelta())
    assert server.asked == []


def test_a_note_that_the_assistant_will_answer_is_its_own(ombak, clock, server):
    sends(ombak, clock, SOUND)
    assert not look(clock)


def test_a_claimed_note_is_not_paid_by_another_host(ombak, clock, server, held):
    sends(ombak, clock, SOUND)
    file = MediaFile.objects.get(message__kind="voice")
    assert listening.claimed(file, clock())
    assert not listening.claimed(file, clock())
    assert not look(clock)
    assert look(clock, listening.AGAIN)  # should that host have died


def test_reports_count_the_cost_for_customers_and_no_answer(ombak, held):
    at = timezone.now()
    listening._record(hearing.Listener("whisper-1", "k"), held, Decimal("0.5"), 1.0)
    day = ombak.local(at).date()
    counts = count(ombak, day, day)[day]
    assert (counts.cost, counts.other_cost, counts.answers) == (500_000, 0, 0)


def test_a_note_that_was_heard_hides_no_trouble_of_the_model(ombak, held, settings):
    settings.ANTHROPIC_API_KEY = "sk-wrong"
    for _number in range(3):
        Turn.objects.create(
            tenant=ombak, purpose="customer", outcome="from_knowledge", error=troubles.WRONG_KEY
        )
        listening._record(hearing.Listener("whisper-1", "k"), held, Decimal(0), 1.0)
    assert [each.urgent for each in alarms.alarms(ombak, timezone.now())] == [True]
    told = {part.name: part.tone for part in soundness._provider(timezone.now())}
    assert "ok" not in told.values()


def test_a_chat_taken_over_while_a_note_is_heard_pays_for_it_once(
    ombak, sari, clock, server, monkeypatch
):
    message = sends(ombak, clock, SOUND)
    hear = hearing.heard
    looked: list[bool] = []

    def slowly(*args):
        if not looked:
            assert handling.take_over(Conversation.objects.get(), sari, clock())
            looked.append(look(clock))
        return hear(*args)

    monkeypatch.setattr(hearing, "heard", slowly)
    answer_next("test", clock=clock, wait=clock.wait)
    assert looked == [False]
    assert not look(clock, HOUR)
    assert len(server.asked) == 1
    assert Turn.objects.filter(purpose="listening").count() == 1
    message.refresh_from_db()
    assert message.text == "jam berapa kelas besok"


def test_a_chat_handed_back_while_a_note_is_heard_waits_for_those_words(
    ombak, clock, server, serve: Serve
):
    factories.entry(ombak, "Jadwal besok", content="Kelas besok jam 07:00.")
    serve([text("Kelas besok jam 07:00 Kak.")])
    message = sends(ombak, clock, SOUND)
    file = MediaFile.objects.get(message=message)
    assert listening.claimed(file, clock())

    def told(seconds):
        Message.objects.filter(pk=message.pk).update(text="jam berapa kelas besok")
        clock.wait(seconds)

    assert answer_next("test", clock=clock, wait=told)
    assert server.asked == []
    assert replies() == ["Kelas besok jam 07:00 Kak."]


def test_silence_is_paid_for_once_by_the_assistant_too(ombak, clock, server):
    server.text = ""
    sends(ombak, clock, SOUND)
    step(clock)
    Conversation.objects.update(handled_by=Conversation.Handler.STAFF)
    assert not look(clock, HOUR)
    assert len(server.asked) == 1


def test_a_note_that_the_assistant_could_not_hear_is_free_for_staff(
    ombak, clock, server, monkeypatch
):
    server.status = 500
    sends(ombak, clock, SOUND)
    step(clock)
    assert MediaFile.objects.get().due_at is None
