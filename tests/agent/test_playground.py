"""The Playground as another customer, and with a model's server that fails: said in words, with the next step."""

import json
import socket

import pytest
from django.conf import LazySettings
from django.test import Client

from agent import claude, nextsteps, pretending, troubles
from agent.models import Turn
from agent.turns import answer_next
from conversations.models import Message
from tenants.models import Membership, Tenant
from tests import factories
from tests import model_server as script
from tests.agent.conftest import Serve
from tests.pages import read

PAGE = "/admin/playground/"
KEYS = "/admin/studio/settings/keys/"


def ask(client: Client, text: str, **choices: str) -> str:
    """The page after the service answered."""
    client.post(PAGE, {"text": text, **choices})
    assert answer_next("test", wait=lambda _seconds: None)
    return read(client, PAGE)


@pytest.fixture(autouse=True)
def house(ombak: Tenant, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.AGENT_TURN_DEADLINE, settings.AGENT_FALLBACK_MODEL = 20.0, ""
    monkeypatch.setattr(claude, "pause", lambda _seconds: None)
    factories.entry(ombak, "Alamat", content="Alamat: Jalan Pantai 12.", keywords="alamat, dimana")


def said_to(server: script.ModelServer) -> str:
    """Everything but the rules of the newest request."""
    return json.dumps(server.bodies[-1]["messages"], ensure_ascii=False)


def test_the_answer_comes_in_the_chosen_language(owner: Client, serve: Serve) -> None:
    server = serve([script.text("Jalan Pantai 12."), script.text("Jalan Pantai 12.")])
    page = ask(owner, "alamatnya dimana kak?", language="en")
    assert "Answer in English, whatever the message is in." in said_to(server)
    assert Turn.objects.get().language == "en"
    assert '<option value="en" selected>' in page
    assert "<span>English</span>" in page
    ask(owner, "alamatnya dimana kak?")
    assert "Answer in" not in said_to(server)
    assert Turn.objects.latest("created_at").language == "id"


def test_fixed_texts_come_in_the_chosen_language_too(owner: Client) -> None:
    assert "I&#x27;ve passed this on" in ask(owner, "mau bicara dengan admin", language="en")


def test_who_writes_for_the_first_time_has_no_chat_and_who_is_known_has_a_name(
    owner: Client, serve: Serve
) -> None:
    server = serve([script.text("Baik Kak.")] * 4)
    ask(owner, "parkir mobil ada?", customer="known")
    assert f"<customer_name>{pretending.NAME}</customer_name>" in said_to(server)
    ask(owner, "kalau motor?", customer="known")
    assert "parkir mobil ada?" in said_to(server)
    page = ask(owner, "kalau motor?", customer="new")
    assert "parkir mobil ada?" not in said_to(server)
    assert "customer_name" not in said_to(server)
    assert "Writes for the first time</span>" in page
    ask(owner, "kalau motor?")
    assert "parkir mobil ada?" in said_to(server)
    assert "customer_name" not in said_to(server)


def test_a_bare_hi_of_somebody_new_is_greeted_in_both_languages(owner: Client) -> None:
    ask(owner, "alamat studio dimana?")
    assert "Feel free to write in English" not in ask(owner, "hi")
    assert "Feel free to write in English" in ask(owner, "hi", customer="new")


@pytest.mark.parametrize("choice", [{"language": "xx"}, {"customer": "<b>"}, {"language": ""}])
def test_a_made_up_choice_is_none(owner: Client, choice: dict[str, str]) -> None:
    owner.post(PAGE, {"text": "alamat?", **choice})
    assert Message.objects.get().details == {}


@pytest.mark.parametrize(
    ("replies", "wrong", "step"),
    [
        ([script.WRONG_KEY], troubles.WRONG_KEY, nextsteps.ITS_KEY),
        ([script.NO_CREDIT], troubles.NO_CREDIT, nextsteps.ITS_KEY),
        ([script.OVERLOADED] * 3, troubles.OVERLOADED, nextsteps.AGAIN),
        ([script.NO_MODEL], troubles.NO_MODEL, nextsteps.SERVER),
        ([script.GARBAGE] * 3, troubles.GARBAGE, nextsteps.SERVER),
    ],
)
def test_a_fault_of_the_server_stands_under_the_answer_with_the_next_step(
    owner: Client, serve: Serve, replies: list[script.Failure], wrong: str, step: str
) -> None:
    serve(replies)
    page = ask(owner, "alamatnya dimana kak?")
    assert "Jalan Pantai 12" in page  # the question is answered all the same
    assert f"{wrong} {step}".replace("'", "&#x27;") in page


def test_a_server_that_is_not_there_is_told(owner: Client, settings: LazySettings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and listens to nobody
        settings.ANTHROPIC_BASE_URL = f"http://127.0.0.1:{unused.getsockname()[1]}"
        page = ask(owner, "alamatnya dimana kak?")
    assert troubles.UNREACHABLE.replace("'", "&#x27;") in page
    assert nextsteps.AGAIN in page


def test_an_own_key_leads_to_its_settings_whom_they_are_open_to(
    owner: Client, ombak: Tenant, serve: Serve
) -> None:
    Tenant.objects.filter(pk=ombak.pk).update(anthropic_api_key="sk-wrong")
    serve([script.WRONG_KEY] * 2)
    page = ask(owner, "alamatnya dimana kak?")
    assert f'{troubles.WRONG_KEY} <a class="m-link" href="{KEYS}">' in page
    desk = Client()
    desk.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    page = ask(desk, "alamatnya dimana kak?")
    assert troubles.WRONG_KEY in page
    assert KEYS not in page


def test_without_any_key_the_page_says_so_and_where_it_goes(
    owner: Client, ombak: Tenant, settings: LazySettings
) -> None:
    page = read(owner, PAGE)
    assert "No Anthropic key is set" in page
    assert KEYS in page
    settings.ANTHROPIC_API_KEY = "sk-x"
    assert "No Anthropic key is set" not in read(owner, PAGE)


def test_an_answer_that_went_well_says_nothing_of_servers(owner: Client, serve: Serve) -> None:
    serve([script.text("Jalan Pantai 12 Kak.")])
    assert "p-trouble" not in ask(owner, "alamatnya dimana kak?")


def test_an_insult_is_told_as_a_remark_and_is_no_fault(owner: Client, serve: Serve) -> None:
    serve()
    page = ask(owner, "bot goblok")
    assert "p-trouble" not in page
    why = read(owner, f"{PAGE}why/{Turn.objects.get().pk}/")
    assert "The message only insults" in why
    assert Turn.objects.get().error == ""
