"""What ends, ends whole; what is killed is started again and owes nobody an answer."""

import os
import signal

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.whatsapp_server.client import Customer, Number

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"


def customers(service: Service, count: int) -> list[Customer]:
    return [service.rig.customer(f"6281220000{index:02}", f"C{index}") for index in range(count)]


def ask_all(everybody: list[Customer], studio: Number) -> None:
    for customer in everybody:
        customer.send(studio, QUESTION)


def test_a_stop_ends_every_process_and_what_comes_meanwhile_is_answered_later(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    assert len(service.lines()) == 1
    assert service.end(signal.SIGTERM, timeout=15) == 0
    assert service.processes() == []
    assert service.state() == "stopped"
    anna.send(studio, QUESTION)
    service.start()
    assert ADDRESS["ombak"] in anna.expect_reply(30)["text"]


def test_a_killed_line_is_back_within_a_second_and_answers_everybody_once(service: Service):
    studio = service.pair(STUDIO)
    everybody = customers(service, 6)
    ask_all(everybody[:3], studio)
    until(lambda: service.value("SELECT count(*) FROM conversations_message"))
    mark = service.rig.mark()
    (line,) = service.lines()
    os.kill(line, signal.SIGKILL)
    ask_all(everybody[3:], studio)
    studio.wait_online(mark, 15)
    _answered_or_visible(service, everybody)


def test_a_killed_supervisor_leaves_no_orphan_and_no_double_answer(service: Service):
    studio = service.pair(STUDIO)
    everybody = customers(service, 6)
    ask_all(everybody[:3], studio)
    until(lambda: service.value("SELECT count(*) FROM conversations_message"))
    service.end(signal.SIGKILL)
    ask_all(everybody[3:], studio)
    service.start()  # at once: it waits for what the killed one left
    _answered_or_visible(service, everybody)
    until(lambda: len(service.lines()) == 1, 20, "one line and no orphan")


def _answered_or_visible(service: Service, everybody: list[Customer]) -> None:
    """Each question has exactly one answer on the phone, or staff see that something is missing: a reply that
    was perhaps sent, or a message whose text died with the process."""
    seen = "SELECT count(*) FROM conversations_message WHERE"
    lost = f"{seen} kind = 'unreadable'"
    answers = f"{seen} author = 'assistant'"
    until(
        lambda: service.value(answers) + service.value(lost) >= len(everybody),
        60,
        "everybody answered or seen",
    )
    until(lambda: service.value(f"{seen} state IN ('queued', 'sending')") == 0, 20, "all sent")
    missing = [customer.number for customer in everybody if not customer.inbox()]
    visible = service.value(lost) + service.value(f"{seen} state = 'unknown'")
    assert len(missing) <= visible
    assert all(len(customer.inbox()) <= 1 for customer in everybody)
