from conversations import escalations, handling, intake, mailbox
from conversations.inbound import Person
from conversations.models import Conversation, Customer, Escalation, Message
from tests.conversations.cast import (
    ANA,
    after,
    chat_of,
    claim,
    customer_of,
    draft,
    fresh,
    inbound,
    typed,
    writes,
)
from tests.factories import NOW

PHONE_ONLY, LID_ONLY = Person(ANA.phone, None, "Ana"), Person(None, ANA.lid, "Ana W")


def test_two_rows_of_one_person_become_one_when_whatsapp_tells(ombak):
    first, second = writes(ombak, "satu", person=PHONE_ONLY), writes(ombak, "dua", person=LID_ONLY)
    assert Customer.objects.count() == 2
    third = writes(ombak, "tiga", person=ANA)
    customer = Customer.objects.get()
    assert (customer.phone, customer.lid) == (ANA.phone, ANA.lid)
    chat = Conversation.objects.get()
    assert list(chat.messages.all()) == [first, second, third]
    assert chat.unread == 3
    assert claim().messages == [first, second, third]


def test_a_merge_overtakes_the_replies_in_the_making_of_both(ombak):
    writes(ombak, "satu", person=PHONE_ONLY)
    writes(ombak, "dua", person=LID_ONLY)
    first, second = claim(), claim()
    writes(ombak, "makasih", person=ANA)
    assert mailbox.decide(first, draft(), at=NOW) is None
    assert mailbox.decide(second, draft(), at=NOW) is None
    assert len(claim(after(1)).messages) == 2


def test_a_merge_keeps_what_waits_to_be_sent(ombak):
    writes(ombak, person=LID_ONLY)
    reply = mailbox.decide(claim(), draft(), at=NOW)
    writes(ombak, person=PHONE_ONLY)
    message = writes(ombak, person=ANA)
    assert fresh(reply).mode_version == chat_of(message).mode_version
    assert fresh(reply).conversation_id == message.conversation_id


def test_a_merge_moves_escalations_and_closes_a_second_one_of_the_same_reason(ombak):
    one, two = writes(ombak, person=PHONE_ONLY), writes(ombak, person=LID_ONLY)
    for message in (one, two):
        escalations.escalate(chat_of(message), "billing", "normal", "Bill.", NOW)
    escalations.escalate(chat_of(two), "medical", "normal", "Knee.", NOW)
    writes(ombak, person=ANA)
    kept = Escalation.objects.filter(state="open")
    assert sorted(kept.values_list("category", flat=True)) == ["billing", "medical"]
    assert set(Escalation.objects.values_list("conversation", flat=True)) == {
        Conversation.objects.get().pk
    }


def test_a_merge_keeps_a_person_in_charge(ombak, sari):
    writes(ombak, person=PHONE_ONLY)
    two = writes(ombak, person=LID_ONLY)
    handling.take_over(chat_of(two), sari, NOW)
    message = writes(ombak, person=ANA)
    chat = chat_of(message)
    assert (chat.handled_by, chat.handler, chat.reply_due_at) == ("staff", sari, None)
    assert not Message.objects.filter(state="new").exists()


def test_customers_of_two_studios_never_become_one(ombak, senja):
    writes(ombak, person=PHONE_ONLY)
    writes(senja, person=LID_ONLY)
    writes(ombak, person=ANA)
    assert Customer.objects.filter(tenant=ombak).count() == 1
    there = Customer.objects.get(tenant=senja)
    assert (there.phone, there.lid) == (None, ANA.lid)


def test_a_phone_number_with_a_new_owner_does_not_give_them_the_old_ones_chat(ombak):
    old = writes(ombak, "rahasia", person=ANA)
    new = writes(ombak, "hai", person=Person(ANA.phone, "999@lid", "Citra"))
    assert old.conversation_id != new.conversation_id
    assert (customer_of(new).phone, customer_of(old).phone) == (ANA.phone, None)


def test_two_known_people_are_never_merged_by_a_moved_number(ombak):
    ana = writes(ombak, person=ANA)
    writes(ombak, person=Person("+6281311110009", "999@lid"))
    moved = writes(ombak, person=Person("+6281311110009", ANA.lid))
    assert moved.conversation_id == ana.conversation_id
    assert Customer.objects.count() == 2


def test_a_missing_number_is_filled_in_when_a_second_copy_brings_it(ombak):
    intake.receive(inbound(ombak, whatsapp_id="A", person=LID_ONLY), at=NOW)
    assert intake.receive(inbound(ombak, whatsapp_id="A", person=ANA), at=NOW) is None
    assert Customer.objects.get().phone == ANA.phone


def test_the_studios_own_name_never_becomes_the_customers(ombak):
    writes(ombak)
    intake.receive(typed(ombak, person=Person(ANA.phone, ANA.lid, "Ombak Yoga")), at=NOW)
    assert Customer.objects.get().name == "Ana"
