"""Keeps the index in step with the rows: embeds what changed, writes to the Qdrant server, tries again when it fails.

Idempotent and by id. The embedded index needs none of this: it is made from the rows. An entry is searchable at once.
"""

import datetime as dt
import logging
import time
import uuid
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import models
from django.db.models import F
from django.utils import timezone

from knowledge import fingerprints, lexical, linewriting, reembedding, review
from knowledge.embeddings import Embedder, EmbeddingError, embedder_for
from knowledge.index import IndexUnavailable, Point, collection_name, point_id, server_index
from knowledge.models import KnowledgeEntry, Tombstone
from knowledge.shelf import shelf_of
from tenants.models import Tenant

logger = logging.getLogger(__name__)

WAITS = (2, 8, 30, 120, 600)  # seconds before the next try
BATCH = 100
PREPARED = 60.0  # seconds until an entry is looked at again whose new vector waits for the others
PREPARED_REST = 3600.0
TELL_EVERY = 60.0  # seconds between two lines in the log about one studio
State = KnowledgeEntry.IndexState


def changed(entry_id: uuid.UUID, tenant_id: uuid.UUID) -> None:
    """After an entry was saved: every process sees it from now on, and the index follows."""
    if queued(entry_id, tenant_id):
        sync_entry(entry_id)


def queued(entry_id: uuid.UUID, tenant_id: uuid.UUID) -> bool:
    """As `changed`, but the index is left to the runner's next step. False: the index is in step already."""
    _moved(tenant_id)
    entry = KnowledgeEntry.objects.select_related("tenant").filter(pk=entry_id).first()
    if entry is None or not _lags(entry, _embedder_name(entry.tenant), None):
        return False
    _again(KnowledgeEntry.objects.filter(pk=entry_id))
    return True


def removed(entry_id: uuid.UUID, tenant_id: uuid.UUID) -> None:
    """After an entry was deleted: no process finds it any more, and a server forgets it."""
    _moved(tenant_id)
    if server_index() is None:
        return
    _remember(point_id(entry_id), tenant_id)
    _bury(Tombstone.objects.filter(vector_id=point_id(entry_id)), timezone.now())


def sync_entry(entry_id: uuid.UUID) -> None:
    """Bring this entry up to date; entries of the same studio that wait too go along, as one request."""
    entry = KnowledgeEntry.objects.select_related("tenant").filter(pk=entry_id).first()
    if entry is None or entry.index_state == State.INDEXED:
        return
    now = timezone.now()
    others = KnowledgeEntry.objects.filter(tenant=entry.tenant).unsynced(now).exclude(pk=entry_id)
    _sync(entry.tenant, [entry, *others[: BATCH - 1]], now)


def sync_due(at: dt.datetime, limit: int = 50) -> bool:
    """One step of the runner: lines of an import, a studio's entries whose next try is due, or deletions.

    False: nothing to do.
    """
    if linewriting.write_next(at):
        return True
    first = KnowledgeEntry.objects.unsynced(at).order_by("sync_due_at").first()
    if first is not None:
        tenant = Tenant.objects.get(pk=first.tenant_id)
        due = KnowledgeEntry.objects.filter(tenant=tenant).unsynced(at)
        _sync(tenant, list(due.order_by("sync_due_at")[:limit]), at)
        return True
    return _bury(Tombstone.objects.filter(due_at__lte=at)[:limit], at)


def work(
    tenants: Iterable[Tenant], everything: bool = False
) -> list[tuple[Tenant, list[uuid.UUID]]]:
    """What lags behind, or `everything`, in batches of one studio each."""
    batches = []
    for tenant in tenants:
        if everything:
            tenant.entries.update(index_state=State.WAITING, indexed_fingerprint="")
        else:
            check(tenant)
        waiting = tenant.entries.exclude(index_state=State.INDEXED).order_by("pk")
        ids = list(waiting.values_list("pk", flat=True))
        batches += [(tenant, ids[i : i + BATCH]) for i in range(0, len(ids), BATCH)]
    return batches


def sync_batch(tenant: Tenant, ids: Sequence[uuid.UUID]) -> int:
    """Sync these entries of one studio now. Returns how many failed."""
    entries = KnowledgeEntry.objects.filter(tenant=tenant, pk__in=ids)
    return _sync(tenant, list(entries), timezone.now())


def sync_all(tenants: Iterable[Tenant], everything: bool = False) -> int:
    """Sync whatever lags behind, or `everything`. Returns how many failed."""
    failed = sum(sync_batch(tenant, ids) for tenant, ids in work(tenants, everything))
    bury_all()
    return failed


def bury_all() -> None:
    """Repeat every deletion that a server has not confirmed."""
    _bury(Tombstone.objects.all(), timezone.now())


@dataclass(frozen=True)
class Drift:
    """How far a studio's index is from its rows."""

    tenant: Tenant
    behind: int  # entries that the index lacks or holds in an older form
    left_over: int  # points on the server without an entry
    problem: str = ""  # why the server could not be compared

    @property
    def any(self) -> bool:
        return bool(self.behind or self.left_over or self.problem)


