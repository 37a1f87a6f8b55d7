import pytest

from conversations import handling, intake, leaving, mailbox, outbox
from conversations.attachments import queue_file
from conversations.models import Conversation, Escalation, Message
from conversations.parts import LONG, parts
from tests.conversations.cast import (
    BUDI,
    after,
    answered,
    chat_of,
    claim,
    draft,
    fresh,
    receipt,
    writes,
)
from tests.factories import NOW

State = Message.State


def staff_says(conversation, text="Halo Kak", key="staff:1", at=NOW, **fields):
    return outbox.queue(conversation, text, author="staff", key=key, at=at, **fields)


@pytest.fixture
def chat(ombak) -> Conversation:
    return chat_of(writes(ombak))


def sending(tenant, at=NOW) -> Message:
    message = outbox.claim_to_send(tenant.pk, at)
    assert message is not None
    return message


def test_the_same_key_twice_is_one_message(chat, sari):
    first = staff_says(chat, written_by=sari)
    assert staff_says(chat, "Halo lagi") == first
    assert Message.objects.filter(author="staff").count() == 1


def test_the_same_key_in_two_studios_is_two_messages(chat, senja):
    other = chat_of(writes(senja))
    assert staff_says(chat) != staff_says(other)


def test_a_message_is_claimed_once_with_its_chat_and_becomes_sent(ombak, senja):
    reply = answered(ombak)
    assert outbox.claim_to_send(senja.pk, NOW) is None
    message = sending(ombak)
    assert (message, message.conversation.chat, message.attempts) == (reply, "101@lid", 1)
    assert fresh(reply).state == State.SENDING
    assert outbox.claim_to_send(ombak.pk, NOW) is None
    outbox.sent(message, "W1", after(1))
    assert (fresh(reply).state, fresh(reply).whatsapp_id) == ("sent", "W1")


def test_a_long_text_leaves_as_three_messages_at_most_cut_between_paragraphs(ombak):
    chat = chat_of(writes(ombak))
    paragraph = "Kelas Hatha di aula utama. " * 20
    text = "\n\n".join(f"{number} {paragraph}".strip() for number in range(12))
    for _twice in range(2):
        first = outbox.queue(chat, text, author="staff", key="staff:1", at=NOW)
    rows = list(Message.objects.filter(author="staff"))
    assert rows[0] == first
    assert [row.text[0] for row in rows] == ["0", "2", "4"]
    assert "\n\n".join(row.text for row in rows) == text
    assert all(len(row.text) <= LONG for row in rows[:2])


def test_a_text_without_any_place_to_cut_is_kept_whole():
    assert "".join(parts("x" * 5000)) == "x" * 5000
    assert parts("short") == ["short"]
    assert [len(part) for part in parts("Kata panjang. " * 300)] == [1497, 1497, 1204]


def test_messages_of_a_conversation_leave_one_by_one_in_order(ombak):
    first, second = answered(ombak), answered(ombak, at=after(1))
    assert sending(ombak) == first
    assert outbox.claim_to_send(ombak.pk, NOW) is None
    outbox.unknown(first, "cut off", NOW)
    assert sending(ombak) == second


def test_other_customers_do_not_wait_for_a_message_that_hangs(ombak):
    first = answered(ombak)
    writes(ombak, person=BUDI)
    other = mailbox.decide(claim(), draft(), at=NOW)
    assert sending(ombak) == first
    assert sending(ombak) == other


def test_a_message_that_certainly_did_not_leave_is_tried_again_before_later_ones(ombak):
    first, second = answered(ombak), answered(ombak, at=after(1))
    outbox.not_sent(sending(ombak), "offline", NOW, permanent=False)
    assert outbox.claim_to_send(ombak.pk, after(1)) is None
    assert sending(ombak, after(2)) == first
    outbox.sent(fresh(first), "W", after(2))
    assert sending(ombak, after(2)) == second


def test_after_many_tries_or_for_good_it_failed_and_staff_are_told(ombak):
    reply = answered(ombak)
    at = 0
    for _try in range(6):
        at += 1000
        outbox.not_sent(sending(ombak, after(at)), "offline", after(at), permanent=False)
    assert (fresh(reply).state, fresh(reply).attempts) == ("failed", 6)
    assert "offline" in Escalation.objects.get().summary
    blocked = answered(ombak, at=after(at))
    outbox.not_sent(sending(ombak, after(at)), "blocked", after(at), permanent=True)
    assert fresh(blocked).state == State.FAILED


def test_what_a_dead_line_was_sending_is_unknown_and_never_sent_again_by_itself(ombak, senja):
    reply, there = answered(ombak), answered(senja)
    sending(ombak)
    sending(senja)
    assert outbox.recover(ombak.pk, after(1)) == 1
    assert (fresh(reply).state, fresh(there).state) == ("unknown", "sending")
    assert outbox.claim_to_send(ombak.pk, after(9999)) is None


@pytest.mark.parametrize("kind", ["delivered", "read"])
def test_a_receipt_settles_what_is_unknown(ombak, kind):
    reply = answered(ombak)
    sending(ombak)
    Message.objects.filter(pk=reply.pk).update(whatsapp_id="W1")
    outbox.recover(ombak.pk, NOW)
    intake.receive(receipt(ombak, kind, "W1"), at=after(1))
    assert (fresh(reply).state, fresh(reply).error) == (kind, "")


