"""Another embedding model: its vectors are made beside the old ones and take over when all of them are there."""

import datetime as dt
from array import array

import pytest
from django.core.management import call_command
from django.utils import timezone

from knowledge import reembedding, sync
from knowledge.embeddings import Embedder
from knowledge.entries import save_entry
from knowledge.models import KnowledgeEntry, NewVector
from knowledge.search import current_shelf, search
from tests import factories
from tests.loopback import EmbeddingServer, Loopback, QdrantServer

State = KnowledgeEntry.IndexState
TITLES = ("Parkir motor", "Sewa handuk", "Loker", "Wifi", "Kantin")


class Killed(BaseException):
    """What a kill looks like from inside: nobody catches it."""


@pytest.fixture
def changed_model(ombak, settings, embedding_server: Loopback, monkeypatch):
    """Five entries with vectors of the old model; the settings name another, and batches are of two."""
    settings.EMBEDDING_MODEL = "old-model"
    for title in TITLES:
        factories.entry(ombak, title)
    sync.sync_all([ombak])
    settings.EMBEDDING_MODEL = "new-model"
    monkeypatch.setattr(sync, "BATCH", 2)
    embedding_server.asked.clear()
    return embedding_server


def models_asked(server: Loopback) -> list[str]:
    return [asked.body["model"] for asked in server.asked if asked.path.endswith("/embeddings")]


def models_stored() -> set[str]:
    return set(KnowledgeEntry.objects.values_list("embedding_model", flat=True))


def killed_at_batch(monkeypatch, number: int) -> None:
    embed, count = Embedder.embed, 0

    def dies(self, texts, kind="passage"):
        nonlocal count
        count += kind == "passage"
        if kind == "passage" and count == number:
            raise Killed
        return embed(self, texts, kind)

    monkeypatch.setattr(Embedder, "embed", dies)


def test_the_old_vectors_serve_until_the_new_ones_are_all_there(ombak, now, changed_model):
    for tenant, ids in sync.work([ombak])[:-1]:
        sync.sync_batch(tenant, ids)
        assert models_stored() == {"old-model"}
        shelf = current_shelf(ombak)
        assert (shelf.embedder, len(shelf.dense)) == ("old-model", 5)

    changed_model.asked.clear()
    search(ombak, ["tempat motor"], at=now)
    assert models_asked(changed_model) == ["old-model"]  # questions and entries by the same model


def test_once_all_are_there_they_take_over_together(ombak, now, changed_model, embedder):
    assert sync.sync_all([ombak]) == 0

    assert models_stored() == {"new-model"}
    assert not NewVector.objects.exists()
    assert not KnowledgeEntry.objects.exclude(index_state=State.INDEXED).exists()
    for entry in KnowledgeEntry.objects.all():
        wanted = embedder.vector(f"{entry.title}\n\n{entry.content}")
        assert list(array("f", bytes(entry.embedding or b""))) == pytest.approx(wanted, rel=1e-6)
    changed_model.asked.clear()
    search(ombak, ["tempat motor"], at=now)
    assert models_asked(changed_model) == ["new-model"]
    assert not sync.check(ombak)[0].any


def test_a_kill_in_between_leaves_the_old_ones_serving_and_nothing_is_paid_twice(
    ombak, now, changed_model, monkeypatch
):
    with monkeypatch.context() as patch:
        killed_at_batch(patch, 2)
        with pytest.raises(Killed):
            sync.sync_all([ombak])
    assert models_stored() == {"old-model"}
    assert NewVector.objects.count() == 2
    assert len(current_shelf(ombak).dense) == 5

    sync.sync_all([ombak])
    assert models_stored() == {"new-model"}
    texts = [text for asked in changed_model.asked for text in asked.body["input"]]
    assert len(texts) == len(set(texts)) == 5


