"""The door to Qdrant: ranks a studio's entries, in this process or on a server. Our own dataclasses go in and out.

Embedded: one in-memory collection per studio, made from its shelf. Server (QDRANT_URL): one collection for all
studios, and every query carries the studio. The rows are the truth; whatever the index says is checked against them.
"""

import logging
import math
import time
import uuid
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from knowledge.lexical import Vector, terms
from knowledge.shelf import Shelf
from tenants.libraries import load

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models
    from qdrant_client.local.qdrant_local import QdrantLocal

logger = logging.getLogger(__name__)

NAMESPACE = uuid.UUID("6b1f2b0e-2c0f-5d2a-9b53-5d1c7f0a4a11")
FULL_ROWS = (
    10_000_000  # numbers (40 MB); up to here word vectors are kept as full rows, 20 times faster
)
EMBEDDED = "knowledge"
BATCH = 200
OLDEST = (1, 19)
PATIENCE = 3.0  # seconds for one request to the server
PAUSE = 15.0  # seconds without asking a server that did not answer
DEPTH = 12  # places of each ranking that are fused: what stands lower moves no entry into the first five


class IndexUnavailable(Exception):  # noqa: N818
    """The server cannot be used. `permanent`: trying again will not help until somebody changes something."""

    def __init__(self, sentence: str, permanent: bool = False) -> None:
        super().__init__(sentence)
        self.permanent = permanent


@dataclass(frozen=True)
class Point:
    """An entry as the index holds it."""

    tenant_id: uuid.UUID
    entry_id: uuid.UUID
    words: Vector
    dense: Sequence[float] = ()

    @property
    def id(self) -> uuid.UUID:
        return point_id(self.entry_id)


@dataclass(frozen=True)
class Query:
    """What to rank by: the words of the question, and its embeddings when there are any."""

    words: Vector
    dense: Sequence[Sequence[float]] = field(default_factory=tuple)


def point_id(entry_id: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, str(entry_id))


def studio_filter(tenant_id: uuid.UUID | str | None) -> "models.Filter":
    """The only place where a filter is made. Refuses to search without a studio."""
    from qdrant_client import models

    if not tenant_id:
        raise ValueError("A search needs a studio.")
    match = models.MatchValue(value=str(tenant_id))
    return models.Filter(must=[models.FieldCondition(key="tenant", match=match)])


def rank(shelf: Shelf, query: Query, limit: int) -> list[uuid.UUID]:
    """Entry ids, best first: from the server while it holds everything, else from this process."""
    _load()
    server = server_index() if shelf.in_step else None
    if server is not None and not _resting():
        name = collection_name(shelf.embedder, shelf.dimensions)
        try:
            return server.rank(name, shelf.tenant_id, query, limit)
        except IndexUnavailable as error:
            logger.warning("Searching without the Qdrant server: %s", error)
            _rest()
    return _embedded(shelf).rank(EMBEDDED, shelf.tenant_id, query, limit)


def warm_up() -> None:
    """Load what the first search of a process loads (about a second), so that no customer waits for it."""
    _load()

    terms()


def _load() -> None:
    load("qdrant_client.local.qdrant_local")


def collection_name(embedder: str, dimensions: int) -> str:
    """`mila_words` without embeddings, else one collection per embedder and size."""
    plain = "".join(c if c.isalnum() else "-" for c in embedder.lower())
    return f"mila_{plain}_{dimensions}" if dimensions else "mila_words"


