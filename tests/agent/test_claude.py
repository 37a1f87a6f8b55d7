"""The door to the model, over HTTP with the real SDK."""

import time

import pytest

from agent import claude
from agent.claude import ModelError, model_for
from agent.pricing import Usage
from tests import model_server as script
from tests.agent.conftest import Serve


def call(tenant, seconds=5.0):
    model = model_for(tenant)
    assert model is not None
    return model.complete(
        system=[{"type": "text", "text": "rules"}],
        messages=[{"role": "user", "content": "halo"}],
        tools=[],
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
        (script.WRONG_KEY, claude.WRONG_KEY, True, 1),
        (script.NO_CREDIT, claude.NO_CREDIT, True, 1),
        (script.NO_MODEL, claude.NO_MODEL, True, 1),
        (script.Failure(400, "tools.0: bad"), claude.REFUSED, True, 1),
        (script.OVERLOADED, claude.OVERLOADED, False, 2),
        (script.Failure(500), claude.BROKEN, False, 2),
        (script.GARBAGE, claude.GARBAGE, False, 2),
    ],
)
def test_each_failure_has_its_sentence_for_staff(
    ombak, serve: Serve, failure, sentence, permanent, calls
):
    server = serve([failure, failure])
    with pytest.raises(ModelError) as caught:
        call(ombak)
    assert (caught.value.sentence, caught.value.permanent) == (sentence, permanent)
    assert len(server.requests) == calls


def test_a_short_overload_is_bridged(ombak, serve: Serve, no_pause):
    serve([script.OVERLOADED, script.text("Halo")])
    assert call(ombak).text == "Halo"
    assert no_pause == [claude.RETRY_PAUSE]


def test_a_long_retry_after_is_not_waited_for(ombak, serve: Serve, no_pause):
    server = serve([script.LIMITED])
    with pytest.raises(ModelError) as caught:
        call(ombak)
    assert caught.value.sentence == claude.LIMITED
    assert (len(server.requests), no_pause) == (1, [])


@pytest.mark.parametrize("slow", [script.HANG, script.DRIP])
def test_neither_silence_nor_a_dripping_answer_outlives_the_deadline(ombak, serve: Serve, slow):
    serve([slow])
    began = time.monotonic()
    with pytest.raises(ModelError) as caught:
        call(ombak, seconds=0.4)
    assert caught.value.sentence == claude.TOO_SLOW
    assert time.monotonic() - began < 1.5


def test_a_server_that_is_not_there_is_told(ombak, settings):
    settings.ANTHROPIC_BASE_URL = "http://127.0.0.1:9"
    with pytest.raises(ModelError) as caught:
        call(ombak)
    assert caught.value.sentence == claude.UNREACHABLE


def test_unknown_and_empty_blocks_are_no_answer_and_no_error(ombak, serve: Serve):
    serve([script.answer([{"type": "thinking", "thinking": "hm"}]), script.answer([])])
    assert (call(ombak).text, call(ombak).text) == ("", "")


def test_the_key_is_not_in_the_models_description(ombak, settings):
    settings.ANTHROPIC_API_KEY = "sk-secret"
    assert "sk-secret" not in repr(model_for(ombak))
