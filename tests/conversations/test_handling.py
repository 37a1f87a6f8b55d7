import pytest

from conversations import escalations, handling, intake, mailbox, outbox
from conversations.models import Escalation, Message
from tests import factories
from tests.conversations.cast import (
    BUDI,
    after,
    answered,
    chat_of,
    claim,
    draft,
    fresh,
    typed,
    writes,
)
from tests.factories import NOW

State = Message.State


def test_only_one_person_holds_a_conversation(ombak, sari):
    dewi = factories.staff("dewi", ombak)
    chat = chat_of(writes(ombak))
    assert handling.take_over(chat, sari, NOW)
    assert not handling.take_over(chat, dewi, NOW)
    assert handling.take_over(chat, sari, NOW)
    assert fresh(chat).handler == sari


def test_taking_over_leaves_the_waiting_messages_to_the_person(ombak, sari):
    message, other = writes(ombak), writes(ombak, person=BUDI)
    handling.take_over(chat_of(message), sari, NOW)
    assert (fresh(message).state, fresh(other).state) == ("handed_over", "new")
    assert claim().messages == [other]


def test_handing_back_answers_what_was_asked_just_now(ombak, sari):
    message = writes(ombak)
    handling.take_over(chat_of(message), sari, NOW)
    assert handling.hand_back(chat_of(message), sari, after(60))
    assert not handling.hand_back(chat_of(message), sari, after(60))
    assert claim(after(60)).messages == [message]


def test_handing_back_leaves_what_staff_answered_or_what_is_old(ombak, sari):
    chat = chat_of(writes(ombak))
    handling.take_over(chat, sari, NOW)
    outbox.queue(chat, "Ya Kak", author="staff", key="staff:1", at=after(1))
    handling.hand_back(chat, sari, after(2))
    assert mailbox.claim_next("thread", after(3), 30) is None
    handling.take_over(chat, sari, after(4))
    writes(ombak, at=after(5))
    handling.hand_back(chat, sari, after(minutes=20))
    assert mailbox.claim_next("thread", after(minutes=21), 30) is None


def test_a_message_typed_on_the_phone_is_a_staff_message_that_silences_the_assistant(ombak, senja):
    question, there = writes(ombak), writes(senja)
    taken = claim()
    assert taken.conversation.tenant == ombak
    message = intake.receive(typed(ombak, "rek BCA 123"), at=NOW)
    assert message is not None
    assert (message.author, message.state, message.from_me) == ("staff", "sent", True)
    assert mailbox.decide(taken, draft(), at=after(1)) is None
    chat = chat_of(message)
    assert (chat.handled_by, chat.resumes_at) == ("staff", after(minutes=30))
    assert (fresh(question).state, fresh(there).state) == ("answered", "new")


def test_a_phone_message_cancels_a_reply_that_waits_to_be_sent(ombak):
    reply = answered(ombak)
    intake.receive(typed(ombak), at=after(1))
    assert fresh(reply).state == State.CANCELLED


def test_a_phone_message_twice_is_stored_once(ombak):
    event = typed(ombak)
    assert intake.receive(event, at=NOW)
    assert intake.receive(event, at=after(1)) is None


def test_the_customer_cannot_end_the_silence(ombak):
    writes(ombak)
    intake.receive(typed(ombak), at=NOW)
    writes(ombak, at=after(60))
    writes(ombak, at=after(120))
    assert mailbox.claim_next("thread", after(121), 30) is None


def test_each_phone_message_prolongs_the_silence(ombak):
    writes(ombak)
    intake.receive(typed(ombak), at=NOW)
    message = intake.receive(typed(ombak, sent_at=after(600)), at=after(600))
    assert message is not None
    assert chat_of(message).resumes_at == after(minutes=40)


def test_staff_may_start_the_chat_from_the_phone(ombak):
    message = intake.receive(typed(ombak, "Halo Kak Ana"), at=NOW)
    assert message is not None
    assert chat_of(message).handled_by == "staff"
    assert writes(ombak, "ya?", at=after(5)).state == State.NEW
    assert mailbox.claim_next("thread", after(6), 30) is None


def test_a_phone_message_does_not_shorten_a_take_over(ombak, sari):
    chat = chat_of(writes(ombak))
    handling.take_over(chat, sari, NOW)
    intake.receive(typed(ombak), at=after(1))
    assert (fresh(chat).handler, fresh(chat).resumes_at) == (sari, None)


def test_a_phone_message_of_this_morning_silences_nothing_now(ombak):
    asked = writes(ombak, at=after(hours=5), sent_at=after(-60), backlog=True)
    later = writes(ombak, at=after(hours=5), sent_at=after(hours=4.9), backlog=True)
    intake.receive(typed(ombak, sent_at=NOW), at=after(hours=5))
    assert (fresh(asked).state, chat_of(asked).handled_by) == ("answered", "assistant")
    assert claim(after(hours=5.1)).messages == [later]


