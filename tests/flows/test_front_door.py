"""A stranger's first hour, by nothing but the front door: token, code, phone, question, answer, page."""

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import ADDRESS, PASSWORD, QUESTION, Staffed
from tests.flows.house import LinkedHouse, Program, Visitor, link, words
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"


@pytest.fixture
def house(rig: LocalRig, staffed: Staffed, tmp_path: Path) -> Iterator[LinkedHouse]:
    shutil.copytree(staffed.folder, tmp_path / "data")
    house = LinkedHouse(rig, tmp_path / "data")
    yield house
    house.close()
    print(house.said())  # noqa: T201  pytest shows it when the test failed


def test_a_phone_scans_the_apis_code_and_staff_read_what_its_customer_was_answered(
    house: LinkedHouse, staffed: Staffed, anna: Customer
) -> None:
    house.start()
    house.wait_until_served()
    program, phone = Program(house, staffed.tokens["ombak"]), house.rig.number(STUDIO, "Ombak")
    assert program.get("api/whatsapp/status")[1]["status"] == "disconnected"
    assert program.get("api/whatsapp/qr")[1]["qr"] is None
    link(program, phone, "ombak")
    assert program.get("api/whatsapp/qr")[1]["qr"] is None, "a linked phone needs no code"

    anna.send(phone, QUESTION)
    answer = anna.expect_reply(20)["text"]
    assert ADDRESS["ombak"] in answer

    owner = Visitor(house)
    owner.log_in(PASSWORD, "owner-ombak")
    read = words(owner.open(_conversation_with(owner, "Anna")))
    assert QUESTION in read
    assert words(answer) in read

    assert house.end(signal.SIGTERM, timeout=15) == 0
    assert house.processes() == []


def _conversation_with(owner: Visitor, name: str) -> str:
    """The address of the page that the inbox links for this customer."""
    inbox = owner.open("admin/conversations/conversation/?tab=all")
    address = r'href="/(admin/conversations/conversation/[0-9a-f-]{36}/change/)[^"]*"[^>]*>'
    [found] = re.findall(rf'{address}\s*<span[^>]*><span class="i-name">{name}<', inbox)
    return str(found)
