import pytest

from conversations import handling, intake, mailbox, outbox
from conversations.inbound import Person
from conversations.models import Conversation, Escalation, Message
from conversations.shortcuts import shortcut
from tests.conversations.cast import after, chat_of, claim, draft, fresh, inbound, writes
from tests.factories import NOW

State = Message.State
OWNER = Person("+6281200001101", "1@lid", "Ombak")


def own(tenant, text, **fields):
    return inbound(tenant, text, OWNER, own_chat=True, **fields)


@pytest.mark.parametrize(
    ("text", "name", "question"),
    [
        ("!ping", "ping", ""),
        (" !PING \n", "ping", ""),
        ("!test berapa harga?", "test", "berapa harga?"),
        ("!Test\nberapa\nharga?", "test", "berapa\nharga?"),
        ("!test", "test", ""),
    ],
)
def test_shortcuts_are_understood(text, name, question):
    found = shortcut(text)
    assert found is not None
    assert (found.name, found.question) == (name, question)


@pytest.mark.parametrize("text", ["ping", "!pingpong", "!testing", "halo !test x", "", "!"])
def test_other_texts_are_no_shortcuts(text):
    assert shortcut(text) is None


@pytest.mark.parametrize("mode", ["live", "test"])
def test_ping_gets_pong_without_a_turn(ombak, mode):
    ombak.mode = mode
    ombak.save()
    message = writes(ombak, "!ping")
    pong = outbox.claim_to_send(ombak.pk, NOW)
    assert pong is not None
    assert (pong.text, pong.author, pong.conversation_id) == (
        "pong",
        "system",
        message.conversation_id,
    )
    assert message.state == State.SEEN
    assert mailbox.claim_next("thread", after(5), 30) is None


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_test_question_is_answered_in_live_and_test_mode(ombak, mode):
    ombak.mode = mode
    ombak.save()
    message = writes(ombak, "!test Berapa harga membership?")
    assert message.text == "Berapa harga membership?"
    assert claim().messages == [message]


def test_test_without_a_question_explains_itself(ombak):
    writes(ombak, "!test")
    note = outbox.claim_to_send(ombak.pk, NOW)
    assert note is not None
    assert "!test berapa" in note.text
    assert mailbox.claim_next("thread", after(5), 30) is None


def test_the_studios_own_chat_knows_both_commands_and_nothing_else(ombak):
    assert intake.receive(own(ombak, "beli matras 5"), at=NOW) is None
    assert not Message.objects.exists()
    ping = intake.receive(own(ombak, "!ping"), at=NOW)
    asked = intake.receive(own(ombak, "!test berapa?"), at=NOW)
    assert ping is not None
    assert asked is not None
    chat = chat_of(asked)
    assert (chat.channel, chat.customer, ping.conversation_id) == ("own_chat", None, chat.pk)
    taken = claim()
    assert taken.messages == [asked]
    assert mailbox.decide(taken, draft(), at=NOW)
    pong = outbox.claim_to_send(ombak.pk, NOW)
    assert pong is not None
    assert pong.conversation.chat == "1@lid"
    assert Conversation.objects.count() == 1


def test_a_hand_over_in_the_own_chat_does_not_silence_it(ombak):
    intake.receive(own(ombak, "!test saya mau komplain"), at=NOW)
    mailbox.decide(claim(), draft(escalation="complaint"), at=NOW)
    assert Escalation.objects.get().category == "complaint"
    asked = intake.receive(own(ombak, "!test berapa?"), at=after(1))
    assert claim(after(1)).messages == [asked]


def test_an_own_chat_message_twice_is_one_row(ombak):
    event = own(ombak, "!ping")
    assert intake.receive(event, at=NOW)
    assert intake.receive(event, at=NOW) is None
    assert Message.objects.filter(text="pong").count() == 1


def test_a_test_question_in_staff_hands_is_left_to_the_person(ombak, sari):
    message = writes(ombak)
    handling.take_over(chat_of(message), sari, NOW)
    asked = writes(ombak, "!test berapa?", at=after(1))
    assert fresh(asked).state == State.HANDED_OVER
    assert mailbox.claim_next("thread", after(2), 30) is None
