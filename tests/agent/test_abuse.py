"""Insults: one calm sentence, no model, and a person after the third; whoever asks something gets an answer."""

import tomllib

import pytest

from agent import abuse, redflags
from agent.answering import INSULTED, answer
from conversations.history import Line
from tests.agent.test_answering import FakeModel, question, says

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
