"""Linking a phone by eight letters typed on it, through the API as a program does it, and by a code that is too old."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, Staffed, until
from tests.flows.house import LinkedHouse, Program, scanned
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer, Number

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"


@pytest.fixture
def house(rig: LocalRig, staffed: Staffed, tmp_path: Path) -> Iterator[LinkedHouse]:
    shutil.copytree(staffed.folder, tmp_path / "data")
    house = LinkedHouse(rig, tmp_path / "data")
    house.start()
    house.wait_until_served()
    yield house
    house.close()
    print(house.said())  # noqa: T201  pytest shows it when the test failed


@pytest.fixture
def program(house: LinkedHouse, staffed: Staffed) -> Program:
    return Program(house, staffed.tokens["ombak"])


@pytest.fixture
def phone(rig: LocalRig) -> Number:
    return rig.number(STUDIO, "Ombak")


def letters_of(program: Program) -> str:
    """The letters that the API shows, as soon as it does."""
    return str(until(lambda: program.get("api/whatsapp/qr")[1]["pair_code"], 30, "letters to type"))


def until_connected(program: Program) -> None:
    said = "api/whatsapp/status"
    until(lambda: program.get(said)[1]["status"] == "connected", 30, "connected")


def test_a_phone_number_is_posted_the_letters_are_typed_and_a_customer_is_answered(
    program: Program, phone: Number, anna: Customer, house: LinkedHouse
):
    status, answer = program.post("api/whatsapp/pair?phone=0812-0000-1101")
    assert status == 200, answer
    letters = letters_of(program)
    [offered] = house.rig.events(kind="code_offered")
    assert (offered["number"], offered["display"]) == (STUDIO, "Chrome (Linux)")
    with pytest.raises(ValueError, match="wrong code"):
        phone.enter_code("9999-9999")
    phone.enter_code(letters)
    until_connected(program)
    assert program.get("api/whatsapp/qr")[1]["pair_code"] is None
    anna.send(phone, QUESTION)
    assert ADDRESS["ombak"] in anna.expect_reply(20)["text"]


def test_who_first_asked_for_a_picture_may_still_link_by_letters_and_by_the_next_picture(
    program: Program, phone: Number, house: LinkedHouse
):
    program.post("api/whatsapp/pair")
    shown = "api/whatsapp/qr"
    until(lambda: program.get(shown)[1]["qr"], 30, "a picture")
    program.post(f"api/whatsapp/pair?phone=%2B{STUDIO}")
    letters = letters_of(program)
    house.rig.call("expire_codes", count=1)
    with pytest.raises(ValueError, match="no longer valid"):
        phone.scan(scanned(program.get(shown)[1]["qr"]))
    phone.enter_code(letters)
    until_connected(program)


def test_whatsapp_gives_no_letters_so_the_reason_is_told_and_the_picture_still_links(
    program: Program, phone: Number, house: LinkedHouse
):
    house.rig.fault("iq_error", xmlns="md", code=429, text="rate-overlimit")
    program.post(f"api/whatsapp/pair?phone=%2B{STUDIO}")
    shown = "api/whatsapp/qr"
    reason = "WhatsApp gave no code for this phone number"
    until(lambda: reason in program.get(shown)[1]["detail"], 30, reason)
    assert program.get(shown)[1]["pair_code"] is None
    phone.scan(scanned(program.get(shown)[1]["qr"]))
    until_connected(program)


def test_an_account_that_wants_a_passkey_is_told_so_and_another_try_is_possible(service: Service):
    phone = service.rig.number(STUDIO, "Ombak")
    phone.fault("passkey")
    with pytest.raises(ValueError, match="passkey"):
        phone.scan(service.ask_for_code())
    until(lambda: service.state() == "passkey_required", 20)
    until(lambda: service.lines() == [], 15, "no line waits for nobody")
    phone.scan(service.ask_for_code())
    until(lambda: service.state() == "connected", 30)


@pytest.mark.parametrize("tamper", ["hmac", "signature"])
def test_a_phone_that_proves_nothing_is_refused_and_the_next_code_links(
    service: Service, tamper: str
):
    phone = service.rig.number(STUDIO, "Ombak")
    with pytest.raises(ValueError, match="mismatch"):
        phone.scan(service.ask_for_code(), tamper=tamper)
    until(lambda: service.state() == "failed", 20)
    phone.scan(service.ask_for_code())
    until(lambda: service.state() == "connected", 30)


def test_too_old_a_client_gets_no_code_and_says_so(service: Service):
    service.rig.fault("login_failure", reason=405)
    asked = "UPDATE whatsapp_whatsappaccount SET pair_requested_at = ? WHERE id = ?"
    service.rows(asked, str(dt.datetime.now(dt.UTC).replace(tzinfo=None)), service.account())
    until(lambda: service.state() == "outdated", 20)


def test_codes_that_nobody_scans_end_and_a_new_one_comes_on_request(service: Service):
    old = service.ask_for_code()
    service.rig.call("hang_up")  # what WhatsApp does after the sixth code, 160 seconds later
    until(lambda: service.state() == "qr_expired", 20)
    until(lambda: service.lines() == [], 15, "no line waits for nobody")
    assert service.ask_for_code() != old
