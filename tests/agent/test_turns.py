"""From a conversation that is due to a reply in the outbox, or to no reply when the customer wrote more."""

import datetime as dt

import pytest

from agent import troubles, turns
from agent.answering import answer
from agent.models import Turn
from agent.turns import answer_next
from conversations import handling, intake, playground
from conversations.inbound import InboundMessage, Person
from conversations.models import Conversation, Escalation, Message
from tests import factories
from tests.agent.conftest import Serve
from tests.model_server import NO_CREDIT, WRONG_KEY, Failure, text


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.waits: list[float] = []

    def __call__(self) -> dt.datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture(autouse=True)
def knowledge(ombak):
    return factories.entry(ombak, "Alamat", content="Jalan Pantai 12.", external_id="address")


def write(tenant, words, at, whatsapp_id="m1", kind="text"):
    person = Person(phone="+6281230001111", lid=None, name="Rina")
    chat = "6281230001111@s.whatsapp.net"
    return intake.receive(
        InboundMessage(tenant.pk, whatsapp_id, chat, person, kind, words, at), at=at
    )


def step(clock):
    return answer_next("test", clock=clock, wait=clock.wait)


def replies():
    return [row.text for row in Message.objects.filter(author=Message.Author.ASSISTANT)]


def test_nothing_due_is_no_work(clock):
    assert not step(clock)


def test_the_reply_waits_until_the_customer_was_quiet(ombak, clock, now, serve: Serve, settings):
    serve([text("Jalan Pantai 12 Kak.")])
    write(ombak, "alamatnya di mana?", now)
    assert step(clock)
    assert replies() == ["Jalan Pantai 12 Kak."]
    assert clock.now - now >= dt.timedelta(seconds=settings.AGENT_QUIET_SECONDS)


def test_a_message_while_waiting_drops_the_reply_and_one_answer_covers_both(
    ombak, clock, now, serve: Serve
):
    server = serve([text("Jalan Pantai 12."), text("Jalan Pantai 12, parkir ada.")])
    write(ombak, "alamatnya di mana?", now)

    def interrupted(seconds: float) -> None:
        if not clock.waits:
            write(ombak, "parkir ada?", clock.now, "m2")
        clock.wait(seconds)

    assert answer_next("test", clock=clock, wait=interrupted)
    assert replies() == []
    assert Turn.objects.get().outcome == Turn.Outcome.OVERTAKEN
    assert step(clock)
    assert replies() == ["Jalan Pantai 12, parkir ada."]
    asked = server.bodies[1]["messages"][-1]["content"]
    assert "alamatnya di mana?\nparkir ada?" in asked


def test_a_person_who_takes_over_meanwhile_wins(ombak, sari, clock, now, serve: Serve):
    def taken_over(seconds: float) -> None:
        handling.take_over(Conversation.objects.get(), sari, clock.now)
        clock.wait(seconds)

    serve([text("Jalan Pantai 12.")])
    write(ombak, "alamatnya di mana?", now)
    assert answer_next("test", clock=clock, wait=taken_over)
    assert Conversation.objects.get().handler == sari
    assert replies() == []


@pytest.mark.parametrize(
    ("failure", "sentence"), [(WRONG_KEY, troubles.WRONG_KEY), (NO_CREDIT, troubles.NO_CREDIT)]
)
def test_a_wrong_key_is_told_to_staff_and_the_customer_still_hears_something(
    ombak, clock, now, serve: Serve, failure: Failure, sentence
):
    serve([failure])
    write(ombak, "bisa pinjam sepeda tandem?", now)
    assert step(clock)
    assert Turn.objects.get().error == sentence
    [reply] = replies()
    assert "tim Ombak Yoga" in reply
    assert Escalation.objects.get().category == "cannot_answer"


def test_a_crash_in_a_turn_is_tried_again_and_shown(ombak, clock, now, monkeypatch):
    def broken(*_args, **_more):
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(turns, "answer", broken)
    write(ombak, "alamat?", now)
    assert step(clock)
    turn = Turn.objects.get()
    assert (turn.outcome, turn.error) == (Turn.Outcome.FAILED, "ZeroDivisionError: no luck")
    conversation = Conversation.objects.get()
    assert conversation.reply_due_at is not None
    assert conversation.reply_due_at > now


