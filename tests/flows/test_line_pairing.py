"""From an empty installation to the first answer on a customer's phone."""

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e


def test_a_studio_links_its_phone_and_a_customer_gets_an_answer(service: Service, anna: Customer):
    studio = service.pair("6281200001101")
    anna.send(studio, QUESTION)
    reply = anna.expect_reply(20)
    assert ADDRESS["ombak"] in reply["text"]
    assert "bot" not in reply.get("marks", [])
    customer = "SELECT phone, name FROM conversations_customer"
    assert service.rows(customer) == [("+628111000001", "Anna")]
    delivered = "SELECT 1 FROM conversations_message WHERE author='assistant' AND state='delivered'"
    assert until(lambda: service.value(delivered), 10, "the receipt")
