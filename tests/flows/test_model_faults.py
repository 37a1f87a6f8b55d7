"""A whole service whose model's server fails in one way after the other, and comes back: customers are never left."""

from collections.abc import Iterator

import pytest

from agent import troubles
from tests import model_server as script
from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.model_server import Body, Failure, ModelServer, Request
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"
OF_THE_MODEL = "Alamatnya Jl. Pantai Pererenan No. 88 ya Kak."
DEADLINE = 3.0


class Model(ModelServer):
    """Answers, or fails as it is told to. It knows one model only."""

    failing: Failure | None = None
    gone = ""

    def reply_to(self, request: Request) -> Body | Failure:
        self.requests.append(request)
        if request.body["model"] == self.gone:
            return script.NO_MODEL
        return self.failing or script.text(OF_THE_MODEL)


@pytest.fixture
def model() -> Iterator[Model]:
    with Model() as server:
        yield server


@pytest.fixture
def house(idle_service: Service, model: Model) -> Service:
    idle_service.environment = {
        "ANTHROPIC_BASE_URL": model.url,
        "AGENT_TURN_DEADLINE": str(DEADLINE),
        "AGENT_QUIET_SECONDS": "0.2",
        "AGENT_MODEL": "claude-haiku-4-5",
        "AGENT_FALLBACK_MODEL": "claude-haiku-5-5",
    }
    idle_service.rows("UPDATE tenants_tenant SET messages_per_minute = 1000")
    idle_service.start()
    return idle_service


def last_turn(house: Service) -> tuple[str, str, str]:
    row = house.rows(
        "SELECT outcome, error, model FROM agent_turn ORDER BY created_at DESC LIMIT 1"
    )
    return row[0]


def test_every_fault_ends_in_an_answer_and_a_sentence_and_all_is_well_afterwards(
    house: Service, model: Model, anna: Customer
):
    studio = house.pair(STUDIO)

    def ask() -> str:
        anna.send(studio, QUESTION)
        return str(anna.expect_reply(DEADLINE + 12)["text"])

    assert ask() == OF_THE_MODEL
    for failing, sentence in (
        (script.HANG, troubles.TOO_SLOW),
        (script.SLOW_HEADERS, troubles.TOO_SLOW),
        (script.TRUNCATED, troubles.GARBAGE),
        (script.NO_CREDIT, troubles.NO_CREDIT),
        (script.WRONG_KEY, troubles.NO_CREDIT),  # nobody is asked again so soon
    ):
        model.failing = failing
        assert ADDRESS["ombak"] in ask()
        assert last_turn(house)[:2] == ("from_knowledge", sentence)
        if failing is script.TRUNCATED:
            model.failing = None  # five failures in a row would leave it alone
            assert until(lambda: ask() == OF_THE_MODEL, 30, "the model again")
    model.failing = None
    assert until(lambda: ask() == OF_THE_MODEL, 30, "the model again")
    assert last_turn(house)[:2] == ("answered", "")

    model.gone = "claude-haiku-4-5"
    assert ask() == OF_THE_MODEL
    assert last_turn(house) == ("answered", troubles.FALLEN_BACK, "claude-haiku-5-5")
    assert "Traceback" not in house.logs()
    unanswered = (
        "SELECT count(*) FROM conversations_message WHERE author='customer' AND state='new'"
    )
    assert house.value(unanswered) == 0