def test_a_crash_while_the_reply_is_kept_is_tried_again_and_shown(ombak, clock, now, monkeypatch):
    def broken(*_args, **_more):
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(turns, "record", broken)
    write(ombak, "admin", now)
    assert step(clock)
    assert replies() == []
    assert Turn.objects.get().error == "ZeroDivisionError: no luck"
    conversation = Conversation.objects.get()
    assert conversation.reply_due_at is not None
    assert conversation.reply_due_at > clock.now


def test_a_wish_for_a_person_calls_no_model(ombak, clock, now, serve: Serve):
    server = serve()
    write(ombak, "mau ngomong sama admin dong", now)
    step(clock)
    assert server.requests == []
    assert Escalation.objects.get().category == "human_request"
    assert len(replies()) == 1


def test_a_picture_without_words_goes_to_staff(ombak, clock, now, serve: Serve):
    server = serve()
    write(ombak, "", now, kind="image")
    if step(clock):
        assert server.requests == []
        assert Escalation.objects.get().category == "cannot_answer"


def test_the_playground_is_answered_at_once_and_never_sent(ombak, sari, clock, now, serve: Serve):
    serve([text("Jalan Pantai 12.")])
    playground.ask(ombak, sari, "alamat?", now)
    assert step(clock)
    assert clock.waits == []
    reply = Message.objects.get(author=Message.Author.ASSISTANT)
    assert reply.state == Message.State.SHOWN
    assert Turn.objects.get().purpose == Turn.Purpose.PLAYGROUND


def test_what_staff_wrote_reaches_the_model_as_theirs(ombak, sari, clock, now, serve: Serve):
    server = serve([text("Baik Kak."), text("Sama-sama.")])
    write(ombak, "alamat?", now)
    step(clock)
    chat = Conversation.objects.get()
    Message.objects.create(
        tenant=ombak,
        conversation=chat,
        author="staff",
        text="Ada promo, nanti dikabari",
        state="sent",
        created_at=now,
    )
    write(ombak, "promonya apa?", clock.now, "m2")
    step(clock)
    earlier = server.bodies[1]["messages"]
    assert [turn["role"] for turn in earlier] == ["user", "assistant", "user"]
    assert "(written by the studio's staff) Ada promo" in earlier[1]["content"]


@pytest.mark.parametrize("with_model", [True, False])
@pytest.mark.parametrize(
    ("question", "escalated", "words"),
    [
        ("!test I have severe back pain", True, "Ombak Yoga team"),
        ("!test Berapa harga membership?", False, "Rp 1.850.000"),
    ],
)
def test_a_studio_in_test_mode_answers_its_test_questions(
    ombak, clock, now, serve: Serve, with_model, question, escalated, words
):
    ombak.mode = ombak.Mode.TEST
    ombak.save()
    for topic in ("Parkir", "Loker", "Handuk", "Kafe", "Toilet", "Pintu", "Musik", "Taman"):
        factories.entry(ombak, topic, content=f"{topic} ada di lantai bawah.")
    factories.entry(ombak, "Harga membership", content="Membership sebulan Rp 1.850.000.")
    if with_model:
        serve()
    write(ombak, question, now)
    assert step(clock)
    [reply] = replies()
    assert words in reply
    assert Escalation.objects.exists() is escalated


def test_a_turn_takes_few_statements(
    ombak, clock, now, serve: Serve, django_assert_max_num_queries
):
    serve([text("Jalan Pantai 12.")] * 2)
    write(ombak, "alamat?", now)
    step(clock)
    write(ombak, "alamatnya di mana?", clock.now, "m2")
    clock.now += dt.timedelta(seconds=5)  # quiet already
    with django_assert_max_num_queries(16):
        step(clock)


def test_a_customer_deleted_during_the_turn_leaves_nothing_behind(ombak, clock, now, monkeypatch):
    message = write(ombak, "alamat?", now)

    def answer_and_delete(*args):
        message.conversation.customer.delete()
        return answer(*args)

    monkeypatch.setattr(turns, "answer", answer_and_delete)
    assert step(clock)
    assert not Turn.objects.exists()
    assert not step(clock)