def test_what_the_phone_did_not_answer_is_answered_after_the_silence(ombak):
    asked = writes(ombak, at=after(20), sent_at=after(15))
    intake.receive(typed(ombak, sent_at=after(10)), at=after(21))
    assert fresh(asked).state == State.NEW
    assert chat_of(asked).reply_due_at == after(minutes=30, seconds=10)


def test_no_silence_when_the_studio_wants_none(ombak):
    ombak.phone_silence_minutes = 0
    ombak.save()
    message = intake.receive(typed(ombak), at=NOW)
    assert message is not None
    assert chat_of(message).handled_by == "assistant"


def test_our_own_echo_is_no_staff_message(ombak):
    reply = answered(ombak)
    outbox.claim_to_send(ombak.pk, NOW)
    outbox.sent(reply, "W1", NOW)
    assert intake.receive(typed(ombak, reply.text, whatsapp_id="W1"), at=NOW) is None
    assert chat_of(reply).handled_by == "assistant"


def test_an_echo_that_is_faster_than_the_sender_proves_the_send(ombak):
    reply = answered(ombak)
    outbox.claim_to_send(ombak.pk, NOW)
    assert intake.receive(typed(ombak, reply.text, whatsapp_id="W1"), at=NOW) is None
    assert (fresh(reply).state, fresh(reply).whatsapp_id) == ("sent", "W1")
    outbox.sent(reply, "W1", NOW)
    assert chat_of(reply).handled_by == "assistant"


@pytest.mark.parametrize(
    "fields", [{"kind": "image"}, {"sent_at": after(minutes=-3)}, {"sent_at": after(minutes=3)}]
)
def test_what_only_reads_like_a_send_is_typed_on_the_phone(ombak, fields):
    reply = answered(ombak)
    outbox.claim_to_send(ombak.pk, NOW)
    said = typed(ombak, reply.text, whatsapp_id="W1", **fields)
    assert intake.receive(said, at=NOW) is not None
    assert fresh(reply).state == "sending"


def test_one_open_escalation_per_conversation_and_reason(ombak):
    chat = chat_of(writes(ombak))
    first = escalations.escalate(chat, "billing", "normal", "Bill.", NOW)
    assert escalations.escalate(chat, "billing", "urgent", "Again.", after(1)) == first
    assert (fresh(first).urgency, fresh(first).summary) == ("urgent", "Bill.")
    escalations.escalate(chat, "billing", "low", "Again.", after(1))
    assert fresh(first).urgency == "urgent"
    assert escalations.escalate(chat, "medical", "normal", "Knee.", NOW) != first
    assert (
        escalations.escalate(chat_of(writes(ombak, person=BUDI)), "billing", "low", "", NOW)
        != first
    )
    assert Escalation.objects.count() == 3


def test_a_resolved_escalation_makes_room_for_a_new_one(ombak, sari):
    chat = chat_of(writes(ombak))
    first = escalations.escalate(chat, "complaint", "normal", "Rude.", NOW)
    assert escalations.resolve(first, sari, "called", after(1))
    assert not escalations.resolve(first, sari, "again", after(2))
    assert (first.outcome, first.resolved_by, fresh(chat).handled_by) == ("called", sari, "staff")
    assert escalations.escalate(chat, "complaint", "normal", "Rude.", after(3)) != first


def test_trying_the_studio_out_is_not_silenced(ombak):
    ombak.mode = "test"
    ombak.save()
    writes(ombak, "!test saya mau admin")
    assert mailbox.decide(claim(), draft(escalation="human_request"), at=NOW)
    assert Escalation.objects.exists()
    writes(ombak, "!test berapa?", at=after(1))
    assert claim(after(1))


def test_an_escalation_does_not_take_the_chat_from_the_person_who_has_it(ombak, sari):
    chat = chat_of(writes(ombak))
    handling.take_over(chat, sari, NOW)
    escalations.escalate(chat, "complaint", "normal", "Rude.", NOW)
    assert fresh(chat).handler == sari


def test_a_case_does_not_give_the_chat_back_to_a_person_whose_time_is_over(ombak, sari):
    chat = chat_of(writes(ombak))
    handling.take_over(chat, sari, NOW, resumes_after=60)
    escalations.escalate(fresh(chat), "complaint", "normal", "Rude.", after(minutes=61))
    assert fresh(chat).handler is None
    assert fresh(chat).silent(after(minutes=61))
    handling.take_over(chat, sari, after(minutes=62), resumes_after=60)
    escalations.escalate(fresh(chat), "complaint", "normal", "Again.", after(minutes=63))
    assert fresh(chat).handler == sari


def test_every_change_of_hands_is_counted(ombak, sari):
    chat = chat_of(writes(ombak))
    changes = [
        lambda: handling.take_over(chat, sari, NOW),
        lambda: handling.hand_back(chat, sari, NOW),
        lambda: handling.silence_for_phone(chat, NOW),
        lambda: escalations.escalate(chat, "complaint", "normal", "Rude.", NOW),
    ]
    for count, change in enumerate(changes, start=1):
        change()
        assert fresh(chat).mode_version == count
