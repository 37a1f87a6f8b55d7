"""A studio's active entries, prepared for search: one per studio and process, made anew when the knowledge moved."""

import datetime as dt
import threading
import uuid
from array import array
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from knowledge import fingerprints, lexical
from knowledge.models import KnowledgeEntry
from tenants.models import Tenant

KEPT = 200  # studios; a usual one takes about half a megabyte


@dataclass
class Shelf:
    """What search needs of one studio, without the rows themselves."""

    tenant_id: uuid.UUID
    version: int
    vocabulary: lexical.Vocabulary
    words: dict[uuid.UUID, lexical.Vector]
    dense: dict[uuid.UUID, "array[float]"]
    embedder: str  # whose vectors are in `dense`; "" for none
    in_step: bool  # whether a server holds all of it
    days: Sequence[tuple[dt.date | None, dt.date | None]]
    lock: threading.Lock = field(default_factory=threading.Lock)
    pages: dict[uuid.UUID, Any] = field(
        default_factory=dict
    )  # passages, made by knowledge/search.py
    collection: Any = None  # the embedded index, made by knowledge/index.py when it is first asked

    @property
    def dimensions(self) -> int:
        return len(next(iter(self.dense.values()), ()))

    def out_of_date(self, day: dt.date) -> int:
        """How many entries the index holds that are not valid on this day."""
        return sum(
            (start is not None and start > day) or (end is not None and end < day)
            for start, end in self.days
        )


_shelves: OrderedDict[uuid.UUID, Shelf] = OrderedDict()
_lock = threading.Lock()


def shelf_of(tenant: Tenant, embedder: str) -> Shelf:
    """The studio's shelf as of now, with the vectors of this embedder ("" for none).

    Reads only the version when nothing changed.
    """
    version = (
        Tenant.objects.filter(pk=tenant.pk).values_list("knowledge_version", flat=True).first()
    )
    with _lock:
        shelf = _shelves.get(tenant.pk)
        if shelf is not None and (shelf.version, shelf.embedder) == (version, embedder):
            _shelves.move_to_end(tenant.pk)
            return shelf
    # Two threads may build the same shelf: both are right, the later one stays.
    shelf = _build(tenant.pk, version or 0, embedder)
    with _lock:
        _shelves[tenant.pk] = shelf
        while len(_shelves) > KEPT:
            _shelves.popitem(last=False)
    return shelf


def forget() -> None:
    """Empty the shelves, so that the next search reads the rows."""
    with _lock:
        _shelves.clear()


def _build(tenant_id: uuid.UUID, version: int, embedder: str) -> Shelf:
    active = KnowledgeEntry.objects.filter(tenant_id=tenant_id, status=KnowledgeEntry.Status.ACTIVE)
    rows = list(active.order_by("pk"))
    texts = {row.pk: (row.title, row.keywords, row.content) for row in rows}
    words = {pk: lexical.document(*fields) for pk, fields in texts.items()}
    return Shelf(
        tenant_id=tenant_id,
        version=version,
        vocabulary=lexical.Vocabulary.of((texts[pk], vector) for pk, vector in words.items()),
        words=words,
        dense=_dense(rows, embedder),
        embedder=embedder,
        in_step=all(fingerprints.of_index(r, embedder) == r.indexed_fingerprint for r in rows),
        days=[(row.valid_from, row.valid_until) for row in rows],
    )


def _dense(rows: Sequence[KnowledgeEntry], embedder: str) -> dict[uuid.UUID, "array[float]"]:
    """The stored vectors of this embedder. Two models, or two sizes, are never mixed."""
    made = [
        (row.pk, array("f", bytes(row.embedding)))
        for row in rows
        if embedder and row.embedding and row.embedding_model == embedder
    ]
    sizes = Counter(len(vector) for _pk, vector in made).most_common(1)
    return {pk: vector for pk, vector in made if len(vector) == sizes[0][0]}
