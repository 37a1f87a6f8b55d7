"""Kill -9 of whatever one likes while customers write: in the end every message is stored, and each customer has
one answer or is seen by staff."""

import contextlib
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Installation, Service, Staffed, until
from tests.flows.house import LinkedHouse, Program, link
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer, Number

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"


class Crowd:
    """Customers who ask one question each, and the count at the end."""

    def __init__(self, home: Installation, studio: Number):
        self._home, self._studio = home, studio
        self._sent: dict[str, Customer] = {}  # by the id of their message

    def ask(self, count: int = 3) -> None:
        for _each in range(count):
            place = len(self._sent)
            customer = self._home.rig.customer(f"628122000{place:03}", f"Customer {place}")
            self._sent[customer.send(self._studio, QUESTION)] = customer

    def next_is(self, moment: str) -> None:
        """Until one more message is stored, or one more answer is on a phone."""
        counted = {"stored": self.stored, "answered": self.answered}[moment]
        before = counted()
        self.ask()
        until(lambda: counted() > before, 30, f"one more {moment}")

    def stored(self) -> int:
        return len(self._home.rows("SELECT 1 FROM conversations_message WHERE author='customer'"))

    def answered(self) -> int:
        return sum(bool(customer.inbox()) for customer in self._sent.values())

    def settled(self) -> bool:
        """Whether every message is in the database and nothing is on its way any more; a message without its
        text is left to staff, who see it at once."""
        waiting = """SELECT count(*) FROM conversations_message WHERE state IN ('queued', 'sending')
            OR (state = 'new' AND kind != 'unreadable')"""
        return self.stored() >= len(self._sent) and self._home.value(waiting) == 0

    def count(self) -> int:
        """Everybody is stored, nobody was answered twice, and who has no answer is seen; the number of those."""
        until(self.settled, 90, "every message stored, and decided")
        ids = self._home.rows("SELECT whatsapp_id FROM conversations_message WHERE NOT from_me")
        assert sorted(row[0] for row in ids) == sorted(self._sent)
        unanswered = [one for one in self._sent if not self._answered(self._sent[one])]
        assert [one for one in unanswered if not self._seen_by_staff(one)] == []
        return len(unanswered)

    def _answered(self, customer: Customer) -> bool:
        answers = [message["text"] for message in customer.inbox()]
        assert len(answers) <= 1, answers
        return bool(answers and ADDRESS["ombak"] in answers[0])

    def _seen_by_staff(self, whatsapp_id: str) -> bool:
        """The message came without its text, its answer is “perhaps sent”, or its chat waits for a person."""
        query = """SELECT m.kind = 'unreadable' OR m.state = 'handed_over'
              OR EXISTS (SELECT 1 FROM conversations_message a
                 WHERE a.conversation_id = m.conversation_id AND a.state IN ('unknown', 'failed'))
              OR EXISTS (SELECT 1 FROM conversations_escalation e
                 WHERE e.conversation_id = m.conversation_id)
            FROM conversations_message m WHERE m.whatsapp_id = ? AND NOT m.from_me"""
        return bool(self._home.value(query, whatsapp_id))


@pytest.fixture
def house(rig: LocalRig, staffed: Staffed, tmp_path: Path) -> Iterator[LinkedHouse]:
    shutil.copytree(staffed.folder, tmp_path / "data")
    house = LinkedHouse(rig, tmp_path / "data")
    yield house
    house.close()


def everything(house: LinkedHouse) -> list[int]:
    return house.processes()


def the_parent(house: LinkedHouse) -> list[int]:
    return [house.parent]


def the_web_process(house: LinkedHouse) -> list[int]:
    return [house.pid_of("gunicorn")]


def a_web_worker(house: LinkedHouse) -> list[int]:
    return [house.pid_of("gunicorn", parent=house.pid_of("gunicorn"))]


def the_supervisor(house: LinkedHouse) -> list[int]:
    return [house.pid_of("runwhatsapp")]


def the_line(house: LinkedHouse) -> list[int]:
    return [house.pid_of("--line", parent=house.pid_of("runwhatsapp"))]


VICTIMS: list[Callable[[LinkedHouse], list[int]]] = [
    the_line,
    a_web_worker,
    the_supervisor,
    the_web_process,
    the_parent,
    everything,
]


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("moment", ["stored", "answered"])
def test_each_process_killed_in_turn_while_customers_write_leaves_nobody_without_an_answer(
    house: LinkedHouse, staffed: Staffed, moment: str
) -> None:
    house.start()
    house.wait_until_served()
    program, studio = Program(house, staffed.tokens["ombak"]), house.rig.number(STUDIO)
    link(program, studio, "ombak")
    crowd = Crowd(house, studio)
    for victim in VICTIMS:
        pids = victim(house)
        crowd.next_is(moment)
        kill(pids)
        crowd.ask()
        if house.parent in pids:
            house.end_of_parent()
            crowd.ask()
            house.start()
            house.wait_until_served()
        until(partial(is_connected, program), 40, f"connected after a kill of {victim.__name__}")
    without = crowd.count()
    assert without <= len(VICTIMS), "a kill costs an answer now and then, not as a rule"
    assert house.end(signal.SIGTERM) == 0
    assert house.processes() == []


def is_connected(program: Program) -> bool:
    with contextlib.suppress(OSError):
        return bool(program.get("api/whatsapp/status")[1]["status"] == "connected")
    return False


def test_what_only_a_killed_lines_journal_has_is_answered_by_the_next(service: Service) -> None:
    studio = service.pair(STUDIO)
    crowd = Crowd(service, studio)
    (line,) = service.lines()
    with the_database_locked(service):
        mark = service.rig.mark()
        crowd.ask(4)
        service.rig.wait(
            "received_by_client", mark, 10, count=4
        )  # WhatsApp will not send them again
        kill([line])
    assert crowd.count() == 0


def test_replies_that_are_on_their_way_when_the_line_is_killed_are_not_sent_twice(
    service: Service,
) -> None:
    studio = service.pair(STUDIO)
    crowd = Crowd(service, studio)
    (line,) = service.lines()
    studio.condition(ack_delay=60)  # the line waits for word that its reply has arrived
    crowd.next_is("answered")
    sending = "SELECT count(*) FROM conversations_message WHERE state = 'sending'"
    assert service.value(sending) == 1
    service.rig.calm()
    kill([line])
    assert crowd.count() == 0


@contextlib.contextmanager
def the_database_locked(service: Service) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(service.folder / "mila.sqlite3", timeout=20)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        yield
        lock.rollback()
