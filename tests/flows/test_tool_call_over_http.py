"""From a customer's message to the reply in the outbox, with a model that uses its tools over HTTP."""

import datetime as dt
import json

import pytest

from agent.models import Turn
from agent.turns import answer_next
from conversations import intake
from conversations.inbound import InboundMessage, Person
from conversations.models import Escalation, Message
from tests import factories
from tests.model_server import ModelServer, escalate, search, text, tools

WORDS_OF_SENJA = ("Senja", "Kemang", "Jingga", "185.000", "SenjaApp")


@pytest.fixture
def both_studios(ombak, senja):
    factories.entry(
        ombak, "Harga kelas", content="Sekali datang Rp 150.000.", external_id="ombak-price"
    )
    factories.entry(
        ombak, "Alamat", content="Jalan Pantai Pererenan 12.", external_id="ombak-address"
    )
    factories.entry(
        senja,
        "Harga kelas di Senja",
        content="Sekali datang Rp 185.000 lewat SenjaApp, ruang Jingga di Kemang.",
        external_id="senja-price",
    )
    return ombak, senja


def write(tenant, words, now, whatsapp_id="m1"):
    person = Person(phone="+6281230001111", lid=None, name="Rina")
    event = InboundMessage(
        tenant.pk, whatsapp_id, "6281230001111@s.whatsapp.net", person, "text", words, now
    )
    return intake.receive(event, at=now)


def answer(settings, server, now):
    settings.ANTHROPIC_BASE_URL = server.url
    now += dt.timedelta(seconds=settings.AGENT_QUIET_SECONDS)
    return answer_next("test", clock=lambda: now, wait=lambda _seconds: None)


def replies(tenant):
    return list(Message.objects.filter(tenant=tenant, author=Message.Author.ASSISTANT))


def test_the_model_searches_gets_this_studios_entries_only_and_answers(both_studios, settings, now):
    ombak, senja = both_studios
    write(ombak, "berapa harga sekali datang kak?", now)
    with ModelServer(
        [search("harga sekali datang", "drop-in price"), text("Sekali datang Rp 150.000 Kak.")]
    ) as server:
        assert answer(settings, server, now)
    [reply] = replies(ombak)
    assert (reply.text, reply.state) == ("Sekali datang Rp 150.000 Kak.", Message.State.QUEUED)
    result = server.bodies[1]["messages"][-1]["content"][0]
    assert result["type"] == "tool_result"
    assert "Rp 150.000" in result["content"]
    sent = json.dumps(server.bodies, ensure_ascii=False)
    assert [
        word for word in (*WORDS_OF_SENJA, str(senja.pk), senja.whatsapp_number) if word in sent
    ] == []
    assert replies(senja) == []


def test_each_studio_answers_the_same_question_from_its_own_entries(both_studios, settings, now):
    ombak, senja = both_studios
    with ModelServer() as server:  # by its rules: search, then quote the first entry
        for tenant, price in ((ombak, "150.000"), (senja, "185.000")):
            write(tenant, "harga kelas berapa?", now)
            assert answer(settings, server, now)
            assert price in replies(tenant)[0].text
    assert [len(replies(tenant)) for tenant in both_studios] == [1, 1]


def test_the_tools_schemas_have_no_place_for_a_studio_or_a_chat(both_studios, settings, now):
    ombak, _senja = both_studios
    write(ombak, "harga?", now)
    with ModelServer() as server:
        answer(settings, server, now)
    properties = [set(tool["input_schema"]["properties"]) for tool in server.bodies[0]["tools"]]
    assert properties == [{"queries"}, {"category", "urgency", "summary"}]


def test_a_model_that_escalates_twice_makes_one_escalation(both_studios, settings, now):
    ombak, _senja = both_studios
    write(ombak, "bisa atur kelas khusus buat saya?", now)
    twice = {"category": "account_change", "urgency": "normal", "summary": "Wants a special class."}
    script = [
        tools(("escalate_to_human", twice), ("escalate_to_human", twice)),
        escalate("account_change", summary="Again."),
        text("Tim kami akan membalas di sini ya Kak."),
    ]
    with ModelServer(script) as server:
        answer(settings, server, now)
    [escalation] = Escalation.objects.filter(tenant=ombak)
    assert (escalation.category, escalation.summary) == ("account_change", "Wants a special class.")
    [reply] = replies(ombak)
    assert reply.text == "Tim kami akan membalas di sini ya Kak."


def test_the_same_reason_a_day_later_stays_one_open_escalation(both_studios, settings, now):
    ombak, _senja = both_studios
    script = [
        escalate("billing", words="Tim kami cek ya Kak."),
        escalate("billing", words="Sudah kami teruskan Kak."),
    ]
    with ModelServer(script) as server:
        for number in (1, 2):
            write(ombak, "invoice saya mana ya", now, f"m{number}")
            assert answer(settings, server, now)
    assert Escalation.objects.filter(tenant=ombak).count() == 1
    assert len(replies(ombak)) == 2


def test_the_turn_tells_staff_what_happened(both_studios, settings, now):
    ombak, _senja = both_studios
    write(ombak, "berapa harga sekali datang kak?", now)
    with ModelServer([search("harga"), text("Rp 150.000 Kak.")]) as server:
        answer(settings, server, now)
    turn = Turn.objects.get(tenant=ombak)
    assert (turn.outcome, turn.rounds, turn.tools) == ("answered", 2, ["knowledge_search"])
    assert (turn.input_tokens, turn.output_tokens) == (200, 40)
    assert turn.entries[0] == "ombak-price"
    assert turn.reply == replies(ombak)[0]
    assert turn.cost > 0
