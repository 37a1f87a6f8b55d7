"""What customers and the studio itself say over a linked number, and what comes of it."""

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO, OTHER = "6281200001101", "6281200002202"


def test_the_two_words_for_trying_out_work_in_test_mode_and_in_the_own_chat(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    service.set_mode("test")
    anna.send(studio, QUESTION)
    anna.send(studio, "!ping")
    assert anna.expect_reply(20)["text"] == "pong"
    anna.send(studio, f"!test {QUESTION}")
    assert ADDRESS["ombak"] in anna.expect_reply(20)["text"]
    assert len(anna.inbox()) == 2  # the plain question stays unanswered
    mark = service.rig.mark()
    studio.note_to_self("!ping")
    studio.note_to_self("milk, eggs")
    copy = service.rig.wait("phone_copy", mark, 20, number=STUDIO)[0]
    assert copy["text"] == "pong"
    assert copy["chat"].endswith("@lid")


def test_a_message_from_the_studios_phone_silences_the_assistant(service: Service, anna: Customer):
    studio = service.pair(STUDIO)
    ben = service.rig.customer("628111000002", "Ben")
    anna.send(studio, QUESTION)
    assert ADDRESS["ombak"] in anna.expect_reply(20)["text"]
    studio.send_by_hand(anna, "Halo Anna, ini Sari.")
    anna.expect(2)
    stored = "SELECT author FROM conversations_message WHERE text = 'Halo Anna, ini Sari.'"
    assert until(lambda: service.value(stored), 10) == "staff"
    anna.send(studio, "harga berapa kak?")
    ben.send(studio, QUESTION)
    assert ADDRESS["ombak"] in ben.expect_reply(20)["text"]
    kept = "SELECT state FROM conversations_message WHERE text = 'harga berapa kak?'"
    assert until(lambda: service.value(kept), 10) in ("new", "handed_over")
    assert len(anna.inbox()) == 2


def test_two_studios_answer_the_same_question_from_their_own_facts(
    service: Service, anna: Customer
):
    ombak, senja = service.pair(STUDIO, "ombak"), service.pair(OTHER, "senja")
    anna.send(ombak, QUESTION)
    anna.send(senja, QUESTION)
    anna.expect(2, 30)
    by_number = {message["number"]: message["text"] for message in anna.inbox()}
    for number, mine, theirs in ((STUDIO, "ombak", "senja"), (OTHER, "senja", "ombak")):
        assert ADDRESS[mine] in by_number[number]
        assert ADDRESS[theirs] not in by_number[number]
    studios = "SELECT count(DISTINCT tenant_id) FROM conversations_customer"
    assert service.value(studios) == 2


def test_a_number_of_another_studio_is_refused_and_unlinked(service: Service):
    service.pair(STUDIO, "ombak")
    same_phone = service.rig.number(STUDIO)
    mark = service.rig.mark()
    same_phone.scan(service.ask_for_code("senja"))
    until(lambda: service.state("senja") == "number_in_use", 30)
    service.rig.wait("logged_out_by_client", mark, 10)
    assert service.state("ombak") == "connected"