def check(tenant: Tenant | None = None) -> list[Drift]:
    """Compare rows and index, studio by studio, and let the runner repair what differs.

    Finds edits that sent no signal (bulk updates) and whatever a server lost or kept too long.
    """
    return [_check(one) for one in ([tenant] if tenant else Tenant.objects.all())]


def _check(tenant: Tenant) -> Drift:
    review.recheck(tenant.entries.defer("embedding"))
    entries, embedder = list(tenant.entries.defer("embedding")), _embedder_name(tenant)
    held, problem = _held(tenant, embedder)
    behind = [entry for entry in entries if _lags(entry, embedder, held)]
    stale = [entry.pk for entry in behind if entry.index_state == State.INDEXED]
    if stale:
        _again(tenant.entries.filter(pk__in=stale))
        _moved(tenant.pk)
    active = {point_id(entry.pk) for entry in entries if entry.usable}
    left_over = (held or set()) - active
    for vector_id in left_over:
        _remember(vector_id, tenant.pk)
    return Drift(tenant, len(behind), len(left_over), problem)


def _held(tenant: Tenant, embedder: str) -> tuple[set[uuid.UUID] | None, str]:
    """What the server holds of the studio, and what went wrong; None without a server or an answer."""
    server = server_index()
    if server is None:
        return None, ""
    dimensions = shelf_of(tenant, embedder).dimensions
    try:
        return server.held(collection_name(embedder, dimensions), tenant.pk), ""
    except IndexUnavailable as error:
        return None, str(error)


def _lags(entry: KnowledgeEntry, embedder: str, held: set[uuid.UUID] | None) -> bool:
    if entry.index_state != State.INDEXED:
        return True
    if entry.indexed_fingerprint != fingerprints.of_index(entry, embedder):
        return True
    return entry.usable and held is not None and point_id(entry.pk) not in held


def again(entries: models.QuerySet[KnowledgeEntry]) -> int:
    """Let the runner index these anew. Returns how many they are."""
    ids = list(entries.order_by().values_list("pk", flat=True))
    rows = KnowledgeEntry.objects.filter(pk__in=ids)
    rows.update(indexed_fingerprint="")
    _again(rows)
    return len(ids)


def _again(entries: models.QuerySet[KnowledgeEntry]) -> None:
    entries.update(index_state=State.WAITING, sync_due_at=timezone.now(), sync_attempts=0)


def _remember(vector_id: uuid.UUID, tenant_id: uuid.UUID) -> None:
    Tombstone.objects.get_or_create(
        vector_id=vector_id, defaults={"tenant_id": tenant_id, "due_at": timezone.now()}
    )


def _embedder_name(tenant: Tenant) -> str:
    embedder = embedder_for(tenant)
    return embedder.name if embedder else ""


def _sync(tenant: Tenant, entries: list[KnowledgeEntry], at: dt.datetime) -> int:
    """Embed, write and mark these entries of one studio. Returns how many failed."""
    if not entries:
        return 0
    embedder = embedder_for(tenant)
    try:
        if embedder is not None and reembedding.serving(tenant, embedder.name) != embedder.name:
            return _sync_beside(tenant, embedder, entries, at)
        if embedder is not None:
            _embed(embedder, [e for e in entries if e.usable])
        _write(tenant, entries, embedder)
    except (EmbeddingError, IndexUnavailable) as error:
        if len(entries) > 1 and error.permanent and isinstance(error, EmbeddingError):
            # One text may be the reason; each on its own, so that the others are not held up.
            return sum(_sync(tenant, [entry], at) for entry in entries)
        for entry in entries:
            _failed(entry, str(error), at)
        _tell(tenant, error)
        return len(entries)
    for entry in entries:
        _indexed(entry, fingerprints.of_index(entry, embedder.name if embedder else ""))
    _moved(tenant.pk)
    return 0


def _sync_beside(
    tenant: Tenant, embedder: Embedder, entries: Sequence[KnowledgeEntry], at: dt.datetime
) -> int:
    """Another model: its vectors are prepared beside the old ones, and serve from the moment when all are there."""
    told, hidden = [e for e in entries if e.usable], [e for e in entries if not e.usable]
    reembedding.prepare(embedder, told)
    _wait_for_others(told, at)
    ready = reembedding.ready(tenant, embedder.name)
    _write(tenant, [*hidden, *(ready or ())], embedder)
    taken = reembedding.take_over(tenant, ready) if ready is not None else []
    for entry in [*hidden, *taken]:
        _indexed(entry, fingerprints.of_index(entry, embedder.name))
    late = {entry.pk for entry in ready or ()} - {entry.pk for entry in taken}
    _again(KnowledgeEntry.objects.filter(pk__in=late))  # edited meanwhile
    if hidden or ready is not None:  # else nothing that a search reads has changed
        _moved(tenant.pk)
    if ready:
        _forget_former(tenant, embedder, ready[0])
    return 0


