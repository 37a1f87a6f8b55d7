"""Texts in, vectors out, from OpenAI or any compatible server. Without a key there are none."""

import base64
import logging
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Literal

from django.conf import settings

from knowledge.shelf import Shelf
from tenants.models import Tenant
from tenants.openai_api import OpenAIError, asking, client, key_for, raw

logger = logging.getLogger(__name__)

MOST_INPUTS = 2048  # of one request, as OpenAI says
MOST_TOKENS = 300_000
LONGEST = 24_000  # characters of one text; about 8,000 tokens
PATIENCE = {"passage": 15.0, "query": 3.0}  # seconds; a customer waits for a query
RETRIES = {"passage": 1, "query": 0}
PAUSE = 30.0  # seconds without embedding questions after a failure

Kind = Literal["passage", "query"]


class EmbeddingError(OpenAIError):
    """Texts could not be embedded. `permanent`: only a person can help (a key, a bill, a setting)."""


@dataclass(frozen=True)
class Embedder:
    """One model with one key. Vectors of different names are never mixed."""

    name: str
    key: str = field(repr=False)

    def embed(self, texts: Sequence[str], kind: Kind = "passage") -> list[Sequence[float]]:
        """One vector per text, in order. Raises EmbeddingError."""
        vectors: list[Sequence[float]] = []
        for batch in _batches([self._prefix(kind) + text[:LONGEST] for text in texts]):
            vectors += self._request(batch, kind)
        return vectors

    def _prefix(self, kind: Kind) -> str:
        """Models of the E5 family are told which side a text is on."""
        return f"{kind}: " if "e5" in self.name.lower() else ""

    def _request(self, batch: list[str], kind: Kind) -> list[Sequence[float]]:
        asked = client(settings.OPENAI_BASE_URL, self.key, PATIENCE[kind], RETRIES[kind])
        with asking("embedding server", "OPENAI_BASE_URL", "EMBEDDING_MODEL", EmbeddingError):
            body = {"model": self.name, "input": batch, "encoding_format": "base64"}
            answer = raw(asked, "/embeddings", body)
            rows = sorted(answer["data"], key=itemgetter("index"))  # servers may mix the order
            vectors = [_numbers(row["embedding"]) for row in rows]
        if len(vectors) != len(batch) or len({len(vector) for vector in vectors}) != 1:
            raise EmbeddingError("The embedding server did not answer with one vector per text.")
        return vectors


def _numbers(vector: str | list[float]) -> Sequence[float]:
    """A vector in base64, or as a server writes it that does not know base64."""
    if not isinstance(vector, str):
        return [float(number) for number in vector]
    packed = array("f", base64.b64decode(vector))  # little-endian, as OpenAI sends it
    if sys.byteorder == "big":
        packed.byteswap()
    return packed


def embedder_for(tenant: Tenant) -> Embedder | None:
    """With the studio's own key, else MILA's, else without a key at a server of one's own; or None."""
    key = key_for(tenant)
    return Embedder(settings.EMBEDDING_MODEL, key) if key else None


_resting: dict[str, float] = {}  # key → until when questions are not embedded


def for_search(
    embedder: Embedder | None, shelf: Shelf, texts: Sequence[str]
) -> list[Sequence[float]]:
    """The questions' vectors when the entries have such vectors too. Never raises: words alone also find."""
    asked = [text for text in texts if text.strip()]
    if embedder is None or not shelf.dense or not asked:
        return []
    if _resting.get(embedder.key, 0) > time.monotonic():
        return []
    try:
        # The model that the entries' vectors are of: another one is perhaps being prepared.
        vectors = replace(embedder, name=shelf.embedder).embed(asked, kind="query")
    except EmbeddingError as error:
        logger.warning("Searching by words alone: %s", error)
        _resting[embedder.key] = time.monotonic() + PAUSE
        return []
    return [vector for vector in vectors if len(vector) == shelf.dimensions]


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """As many texts as one request may carry; three characters count as a token, to be on the safe side."""
    batch: list[str] = []
    tokens = 0
    for text in texts:
        size = len(text) // 3 + 1
        if batch and (len(batch) == MOST_INPUTS or tokens + size > MOST_TOKENS):
            yield batch
            batch, tokens = [], 0
        batch.append(text or " ")
        tokens += size
    if batch:
        yield batch
