"""The door to the model, over HTTP with the real SDK."""

import time

import pytest

from agent import breaker, claude, troubles, wire
from agent.claude import ModelError, model_for
from agent.models import Purse
from agent.pricing import Usage
from agent.tools import schemas
from tests import model_server as script
from tests.agent.conftest import Serve


def call(tenant, seconds=5.0, tools=()):
    model = model_for(tenant)
    assert model is not None
    return model.complete(
        system=[{"type": "text", "text": "rules"}],
        messages=[{"role": "user", "content": "halo"}],
        tools=tools,
        deadline=time.monotonic() + seconds,
    )


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(claude, "pause", pauses.append)
    return pauses


def test_without_key_and_server_there_is_no_model(ombak):
    assert model_for(ombak) is None


def test_a_text_comes_back_with_its_usage(ombak, serve: Serve):
    serve([script.text("Halo Kak", cache_read_input_tokens=7, cache_creation_input_tokens=3)])
    completion = call(ombak)
    assert completion.text == "Halo Kak"
    assert completion.usage == Usage(input=100, output=20, cache_read=7, cache_write=3)


def test_the_studios_own_key_goes_before_the_installations(ombak, settings, serve: Serve):
    settings.ANTHROPIC_API_KEY = "sk-everybody"
    server = serve([script.text("a"), script.text("b")])
    call(ombak)
    ombak.anthropic_api_key = "sk-ombak"
    call(ombak)
    assert [request.headers["authorization"] for request in server.requests] == [
        "Bearer sk-everybody",
        "Bearer sk-ombak",
    ]


def test_a_base_url_with_v1_means_the_same_server(ombak, settings, serve: Serve):
    server = serve([script.text("Halo")])
    settings.ANTHROPIC_BASE_URL = f"{server.url}/v1/"
    assert call(ombak).text == "Halo"
    assert server.requests[0].path == "/v1/messages"


@pytest.mark.parametrize(
    ("failure", "sentence", "permanent", "calls"),
    [
        (script.WRONG_KEY, troubles.WRONG_KEY, True, 1),
        (script.FORBIDDEN, troubles.NOT_ALLOWED, True, 1),
        (script.NO_CREDIT, troubles.NO_CREDIT, True, 1),
        (script.Failure(402, "pay"), troubles.NO_CREDIT, True, 1),
        (script.NO_MODEL, troubles.NO_MODEL, True, 1),
        (script.Failure(404, body=b"<h1>Not here</h1>"), troubles.NO_ADDRESS, True, 1),
        (script.MOVED, troubles.MOVED, True, 1),
        (script.Failure(400, "messages: at least one"), troubles.REFUSED, True, 1),
        (script.OVERLOADED, troubles.OVERLOADED, False, 3),
        (script.Failure(500), troubles.BROKEN, False, 3),
        (script.Failure(429), troubles.LIMITED, False, 3),
        (script.GARBAGE, troubles.GARBAGE, False, 3),
        (script.TRUNCATED, troubles.GARBAGE, False, 3),
        (script.WRONG_TYPE, troubles.GARBAGE, False, 3),
        (script.Failure(body=b"[1, 2]"), troubles.GARBAGE, False, 3),
        (script.Failure(body=b"[" * 100_000), troubles.GARBAGE, False, 3),
        (script.RESET, troubles.UNREACHABLE, False, 3),
    ],
)
def test_each_failure_has_its_sentence_for_staff(
    ombak, settings, serve: Serve, failure, sentence, permanent, calls
):
    settings.AGENT_FALLBACK_MODEL = ""
    server = serve([failure] * 3)
    with pytest.raises(ModelError) as caught:
        call(ombak)
    assert (caught.value.sentence, caught.value.permanent) == (sentence, permanent)
    assert len(server.requests) == calls


def test_a_short_overload_is_bridged(ombak, serve: Serve, no_pause):
    serve([script.OVERLOADED, script.OVERLOADED, script.text("Halo")])
    assert call(ombak).text == "Halo"
    assert no_pause == [*claude.PAUSES]


def test_a_short_retry_after_is_waited_for(ombak, serve: Serve, no_pause):
    serve([script.Failure(429, "slow", {"retry-after": "3"}), script.text("Halo")])
    assert call(ombak).text == "Halo"
    assert no_pause == [3.0]


def test_a_long_retry_after_is_not_waited_for(ombak, serve: Serve, no_pause):
    server = serve([script.LIMITED])
    with pytest.raises(ModelError) as caught:
        call(ombak)
    assert caught.value.sentence == troubles.LIMITED
    assert (len(server.requests), no_pause) == (1, [])


@pytest.mark.parametrize("slow", [script.HANG, script.DRIP, script.SLOW_HEADERS])
def test_no_slowness_of_any_kind_outlives_the_deadline(ombak, serve: Serve, slow):
    serve([slow])
    began = time.monotonic()
    with pytest.raises(ModelError) as caught:
        call(ombak, seconds=0.4)
    assert caught.value.sentence == troubles.TOO_SLOW
    assert time.monotonic() - began < 0.9


def test_a_dead_connection_leaves_time_for_a_second_try(ombak, serve: Serve, monkeypatch):
    monkeypatch.setattr(claude, "FIRST_TRY", 0.1)
    serve([script.HANG, script.text("Halo")])
    assert call(ombak, seconds=3.0).text == "Halo"


