"""Whatever the model's server does, a turn ends in time, the customer hears something, and staff read why."""

import time
from collections.abc import Mapping

import pytest

from agent import claude, troubles
from agent.models import Turn
from agent.turns import answer_next
from conversations.models import Escalation, Message
from knowledge.models import KnowledgeEntry
from tests import factories
from tests import model_server as script
from tests.agent.conftest import Serve
from tests.agent.test_turns import Clock, write

ANSWERED, WORD_FOR_WORD, HANDED_OVER = "answered", "from_knowledge", "handed_over"
FINE = script.text("Jalan Pantai 12 Kak.")
SEARCH = script.search("alamat")
ESCALATE = ("escalate_to_human", {"category": "billing", "urgency": "low", "summary": "x"})
NUL = script.tool("knowledge_search", queries=["ala\x00mat"])


@pytest.fixture(autouse=True)
def house(ombak, settings, monkeypatch):
    settings.AGENT_TURN_DEADLINE, settings.AGENT_FALLBACK_MODEL = 5.0, ""
    monkeypatch.setattr(claude, "pause", lambda _seconds: None)
    factories.entry(ombak, "Alamat", content="Jalan Pantai 12.", external_id="address")
    KnowledgeEntry.objects.bulk_create(
        KnowledgeEntry(tenant=ombak, title=topic, content=f"{topic} ada di lantai bawah.")
        for topic in ("Parkir", "Loker", "Handuk", "Kafe", "Toilet", "Pintu", "Musik", "Taman")
    )


def ask(tenant, now, words="alamatnya di mana kak?"):
    clock = Clock(now)
    write(tenant, words, now, f"m{Message.objects.count()}")
    assert answer_next("test", clock=clock, wait=clock.wait)
    return Turn.objects.first(), Message.objects.filter(author="assistant").last()


@pytest.mark.parametrize(
    ("replies", "sentence"),
    [
        ([script.WRONG_KEY], troubles.WRONG_KEY),
        ([script.FORBIDDEN], troubles.NOT_ALLOWED),
        ([script.NO_CREDIT], troubles.NO_CREDIT),
        ([script.NO_MODEL], troubles.NO_MODEL),
        ([script.LIMITED], troubles.LIMITED),
        ([script.MOVED], troubles.MOVED),
        ([script.OVERLOADED] * 3, troubles.OVERLOADED),
        ([script.Failure(500)] * 3, troubles.BROKEN),
        ([script.Failure(413, "too large")], troubles.TOO_LONG),
        ([script.Failure(418, "a teapot")], troubles.REFUSED),
        ([script.GARBAGE] * 3, troubles.GARBAGE),
        ([script.TRUNCATED] * 3, troubles.GARBAGE),
        ([script.WRONG_TYPE] * 3, troubles.GARBAGE),
        ([script.RESET] * 3, troubles.UNREACHABLE),
        ([script.answer([])], "The model gave no answer."),
        ([script.answer([{"type": "hologram", "text": "hm"}])], "The model gave no answer."),
        ([script.text("Jalan Pantai", "max_tokens")] * 2, troubles.CUT_OFF),
        ([SEARCH] * 10, troubles.NO_END),
        ([script.answer([], "pause_turn")] * 10, troubles.NO_END),
        ([script.text("", "model_context_window_exceeded")] * 2, troubles.TOO_LONG),
    ],
)
def test_a_fault_ends_in_the_entry_word_for_word_with_its_sentence_for_staff(
    ombak, now, caplog, serve: Serve, replies, sentence
):
    serve(replies)
    turn, reply = ask(ombak, now)
    assert (turn.outcome, turn.error) == (WORD_FOR_WORD, sentence)
    assert "Jalan Pantai 12" in reply.text
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("slow", [script.HANG, script.DRIP, script.SLOW_HEADERS])
def test_slowness_ends_with_the_turns_time(ombak, now, settings, serve: Serve, slow):
    settings.AGENT_TURN_DEADLINE = 0.5
    serve([slow] * 3)
    began = time.monotonic()
    turn, reply = ask(ombak, now)
    assert time.monotonic() - began < 8  # the server would take longer
    assert turn.error == troubles.TOO_SLOW
    assert "Jalan Pantai 12" in reply.text


