"""Servers for the knowledge tests, and a fresh start of what a process remembers."""

from collections.abc import Iterator

import pytest

from knowledge import embeddings, index, shelf
from tests.loopback import EmbeddingServer, Loopback, QdrantServer, serve


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_rest_until", 0.0)
    monkeypatch.setattr(embeddings, "_resting", {})
    monkeypatch.setattr(embeddings, "RETRIES", {"passage": 0, "query": 0})
    shelf.forget()


@pytest.fixture
def embedder() -> EmbeddingServer:
    return EmbeddingServer()


@pytest.fixture
def embedding_server(settings, embedder: EmbeddingServer) -> Iterator[Loopback]:
    """An OpenAI-compatible server without a key, in use."""
    with serve(embedder) as loopback:
        settings.OPENAI_BASE_URL = f"{loopback.url}/v1"
        yield loopback


@pytest.fixture
def qdrant() -> QdrantServer:
    return QdrantServer()


@pytest.fixture
def qdrant_server(settings, qdrant: QdrantServer) -> Iterator[Loopback]:
    with serve(qdrant) as loopback:
        settings.QDRANT_URL = loopback.url
        yield loopback
