"""Insults: one calm sentence, no model, and a person after the third; whoever asks something gets an answer."""

import datetime as dt
import tomllib
from dataclasses import replace
from itertools import count

import pytest

from agent import abuse, redflags
from agent.answering import answer
from agent.held_back import INSULTED
from conversations import handling
from conversations.history import EPISODE, Line
from conversations.models import Conversation, Escalation, Message
from tests.agent.test_answering import FakeModel, question, says
from tests.agent.test_turns import Clock, step, write

TOLD = tomllib.loads(abuse.WORDS.read_text("utf-8"))


@pytest.mark.parametrize("text", TOLD["calls"])
def test_a_message_that_only_insults_is_known(text):
    assert redflags.find(text) is None
    assert abuse.is_abuse(text)


@pytest.mark.parametrize("text", TOLD["ignores"])
def test_dogs_exclamations_questions_and_complaints_are_no_abuse(text):
    assert not abuse.is_abuse(text)


def test_many_words_are_not_looked_through():
    assert not abuse.is_abuse("goblok " * (abuse.LONGEST + 1))


@pytest.mark.parametrize("model", [None, FakeModel()])
@pytest.mark.parametrize(
    ("text", "language", "told"),
    [("dasar bot tolol", "id", "Saya mengerti Kakak"), ("fuck you", "en", "I understand that you")],
)
def test_an_insult_gets_one_calm_sentence_without_a_model(ombak, now, model, text, language, told):
    reply = answer(question(ombak, text, now), model)
    assert reply.text.startswith(told)
    assert "*admin*" in reply.text
    assert "Ombak" in reply.text
    assert (reply.language, reply.escalation, reply.rounds) == (language, None, 0)
    assert reply.error == ""  # Home must not call it a fault of the provider
    assert {"note": INSULTED} in reply.trace


def test_the_third_insult_of_a_day_brings_a_person(ombak, now):
    said = [
        Line("customer", "goblok", now),
        Line("assistant", "goblok", now),  # what we say counts for nothing
        Line("customer", "berapa harga kelas?", now),
    ]
    second = answer(question(ombak, "bot tolol", now, history=said), None)
    assert second.escalation is None
    said.append(Line("customer", "bot tolol", now))
    third = answer(question(ombak, "bangsat lu", now, history=said), None)
    assert third.escalation is not None
    assert third.escalation.category == "complaint"  # which silences the assistant in the chat
    assert third.text.startswith("Percakapan ini saya serahkan ke tim")
    assert third.outcome == "handed_over"


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("goblok kalian, aku mau mati", "self_harm"),
        ("admin goblok, uang saya balikin!", "refund"),
    ],
)
def test_an_insult_with_danger_or_a_demand_is_heard_as_that(ombak, now, text, category):
    reply = answer(question(ombak, text, now), None)
    assert reply.escalation is not None
    assert reply.escalation.category == category


def test_who_insults_and_asks_gets_the_answer(ombak, now):
    model = FakeModel(says("Mohon maaf Kak, yang mana yang dimaksud?"))
    answer(question(ombak, "berapa harganya goblok", now), model)
    assert len(model.requests) == 1


# In a chat: the day counts, not the last lines ---------------------------------------------------


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def chat(ombak, clock):
    """Writes these messages one after the other, ten minutes apart, each answered before the next."""
    ids = count()

    def write_all(*texts):
        for text in texts:
            clock.wait(600)
            write(ombak, text, clock(), f"m{next(ids)}")
            step(clock)
        return Message.objects.filter(author="assistant").last()

    return write_all


def handed_over():
    return Escalation.objects.filter(category="complaint", state=Escalation.State.OPEN).exists()


def test_insults_far_apart_in_a_day_are_counted(chat):
    chat("goblok", *["makasih"] * 8, "bot tolol", *["makasih"] * 8)
    assert not handed_over()
    assert chat("bangsat lu").text.startswith("Percakapan ini saya serahkan ke tim")
    assert handed_over()


def test_insults_of_yesterday_are_not_counted(chat, clock):
    chat("goblok", "bot tolol")
    clock.wait(EPISODE.total_seconds())
    assert chat("bangsat lu").text.startswith("Saya mengerti Kakak")


def test_after_a_hand_back_it_is_counted_from_anew(chat, clock, sari):
    chat("goblok", "bot tolol", "bangsat lu")
    talk = Conversation.objects.get()
    chat("anjing kalian", "tolol")  # to staff
    clock.wait(handling.FRESH.total_seconds())
    assert handling.hand_back(talk, sari, clock())
    for insult in ("goblok", "bot tolol"):
        assert chat(insult).text.startswith("Saya mengerti Kakak")
    assert chat("bangsat lu").text.startswith("Percakapan ini saya serahkan ke tim")


def test_after_staff_wrote_it_is_counted_from_anew():
    at = dt.datetime(2026, 11, 18, tzinfo=dt.UTC)
    said = [Line("customer", "goblok", at), Line("customer", "tolol", at)]
    assert abuse.is_last(said)
    assert not abuse.is_last([*said, Line("staff", "Ada yang bisa saya bantu?", at)])


def test_a_message_that_is_no_insult_looks_at_no_day(ombak, now):
    def never():
        raise AssertionError

    answer(replace(question(ombak, "berapa harganya?", now), day=never), None)
