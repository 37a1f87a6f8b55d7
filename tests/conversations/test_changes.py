import pytest

from conversations import handling, intake, mailbox, outbox
from conversations.inbound import Edit, Reaction, Revoke
from conversations.models import Message
from tests.conversations.cast import (
    ANA,
    BUDI,
    after,
    answered,
    chat_of,
    claim,
    draft,
    fresh,
    inbound,
    typed,
    writes,
)
from tests.factories import NOW

State = Message.State


def edit(tenant, whatsapp_id, text, at=NOW, **fields):
    return intake.receive(Edit(tenant.pk, whatsapp_id, text, at, **fields), at=at)


def revoke(tenant, whatsapp_id, **fields):
    return intake.receive(Revoke(tenant.pk, whatsapp_id, NOW, **fields), at=NOW)


def answer(tenant, **fields) -> Message:
    message = writes(tenant, **fields)
    mailbox.decide(claim(), draft(), at=NOW)
    return message


def test_an_edit_replaces_the_text_and_keeps_the_old_one(ombak):
    message = writes(ombak, "harga?", whatsapp_id="A")
    edit(ombak, "A", "jadwal?")
    edit(ombak, "A", "alamat?")
    row = fresh(message)
    assert (row.text, row.state) == ("alamat?", "new")
    assert [old["text"] for old in row.details["edits"]] == ["harga?", "jadwal?"]


def test_an_edit_of_another_studio_changes_nothing(ombak, senja):
    message = writes(ombak, "harga?", whatsapp_id="A")
    assert edit(senja, "A", "lain") is None
    assert revoke(senja, "A") is None
    assert fresh(message).text == "harga?"


@pytest.mark.parametrize(
    ("text", "minutes", "state"),
    [
        ("kelas selasa", 5, "new"),
        ("kelas selasa", 16, "answered"),
        ("Kelas senin!!", 5, "answered"),
    ],
)
def test_only_a_real_correction_soon_after_the_answer_is_answered_again(
    ombak, text, minutes, state
):
    message = answer(ombak, text="kelas senin", whatsapp_id="A")
    edit(ombak, "A", text, after(minutes=minutes))
    assert (fresh(message).state, fresh(message).text) == (state, text)
    due = chat_of(message).reply_due_at
    assert (due is not None) == (state == "new")


def test_a_correction_in_staff_hands_is_theirs(ombak, sari):
    message = answer(ombak, whatsapp_id="A")
    handling.take_over(chat_of(message), sari, NOW)
    edit(ombak, "A", "lain sekali", after(60))
    assert (fresh(message).state, chat_of(message).reply_due_at) == ("answered", None)


def test_an_edited_test_question_loses_its_prefix_too(ombak):
    message = writes(ombak, "!test harga?", whatsapp_id="A")
    edit(ombak, "A", "!test jadwal?")
    assert fresh(message).text == "jadwal?"


def test_customers_can_change_nothing_that_they_did_not_write(ombak):
    reply = answered(ombak)
    outbox.claim_to_send(ombak.pk, NOW)
    outbox.sent(reply, "W1", NOW)
    assert edit(ombak, "W1", "Semua kelas gratis") is None
    assert revoke(ombak, "W1") is None
    assert fresh(reply).text == "Rp 150.000 kak"


def test_staff_change_on_the_phone_what_they_wrote_there(ombak):
    message = intake.receive(typed(ombak, "jam 7", whatsapp_id="P"), at=NOW)
    edit(ombak, "P", "jam 8", from_me=True)
    assert fresh(message).text == "jam 8"
    revoke(ombak, "P", from_me=True)
    assert (fresh(message).text, fresh(message).state) == ("", "sent")


def test_a_deleted_question_is_not_answered_and_its_text_is_kept_for_staff_only(ombak):
    message, other = writes(ombak, "rahasia", whatsapp_id="A"), writes(ombak, "harga?")
    revoke(ombak, "A")
    row = fresh(message)
    assert (row.text, row.state, row.details["revoked"]["text"]) == ("", "seen", "rahasia")
    assert claim().messages == [other]


def test_deleting_the_only_question_leaves_nothing_due(ombak):
    message = writes(ombak, whatsapp_id="A")
    revoke(ombak, "A")
    assert chat_of(message).reply_due_at is None
    assert revoke(ombak, "A") is None
    assert edit(ombak, "A", "lagi") is None