def test_an_answer_without_end_is_none(ombak, serve: Serve, monkeypatch):
    monkeypatch.setattr(wire, "TOO_MUCH", 100)
    serve([script.text("x" * 200)] * 3)
    with pytest.raises(ModelError) as caught:
        call(ombak)
    assert caught.value.sentence == troubles.GARBAGE


def test_a_server_that_is_not_there_is_told(ombak, settings):
    settings.ANTHROPIC_BASE_URL = "http://127.0.0.1:9"
    with pytest.raises(ModelError) as caught:
        call(ombak)
    assert (caught.value.sentence, caught.value.uncertain) == (troubles.UNREACHABLE, False)


def test_when_the_model_is_gone_the_fallback_answers_and_the_gone_one_is_not_asked_again(
    ombak, settings, serve: Serve
):
    settings.AGENT_MODEL, settings.AGENT_FALLBACK_MODEL = "claude-gone", "claude-haiku-5-5"
    server = serve([script.NO_MODEL, script.text("a"), script.text("b")])
    answers = [call(ombak), call(ombak)]
    assert [answer.model for answer in answers] == ["claude-haiku-5-5"] * 2
    asked = [body["model"] for body in server.bodies]
    assert asked == ["claude-gone", "claude-haiku-5-5", "claude-haiku-5-5"]
    assert server.bodies[1]["thinking"] == {"type": "adaptive"}  # as that model wants it


def test_the_fallback_also_answers_when_the_server_itself_had_failed_meanwhile(
    ombak, settings, serve: Serve, monkeypatch
):
    settings.AGENT_MODEL, settings.AGENT_FALLBACK_MODEL = "claude-gone", "claude-haiku-5-5"
    now = [100.0]
    monkeypatch.setattr(breaker, "clock", lambda: now[0])
    serve([script.NO_MODEL, script.text("a"), script.WRONG_KEY, script.text("b")])
    assert call(ombak).text == "a"
    with pytest.raises(ModelError):
        call(ombak)
    now[0] += breaker.SHORTEST  # the model is still known to be gone
    assert call(ombak).text == "b"


def test_a_used_up_budget_says_nothing_about_the_server(ombak, serve: Serve, monkeypatch):
    ombak.budget_day = 1
    now = [100.0]
    monkeypatch.setattr(breaker, "clock", lambda: now[0])
    server = serve([script.WRONG_KEY])
    for sentence in (troubles.WRONG_KEY, troubles.SPENT, troubles.WRONG_KEY):
        with pytest.raises(ModelError) as caught:
            call(ombak)
        assert caught.value.sentence == sentence
        if len(server.requests) == 1 and sentence == troubles.WRONG_KEY:
            Purse.objects.update(day_spent=10**9)
            now[0] += breaker.SHORTEST
    assert len(server.requests) == 1


def test_when_both_models_are_gone_it_is_told(ombak, serve: Serve):
    serve([script.NO_MODEL] * 2)
    with pytest.raises(ModelError) as caught:
        call(ombak)
    assert caught.value.sentence == troubles.NO_MODEL


def test_a_server_that_does_not_know_our_words_is_asked_plainly_and_so_from_then_on(
    ombak, serve: Serve
):
    refused = script.Failure(400, "tools.0.strict: Extra inputs are not permitted")
    server = serve([refused, script.text("Halo"), script.text("Hai")])
    assert [call(ombak, tools=schemas()).text for _ in range(2)] == ["Halo", "Hai"]
    first, second, third = server.bodies
    assert first["tools"][0]["strict"]
    assert second["system"] == third["system"] == "rules"
    assert "strict" not in second["tools"][0]
    assert second.keys() == third.keys() == {"model", "max_tokens", "system", "messages", "tools"}


def test_a_server_that_was_asked_plainly_for_an_hour_is_tried_again(
    ombak, serve: Serve, monkeypatch, caplog
):
    refused = script.Failure(400, "tools.0.strict: Extra inputs are not permitted")
    server = serve([refused, script.text("Halo"), script.text("Hai"), script.text("Hei")])
    call(ombak, tools=schemas())
    monkeypatch.setattr(claude, "PLAIN_FOR", 0.0)
    call(ombak, tools=schemas())
    monkeypatch.setattr(claude, "PLAIN_FOR", 3600.0)
    call(ombak, tools=schemas())
    assert ["strict" in body["tools"][0] for body in server.bodies] == [True, False, True, True]
    assert len([each for each in caplog.messages if "is asked without them" in each]) == 1


def test_a_request_that_is_wrong_in_itself_is_not_sent_for_ever(ombak, serve: Serve):
    server = serve([script.Failure(400, "unknown field")] * 9)
    with pytest.raises(ModelError) as caught:
        call(ombak)
    assert caught.value.sentence == troubles.REFUSED
    assert len(server.requests) == 2


def test_what_cannot_be_stored_is_taken_out_of_an_answer(ombak, serve: Serve):
    serve([script.text("Ha\x00lo \ud800Kak")])
    assert call(ombak).text == "Halo Kak"


def test_unknown_and_empty_blocks_are_no_answer_and_no_error(ombak, serve: Serve):
    serve([script.answer([{"type": "thinking", "thinking": "hm"}]), script.answer([])])
    assert (call(ombak).text, call(ombak).text) == ("", "")


def test_the_key_is_not_in_the_models_description(ombak, settings):
    settings.ANTHROPIC_API_KEY = "sk-secret"
    assert "sk-secret" not in repr(model_for(ombak))
