"""A customer asks for a person, and the studio's people learn of it: on their phone, else by e-mail."""

import json

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO, SARI = "6281200001101", "628129999001"
CALL = "mau ngomong sama admin dong kak"


def contacts(service: Service, *theirs: str) -> None:
    query = "UPDATE tenants_tenant SET handover_contacts = ? WHERE slug = 'ombak'"
    service.rows(query, json.dumps(theirs))


def state(service: Service, channel: str, step: int = 0) -> str:
    query = "SELECT state FROM notices_notice WHERE channel = ? AND step = ?"
    return str(service.value(query, channel, step))


def test_a_contact_of_the_studio_is_told_and_what_they_write_back_is_not_answered(
    idle_service: Service, anna: Customer
):
    service = idle_service
    contacts(service, f"+{SARI}")
    service.environment["PUBLIC_URL"] = "https://mila.example"
    service.start()
    studio = service.pair(STUDIO)
    sari = service.rig.customer(SARI, "Sari")
    anna.send(studio, CALL)
    anna.expect_reply(20)
    told = sari.expect_reply(20)["text"]
    escalation = service.value("SELECT id FROM conversations_escalation")
    assert "Anna" in told
    assert "Ombak" in told
    assert f"https://mila.example/admin/notices/open/{escalation}".replace("-", "") in told.replace(
        "-", ""
    )
    until(lambda: state(service, "whatsapp") == "delivered", 20, "the receipt")

    sari.send(studio, "ok")
    stored = "SELECT state FROM conversations_message WHERE text = ?"
    until(lambda: service.value(stored, "ok") == "seen", 20, "her message")
    sari.send(studio, QUESTION)
    sari.send(studio, "!ping")
    assert sari.expect_reply(20)["text"] == "pong"
    sari.send(studio, f"!test {QUESTION}")
    assert ADDRESS["ombak"] in sari.expect_reply(20)["text"]
    assert len(sari.inbox()) == 3  # the notice, pong, and the answer that was asked for
    listed = "SELECT count(*) FROM conversations_conversation WHERE channel = 'whatsapp'"
    assert service.value(listed) == 1
