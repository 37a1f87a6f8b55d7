"""Vectors of another model are made beside those that serve, and take over when every entry has one.

Two models' vectors cannot be compared, so until then questions are embedded by the old model. What was made is kept
in NewVector: a process that dies in between loses nothing, and nothing is paid for twice.
"""

import uuid
from array import array
from collections.abc import Sequence

from django.db import transaction

from knowledge import fingerprints
from knowledge.embeddings import Embedder
from knowledge.models import KnowledgeEntry, NewVector
from knowledge.shelf import most_used
from tenants.models import Tenant

TRIES = 3  # an entry that failed as often as this holds up the others no longer


def serving(tenant: Tenant, wanted: str) -> str:
    """The model whose vectors most entries have; `wanted` when there are none yet."""
    return most_used(tenant.entries.embedded().values_list("embedding_model", flat=True), wanted)


def prepare(embedder: Embedder, entries: Sequence[KnowledgeEntry]) -> None:
    """A vector of the new model for each of these entries that has none for its text. Raises EmbeddingError."""
    there = _there(embedder.name, entries)
    missing = [e for e in entries if there.get(e.pk, ("",))[0] != fingerprints.of_text(e)]
    vectors = embedder.embed([fingerprints.passage(entry) for entry in missing])
    for entry, vector in zip(missing, vectors, strict=True):
        made = {"fingerprint": fingerprints.of_text(entry), "vector": array("f", vector).tobytes()}
        NewVector.objects.update_or_create(entry=entry, model=embedder.name, defaults=made)


def ready(tenant: Tenant, model: str) -> list[KnowledgeEntry] | None:
    """Every entry that customers may be told, holding its new vector; None while some have none."""
    if not _complete(tenant, model):
        return None
    entries = [entry for entry in tenant.entries.all() if entry.usable]
    there = _there(model, entries)
    for entry in entries:
        fingerprint, vector = there.get(entry.pk, ("", b""))
        if fingerprint == fingerprints.of_text(entry):
            entry.embedding, entry.embedding_model = vector, model
            entry.embedding_fingerprint = fingerprint
    return [entry for entry in entries if entry.embedding_model == model]


def _complete(tenant: Tenant, model: str) -> bool:
    """Whether no entry holds the change up, told without reading a vector: it is asked every minute."""
    rows = NewVector.objects.filter(model=model, entry__tenant=tenant)
    made = dict(rows.values_list("entry", "fingerprint"))
    missing = (
        entry
        for entry in tenant.entries.defer("embedding")
        if entry.usable and made.get(entry.pk) != fingerprints.of_text(entry)
    )
    return all(e.index_state == e.IndexState.FAILED and e.sync_attempts >= TRIES for e in missing)


def take_over(tenant: Tenant, entries: Sequence[KnowledgeEntry]) -> list[KnowledgeEntry]:
    """From now on the new vectors serve: all of them at once, or none. Returns the entries that have theirs.

    Who edited an entry a moment ago keeps the former vector until the edit is embedded; the new one waits beside it.
    """
    with transaction.atomic():
        taken = [entry for entry in entries if _took(entry)]
        forget(taken)
    return taken


def _took(entry: KnowledgeEntry) -> bool:
    unchanged = KnowledgeEntry.objects.filter(pk=entry.pk, updated_at=entry.updated_at)
    return bool(
        unchanged.update(
            embedding=entry.embedding,
            embedding_model=entry.embedding_model,
            embedding_fingerprint=entry.embedding_fingerprint,
        )
    )


def left_over(model: str, entries: Sequence[KnowledgeEntry]) -> dict[uuid.UUID, bytes]:
    """Vectors of these very texts that were made for a change of the model and came too late for it."""
    marks = {entry.pk: fingerprints.of_text(entry) for entry in entries}
    there = _there(model, entries)
    return {pk: vector for pk, (mark, vector) in there.items() if mark == marks[pk]}


def forget(entries: Sequence[KnowledgeEntry]) -> None:
    """No vector of these waits any more."""
    NewVector.objects.filter(entry__in=[entry.pk for entry in entries]).delete()


def _there(model: str, entries: Sequence[KnowledgeEntry]) -> dict[uuid.UUID, tuple[str, bytes]]:
    rows = NewVector.objects.filter(model=model, entry__in=entries)
    return {row.entry_id: (row.fingerprint, bytes(row.vector)) for row in rows}
