"""Who gets the studio's notices is no customer: what they write is kept, and nobody answers it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import intake, mailbox, people, staffchats
from conversations.inbound import Call, Person
from conversations.models import Conversation, Customer, Message
from tests.conversations.cast import (
    ANA,
    BUDI,
    after,
    chat_of,
    claim,
    draft,
    fresh,
    inbound,
    typed,
    writes,
)

Channel, State = Conversation.Channel, Message.State
NUMBER = "+6281299990001"
SARI = Person(NUMBER, "901@lid", "Sari")


@pytest.fixture
def contact(ombak):
    staffchats.keep(ombak, [NUMBER])
    return ombak


def test_what_a_contact_writes_is_stored_and_never_answered(contact):
    message = writes(contact, "ok", person=SARI)
    chat = chat_of(message)
    assert (chat.channel, message.state, chat.reply_due_at) == (Channel.STAFF, State.SEEN, None)
    assert writes(contact, "berapa harga kak?", person=SARI).state == State.SEEN
    assert Conversation.objects.count() == Customer.objects.count() == 1


def test_a_contact_may_still_try_the_assistant_out(contact):
    message = writes(contact, "!test berapa harga?", person=SARI)
    assert (message.state, chat_of(message).reply_due_at) == (State.NEW, after())
    writes(contact, "!ping", person=SARI)
    assert chat_of(message).messages.filter(text="pong", state=State.QUEUED).exists()


def test_a_customer_is_answered_as_ever(contact):
    assert writes(contact, person=ANA).state == State.NEW


def test_who_becomes_a_contact_after_writing_as_a_customer_is_one_from_then_on(ombak):
    before = writes(ombak, person=ANA)
    staffchats.keep(ombak, ["+6281311110001"])
    later = writes(ombak, person=ANA, at=after(60))
    assert chat_of(later).channel == Channel.STAFF
    assert chat_of(later).chat == chat_of(before).chat
    staffchats.keep(ombak, [])
    assert chat_of(writes(ombak, person=ANA, at=after(120))) == chat_of(before)


def test_what_was_due_when_somebody_became_a_contact_is_not_answered(ombak):
    question, other = writes(ombak, person=ANA), writes(ombak, person=BUDI)
    taken = claim()
    assert taken.conversation.pk == question.conversation_id
    staffchats.keep(ombak, ["+6281311110001"])
    assert mailbox.decide(taken, draft(), at=after(1)) is None
    assert (fresh(question).state, chat_of(question).reply_due_at) == (State.HANDED_OVER, None)
    assert claim(after(60)).messages == [other]
    staffchats.keep(ombak, ["+6281311110001"])
    assert mailbox.claim_next("thread", after(61), 30) is None


def test_what_was_told_to_a_contact_is_no_history_of_a_customer(contact):
    staff = chat_of(writes(contact, person=SARI))
    staffchats.keep(contact, [])
    staff.refresh_from_db()
    assert staff.customer is None
    assert chat_of(writes(contact, person=SARI, at=after(60))).pk != staff.pk


def test_keeping_the_same_contacts_asks_one_question(contact, django_assert_num_queries):
    with django_assert_num_queries(1):
        staffchats.keep(contact, [NUMBER])


def test_a_message_of_a_contact_asks_no_more_than_one_of_a_customer(contact):
    asked = []
    for person in (BUDI, SARI):
        writes(contact, person=person)
        event = inbound(contact, "ok", person)
        with CaptureQueriesContext(connection) as queries:
            intake.receive(event, at=after(5))
        asked.append(len(queries))
    assert asked[1] <= asked[0]


def test_two_rows_that_turn_out_to_be_one_person_are_the_contact(contact):
    writes(contact, person=Person(None, SARI.lid, "Sari"))  # the number was not told yet
    message = writes(contact, "ok", person=SARI, at=after(60))
    assert (chat_of(message).channel, message.state) == (Channel.STAFF, State.SEEN)


def test_a_contact_who_rings_is_not_asked_to_write(contact):
    writes(contact, person=SARI)
    call = Call(contact.pk, "RING1", "901@lid", SARI, "offered", after())
    assert intake.receive(call, at=after())
    assert not Message.objects.filter(from_me=True).exists()


def test_the_studios_own_phone_may_write_to_a_contact(contact):
    message = intake.receive(typed(contact, "Sari, tolong cek ya", person=SARI), at=after())
    assert message
    assert chat_of(message).handled_by == Conversation.Handler.ASSISTANT


def test_a_contact_of_one_studio_is_a_customer_of_another(contact, senja):
    assert writes(senja, person=SARI).state == State.NEW


def test_no_list_of_customers_shows_a_contact(contact, client, sari):
    client.force_login(sari)
    chat = chat_of(writes(contact, "halo dari sari", person=SARI))
    writes(contact, "halo dari budi", person=BUDI)
    for page in ("conversation/?tab=all", "message/", "customer/"):
        shown = client.get(f"/admin/conversations/{page}").content.decode()
        assert "Budi" in shown
        assert "81299990001" not in shown.replace("-", "").replace(" ", "")
        assert "halo dari sari" not in shown
    assert client.get(f"/admin/conversations/conversation/{chat.pk}/news/").status_code == 404


def test_lists_of_customers_find_the_few_to_leave_out_by_their_small_index(contact):
    writes(contact, "ok", person=SARI)
    plan = Conversation.objects.filter(tenant=contact).within().order_by().explain()
    assert Conversation.objects.within().count() == 1
    if connection.vendor == "sqlite":
        assert "chats_within" in plan


def test_a_contact_is_known_by_the_hidden_id_that_was_learned_when_a_notice_left(contact):
    people.learned(Customer.objects.get().pk, "901@lid")
    message = writes(contact, "berapa harga kak?", person=Person(None, "901@lid", "Sari"))
    assert (chat_of(message).channel, message.state) == (Channel.STAFF, State.SEEN)
    assert Customer.objects.count() == 1


def test_a_contact_who_wrote_by_the_hidden_id_before_is_no_customer_any_more(contact):
    asked = writes(contact, "halo", person=Person(None, "901@lid", "Sari"))
    assert chat_of(asked).channel == Channel.WHATSAPP  # nobody could know
    people.learned(Customer.objects.get(phone=NUMBER).pk, "901@lid")
    later = writes(contact, "ok", person=Person(None, "901@lid", "Sari"))
    assert (chat_of(later).channel, later.state) == (Channel.STAFF, State.SEEN)
    assert Customer.objects.count() == 1


def test_who_is_known_already_is_not_looked_for(contact):
    writes(contact, "ok", person=SARI)
    customer = Customer.objects.get()
    people.learned(customer.pk, "902@lid")
    assert fresh(customer).lid == "901@lid"