def test_messages_only_move_forward(ombak, senja):
    reply = answered(ombak)
    outbox.sent(sending(ombak), "W1", NOW)
    intake.receive(receipt(senja, "read", "W1"), at=NOW)
    assert fresh(reply).state == State.SENT
    intake.receive(receipt(ombak, "read", "W1"), at=NOW)
    intake.receive(receipt(ombak, "delivered", "W1"), at=NOW)
    outbox.sent(reply, "W2", NOW)
    outbox.unknown(reply, "?", NOW)
    outbox.not_sent(reply, "?", NOW, permanent=True)
    assert (fresh(reply).state, fresh(reply).whatsapp_id) == ("read", "W1")


def test_a_customers_message_is_no_target_of_receipts(ombak):
    message = writes(ombak, whatsapp_id="IN")
    intake.receive(receipt(ombak, "read", "IN"), at=NOW)
    assert fresh(message).state == State.NEW


def test_what_the_customers_phone_could_not_read_is_sent_once_more(ombak):
    answered(ombak)
    outbox.sent(sending(ombak), "W1", NOW)
    for _twice in range(2):
        intake.receive(receipt(ombak, "retry", "W1"), at=after(1))
    again = sending(ombak, after(2))
    assert (again.text, again.details) == ("Rp 150.000 kak", {"again": again.pk - 1})
    assert outbox.claim_to_send(ombak.pk, after(2)) is None


def test_what_could_not_be_read_and_has_lost_its_file_becomes_a_task_for_staff(
    chat, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    message = queue_file(chat, b"%PDF-1.7", "jadwal.pdf", caption="", key="f", at=NOW)
    outbox.sent(sending(chat.tenant), "W1", NOW)
    (tmp_path / message.media.path).unlink()
    intake.receive(receipt(chat.tenant, "retry", "W1"), at=after(1))
    assert "The file is gone" in Escalation.objects.get().summary
    assert outbox.claim_to_send(chat.tenant.pk, after(2)) is None


def test_send_again_makes_a_new_row_once_and_only_for_what_may_be_lost(ombak):
    reply = answered(ombak)
    outbox.unknown(sending(ombak), "cut off", NOW)
    again = outbox.send_again(fresh(reply), after(1))
    assert again is not None
    assert again.pk != reply.pk
    assert outbox.send_again(fresh(reply), after(2)) == again
    outbox.sent(sending(ombak, after(2)), "W", after(2))
    assert outbox.send_again(fresh(again), after(3)) is None
    assert fresh(reply).state == State.UNKNOWN


def test_a_message_waits_for_its_time_and_is_not_sent_when_it_is_over(chat, ombak):
    later = staff_says(chat, not_before=after(60), expires_at=after(120))
    soon = staff_says(chat, key="staff:2")
    assert sending(ombak) == soon
    outbox.sent(soon, "W", NOW)
    assert outbox.claim_to_send(ombak.pk, after(59)) is None
    assert outbox.claim_to_send(ombak.pk, after(121)) is None
    assert fresh(later).state == State.CANCELLED


def test_an_answer_that_waited_six_hours_becomes_a_task_for_staff(ombak):
    reply = answered(ombak)
    assert outbox.claim_to_send(ombak.pk, after(hours=6)) is None
    assert fresh(reply).state == State.CANCELLED
    assert Escalation.objects.get().category == "cannot_answer"


def test_a_studio_that_was_switched_off_says_nothing_but_what_staff_write(ombak, chat):
    reply = answered(ombak)
    ombak.mode = "off"
    ombak.save()
    assert outbox.claim_to_send(ombak.pk, after(1)) is None
    assert (fresh(reply).state, fresh(reply).error) == ("cancelled", "The studio is switched off.")
    mine = staff_says(chat)
    assert sending(ombak) == mine


def test_the_mode_is_asked_again_right_before_sending(ombak):
    """Also when the one who changed hands withdrew nothing."""
    reply = answered(ombak)
    Conversation.objects.update(mode_version=99)
    assert outbox.claim_to_send(ombak.pk, NOW) is None
    assert fresh(reply).state == State.CANCELLED


def test_staff_who_write_answer_what_waits_and_silence_the_assistant_for_a_while(chat, ombak, sari):
    message = staff_says(chat, written_by=sari)
    assert not Message.objects.filter(state="new").exists()
    chat = fresh(chat)
    assert (chat.handled_by, chat.resumes_at, chat.unread) == ("staff", after(minutes=30), 0)
    assert sending(ombak) == message


def test_staff_who_took_over_keep_the_chat_when_they_write(chat, sari):
    handling.take_over(chat, sari, NOW)
    staff_says(chat, written_by=sari)
    assert (fresh(chat).handler, fresh(chat).resumes_at) == (sari, None)


def test_a_cancelled_claim_tries_the_next_message(ombak, sari):
    answered(ombak)
    Conversation.objects.update(mode_version=5)
    writes(ombak, person=BUDI)
    other = mailbox.decide(claim(), draft(), at=NOW)
    assert sending(ombak) == other


def test_sending_costs_few_statements(ombak, django_assert_max_num_queries):
    answered(ombak)
    with django_assert_max_num_queries(5):
        outbox.sent(sending(ombak), "W1", NOW)


def test_a_sender_that_looked_a_moment_too_early_does_not_send_twice(ombak, monkeypatch):
    answered(ombak)
    stale = leaving._first(ombak.pk, NOW)
    sending(ombak)
    looks = iter([stale, None])
    monkeypatch.setattr(leaving, "_first", lambda *_args: next(looks))
    assert outbox.claim_to_send(ombak.pk, NOW) is None
