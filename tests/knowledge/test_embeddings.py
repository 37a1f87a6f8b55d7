"""The contract with an OpenAI-compatible server: the real SDK over HTTP."""

import pytest

from knowledge import embeddings
from knowledge.embeddings import EmbeddingError, embedder_for
from tests.loopback import EmbeddingServer, Loopback


def test_without_a_key_and_a_server_there_is_no_embedder(ombak):
    assert embedder_for(ombak) is None


def test_the_studios_own_key_comes_first(ombak, settings, embedding_server: Loopback):
    settings.OPENAI_API_KEY = "sk-platform"
    ombak.openai_api_key = "sk-ombak"
    embedder = embedder_for(ombak)
    assert embedder is not None
    assert "sk-ombak" not in repr(embedder)
    embedder.embed(["parkir"])
    assert embedding_server.asked[0].headers["authorization"] == "Bearer sk-ombak"
    assert embedding_server.asked[0].body["model"] == "text-embedding-3-small"


def test_vectors_come_in_the_order_of_the_texts(ombak, embedder: EmbeddingServer, embedding_server):
    mine = embedder_for(ombak)
    assert mine is not None
    texts = ["parkir", "handuk", "wifi"]
    vectors = mine.embed(texts)
    for text, vector in zip(texts, vectors, strict=True):
        assert vector == pytest.approx(embedder.vector(text), rel=1e-6)


def test_requests_stay_within_the_limits(ombak, embedding_server: Loopback, monkeypatch):
    monkeypatch.setattr(embeddings, "MOST_INPUTS", 10)
    monkeypatch.setattr(embeddings, "MOST_TOKENS", 100)
    mine = embedder_for(ombak)
    assert mine is not None
    assert len(mine.embed(["x"] * 25 + ["y" * 150] * 3)) == 28
    assert [len(asked.body["input"]) for asked in embedding_server.asked] == [10, 10, 6, 1, 1]


def test_e5_models_are_told_the_side(ombak, settings, embedding_server: Loopback):
    settings.EMBEDDING_MODEL = "multilingual-e5-large"
    mine = embedder_for(ombak)
    assert mine is not None
    mine.embed(["parkir"], kind="query")
    mine.embed(["parkir"])
    assert [a.body["input"] for a in embedding_server.asked] == [
        ["query: parkir"],
        ["passage: parkir"],
    ]


@pytest.mark.parametrize(
    ("answer", "permanent", "sentence"),
    [
        ((401, {"error": {"message": "no"}}), True, "The OpenAI key is not accepted."),
        (
            (429, {"error": {"message": "x", "code": "insufficient_quota"}}),
            True,
            "The OpenAI account has no credit left.",
        ),
        ((429, {"error": {"message": "slow"}}), False, "The embedding server asks to wait."),
        ((404, {"error": {"message": "x"}}), True, "The embedding server does not know the model."),
        ((500, {}), False, "The embedding server failed"),
        ((200, {"object": "list", "data": []}), False, "The embedding server"),
    ],
)
def test_a_failure_is_a_sentence(
    ombak, embedder: EmbeddingServer, embedding_server, answer, permanent, sentence
):
    embedder.failing = answer
    mine = embedder_for(ombak)
    assert mine is not None
    with pytest.raises(EmbeddingError, match=sentence) as caught:
        mine.embed(["parkir"])
    assert caught.value.permanent is permanent


def test_a_server_that_is_not_there_is_told(ombak, settings):
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    mine = embedder_for(ombak)
    assert mine is not None
    with pytest.raises(EmbeddingError, match="cannot be reached") as caught:
        mine.embed(["parkir"])
    assert not caught.value.permanent