class KnowledgeIndex:
    """One Qdrant, wherever it lives; every query carries its studio.

    `positions` makes word vectors full rows: token id → place in the row.
    """

    payload: list[str] | bool = ["entry"]  # what comes with each point
    distance = "Cosine"  # of the embeddings

    def __init__(
        self, client: "QdrantClient | QdrantLocal", positions: dict[int, int] | None = None
    ) -> None:
        self.client = client
        self.positions = positions

    def rank(
        self, collection: str, tenant_id: uuid.UUID, query: Query, limit: int
    ) -> list[uuid.UUID]:
        """Ids of this studio's entries, best first."""
        parts = self._parts(query, self._only(tenant_id), max(limit, DEPTH))
        if not parts:
            return []
        with _asking():
            points = self._points(collection, self._asked(parts), limit)
        return [self._entry(point) for point in points]

    def _points(
        self, collection: str, asked: dict[str, Any], limit: int
    ) -> list["models.ScoredPoint"]:
        return self.client.query_points(
            collection, **asked, limit=limit, with_payload=self.payload
        ).points

    def _entry(self, point: "models.ScoredPoint") -> uuid.UUID:
        return uuid.UUID((point.payload or {})["entry"])

    def _only(self, tenant_id: uuid.UUID) -> "models.Filter | None":
        return studio_filter(tenant_id)

    def _parts(
        self, query: Query, only: "models.Filter | None", limit: int
    ) -> list["models.Prefetch"]:
        """One ranking by words and one per embedding, each inside the studio."""
        from qdrant_client import models

        rankings: list[tuple[str, Any, float | None]] = []
        if query.words:
            rankings.append(("words", self._nearest(self._words(query.words)), 1e-6))
        rankings += [("dense", self._nearest(dense), None) for dense in query.dense]
        return [
            models.Prefetch.model_construct(
                query=q, using=using, filter=only, limit=limit, score_threshold=least
            )
            for using, q, least in rankings
        ]

    def _nearest(self, vector: Any) -> Any:
        return _listed(vector)

    def _asked(self, parts: list["models.Prefetch"]) -> dict[str, Any]:
        from qdrant_client import models

        only = parts[0].filter
        if len(parts) > 1:
            fusion = models.FusionQuery(fusion=models.Fusion.RRF)
            return {"prefetch": parts, "query": fusion, "query_filter": only}
        part = parts[0]
        return {
            "query": part.query,
            "using": part.using,
            "query_filter": only,
            "score_threshold": part.score_threshold,
        }

    def _words(self, words: Vector) -> Any:
        from qdrant_client import models

        if self.positions is None:
            tokens = sorted(words)
            return models.SparseVector(indices=tokens, values=[words[t] for t in tokens])
        row = array("f", bytes(4 * len(self.positions)))
        for token, weight in words.items():
            if token in self.positions:
                row[self.positions[token]] = weight
        return row

    def create(self, collection: str, dimensions: int) -> None:
        """The collection, made for many studios. Nothing happens when it is there."""
        from qdrant_client import models

        vectors, sparse = {}, {}
        if dimensions:
            distance = models.Distance(self.distance)
            vectors["dense"] = models.VectorParams(size=dimensions, distance=distance)
        if self.positions is None:
            sparse["words"] = models.SparseVectorParams()
        else:
            dot = models.Distance.DOT
            vectors["words"] = models.VectorParams(size=len(self.positions) or 1, distance=dot)
        with _asking():
            if self.client.collection_exists(collection):
                return
            self.client.create_collection(
                collection,
                vectors_config=vectors,
                sparse_vectors_config=sparse,
                hnsw_config=models.HnswConfigDiff(m=0, payload_m=16),
            )

    def index_studios(self, collection: str) -> None:
        """A server keeps each studio's points together and refuses filters without an index."""
        from qdrant_client import models

        schema = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        with _asking():
            self.client.create_payload_index(collection, "tenant", schema, wait=True)

    def put(self, collection: str, points: Iterable[Point]) -> None:
        """Write points and wait until they are stored."""
        from qdrant_client import models

        rows = [
            models.PointStruct(
                id=str(point.id),
                vector={"words": _listed(self._words(point.words))}
                | ({"dense": list(point.dense)} if point.dense else {}),
                payload={"tenant": str(point.tenant_id), "entry": str(point.entry_id)},
            )
            for point in points
        ]
        with _asking():
            for start in range(0, len(rows), BATCH):
                self.client.upsert(collection, rows[start : start + BATCH], wait=True)

    def remove(self, tenant_id: uuid.UUID, points: Sequence[uuid.UUID]) -> None:
        """Delete a studio's points from every collection of ours."""
        from qdrant_client import models

        wanted = studio_filter(tenant_id)
        has_id = models.HasIdCondition(has_id=[str(p) for p in points])
        selector = models.FilterSelector(filter=models.Filter(must=[wanted, has_id]))
        with _asking():
            for collection in self.client.get_collections().collections:
                if collection.name.startswith("mila_"):
                    self.client.delete(collection.name, selector, wait=True)

    def remove_others(self, tenant_id: uuid.UUID, kept: str) -> None:
        """Delete a studio's points from every collection of ours but `kept`."""
        from qdrant_client import models

        selector = models.FilterSelector(filter=studio_filter(tenant_id))
        with _asking():
            for collection in self.client.get_collections().collections:
                if collection.name.startswith("mila_") and collection.name != kept:
                    self.client.delete(collection.name, selector, wait=True)

    def held(self, collection: str, tenant_id: uuid.UUID) -> set[uuid.UUID]:
        """The ids of the points of a studio."""
        found: set[uuid.UUID] = set()
        only, offset = studio_filter(tenant_id), None
        with _asking():
            if not self.client.collection_exists(collection):
                return found
            while True:
                points, offset = self.client.scroll(
                    collection, only, limit=1000, offset=offset, with_payload=False
                )
                found.update(uuid.UUID(str(point.id)) for point in points)
                if offset is None:
                    return found


def _listed(vector: Any) -> Any:
    return list(vector) if isinstance(vector, array) else vector


