"""When the network goes, when the phone removes the link: states that staff see, and the way back."""

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"


def test_an_outage_is_shown_and_what_came_meanwhile_is_answered_then_the_phone_unlinks(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    service.rig.condition(offline=True)
    studio.cut()
    until(lambda: service.state() == "retrying", 20)
    anna.send(studio, QUESTION)
    service.rig.condition(offline=False)
    assert ADDRESS["ombak"] in anna.expect_reply(40)["text"]
    until(lambda: service.state() == "connected", 10)

    studio.unlink()
    until(lambda: service.state() == "logged_out", 20)
    assert service.value("SELECT max(phone) FROM whatsapp_whatsappaccount") == ""
    until(lambda: service.lines() == [], 15, "no line for nobody")
    assert service.ask_for_code().startswith("https://wa.me/")


def test_without_a_network_nothing_is_linked_and_the_page_says_why(service: Service):
    service.rig.condition(offline=True)
    account = service.account()
    service.rows(
        "UPDATE whatsapp_whatsappaccount SET pair_requested_at ="
        " strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE id = ?",
        account,
    )
    until(lambda: service.state() == "retrying", 30)
    again = "SELECT retry_at FROM whatsapp_whatsappaccount WHERE id = ?"
    assert until(lambda: service.value(again, account), 5, "when it is tried again")
    service.rig.condition(offline=False)
    until(lambda: service.state() == "qr_ready", 40)