@pytest.mark.parametrize(
    ("replies", "calls"),
    [
        ([script.OVERLOADED, FINE], 1),
        ([script.tools(("knowledge_search", {"queries": ["a"]}), ESCALATE), FINE], 2),
        ([script.tools(*[("knowledge_search", {"queries": ["a"]})] * 12), FINE], 2),
        ([script.tools(ESCALATE, ESCALATE), FINE], 2),
        ([script.tool("book_class", day="friday"), FINE], 2),
        ([script.tool("knowledge_search", queries="no list"), FINE], 2),
        ([script.tool("escalate_to_human", category="nonsense"), FINE], 2),
        ([script.answer([{"type": "tool_use", "id": "t", "name": "x"}], "tool_use"), FINE], 2),
        ([NUL, FINE], 2),
        ([script.search("alamat", "address"), SEARCH, FINE], 3),
        ([script.text("Jalan Pan", "max_tokens"), FINE], 2),
        ([script.answer([], "max_tokens"), FINE], 2),
        ([script.tool("knowledge_search", "Sebentar ya", queries=["alamat"]), FINE], 2),
        ([script.text("", "pause_turn"), FINE], 2),
        ([script.text("x", "model_context_window_exceeded"), FINE], 2),
    ],
)
def test_what_can_be_mended_ends_in_the_models_answer(ombak, now, serve: Serve, replies, calls):
    serve(replies)
    if any("context_window" in str(reply) for reply in replies):
        serve([FINE])
        ask(ombak, now)  # there is a chat to leave out
        server = serve(replies)
    else:
        server = serve(replies)
    turn, reply = ask(ombak, now)
    assert reply.text == "Jalan Pantai 12 Kak."
    assert (turn.rounds, turn.error) == (calls, "")
    assert turn.outcome == (HANDED_OVER if Escalation.objects.exists() else ANSWERED)
    assert len({len(body["tools"]) for body in server.bodies}) == 1


def test_tool_results_come_first_one_for_each_call(ombak, now, serve: Serve):
    calls: list[tuple[str, Mapping[str, object]]] = [
        ("knowledge_search", {"queries": ["a"]}),
        ESCALATE,
        ("no_such_tool", {}),
    ]
    server = serve([script.tools(*calls, words="Sebentar"), FINE])
    ask(ombak, now)
    said, results = server.bodies[1]["messages"][-2:]
    asked = [block["id"] for block in said["content"] if block["type"] == "tool_use"]
    assert [block["tool_use_id"] for block in results["content"]] == asked
    assert {block["type"] for block in results["content"]} == {"tool_result"}


def test_before_its_last_call_the_model_is_told_so(ombak, now, serve: Serve):
    server = serve([SEARCH, SEARCH, FINE])
    ask(ombak, now)
    last = server.bodies[2]["messages"][-1]["content"][0]["content"]
    assert last.endswith("Answer the customer now.)")


def test_a_refusal_is_a_neutral_sentence_and_a_person(ombak, now, serve: Serve):
    serve([script.text("I cannot talk about this.", "refusal")])
    turn, reply = ask(ombak, now)
    assert (turn.outcome, turn.error) == (HANDED_OVER, troubles.DECLINED)
    assert "cannot talk" not in reply.text
    assert Escalation.objects.get().category == "cannot_answer"


def test_a_prompt_that_is_too_long_goes_again_without_the_chat_before(ombak, now, serve: Serve):
    serve([FINE])
    ask(ombak, now)
    server = serve([script.Failure(400, "prompt is too long: 210000 tokens"), FINE])
    turn, _reply = ask(ombak, now)
    assert (turn.outcome, turn.error) == (ANSWERED, "")
    assert [len(body["messages"]) for body in server.bodies] == [3, 1]


def test_staff_are_told_that_another_model_answers(ombak, now, settings, serve: Serve):
    settings.AGENT_MODEL, settings.AGENT_FALLBACK_MODEL = "claude-gone", "claude-haiku-5-5"
    serve([script.NO_MODEL, script.text("Jalan Pantai 12 Kak.", input_tokens=1_000_000)])
    turn, _reply = ask(ombak, now)
    assert (turn.outcome, turn.error) == (ANSWERED, troubles.FALLEN_BACK)
    assert turn.model == "claude-haiku-5-5"
    assert 0.5 < turn.cost < 0.51  # a long prompt at that model's price, not at the gone one's


def test_while_the_key_is_wrong_nobody_is_asked_and_all_is_well_when_it_was_changed(
    ombak, now, settings, serve: Serve
):
    server = serve(key="sk-right", rules=lambda _body: FINE)
    settings.ANTHROPIC_API_KEY = "sk-wrong"
    assert [ask(ombak, now)[0].error for _ in range(2)] == [troubles.WRONG_KEY] * 2
    assert len(server.requests) == 1
    ombak.anthropic_api_key = "sk-right"
    ombak.save()
    assert ask(ombak, now)[0].outcome == ANSWERED
