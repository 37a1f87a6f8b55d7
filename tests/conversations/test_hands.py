"""Whose hands a chat is in: taking it from a colleague knowingly, the clock back to the assistant, blocking, erasing."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from conversations import calls, handling, inbox, intake, mailbox, outbox, staffchats
from conversations.inbound import Call, Edit
from conversations.models import Conversation, Customer, Desk, Escalation, Message, Note
from tenants import deeds
from tenants.models import Deed, Membership, Tenant
from tests import factories
from tests.config.rows import conversation
from tests.conversations.cast import ANA, after, answered, chat_of, claim, draft, fresh, writes
from tests.factories import NOW
from tests.pages import read

Handler = Conversation.Handler


@pytest.fixture
def chat(ombak: Tenant) -> Conversation:
    return conversation(ombak, "Ayu", phone="+6281234567890")


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


@pytest.fixture
def ketut(ombak: Tenant) -> User:
    return factories.staff("ketut", ombak, Membership.Role.FRONT_DESK)


def at(chat: Conversation, page: str = "change") -> str:
    return f"/admin/conversations/conversation/{chat.pk}/{page}/"


def test_taking_over_starts_the_studios_clock_and_shows_it(
    owner: Client, ombak: Tenant, chat: Conversation
) -> None:
    Desk.objects.create(tenant=ombak, resumes_after=45)
    owner.post(at(chat, "take-over"))
    chat.refresh_from_db()
    assert chat.resumes_at is not None
    left = chat.resumes_at - timezone.now()
    assert dt.timedelta(minutes=44) < left <= dt.timedelta(minutes=45)
    assert "assistant resumes at" in read(owner, at(chat))


def test_without_a_clock_the_chat_stays_until_it_is_given_back(
    owner: Client, ombak: Tenant, chat: Conversation
) -> None:
    Desk.objects.create(tenant=ombak, resumes_after=0)
    owner.post(at(chat, "take-over"))
    assert fresh(chat).resumes_at is None


def test_what_the_customer_asks_meanwhile_is_answered_when_the_clock_runs_out(
    ombak: Tenant, sari: User
) -> None:
    message = writes(ombak)
    assert handling.take_over(chat_of(message), sari, after(1), resumes_after=60)
    writes(ombak, "halo?", at=after(minutes=5))
    assert mailbox.claim_next("thread", after(minutes=50), 30) is None
    taken = claim(after(minutes=62))
    assert [each.text for each in taken.messages] == ["berapa harga kak?", "halo?"]
    assert fresh(taken.conversation).handled_by == Handler.ASSISTANT
    assert fresh(taken.conversation).handler is None


def test_a_word_of_staff_sets_the_clock_back_and_keeps_their_name(
    ombak: Tenant, sari: User
) -> None:
    chat = chat_of(writes(ombak))
    handling.take_over(chat, sari, NOW, resumes_after=60)
    outbox.queue(chat, "Sebentar ya Kak", author="staff", key="s:1", at=after(minutes=30))
    chat = fresh(chat)
    assert (chat.resumes_at, chat.handler, chat.handled_since) == (after(minutes=90), sari, NOW)


@pytest.mark.parametrize("category", sorted(Escalation.SILENCING))
def test_who_needs_a_person_is_not_given_back_by_a_clock(
    ombak: Tenant, sari: User, category: str
) -> None:
    chat = chat_of(answered(ombak, escalation=category))
    handling.take_over(chat, sari, after(5), resumes_after=60)
    assert fresh(chat).resumes_at is None


def test_the_clock_starts_when_the_case_is_resolved(owner: Client, chat: Conversation) -> None:
    case = Escalation.objects.create(
        tenant=chat.tenant, conversation=chat, category="complaint", created_at=NOW
    )
    owner.post(at(chat, "take-over"))
    assert fresh(chat).resumes_at is None
    owner.post(f"/admin/conversations/escalation/{case.pk}/resolve/", {"outcome": "answered"})
    assert fresh(chat).resumes_at is not None


def test_a_colleagues_chat_is_taken_only_knowingly(
    owner: Client, chat: Conversation, ketut: User, sari: User
) -> None:
    handling.take_over(chat, ketut, timezone.now())
    page = read(owner, at(chat))
    assert "Held by ketut" in page
    assert "Take it from ketut" in page
    owner.post(at(chat, "take-over"))
    assert fresh(chat).handler == ketut
    owner.post(at(chat, "take-over"), {"held_by": str(ketut.pk)})
    assert fresh(chat).handler == sari


def test_who_was_faster_keeps_it(
    owner: Client, ombak: Tenant, chat: Conversation, ketut: User
) -> None:
    """The page still says Ketut, but Wayan has it by now."""
    wayan = factories.staff("wayan", ombak)
    handling.take_over(chat, wayan, timezone.now())
    page = owner.post(at(chat, "take-over"), {"held_by": str(ketut.pk)}, follow=True)
    assert "wayan already holds this conversation." in page.content.decode()
    assert fresh(chat).handler == wayan


def test_the_assistant_resumes_only_from_whom_the_page_named(
    owner: Client, chat: Conversation, ketut: User, sari: User
) -> None:
    """The page says Sari, or nobody, but Ketut has it by now."""
    handling.take_over(chat, ketut, timezone.now())
    for form in ({}, {"held_by": str(sari.pk)}):
        page = owner.post(at(chat, "hand-back"), form, follow=True)
        assert "ketut already holds this conversation." in page.content.decode()
        assert fresh(chat).handler == ketut
    assert f'name="held_by" value="{ketut.pk}"' in read(owner, at(chat))
    owner.post(at(chat, "hand-back"), {"held_by": str(ketut.pk)})
    assert fresh(chat).handled_by == Handler.ASSISTANT
    page = owner.post(at(chat, "hand-back"), {"held_by": str(ketut.pk)}, follow=True)
    assert "already holds" not in page.content.decode()


def test_a_clock_that_ran_out_holds_nothing(chat: Conversation, sari: User, ketut: User) -> None:
    handling.take_over(chat, ketut, NOW, resumes_after=10)
    assert not handling.take_over(chat, sari, after(minutes=9))
    assert handling.take_over(chat, sari, after(minutes=11))


def test_a_chat_is_assigned_to_a_colleague_of_this_studio_only(
    owner: Client, senja: Tenant, chat: Conversation, ketut: User
) -> None:
    stranger = factories.staff("stranger", senja)
    editor = factories.staff("eka", chat.tenant, Membership.Role.EDITOR)
    for person in (stranger, editor):
        owner.post(at(chat, "assign"), {"to": str(person.pk)})
        assert fresh(chat).handler is None
    page = read(owner, at(chat))
    assert "stranger" not in page
    owner.post(at(chat, "assign"), {"to": str(ketut.pk)})
    assert fresh(chat).handler == ketut


def test_nobody_writes_into_a_colleagues_chat_and_the_words_stay(
    owner: Client, chat: Conversation, ketut: User
) -> None:
    handling.take_over(chat, ketut, timezone.now())
    form = {"text": "Halo", "token": "t"}
    answer = owner.post(at(chat, "reply"), form, headers={"HX-Request": "true"})
    assert "ketut already holds" in answer.headers["HX-Trigger"]
    page = owner.post(at(chat, "reply"), form, follow=True).content.decode()
    assert "Your text was not sent: Halo" in page
    assert not Message.objects.filter(author="staff").exists()


def test_a_sent_reply_is_told_to_the_page_that_sent_it(owner: Client, chat: Conversation) -> None:
    form = {"text": "Halo", "token": "t"}
    answer = owner.post(at(chat, "reply"), form, headers={"HX-Request": "true"})
    assert answer.headers["HX-Trigger"] == '{"said": true}'
    assert fresh(chat).handler is not None


def test_half_a_reply_is_never_sent(owner: Client, chat: Conversation) -> None:
    long = "a" * 4001
    form = {"text": long, "token": "t"}
    answer = owner.post(at(chat, "reply"), form, headers={"HX-Request": "true"})
    assert "up to 4000 characters, this one has 4001" in answer.headers["HX-Trigger"]
    assert not Message.objects.filter(author="staff").exists()
    assert fresh(chat).handler is None
    assert long in owner.post(at(chat, "reply"), form, follow=True).content.decode()
    lines = "\r\n".join(["a" * 99] * 40)  # as a browser sends 3,999 characters
    owner.post(at(chat, "reply"), {"text": lines, "token": "u"})
    sent = Message.objects.filter(author="staff").values_list("text", flat=True)
    assert "".join(sent).count("a") == 99 * 40


def test_nobody_writes_to_a_contact_as_to_a_customer(owner: Client, chat: Conversation) -> None:
    staffchats.keep(chat.tenant, ["+6281234567890"])
    page = read(owner, at(chat))
    assert 'data-holder="contact"' in page
    assert "Remove it from the contacts first." in page
    answer = owner.post(at(chat, "reply"), {"text": "Halo"}, headers={"HX-Request": "true"})
    assert "unsaid" in answer.headers["HX-Trigger"]
    owner.post(at(chat, "take-over"))
    assert fresh(chat).handled_by == Handler.ASSISTANT
    assert not Message.objects.filter(author="staff").exists()
    staffchats.keep(chat.tenant, [])
    owner.post(at(chat, "reply"), {"text": "Halo"})
    assert Message.objects.filter(author="staff").exists()


# blocked ---------------------------------------------------------------------------------------


def block(chat: Conversation) -> None:
    assert handling.block(chat, NOW)


def test_a_blocked_customer_is_stored_and_never_answered(ombak: Tenant) -> None:
    chat = chat_of(writes(ombak))
    block(chat)
    message = writes(ombak, "jawab dong!", at=after(60))
    assert message.state == "seen"
    assert writes(ombak, "!test halo", at=after(61)).state == "seen"
    assert mailbox.claim_next("thread", after(minutes=10), 30) is None
    assert not Message.objects.filter(from_me=True).exists()


def test_a_reply_in_the_making_does_not_reach_who_was_blocked_meanwhile(ombak: Tenant) -> None:
    chat = chat_of(writes(ombak))
    taken = claim()
    block(chat)
    assert mailbox.decide(taken, draft(), at=after(2)) is None
    assert not Message.objects.filter(author="assistant").exists()


def test_what_waits_to_leave_is_withdrawn(ombak: Tenant) -> None:
    reply = answered(ombak)
    block(chat_of(reply))
    assert fresh(reply).state == "cancelled"


def test_nobody_has_to_look_after_who_was_blocked(
    owner: Client, chat: Conversation, sari: User, ombak: Tenant
) -> None:
    case = Escalation.objects.create(
        tenant=ombak, conversation=chat, category="complaint", created_at=NOW
    )
    owner.post(at(chat, "block"), {"do": "block"})
    case.refresh_from_db()
    assert (case.state, case.outcome, case.resolved_by) == ("resolved", "blocked", sari)
    assert chat not in inbox.of_tab(ombak, sari, "waiting", timezone.now())
    assert "Blocked" in read(owner, "/admin/conversations/escalation/?show=resolved")


def test_a_blocked_caller_is_not_asked_to_write(ombak: Tenant) -> None:
    block(chat_of(writes(ombak)))
    calls.receive(Call(ombak.pk, "c1", "101@lid", ANA, "offered", after(60)), after(60))
    assert not Message.objects.filter(from_me=True).exists()


def test_a_blocked_customers_edit_asks_for_no_new_answer(ombak: Tenant) -> None:
    reply = answered(ombak)
    question = Message.objects.get(author="customer")
    outbox.sent(fresh(reply), "OUT1", after(2))
    block(chat_of(reply))
    intake.receive(
        Edit(ombak.pk, question.whatsapp_id or "", "lain sekali?", after(5)), at=after(5)
    )
    assert mailbox.claim_next("thread", after(30), 30) is None


def test_blocking_asks_the_database_nothing_more_per_message(
    ombak: Tenant, django_assert_num_queries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    chat = chat_of(writes(ombak))
    with CaptureQueriesContext(connection) as free:
        writes(ombak, "satu", at=after(60))
    block(chat)
    with CaptureQueriesContext(connection) as blocked:
        writes(ombak, "dua", at=after(120))
    assert len(blocked) <= len(free)


def test_unblocked_the_next_message_is_answered(ombak: Tenant) -> None:
    chat = chat_of(writes(ombak))
    block(chat)
    old = writes(ombak, "lama", at=after(10))
    assert handling.unblock(chat)
    new = writes(ombak, "baru", at=after(20))
    assert claim(after(30)).messages == [new]
    assert fresh(old).state == "seen"


def test_blocking_is_a_post_that_the_change_log_tells_without_a_name(
    owner: Client, chat: Conversation
) -> None:
    owner.get(at(chat, "block"))
    assert fresh(chat.customer).blocked_at is None
    owner.post(at(chat, "block"), {"do": "block"})
    assert fresh(chat.customer).blocked_at is not None
    assert "This customer is blocked" in read(owner, at(chat))
    owner.post(at(chat, "take-over"))
    assert fresh(chat).handled_by == Handler.ASSISTANT
    owner.post(at(chat, "block"), {"do": "unblock"})
    assert fresh(chat.customer).blocked_at is None
    assert [deed.what for deed in Deed.objects.order_by("pk")] == ["blocked", "unblocked"]
    assert "Ayu" not in str(list(Deed.objects.values()))


def test_the_change_log_tells_who_did_what_with_whose_chat_and_nothing_of_what_was_said(
    owner: Client, chat: Conversation, sari: User, ketut: User
) -> None:
    reply = {"text": "Rahasia kita", "token": "t1"}
    for page in ("take-over", "reply", "reply", "hand-back", "hand-back"):
        owner.post(at(chat, page), reply)
    owner.post(at(chat, "reply"), {"text": "Lagi", "token": "t2"})  # writing takes the chat over
    owner.post(at(chat, "assign"), {"to": ketut.pk, "held_by": sari.pk})
    owner.post(at(chat, "export"), {"as": "csv"})
    told = [(deed.who, deed.what) for deed in Deed.objects.order_by("pk")]
    assert told == [
        ("sari", what)
        for what in ("taken", "replied", "handed_back", "taken", "replied", "assigned", "exported")
    ]
    assert {deed.tenant for deed in Deed.objects.all()} == {chat.tenant}
    words = [deeds.told(deed) for deed in Deed.objects.order_by("pk")]
    assert words[0] == "took over the chat with the customer …7890"
    assert not [text for text in words if "Rahasia" in text or "Ayu" in text]


def test_a_link_exports_nothing_and_says_nothing(owner: Client, chat: Conversation) -> None:
    response = owner.get(at(chat, "export"), {"as": "csv"})
    assert response.headers["Location"] == at(chat)
    assert not Deed.objects.exists()


# erased ----------------------------------------------------------------------------------------


def test_an_owner_erases_a_customer_after_reading_what_goes(
    owner: Client, ombak: Tenant, chat: Conversation
) -> None:
    Note.objects.create(tenant=ombak, conversation=chat, text="x", created_at=NOW)
    page = read(owner, at(chat, "erase"))
    assert "2 messages" in page
    assert "1 note of your team" in page
    owner.post(at(chat, "erase"))  # without the word
    assert Customer.objects.exists()
    answer = owner.post(at(chat, "erase"), {"sure": "yes"}, follow=True)
    assert "Erased: 2 messages" in answer.content.decode()
    left = (Customer, Conversation, Message, Note)
    assert not any(model._default_manager.filter(tenant=ombak).exists() for model in left)
    deed = Deed.objects.get()
    assert (deed.what, deed.values) == ("erased", {"whom": "…7890", "number": "2"})


def test_the_front_desk_does_not_erase(client: Client, chat: Conversation, ketut: User) -> None:
    client.force_login(ketut)
    assert client.get(at(chat, "erase")).status_code == 403
    assert client.post(at(chat, "erase"), {"sure": "yes"}).status_code == 403
    assert "/erase/" not in read(client, at(chat))
    assert Customer.objects.exists()