class StudioIndex(KnowledgeIndex):
    """A collection in this process, made from one studio's shelf: nothing else can be in it.

    The client copies payloads again and again and measures vectors at every search, so here the point's id says
    which entry it is, and vectors have length one: then the dot product is the cosine.
    """

    payload = False
    distance = "Dot"

    def __init__(self, client: "QdrantLocal", positions: dict[int, int] | None) -> None:
        super().__init__(client, positions)
        self.collections = client.collections

    def _entry(self, point: "models.ScoredPoint") -> uuid.UUID:
        return self.entries[str(point.id)]

    def put(self, collection: str, points: Iterable[Point]) -> None:
        rows = [replace(point, dense=_of_length_one(point.dense)) for point in points]
        self.entries = {str(point.id): point.entry_id for point in rows}
        super().put(collection, rows)

    def _points(
        self, collection: str, asked: dict[str, Any], limit: int
    ) -> list["models.ScoredPoint"]:
        """Past the client's door, which copies a request and looks for ids and texts in it: half of the time, and
        ours holds none."""
        ranked = self.collections[collection]
        return ranked.query_points(**asked, limit=limit, with_payload=False).points

    def _only(self, tenant_id: uuid.UUID) -> "models.Filter | None":
        studio_filter(tenant_id)  # still refuses to search for nobody
        return None  # checking every point again took most of the time

    def _nearest(self, vector: Any) -> Any:
        """Numbers in one block: a list is copied and looked through number by number."""
        import numpy
        from qdrant_client import models

        if isinstance(vector, list | array):
            vector = numpy.asarray(vector, "float32")
        return models.NearestQuery.model_construct(nearest=vector)


def _of_length_one(vector: Sequence[float]) -> list[float]:
    length = math.sqrt(sum(number * number for number in vector)) or 1.0
    return [number / length for number in vector]


class ServerIndex(KnowledgeIndex):
    """Qdrant at QDRANT_URL."""

    def __init__(self, client: "QdrantClient") -> None:
        super().__init__(client)
        self.ready: set[str] = set()

    def put_entries(self, embedder: str, points: Sequence[Point]) -> None:
        """Write the points of one embedder; the collection is made when it is missing."""
        collection = collection_name(embedder, len(points[0].dense))
        try:
            self._prepare(collection, len(points[0].dense))
            self.put(collection, points)
        except IndexUnavailable:
            self.ready.discard(collection)  # perhaps it was deleted; look again next time
            raise

    def _prepare(self, collection: str, dimensions: int) -> None:
        if collection in self.ready:
            return
        self._check_version()
        self.create(collection, dimensions)
        self.index_studios(collection)
        self.ready.add(collection)

    def _check_version(self) -> None:
        with _asking():
            version = self.client.info().version
        if tuple(int(n) for n in version.split("-")[0].split(".")[:2]) < OLDEST:
            raise IndexUnavailable(
                f"The Qdrant server is version {version}. MILA needs 1.19 or newer.", permanent=True
            )


def _embedded(shelf: Shelf) -> KnowledgeIndex:
    """The studio's own collection in this process, made when it is first asked."""
    with shelf.lock:
        if shelf.collection is None:
            shelf.collection = _build(shelf)
        built: KnowledgeIndex = shelf.collection
        return built


def _build(shelf: Shelf) -> KnowledgeIndex:
    from qdrant_client.local.qdrant_local import QdrantLocal

    tokens = {token: place for place, token in enumerate(shelf.vocabulary.used_by)}
    small = len(tokens) * len(shelf.words) <= FULL_ROWS
    index = StudioIndex(QdrantLocal(":memory:"), tokens if small else None)
    index.create(EMBEDDED, shelf.dimensions)
    index.put(
        EMBEDDED,
        [
            Point(shelf.tenant_id, pk, words, shelf.dense.get(pk, ()))
            for pk, words in shelf.words.items()
        ],
    )
    return index


@lru_cache(maxsize=1)
def _server(url: str, api_key: str) -> ServerIndex:
    _load()
    from qdrant_client import QdrantClient

    client = QdrantClient(
        url=url, api_key=api_key or None, timeout=int(PATIENCE), check_compatibility=False
    )
    return ServerIndex(client)


def server_index() -> ServerIndex | None:
    """The server of QDRANT_URL, or None when there is none."""
    if not settings.QDRANT_URL:
        return None
    return _server(settings.QDRANT_URL, settings.QDRANT_API_KEY)


_rest_until = 0.0


def _rest() -> None:
    """After a failure customers do not wait for the server again for a moment."""
    global _rest_until
    _rest_until = time.monotonic() + PAUSE


def _resting() -> bool:
    return time.monotonic() < _rest_until


@contextmanager
def _asking() -> Iterator[None]:
    """Whatever the client raises becomes one error with a sentence."""
    from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

    try:
        yield
    except UnexpectedResponse as error:
        if error.status_code in (401, 403):
            raise IndexUnavailable(
                "The Qdrant server refuses the key. Check QDRANT_API_KEY.", permanent=True
            ) from error
        raise IndexUnavailable(
            f"The Qdrant server answered {error.status_code} {error.reason_phrase}."
        ) from error
    except ApiException as error:
        raise IndexUnavailable("The Qdrant server cannot be reached. Check QDRANT_URL.") from error