def test_an_answered_question_that_is_deleted_stays_answered(ombak):
    message = answer(ombak, whatsapp_id="A")
    revoke(ombak, "A")
    assert (fresh(message).state, fresh(message).text) == ("answered", "")


def test_changes_of_unknown_messages_are_nothing(ombak):
    assert edit(ombak, "NONE", "x") is None
    assert revoke(ombak, "NONE") is None


def reacts(tenant, emoji, person=ANA, from_me=False):
    return intake.receive(Reaction(tenant.pk, "W1", emoji, person, from_me), at=NOW)


def test_thumbs_on_an_answer_are_kept_with_it_and_change_nothing_else(ombak, senja):
    reply = answered(ombak)
    outbox.claim_to_send(ombak.pk, NOW)
    outbox.sent(reply, "W1", NOW)
    reacts(ombak, "👎")
    reacts(ombak, "👍")
    reacts(ombak, "❤", from_me=True)
    reacts(ombak, "😡", person=BUDI)
    reacts(senja, "😡")
    row = fresh(reply)
    assert (row.details["reaction"], row.details["staff_reaction"]) == ("👍", "❤")
    assert chat_of(reply).reply_due_at is None
    reacts(ombak, "")
    assert "reaction" not in fresh(reply).details


def test_a_thumb_on_an_answer_is_feedback_and_staff_look_at_a_bad_one(ombak):
    reply = answered(ombak)
    outbox.claim_to_send(ombak.pk, NOW)
    outbox.sent(reply, "W1", NOW)
    unread = chat_of(reply).unread
    reacts(ombak, "👍🏽")
    assert (fresh(reply).details["feedback"], chat_of(reply).unread) == ("good", unread)
    reacts(ombak, "👎")
    reacts(ombak, "👎")  # WhatsApp may bring everything twice
    assert (fresh(reply).details["feedback"], chat_of(reply).unread) == ("bad", unread + 1)
    reacts(ombak, "❤")
    assert "feedback" not in fresh(reply).details
    reacts(ombak, "👎", from_me=True)  # the studio's own thumb is none
    assert "feedback" not in fresh(reply).details


def test_the_same_edits_once_more_change_nothing(ombak):
    message = answer(ombak, whatsapp_id="A")
    first = Edit(ombak.pk, "A", "harga brp?", after(5), edit_id="E1")
    second = Edit(ombak.pk, "A", "alamat dimana?", after(5), edit_id="E2")
    for event in (first, second):
        assert intake.receive(event, at=after(6)) is not None
    before = fresh(message)
    for event in (first, second, first):
        assert intake.receive(event, at=after(9)) is None
    assert (fresh(message).text, fresh(message).details) == (before.text, before.details)


def test_an_edit_that_comes_after_a_later_one_is_out_of_date(ombak):
    message = writes(ombak, "jam brp?", whatsapp_id="A")
    intake.receive(Edit(ombak.pk, "A", "harga brp?", after(9), edit_id="E2"), at=after(10))
    assert intake.receive(Edit(ombak.pk, "A", "jam?", after(5), edit_id="E1"), at=after(11)) is None
    assert fresh(message).text == "harga brp?"


def test_a_message_that_is_read_better_now_is_completed_for_staff(ombak):
    message = writes(ombak, "", kind="other", whatsapp_id="A")
    seen = writes(ombak, "", kind="text", whatsapp_id="B")
    for whatsapp_id in "AB":
        again = inbound(ombak, "ada kelas?", whatsapp_id=whatsapp_id, details={"form": True})
        assert intake.receive(again, at=after(99)) is not None
        assert intake.receive(again, at=after(99)) is None
    assert (fresh(message).kind, fresh(message).text) == ("text", "ada kelas?")
    assert fresh(seen).state == State.HANDED_OVER  # too late to be answered by itself


@pytest.mark.parametrize("changed", ["edited", "deleted"])
def test_what_its_writer_changed_is_not_completed(ombak, changed):
    message = writes(ombak, "rahasia", whatsapp_id="A")
    edit(ombak, "A", "lain") if changed == "edited" else revoke(ombak, "A")
    assert intake.receive(inbound(ombak, "rahasia", whatsapp_id="A"), at=after(9)) is None
    assert fresh(message).text == ("lain" if changed == "edited" else "")
