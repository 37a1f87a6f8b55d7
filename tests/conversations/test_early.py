"""Changes that come before their message."""

import pytest

from conversations import early, erasure, intake, mailbox
from conversations.inbound import Edit, Reaction, Revoke
from conversations.models import EarlyChange, Message
from tests.conversations.cast import (
    ANA,
    BUDI,
    after,
    chat_of,
    claim,
    customer_of,
    fresh,
    inbound,
    typed,
    writes,
)
from tests.factories import NOW


def edit(tenant, text, at=NOW, **fields):
    return intake.receive(Edit(tenant.pk, "A", text, at, **fields), at=at)


def revoke(tenant, **fields):
    return intake.receive(Revoke(tenant.pk, "A", NOW, **fields), at=NOW)


def test_an_edit_that_came_first_is_made_when_its_message_comes(ombak):
    assert edit(ombak, "jadwal?", after(1), edit_id="E1") is None
    message = writes(ombak, "harga?", whatsapp_id="A", at=after(2))
    row = fresh(message)
    assert (row.text, row.state) == ("jadwal?", "new")
    assert [old["text"] for old in row.details["edits"]] == ["harga?"]
    assert claim(after(20)).messages[0].text == "jadwal?"
    assert not EarlyChange.objects.exists()
    assert edit(ombak, "jadwal?", after(1), edit_id="E1") is None  # its second copy


def test_of_several_early_edits_the_latest_counts_in_whatever_order_they_came(ombak):
    for text, seconds in (("dua", 2), ("tiga", 3), ("satu", 1), ("tiga", 3)):
        edit(ombak, text, after(seconds), edit_id=f"E{seconds}")
    row = fresh(writes(ombak, "nol", whatsapp_id="A", at=after(4)))
    assert row.text == "tiga"
    assert [old["text"] for old in row.details["edits"]] == ["nol", "satu", "dua"]


def test_a_thank_you_that_became_a_question_is_answered(ombak):
    edit(ombak, "jadwal besok?")
    message = writes(ombak, "makasih", whatsapp_id="A")
    assert chat_of(message).reply_due_at is not None
    assert fresh(message).state == "new"


def test_an_edited_test_question_is_one(ombak):
    ombak.mode = "test"
    ombak.save()
    edit(ombak, "!test jadwal?")
    row = fresh(writes(ombak, "jadwal?", whatsapp_id="A"))
    assert (row.text, row.state, row.details["test"]) == ("jadwal?", "new", True)


def test_a_message_that_was_deleted_before_it_came_is_never_answered(ombak):
    assert revoke(ombak) is None
    message = writes(ombak, "rahasia", whatsapp_id="A")
    row = fresh(message)
    assert (row.text, row.state, row.details["revoked"]["text"]) == ("", "seen", "rahasia")
    assert (message.text, chat_of(message).reply_due_at) == ("", None)
    assert mailbox.claim_next("thread", after(60), 30) is None


def test_an_early_deletion_of_one_question_leaves_the_other(ombak):
    other = writes(ombak, "harga?")
    revoke(ombak)
    writes(ombak, "rahasia", whatsapp_id="A")
    assert claim(after(20)).messages == [other]


def test_the_studios_phone_may_be_overtaken_too(ombak):
    edit(ombak, "jam 8", from_me=True)
    intake.receive(Reaction(ombak.pk, "A", "👍", ANA, from_me=False), at=NOW)
    message = intake.receive(typed(ombak, "jam 7", whatsapp_id="A"), at=NOW)
    row = fresh(message)
    assert (row.text, row.details["reaction"]) == ("jam 8", "👍")
    assert row.details["edits"][0]["text"] == "jam 7"


def test_an_emoji_of_somebody_else_does_not_wait_for_our_message(ombak):
    intake.receive(Reaction(ombak.pk, "A", "👍", BUDI, from_me=False), at=NOW)
    message = intake.receive(typed(ombak, "jam 7", whatsapp_id="A"), at=NOW)
    assert "reaction" not in fresh(message).details


def test_the_last_early_emoji_counts_and_one_that_was_taken_back_does_not(ombak):
    for emoji in ("👍", "❤"):
        intake.receive(Reaction(ombak.pk, "A", emoji, ANA, from_me=False), at=NOW)
    intake.receive(Reaction(ombak.pk, "B", "👍", ANA, from_me=False), at=NOW)
    intake.receive(Reaction(ombak.pk, "B", "", ANA, from_me=False), at=NOW)
    first = intake.receive(typed(ombak, "jam 7", whatsapp_id="A"), at=NOW)
    second = intake.receive(typed(ombak, "jam 8", whatsapp_id="B"), at=NOW)
    assert fresh(first).details["reaction"] == "❤"
    assert "reaction" not in fresh(second).details


def test_nobody_changes_early_what_the_other_side_will_write(ombak, senja):
    edit(ombak, "gratis", from_me=True)
    edit(senja, "lain")
    revoke(senja)
    assert fresh(writes(ombak, "harga?", whatsapp_id="A")).text == "harga?"


def test_changes_wait_for_the_text_of_a_message_that_could_not_be_read(ombak):
    edit(ombak, "jadwal?")
    hole = writes(ombak, "", kind="unreadable", whatsapp_id="A")
    assert fresh(hole).text == ""
    assert fresh(writes(ombak, "harga?", whatsapp_id="A")).text == "jadwal?"


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_what_changed_while_it_could_not_be_read_stays_changed(ombak, change):
    hole = writes(ombak, "", kind="unreadable", whatsapp_id="A")
    edit(ombak, "jadwal?") if change == "edited" else revoke(ombak)
    intake.receive(inbound(ombak, "rahasia", whatsapp_id="A"), at=after(5))
    row = Message.objects.get(whatsapp_id="A")
    assert row.pk == hole.pk
    assert (row.kind, row.text) == (("text", "jadwal?") if change == "edited" else (row.kind, ""))


def test_what_waits_holds_nothing_that_databases_refuse(ombak):
    edit(ombak, "jad\0wal?")
    intake.receive(Reaction(ombak.pk, "A", "\0👍", ANA, from_me=False), at=NOW)
    kept = [row.change for row in EarlyChange.objects.order_by("pk")]
    assert [kept[0]["text"], kept[1]["emoji"]] == ["jadwal?", "👍"]


def test_nothing_is_kept_of_what_was_erased(ombak, senja):
    message = writes(ombak, "rahasia", whatsapp_id="A")
    erasure.erase(customer_of(message), after(1))
    edit(ombak, "rahasia!")
    assert not EarlyChange.objects.exists()
    edit(senja, "lain")
    assert EarlyChange.objects.count() == 1


def test_what_never_gets_its_message_is_forgotten(ombak, monkeypatch):
    monkeypatch.setattr(early, "MOST", 3)
    revoke(ombak)
    for number in range(5):
        at = after(number) + early.LASTS
        intake.receive(Revoke(ombak.pk, f"B{number}", NOW), at=at)
    kept = EarlyChange.objects.order_by("pk").values_list("whatsapp_id", flat=True)
    assert list(kept) == ["B2", "B3", "B4"]