def test_a_kill_between_the_last_vector_and_the_change_resumes_too(
    ombak, changed_model, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(reembedding, "take_over", lambda *_all: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            sync.sync_all([ombak])
    assert models_stored() == {"old-model"}

    assert sync.sync_due(timezone.now() + dt.timedelta(minutes=2)) is True
    assert models_stored() == {"new-model"}
    assert len(models_asked(changed_model)) == 3  # two, two and one: not once more


def test_a_server_that_fails_in_between_leaves_the_old_ones_serving(
    ombak, now, changed_model, embedder: EmbeddingServer
):
    (first, *rest) = sync.work([ombak])
    sync.sync_batch(*first)
    embedder.failing = (500, {})
    assert sum(sync.sync_batch(*batch) for batch in rest) == 3
    assert models_stored() == {"old-model"}
    assert search(ombak, ["parkir"], at=now)

    embedder.failing = None
    assert sync.sync_all([ombak]) == 0
    assert models_stored() == {"new-model"}


def test_an_entry_that_is_edited_or_written_meanwhile_gets_its_vector_too(ombak, changed_model):
    batches = sync.work([ombak])
    sync.sync_batch(*batches[0])
    edited = KnowledgeEntry.objects.get(pk=batches[0][1][0])
    save_entry(ombak, {"title": "Parkir sepeda"}, edited)
    sync.changed(edited.pk, ombak.pk)
    factories.entry(ombak, "Musholla")
    sync.sync_all([ombak])

    assert models_stored() == {"new-model"}
    texts = [text for asked in changed_model.asked for text in asked.body["input"]]
    assert sum("Parkir sepeda" in text for text in texts) == 1


def test_on_a_server_the_old_collection_serves_and_then_goes(
    ombak, now, settings, qdrant: QdrantServer, qdrant_server, changed_model
):
    settings.EMBEDDING_MODEL = "old-model"
    sync.sync_all([ombak])
    settings.EMBEDDING_MODEL = "new-model"
    old, new = "mila_old-model_8", "mila_new-model_8"

    for tenant, ids in sync.work([ombak])[:-1]:
        sync.sync_batch(tenant, ids)
    assert len(qdrant.collections[old]) == 5
    assert new not in qdrant.collections
    qdrant_server.asked.clear()
    search(ombak, ["parkir"], at=now)
    assert [a.path for a in qdrant_server.asked] == [f"/collections/{old}/points/query"]

    sync.sync_all([ombak])
    assert len(qdrant.collections[new]) == 5
    assert qdrant.collections[old] == {}
    qdrant_server.asked.clear()
    search(ombak, ["parkir"], at=now)
    assert [a.path for a in qdrant_server.asked] == [f"/collections/{new}/points/query"]


def test_the_other_studio_keeps_its_points(
    ombak, senja, settings, qdrant: QdrantServer, qdrant_server, embedding_server
):
    settings.EMBEDDING_MODEL = "old-model"
    for tenant in (ombak, senja):
        factories.entry(tenant, "Parkir")
    sync.sync_all([ombak, senja])
    settings.EMBEDDING_MODEL = "new-model"
    sync.sync_all([ombak])
    left = [p["payload"]["tenant"] for p in qdrant.collections["mila_old-model_8"].values()]
    assert left == [str(senja.pk)]


def test_the_command_shows_how_far_it_is(ombak, changed_model, capsys):
    call_command("syncknowledge", "ombak")
    told = capsys.readouterr()
    assert told.out == "5 entries indexed, 0 failed.\n"
    assert "5/5" in told.err


def test_an_entry_that_is_edited_in_the_last_moment_loses_no_vector(
    ombak, now, changed_model, monkeypatch
):
    ready = reembedding.ready

    def edited_meanwhile(tenant, model):
        entries = ready(tenant, model)
        if entries is not None:  # only a stamp moves: a file was attached
            KnowledgeEntry.objects.get(title="Parkir motor").save(update_fields=["updated_at"])
        return entries

    with monkeypatch.context() as patch:
        patch.setattr(reembedding, "ready", edited_meanwhile)
        sync.sync_all([ombak])
    left = KnowledgeEntry.objects.get(embedding_model="old-model")
    assert left.title == "Parkir motor"
    assert NewVector.objects.get().entry == left
    assert left.index_state == State.WAITING

    asked = len(models_asked(changed_model))
    sync.sync_all([ombak])
    assert models_stored() == {"new-model"}
    assert len(models_asked(changed_model)) == asked  # paid for once
    assert not NewVector.objects.exists()


def test_while_one_entry_fails_the_others_neither_run_every_minute_nor_tell_every_process(
    ombak, changed_model, embedder: EmbeddingServer
):
    (first, *_rest) = sync.work([ombak])
    sync.sync_batch(*first)
    KnowledgeEntry.objects.filter(pk__in=first[1]).update(sync_attempts=0)
    others = KnowledgeEntry.objects.exclude(pk__in=first[1])
    others.update(sync_due_at=timezone.now() + dt.timedelta(days=1))
    ombak.refresh_from_db()
    version, later = ombak.knowledge_version, timezone.now() + dt.timedelta(minutes=2)

    assert KnowledgeEntry.objects.unsynced(later).count() == 1
    assert sync.sync_due(later) is True
    ombak.refresh_from_db()
    assert ombak.knowledge_version == version
