"""What keeps a chat civil, over a linked number: the limit per customer, and the end of a loop."""

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"


def states(service: Service, state: str) -> int:
    query = "SELECT count(*) FROM conversations_message WHERE author = 'customer' AND state = ?"
    return int(service.value(query, state))


def test_who_writes_too_much_hears_of_it_once_and_is_answered_in_one_turn_later(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    for number in range(14):
        anna.send(studio, f"{QUESTION} {number}")
    until(lambda: states(service, "limited") == 4, 20, "four held back")
    first, second = anna.expect(2, 30)[:2]
    assert ("sebentar" in first["text"].casefold()) != (ADDRESS["ombak"] in first["text"])
    notes = "SELECT count(*) FROM conversations_message WHERE idempotency_key LIKE 'limited:%'"
    assert service.value(notes) == 1
    service.rows(
        "UPDATE conversations_conversation SET limited_until = datetime('now', '-1 second'), reply_due_at = datetime('now', '-1 second')"
    )
    assert ADDRESS["ombak"] in anna.expect(3, 30)[2]["text"]
    until(lambda: states(service, "answered") == 14, 20, "nothing waits")
    assert second["text"]
    assert len(anna.inbox()) == 3


def test_a_program_that_says_the_same_again_and_again_gets_no_more_answers(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    earlier = "UPDATE conversations_message SET created_at = datetime(created_at, '-20 seconds')"
    for number in range(10):
        anna.send(studio, QUESTION)
        assert ADDRESS["ombak"] in anna.expect(number + 1, 30)[number]["text"]
        service.rows(earlier)
    anna.send(studio, QUESTION)
    anna.expect(11, 20)  # that a person will look at it
    anna.send(studio, QUESTION)
    until(lambda: states(service, "handed_over") == 2, 20, "staff have both")
    said = [message["text"] for message in anna.inbox()]
    assert ADDRESS["ombak"] not in said[-1]
    assert len(said) == 11
    tasks = "SELECT count(*) FROM conversations_escalation WHERE category = 'cannot_answer'"
    assert service.value(tasks) == 1
