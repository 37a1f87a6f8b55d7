import pytest

from conversations import changes, claiming, handling, intake, mailbox, outbox, playground
from conversations.inbound import Edit, Revoke, Typing
from conversations.models import Conversation, Customer, Escalation, Message
from conversations.sentences import sentence
from tests.conversations.cast import (
    ANA,
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


def test_the_conversation_that_waits_longest_is_taken_first_and_only_once(ombak, senja):
    second = writes(senja, at=after(1))
    first = writes(ombak, at=NOW)
    assert claim(after(2)).conversation.pk == first.conversation_id
    assert claim(after(2)).conversation.pk == second.conversation_id
    assert mailbox.claim_next("third", after(2), 30) is None


def test_a_reply_answers_everything_that_was_read_and_waits_to_be_sent(ombak):
    first, second = writes(ombak, "brp"), writes(ombak, "yg drop in")
    reply = mailbox.decide(claim(), draft(language="id"), at=after(2))
    assert reply is not None
    assert (reply.state, reply.author, reply.text) == ("queued", "assistant", "Rp 150.000 kak")
    assert {fresh(first).state, fresh(second).state} == {State.ANSWERED}
    chat = chat_of(first)
    assert (chat.reply_due_at, chat.waiting_since, chat.lease_owner) == (None, None, "")
    assert Customer.objects.get().language == "id"
    assert mailbox.claim_next("thread", after(60), 30) is None


def test_a_newer_message_overtakes_the_reply_and_both_get_one_answer(ombak):
    first = writes(ombak)
    taken = claim()
    second = writes(ombak, "yg 10x maksudnya", at=after(1))
    assert mailbox.overtaken(taken)
    assert mailbox.decide(taken, draft(), at=after(2)) is None
    assert fresh(first).state == State.NEW
    again = claim(after(2))
    assert again.messages == [first, second]
    assert again.conversation.attempts == 1
    assert mailbox.decide(again, draft(), at=after(3)) is not None
    assert Message.objects.filter(author="assistant").count() == 1


def test_a_burst_of_five_gets_one_answer(ombak):
    for second in range(5):
        writes(ombak, f"baris {second}", at=after(second))
    reply = mailbox.decide(claim(after(5)), draft(), at=after(6))
    assert reply is not None
    assert Message.objects.filter(state=State.ANSWERED).count() == 5
    assert Message.objects.filter(author="assistant").count() == 1


def test_a_sticker_or_thanks_does_not_overtake(ombak):
    writes(ombak)
    taken = claim()
    writes(ombak, "makasih kak")
    assert mailbox.decide(taken, draft(), at=after(1)) is not None


def test_quiet_is_read_anew(ombak):
    writes(ombak)
    taken = claim()
    assert mailbox.quiet_until(taken) == after(1.5)
    intake.receive(Typing(ombak.pk, "", ANA), at=after(1))
    assert mailbox.quiet_until(taken) == after(2.5)
    writes(ombak, at=after(3))
    assert mailbox.quiet_until(taken) is None  # overtaken: nothing to wait for


def test_a_reply_is_not_decided_while_the_customer_writes(ombak):
    writes(ombak)
    taken = claim()
    intake.receive(Typing(ombak.pk, "", ANA), at=after(1))
    with pytest.raises(mailbox.StillWriting) as writing:
        mailbox.decide(taken, draft(), at=after(2), quiet_by=after(2))
    assert writing.value.until == after(2.5)
    assert not Message.objects.filter(author="assistant").exists()
    assert mailbox.decide(taken, draft(), at=after(2.5), quiet_by=after(2.5)) is not None


def test_a_lease_that_ran_out_is_taken_by_another_and_the_first_is_too_late(ombak):
    writes(ombak)
    slow = claim(owner="slow")
    assert mailbox.claim_next("fast", after(29), 30) is None
    fast = claim(after(30), owner="fast")
    assert mailbox.decide(slow, draft("zu spät"), at=after(31)) is None
    assert mailbox.decide(fast, draft(), at=after(31)) is not None
    assert [m.text for m in Message.objects.filter(author="assistant")] == ["Rp 150.000 kak"]


def test_the_same_owner_cannot_decide_with_an_old_claim(ombak):
    writes(ombak)
    old, new = claim(NOW, "thread"), claim(after(31), "thread")
    assert mailbox.decide(old, draft(), at=after(32)) is None
    assert mailbox.decide(new, draft(), at=after(32)) is not None


def test_the_same_turn_decided_twice_is_one_reply(ombak):
    writes(ombak)
    first = claim()
    reply, said = draft(), mailbox.decide
    message = said(first, reply, at=NOW)
    writes(ombak, at=after(5))
    assert said(claim(after(5)), reply, at=after(6)) == message
    assert Message.objects.filter(author="assistant").count() == 1
    assert Message.objects.filter(state="new").count() == 1


@pytest.mark.parametrize(
    "moment", ["before the claim", "before the decision", "before the sending"]
)
def test_a_person_who_takes_over_wins_at_every_moment(ombak, sari, moment):
    message = writes(ombak)
    chat = chat_of(message)
    if moment == "before the claim":
        assert handling.take_over(chat, sari, NOW)
        assert mailbox.claim_next("thread", after(1), 30) is None
    taken = claim() if moment != "before the claim" else None
    if moment == "before the decision":
        assert handling.take_over(chat, sari, NOW)
        assert taken
        assert mailbox.overtaken(taken)
        assert mailbox.decide(taken, draft(), at=after(1)) is None
    if moment == "before the sending":
        assert taken
        assert mailbox.decide(taken, draft(), at=after(1))
        assert handling.take_over(chat, sari, NOW)
    assert outbox.claim_to_send(ombak.pk, after(2)) is None
    assert not Message.objects.filter(state__in=("queued", "sending", "sent")).exists()
    assert fresh(chat).handler == sari


def test_taking_over_and_handing_back_still_overtakes_an_old_reply(ombak, sari):
    message = writes(ombak)
    taken = claim()
    handling.take_over(chat_of(message), sari, NOW)
    handling.hand_back(chat_of(message), sari, after(1))
    assert mailbox.decide(taken, draft(), at=after(2)) is None
    assert claim(after(3)).messages == [message]


def test_an_edit_or_a_deletion_overtakes_too(ombak):
    message = writes(ombak, "harga kelas", whatsapp_id="A")
    taken = claim()
    intake.receive(Edit(ombak.pk, "A", "harga paket", NOW), at=after(1))
    assert mailbox.decide(taken, draft(), at=after(2)) is None
    again = claim(after(3))
    assert [m.text for m in again.messages] == ["harga paket"]
    intake.receive(Revoke(ombak.pk, "A", NOW), at=after(4))
    assert mailbox.decide(again, draft(), at=after(5)) is None
    assert mailbox.claim_next("thread", after(6), 30) is None
    assert fresh(message).state == State.SEEN


def test_a_failed_run_is_tried_again_after_two_and_eight_seconds(ombak):
    writes(ombak)
    mailbox.give_up(claim(NOW), "down", at=NOW)
    assert mailbox.claim_next("thread", after(1.9), 30) is None
    mailbox.give_up(claim(after(2)), "down", at=after(2))
    assert mailbox.claim_next("thread", after(9.9), 30) is None
    assert claim(after(10)).conversation.attempts == 3


def _fails_three_times() -> None:
    for seconds in (0, 60, 120):
        mailbox.give_up(claim(after(seconds)), "Model is down.", at=after(seconds))


def test_after_three_failures_staff_have_it_and_the_customer_hears_one_kind_sentence(ombak):
    message = writes(ombak)
    Customer.objects.update(language="en")
    _fails_three_times()
    assert fresh(message).state == State.HANDED_OVER
    assert Escalation.objects.get().category == "cannot_answer"
    said = outbox.claim_to_send(ombak.pk, after(121))
    assert said is not None
    assert said.text == sentence("cannot_answer", "en")
    assert outbox.claim_to_send(ombak.pk, after(122)) is None
    assert mailbox.claim_next("thread", after(999), 30) is None
    writes(ombak, "halo?", at=after(1000))
    assert claim(after(1000)).conversation.attempts == 1


def test_a_process_that_dies_three_times_over_one_conversation_does_not_try_for_ever(ombak):
    message = writes(ombak)
    for minute in range(3):
        claim(after(minutes=minute))
    assert mailbox.claim_next("thread", after(minutes=3), 30) is None
    assert fresh(message).state == State.HANDED_OVER
    assert Message.objects.get(author="system").state == State.QUEUED


def test_an_escalation_is_made_with_the_reply_that_still_leaves(ombak):
    reply = answered(ombak, "Saya sambungkan ke tim ya Kak", escalation="human_request")
    chat = chat_of(reply)
    assert (chat.handled_by, chat.resumes_at) == ("staff", None)
    assert Escalation.objects.get().category == "human_request"
    assert outbox.claim_to_send(ombak.pk, after(1)) == reply
    assert writes(ombak, "halo", at=after(2)).state == State.HANDED_OVER
    assert mailbox.claim_next("thread", after(3), 30) is None


def test_an_earlier_answer_still_leaves_when_a_later_one_escalates(ombak):
    first = answered(ombak)
    second = answered(ombak, at=after(1), escalation="complaint")
    assert outbox.claim_to_send(ombak.pk, after(2)) == first
    outbox.sent(first, "W1", after(2))
    assert outbox.claim_to_send(ombak.pk, after(2)) == second


def test_a_person_who_takes_over_stops_even_the_closing_sentence(ombak, sari):
    reply = answered(ombak, escalation="complaint")
    handling.take_over(chat_of(reply), sari, after(1))
    assert outbox.claim_to_send(ombak.pk, after(2)) is None


def test_other_escalations_leave_the_assistant_in_the_chat(ombak):
    answered(ombak, escalation="billing")
    writes(ombak, at=after(1))
    assert claim(after(1))


def test_an_overtaken_reply_escalates_nothing(ombak):
    writes(ombak)
    taken = claim()
    writes(ombak, at=after(1))
    assert mailbox.decide(taken, draft(escalation="complaint"), at=after(2)) is None
    assert not Escalation.objects.exists()


def test_a_studio_that_goes_off_or_to_test_mode_keeps_its_messages_until_it_is_live(ombak, senja):
    message = writes(ombak)
    for mode in ("off", "test"):
        ombak.mode = mode
        ombak.save()
        assert mailbox.claim_next("thread", after(1), 30) is None
    ombak.mode = "live"
    ombak.save()
    assert claim(after(1)).messages == [message]


def test_an_inactive_studio_is_not_answered(ombak):
    writes(ombak)
    ombak.active = False
    ombak.save()
    assert mailbox.claim_next("thread", after(1), 30) is None


def test_in_test_mode_only_the_test_question_is_read_and_answered(ombak):
    plain = writes(ombak, "rahasia")
    ombak.mode = "test"
    ombak.save()
    asked = writes(ombak, "!test berapa?")
    taken = claim()
    assert taken.messages == [asked]
    mailbox.decide(taken, draft(), at=NOW)
    assert (fresh(asked).state, fresh(plain).state) == ("answered", "new")


@pytest.mark.parametrize(("minutes", "late"), [(14, False), (16, True), (359, True)])
def test_a_claim_says_when_the_customer_waited_long(ombak, minutes, late):
    writes(ombak, at=after(minutes=minutes), sent_at=NOW, backlog=True)
    taken = claim(after(minutes * 60 + 5))
    assert taken.late is late
    reply = mailbox.decide(taken, draft(), at=after(minutes * 60 + 5))
    assert reply is not None
    assert reply.details.get("late", False) is late


@pytest.mark.parametrize(("minutes", "backlog", "drips"), [(0, False, False), (2, True, True)])
def test_an_answer_to_what_came_while_mila_was_away_drips(ombak, minutes, backlog, drips):
    writes(ombak, at=after(minutes=minutes), sent_at=NOW, backlog=backlog)
    at = after(5, minutes=minutes)
    reply = mailbox.decide(claim(at), draft(), at=at)
    assert reply is not None
    assert reply.details.get("drips", False) is drips


def test_an_apology_to_many_drips_too(ombak):
    writes(ombak, at=after(hours=8), sent_at=NOW, backlog=True)
    assert mailbox.claim_next("thread", after(5, hours=8), 30) is None
    assert Message.objects.get(author="system").details["drips"] is True


@pytest.mark.parametrize(("hours", "said"), [(7, ["away"]), (23, ["away"]), (25, []), (200, [])])
def test_what_is_too_old_goes_to_staff_with_at_most_an_apology(ombak, hours, said):
    message = writes(ombak, at=after(hours=hours), sent_at=NOW, backlog=True)
    at = after(hours * 3600 + 5)
    assert mailbox.claim_next("thread", at, 30) is None
    assert fresh(message).state == State.HANDED_OVER
    assert Escalation.objects.get().category == "cannot_answer"
    texts = list(Message.objects.filter(author="system").values_list("text", flat=True))
    assert texts == [sentence(name, "id") for name in said]


def test_a_newest_message_of_now_makes_the_whole_turn_fresh(ombak):
    writes(ombak, at=after(hours=8), sent_at=NOW, backlog=True)
    writes(ombak, "halo?", at=after(hours=8))
    taken = claim(after(hours=8))
    assert (len(taken.messages), taken.late) == (2, False)


def test_a_wrong_clock_does_not_make_a_message_old(ombak):
    writes(ombak, at=NOW, sent_at=after(days=-4000))
    assert claim().late is False
    writes(ombak, person=BUDI, sent_at=after(days=4000))
    assert claim().late is False


def test_after_the_silence_of_the_phone_the_assistant_comes_back_by_itself(ombak):
    writes(ombak)
    intake.receive(typed(ombak, "sebentar ya"), at=NOW)
    question = writes(ombak, "jadi berapa?", at=after(minutes=10))
    assert question.state == State.NEW
    assert mailbox.claim_next("thread", after(minutes=29), 30) is None
    taken = claim(after(minutes=30))
    assert taken.messages == [question]
    assert mailbox.decide(taken, draft(), at=after(minutes=30)) is not None
    assert chat_of(question).handled_by == Conversation.Handler.ASSISTANT


def test_nothing_waits_any_more_means_nothing_is_claimed(ombak):
    message = writes(ombak)
    Message.objects.filter(pk=message.pk).update(state=State.SEEN)
    assert mailbox.claim_next("thread", NOW, 30) is None
    assert chat_of(message).reply_due_at is None


def test_one_studios_failure_does_not_stop_the_others(ombak, senja):
    writes(ombak)
    mailbox.give_up(claim(), "down", at=NOW)
    there = writes(senja)
    assert claim().messages == [there]


def test_a_claim_and_its_decision_cost_few_statements(ombak, django_assert_max_num_queries):
    answered(ombak)
    writes(ombak, at=after(1))
    with django_assert_max_num_queries(8):
        mailbox.decide(claim(after(1)), draft(), at=after(1))


def test_the_playground_never_escalates_and_shows_that_it_would(ombak, sari):
    playground.ask(ombak, sari, "I have chest pain", NOW)
    reply = mailbox.decide(claim(), draft(escalation="emergency"), at=NOW)
    assert reply is not None
    assert (reply.state, reply.details["escalation"]["category"]) == ("shown", "emergency")
    assert not Escalation.objects.exists()
    assert chat_of(reply).handled_by == "assistant"


def test_a_correction_soon_after_the_answer_is_answered_once_more(ombak):
    message = writes(ombak, "kelas senin", whatsapp_id="A", person=ANA)
    mailbox.decide(claim(), draft(), at=NOW)
    intake.receive(Edit(ombak.pk, "A", "kelas selasa", NOW), at=after(minutes=5))
    again = claim(after(minutes=5))
    assert again.messages == [message]
    assert again.messages[0].details["corrected"] is True
    assert changes.CORRECTED_WITHIN.total_seconds() == 900


@pytest.mark.parametrize(
    "change",
    [
        {"mode_version": 7},
        {"waiting_version": 7},
        {"handled_by": "staff"},
        {"lease_owner": "somebody else"},
    ],
)
def test_each_fence_of_a_decision_holds_alone(ombak, change):
    writes(ombak)
    taken = claim()
    Conversation.objects.update(**change)
    assert mailbox.overtaken(taken)
    assert mailbox.decide(taken, draft(), at=after(1)) is None
    assert not Message.objects.filter(author="assistant").exists()


def test_who_saw_a_conversation_as_free_a_moment_too_long_does_not_get_it(ombak):
    message = writes(ombak)
    seen = chat_of(message)
    claim()
    assert not Conversation.objects.due(after(1)).exists()
    assert claiming._take(seen, "slow", after(1), 30) is None


def test_a_message_that_stays_unreadable_is_asked_for_once_a_day_and_staff_know(ombak):
    hole = writes(ombak, "", kind="unreadable")
    assert mailbox.claim_next("thread", after(61), 30) is None
    assert fresh(hole).state == State.HANDED_OVER
    assert Escalation.objects.get().category == "cannot_answer"
    writes(ombak, "", kind="unreadable", at=after(hours=3))
    assert mailbox.claim_next("thread", after(61, hours=3), 30) is None
    said = Message.objects.filter(from_me=True)
    assert [message.text for message in said] == [sentence("unreadable", "id")]
    writes(ombak, "", kind="unreadable", at=after(hours=25))
    assert mailbox.claim_next("thread", after(61, hours=25), 30) is None
    assert said.all().count() == 2


def test_a_text_beside_an_unreadable_message_is_answered(ombak):
    hole, text = writes(ombak, "", kind="unreadable"), writes(ombak, "brp kak?", at=after(5))
    assert claim(after(6)).messages == [hole, text]
