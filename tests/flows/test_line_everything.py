"""Everything that may come over a linked number, from the wire to what staff see."""

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"


def test_a_message_that_dies_inside_the_line_is_shown_as_unreadable(
    idle_service: Service, anna: Customer
):
    """WhatsApp counts it as delivered and will not send it again; only the library's notes know of it."""
    service, order = idle_service, idle_service.folder / "crash"
    service.environment["MILA_CRASH_AT"] = str(order)
    service.start()
    studio = service.pair(STUDIO)
    anna.send(studio, QUESTION)
    assert ADDRESS["ombak"] in anna.expect_reply(20)["text"]
    until(
        lambda: (
            not service.value("SELECT count(*) FROM conversations_message WHERE state = 'sent'")
        ),
        20,
    )
    mark = service.rig.mark()
    order.write_text("C2")
    lost = [anna.send(studio, f"{QUESTION} {number}") for number in range(3)]
    studio.wait_online(mark, 20)
    seen = "SELECT whatsapp_id FROM conversations_message WHERE NOT from_me"
    until(
        lambda: {row[0] for row in service.rows(seen)} >= set(lost), 40, "every message has a row"
    )
    holes = "SELECT count(*) FROM conversations_message WHERE kind = 'unreadable' AND state = 'new'"
    assert 1 <= service.value(holes) <= 3
