"""A studio's active entries, prepared for search: one per studio and process, made anew when the knowledge moved."""

import datetime as dt
import threading
import uuid
from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from knowledge import fingerprints, lexical, review
from knowledge.models import EntryQuerySet, KnowledgeEntry
from tenants.models import Tenant
from tenants.prepared import Prepared, id_slot

Made = TypeVar("Made")
KEPT = 200  # studios; a usual one takes about half a megabyte
MOST_HELD = 20_000_000  # numbers in all of them: a large studio with vectors holds 8 million


@dataclass
class Shelf:
    """What search and prompts need of one studio, read once for each version of its knowledge."""

    tenant_id: uuid.UUID
    version: int
    rows: dict[uuid.UUID, KnowledgeEntry]  # what customers may be told, without embeddings
    vocabulary: lexical.Vocabulary
    words: dict[uuid.UUID, lexical.Vector]
    dense: dict[uuid.UUID, "array[float]"]
    wanted: str  # the embedder of the settings
    embedder: (
        str  # whose vectors are in `dense`: the former one until all are made anew; "" for none
    )
    in_step: bool  # whether a server holds all of it
    lock: threading.Lock = field(default_factory=threading.Lock)
    pages: dict[uuid.UUID, Any] = field(
        default_factory=dict
    )  # passages, made by knowledge/search.py
    collection: Any = None  # the embedded index, made by knowledge/index.py when it is first asked
    day: "Day | None" = None  # the last one asked

    @cached_property
    def size(self) -> int:
        """How many numbers it holds."""
        dense = self.dimensions * len(self.dense)
        return dense + sum(len(vector) for vector in self.words.values())

    @property
    def dimensions(self) -> int:
        return len(next(iter(self.dense.values()), ()))

    def valid(self, day: dt.date) -> list[KnowledgeEntry]:
        """The active entries that are valid on a day, in the order of ids. Shared rows: never change them."""
        return self.on(day).entries

    def on(self, day: dt.date) -> "Day":
        """What the studio says on a day, its own date."""
        kept = self.day
        if kept is None or kept.date != day:
            valid = {pk: row for pk, row in self.rows.items() if row.valid_on(day)}
            kept = self.day = Day(day, valid, list(valid.values()))
        return kept


@dataclass(frozen=True)
class Day:
    """The entries that are valid on one day, and what was made of all of them: each turn asks for the same."""

    date: dt.date
    by_id: dict[uuid.UUID, KnowledgeEntry]
    entries: list[KnowledgeEntry]
    _made: dict[Callable[..., Any], Any] = field(default_factory=dict)

    def once(self, make: Callable[[list[KnowledgeEntry]], Made]) -> Made:
        """What `make` makes of all entries, kept as long as they are."""
        if make not in self._made:
            self._made[make] = make(self.entries)
        made: Made = self._made[make]
        return made


_shelves: OrderedDict[uuid.UUID, Shelf] = OrderedDict()
_lock = threading.Lock()


def shelf_of(tenant: Tenant, embedder: str) -> Shelf:
    """The studio's shelf as of now, with the vectors of this embedder ("" for none), or of the one before it.

    Reads only the version when nothing changed.
    """
    version = next(iter(_VERSION(tenant=tenant.pk)), 0)
    with _lock:
        shelf = _shelves.get(tenant.pk)
        if shelf is not None and (shelf.version, shelf.wanted) == (version, embedder):
            _shelves.move_to_end(tenant.pk)
            return shelf
    # Two threads may build the same shelf: both are right, the later one stays.
    shelf = _build(tenant.pk, version, embedder)
    with _lock:
        _shelves.pop(tenant.pk, None)
        _shelves[tenant.pk] = shelf
        _make_room()
    return shelf


def _make_room() -> None:
    """What was asked for longest ago goes, until all fit; the one just asked for stays, whatever its size."""
    held = sum(shelf.size for shelf in _shelves.values())
    while len(_shelves) > 1 and (len(_shelves) > KEPT or held > MOST_HELD):
        held -= _shelves.popitem(last=False)[1].size


_VERSION = Prepared(
    lambda: (
        Tenant.objects.filter(pk=id_slot("tenant"))
        .order_by()
        .values_list("knowledge_version", flat=True)
    )
)


def with_draft(shelf: Shelf, draft: KnowledgeEntry) -> Shelf:
    """The shelf as it would be with this entry in it, found by words alone; nothing of it is kept."""
    rows = {**shelf.rows, draft.pk: draft}
    words = {**shelf.words, draft.pk: lexical.document(draft.title, draft.keywords, draft.content)}
    texts = {pk: (row.title, row.keywords, row.content) for pk, row in rows.items()}
    known = lexical.Vocabulary.of((texts[pk], vector) for pk, vector in words.items())
    return Shelf(
        tenant_id=shelf.tenant_id,
        version=shelf.version,
        rows=dict(sorted(rows.items())),
        vocabulary=known,
        words=words,
        dense={},
        wanted="",
        embedder="",
        in_step=False,
    )


def forget() -> None:
    """Empty the shelves, so that the next search reads the rows."""
    with _lock:
        _shelves.clear()


def _build(tenant_id: uuid.UUID, version: int, embedder: str) -> Shelf:
    active = KnowledgeEntry.objects.filter(
        tenant_id=tenant_id, status=KnowledgeEntry.Status.ACTIVE, needs_review=False
    )
    rows = review.cleared(active.order_by("pk").select_related("attachment").defer("embedding"))
    texts = {row.pk: (row.title, row.keywords, row.content) for row in rows}
    words = {pk: lexical.document(*fields) for pk, fields in texts.items()}
    wanted, stored = embedder, active.embedded().values_list("embedding_model", flat=True)
    embedder = most_used(stored, wanted) if wanted else ""
    return Shelf(
        tenant_id=tenant_id,
        version=version,
        rows={row.pk: row for row in rows},
        vocabulary=lexical.Vocabulary.of((texts[pk], vector) for pk, vector in words.items()),
        words=words,
        dense={pk: v for pk, v in _dense(active, embedder).items() if pk in words},
        wanted=wanted,
        embedder=embedder,
        in_step=all(fingerprints.of_index(r, embedder) == r.indexed_fingerprint for r in rows),
    )


def most_used(names: Iterable[str], wanted: str) -> str:
    """The embedder that most vectors are of; `wanted` when there are none yet, or as many."""
    counts = Counter(names)
    return max(counts, key=lambda name: (counts[name], name == wanted), default=wanted)


def _dense(active: EntryQuerySet, embedder: str) -> dict[uuid.UUID, "array[float]"]:
    """The stored vectors of this embedder. Two models, or two sizes, are never mixed."""
    if not embedder:
        return {}
    stored = active.filter(embedding_model=embedder).exclude(embedding=None)
    made = [
        (pk, array("f", bytes(vector)))
        for pk, vector in stored.order_by("pk").values_list("pk", "embedding")
        if vector
    ]
    sizes = Counter(len(vector) for _pk, vector in made).most_common(1)
    return {pk: vector for pk, vector in made if len(vector) == sizes[0][0]}