def _wait_for_others(entries: Sequence[KnowledgeEntry], at: dt.datetime) -> None:
    """One of them is looked at every minute, for the moment when the others are there; the rest only now and then."""
    keys = [entry.pk for entry in entries]
    for part, wait in ((keys[:1], PREPARED), (keys[1:], PREPARED_REST)):
        rows = KnowledgeEntry.objects.filter(pk__in=part)
        due = at + dt.timedelta(seconds=wait)
        rows.update(index_state=State.WAITING, index_error="", sync_due_at=due)


def _forget_former(tenant: Tenant, embedder: Embedder, entry: KnowledgeEntry) -> None:
    """The former model's points go; when the server does not answer they only take room."""
    server, dimensions = server_index(), len(bytes(entry.embedding or b"")) // 4
    try:
        if server is not None:
            server.remove_others(tenant.pk, collection_name(embedder.name, dimensions))
    except IndexUnavailable as error:
        logger.warning("Old points of %s stay on the server: %s", tenant.slug, error)


_told_at: dict[uuid.UUID, float] = {}


def _tell(tenant: Tenant, error: Exception) -> None:
    """Each entry shows its own failure; the log needs one line a minute, not one for each of them."""
    now = time.monotonic()
    if now - _told_at.get(tenant.pk, -TELL_EVERY) >= TELL_EVERY:
        _told_at[tenant.pk] = now
        logger.warning("Knowledge of %s is not indexed yet: %s", tenant.slug, error)


def _embed(embedder: Embedder, entries: Sequence[KnowledgeEntry]) -> None:
    """Vectors for the entries whose text or model changed; they are kept with the row, before anything else."""
    wanted = [
        entry
        for entry in entries
        if entry.embedding_model != embedder.name
        or entry.embedding_fingerprint != fingerprints.of_text(entry)
    ]
    made = reembedding.left_over(embedder.name, wanted)
    missing = [entry for entry in wanted if entry.pk not in made]
    vectors = embedder.embed([fingerprints.passage(entry) for entry in missing])
    made |= {e.pk: array("f", v).tobytes() for e, v in zip(missing, vectors, strict=True)}
    for entry in wanted:
        entry.embedding = made[entry.pk]
        entry.embedding_model = embedder.name
        entry.embedding_fingerprint = fingerprints.of_text(entry)
        KnowledgeEntry.objects.filter(pk=entry.pk, updated_at=entry.updated_at).update(
            embedding=entry.embedding,
            embedding_model=entry.embedding_model,
            embedding_fingerprint=entry.embedding_fingerprint,
        )
    if made:
        reembedding.forget(wanted)


def _write(tenant: Tenant, entries: Sequence[KnowledgeEntry], embedder: Embedder | None) -> None:
    server = server_index()
    if server is None:
        return
    points = [_point(entry, embedder) for entry in entries if entry.usable]
    if points:
        server.put_entries(embedder.name if embedder else "", points)
    hidden = [point_id(entry.pk) for entry in entries if not entry.usable]
    if hidden:
        server.remove(tenant.pk, hidden)


def _point(entry: KnowledgeEntry, embedder: Embedder | None) -> Point:
    words = lexical.document(entry.title, entry.keywords, entry.content)
    dense = array("f", bytes(entry.embedding)) if embedder and entry.embedding else ()
    return Point(entry.tenant_id, entry.pk, words, dense)


def _indexed(entry: KnowledgeEntry, fingerprint: str) -> None:
    """Marked only when nobody saved the entry meanwhile: a later edit wins and is written once more."""
    row = KnowledgeEntry.objects.filter(pk=entry.pk)
    marked = row.filter(updated_at=entry.updated_at).update(
        index_state=State.INDEXED,
        index_error="",
        sync_attempts=0,
        indexed_fingerprint=fingerprint,
        vector_id=point_id(entry.pk) if entry.usable else None,
    )
    if not marked:
        _again(row)


def _failed(entry: KnowledgeEntry, sentence: str, at: dt.datetime) -> None:
    wait = WAITS[min(entry.sync_attempts, len(WAITS) - 1)]
    unchanged = KnowledgeEntry.objects.filter(pk=entry.pk, updated_at=entry.updated_at)
    unchanged.update(
        index_state=State.FAILED,
        index_error=sentence,
        sync_attempts=F("sync_attempts") + 1,
        sync_due_at=at + dt.timedelta(seconds=wait),
    )


def _bury(tombstones: Iterable[Tombstone], at: dt.datetime) -> bool:
    """Delete from the server what the rows no longer have. True when there was something to do."""
    server, graves = server_index(), list(tombstones)
    for grave in graves:
        try:
            if server is not None:
                server.remove(grave.tenant_id, [grave.vector_id])
            grave.delete()  # without a server there is nothing left to forget
        except IndexUnavailable as error:
            wait = WAITS[min(grave.attempts, len(WAITS) - 1)]
            grave.attempts += 1
            grave.error = str(error)
            grave.due_at = at + dt.timedelta(seconds=wait)
            grave.save()
    return bool(graves)


def _moved(tenant_id: uuid.UUID) -> None:
    """Every process makes its shelf of this studio anew."""
    Tenant.objects.filter(pk=tenant_id).update(knowledge_version=F("knowledge_version") + 1)
