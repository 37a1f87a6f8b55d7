"""What a customer sees on the phone while a slow model works."""

import pytest

from tests.flows.conftest import QUESTION, Service, until
from tests.model_server import ModelServer, text
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"


def test_ticks_and_typing_come_before_a_slow_answer(idle_service: Service, anna: Customer):
    service = idle_service
    with ModelServer([text("Jalan Pantai, Kak.")], delay=3) as model:
        service.environment = {"ANTHROPIC_BASE_URL": model.url}
        service.start()
        studio = service.pair(STUDIO)
        mark = service.rig.mark()
        anna.send(studio, QUESTION)
        anna.expect_reply(30)
        until(lambda: service.rig.events(mark, kind="chatstate"), 5)
        events = service.rig.events(mark)
    kinds = [event["kind"] for event in events]
    answered = kinds.index("reply")
    assert {"read", "presence", "chatstate"} <= set(kinds[:answered])
    assert [e["type"] for e in events if e["kind"] == "presence"] == ["available"]
    assert len([kind for kind in kinds if kind == "read"]) == 1
    until(lambda: service.rig.events(mark, kind="presence", type="unavailable"), 20)
