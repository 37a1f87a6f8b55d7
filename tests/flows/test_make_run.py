"""`make run` as a person meets it: the whole house in its own processes, killed and started again."""

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.flows.conftest import _processes as processes_of
from tests.flows.conftest import until
from tests.flows.house import House, Visitor

pytestmark = pytest.mark.e2e


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def first_password(house: House) -> str:
    found = re.search(r"user admin, password (\S+)", house.said())
    assert found, house.said()
    return found[1]


def at_the_playground(house: House) -> Visitor:
    """The admin, logged in with the printed password, who looks at the demo studio Ombak."""
    visitor = Visitor(house)
    assert "Ombak" in visitor.log_in(first_password(house))
    visitor.choose("Ombak")
    return visitor


def test_a_new_house_lets_the_admin_in_and_the_demo_studio_answers_without_a_key(
    house: House,
) -> None:
    house.start()
    house.wait_until_served()
    assert Visitor(house).open("healthz") == "ok\n"
    visitor = at_the_playground(house)
    assert "Pererenan" in visitor.ask("alamat studio dimana kak?")
    told = re.findall(r"Rp\s*([\d.]+\d)", visitor.ask("brp hrg 1x dtg?"))
    assert set(told) <= {"150.000"}, "a hand-over, or this price and no other"


def test_after_the_first_login_the_password_is_not_printed_again(house: House) -> None:
    house.start()
    house.wait_until_served()
    password = first_password(house)
    house.start_again()
    assert first_password(house) == password, "nobody has used it yet"
    Visitor(house).log_in(password)
    house.start_again()
    assert "password" not in house.said()


def test_a_killed_parent_takes_all_with_it_and_a_new_start_works_at_once(house: House) -> None:
    killed = house.start()
    house.wait_until_served()
    before = set(processes_of(house.folder))
    killed.kill()
    killed.wait()
    house.start()
    house.wait_until_served()
    until(lambda: not before & set(processes_of(house.folder)), 15, "the orphans' end")
    assert house.served()
    until(lambda: "the WhatsApp service runs" in house.said(), 20, "the WhatsApp service")


def test_kill_9_of_everything_at_once_is_forgotten_after_a_new_start(house: House) -> None:
    house.start()
    house.wait_until_served()
    visitor = at_the_playground(house)
    for pid in processes_of(house.folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    house.start()
    house.wait_until_served()
    assert "Pererenan" in visitor.ask("alamat studio dimana kak?")


def test_after_kill_9_of_a_child_pages_and_assistant_come_back_by_themselves(house: House) -> None:
    house.start()
    house.wait_until_served()
    visitor = at_the_playground(house)
    web = house.pid_of("gunicorn")
    os.kill(house.pid_of("gunicorn", parent=web), signal.SIGKILL)
    os.kill(web, signal.SIGKILL)
    os.kill(house.pid_of("runwhatsapp"), signal.SIGKILL)
    for name in ("The web process", "The WhatsApp service"):
        said = f"{name} was ended by SIGKILL. Starting it again in 1 s."
        until(partial(lambda line: line in house.said(), said), 10, said)
    assert house.pid_of("gunicorn") != web
    assert "Pererenan" in visitor.ask("alamat studio dimana kak?")


def test_a_killed_worker_is_replaced(house: House) -> None:
    house.start()
    house.wait_until_served()
    web = house.pid_of("gunicorn")
    os.kill(house.pid_of("gunicorn", parent=web), signal.SIGKILL)
    assert house.served()
    assert house.pid_of("gunicorn", parent=web)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_everything(house: House, number: signal.Signals) -> None:
    process = house.start()
    house.wait_until_served()
    process.send_signal(number)
    assert process.wait(15) == 0
    assert processes_of(house.folder) == []
    assert house.said().rstrip().endswith("MILA has stopped.")


def test_a_taken_port_and_a_taken_folder_are_told_in_one_sentence(house: House) -> None:
    house.start()
    house.wait_until_served()
    other = House(house.folder / "other")
    other.folder.mkdir()
    other.port = house.port
    assert other.start().wait(15) == 1
    assert "in use by another program; use make run PORT=" in other.said()
    assert "Preparing" not in other.said()
    again = House(house.folder)
    first_said = house.said()
    assert again.start().wait(15) == 1
    assert f"MILA already runs on the data folder {house.folder} at {house.home}" in again.said()
    assert first_said
    assert house.served()


class TestMake:
    """The command itself; it finds the packages that these tests run with."""

    def test_ctrl_c_ends_everything(self, house: House) -> None:
        make = house.start("make", "run")
        house.wait_until_served()
        os.killpg(make.pid, signal.SIGINT)
        make.wait(15)
        until(lambda: processes_of(house.folder) == [], 1)
        assert "MILA has stopped." in house.said()

    def test_a_killed_make_leaves_nothing_and_works_again(self, house: House) -> None:
        make = house.start("make", "run")
        house.wait_until_served()
        before = set(processes_of(house.folder))
        make.kill()
        make.wait()
        house.start("make", "run")
        house.wait_until_served()
        until(lambda: not before & set(processes_of(house.folder)), 15, "the orphans' end")
        until(house.served)
