from conversations import intake, mailbox
from conversations.models import Message
from conversations.sentences import sentence
from tests.conversations.cast import BUDI, after, claim, customer_of, draft, fresh, inbound, writes
from tests.factories import NOW

State = Message.State


def floods(tenant, count, start=0.0, **fields):
    return [writes(tenant, f"{n}?", at=after(start + n), **fields) for n in range(count)]


def notes():
    return Message.objects.filter(author="system")


def test_the_eleventh_message_of_a_minute_waits_and_the_customer_is_told_once(ombak):
    rows = floods(ombak, 14)
    assert [row.state for row in rows] == [State.NEW] * 10 + [State.LIMITED] * 4
    assert [note.text for note in notes()] == [sentence("limited", "id")]


def test_the_limit_is_each_studios_own_and_each_customers_own(ombak, senja):
    ombak.messages_per_minute = 2
    ombak.save()
    assert [row.state for row in floods(ombak, 3)] == ["new", "new", "limited"]
    assert {row.state for row in floods(senja, 3)} == {"new"}
    assert writes(ombak, at=after(3), person=BUDI).state == State.NEW


def test_ten_messages_in_more_than_a_minute_are_no_flood(ombak):
    rows = [writes(ombak, at=after(7 * n)) for n in range(15)]
    assert {row.state for row in rows} == {"new"}


def test_the_first_ten_are_answered_at_once_and_the_rest_as_one_turn_after_the_minute(ombak):
    rows = floods(ombak, 14)
    first = claim(after(14))
    assert first.messages == rows[:10]
    assert mailbox.decide(first, draft(), at=after(15)) is not None
    assert mailbox.claim_next("thread", after(59), 30) is None
    second = claim(after(60))
    assert second.messages == rows[10:]
    assert mailbox.decide(second, draft(), at=after(61)) is not None
    assert mailbox.claim_next("thread", after(9999), 30) is None


def test_a_held_back_message_does_not_overtake_the_reply_in_the_making(ombak):
    floods(ombak, 10)
    taken = claim(after(9))
    writes(ombak, at=after(10))
    assert mailbox.decide(taken, draft(), at=after(11)) is not None


def test_an_endless_flood_costs_at_most_two_turns_a_minute(ombak):
    turns = 0
    for second in range(0, 300, 3):
        writes(ombak, at=after(second))
        taken = mailbox.claim_next("thread", after(second), 30)
        if taken and second > 30:
            turns += mailbox.decide(taken, draft(), at=after(second)) is not None
        elif taken:
            mailbox.release(taken)
    assert 4 <= turns <= 10
    assert notes().count() == 1


def test_the_note_comes_again_after_ten_minutes_and_not_before(ombak):
    floods(ombak, 12)
    floods(ombak, 12, start=300)
    assert notes().count() == 1
    floods(ombak, 12, start=620)
    assert notes().count() == 2


def test_the_note_speaks_the_customers_language(ombak):
    customer = customer_of(writes(ombak))
    customer.language = "en"
    customer.save()
    floods(ombak, 11)
    assert notes().get().text == sentence("limited", "en")


def test_a_backlog_is_counted_by_whatsapps_time_and_is_no_flood(ombak):
    rows = [
        writes(ombak, at=after(hours=2), sent_at=after(120 * n), backlog=True) for n in range(15)
    ]
    assert {row.state for row in rows} == {"new"}
    assert writes(ombak, at=after(hours=2.001)).state == State.NEW


def test_a_backlog_that_was_a_flood_is_held_back_but_due_now(ombak):
    rows = [writes(ombak, at=after(hours=1), sent_at=after(n), backlog=True) for n in range(12)]
    assert [row.state for row in rows[9:]] == ["new", "limited", "limited"]
    assert len(claim(after(hours=1, seconds=5)).messages) == 12


def test_pings_are_limited_like_everything_else(ombak):
    floods(ombak, 10)
    writes(ombak, "!ping", at=after(11))
    assert [note.details["note"] for note in notes()] == ["limited"]


def test_test_questions_beyond_the_limit_are_answered_after_the_minute_in_test_mode(ombak):
    ombak.mode, ombak.messages_per_minute = "test", 1
    ombak.save()
    writes(ombak, "!test satu?")
    held = writes(ombak, "!test dua?", at=after(1))
    assert held.state == State.LIMITED
    mailbox.decide(claim(after(1)), draft(), at=after(2))
    assert claim(after(60)).messages == [held]


def test_a_repeated_copy_does_not_count(ombak):
    event = inbound(ombak)
    for _copy in range(20):
        intake.receive(event, at=NOW)
    assert writes(ombak, at=after(1)).state == State.NEW


def test_nothing_is_lost_when_a_process_dies_right_after_the_claim_of_held_messages(ombak):
    rows = floods(ombak, 12)
    mailbox.decide(claim(after(12)), draft(), at=after(12))
    claim(after(60))
    assert fresh(rows[11]).state == State.NEW
    assert claim(after(91)).messages == rows[10:]
