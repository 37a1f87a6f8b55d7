"""The index follows the entries: after the commit, again after failures, and nothing twice."""

import datetime as dt
from array import array

import pytest
from django.utils import timezone

from knowledge import sync
from knowledge.embeddings import Embedder
from knowledge.entries import save_entry
from knowledge.models import KnowledgeEntry
from tests import factories
from tests.loopback import EmbeddingServer, Loopback

State = KnowledgeEntry.IndexState
WRONG_KEY = (401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}})


def version(tenant) -> int:
    tenant.refresh_from_db()
    return int(tenant.knowledge_version)


def inputs(server: Loopback) -> list[list[str]]:
    return [asked.body["input"] for asked in server.asked]


def test_nothing_happens_before_the_commit_and_everything_after(
    ombak, django_capture_on_commit_callbacks
):
    before = version(ombak)
    with django_capture_on_commit_callbacks() as callbacks:
        entry = factories.entry(ombak, "Parkir")
    entry.refresh_from_db()
    assert (entry.index_state, version(ombak)) == (State.WAITING, before)

    for callback in callbacks:
        callback()
    entry.refresh_from_db()
    assert entry.index_state == State.INDEXED
    assert entry.vector_id is not None
    assert version(ombak) > before


def test_a_deletion_moves_the_knowledge(ombak, django_capture_on_commit_callbacks):
    entry = factories.entry(ombak, "Parkir")
    before = version(ombak)
    with django_capture_on_commit_callbacks(execute=True):
        entry.delete()
    assert version(ombak) > before


def test_the_other_studio_does_not_move(ombak, senja, django_capture_on_commit_callbacks):
    before = version(senja)
    with django_capture_on_commit_callbacks(execute=True):
        factories.entry(ombak, "Parkir")
    assert version(senja) == before


def test_a_broken_callback_does_not_break_the_save(
    ombak, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(sync, "changed", lambda *_ids: 1 / 0)
    with django_capture_on_commit_callbacks(execute=True):
        entry = factories.entry(ombak, "Parkir")
    assert KnowledgeEntry.objects.filter(pk=entry.pk).exists()


def test_many_new_entries_are_embedded_in_one_request(
    ombak, embedding_server: Loopback, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        for place in range(30):
            factories.entry(ombak, f"Entri {place}")
    assert [len(batch) for batch in inputs(embedding_server)] == [30]
    assert not KnowledgeEntry.objects.exclude(index_state=State.INDEXED).exists()


def test_the_stored_vector_belongs_to_its_text(ombak, embedder, embedding_server):
    entries = [factories.entry(ombak, title) for title in ("Parkir", "Handuk", "Wifi")]
    sync.sync_all([ombak])
    for entry in entries:
        entry.refresh_from_db()
        stored = list(array("f", bytes(entry.embedding or b"")))
        wanted = embedder.vector(f"{entry.title}\n\n{entry.content}")
        assert stored == pytest.approx(wanted, rel=1e-6)


def test_an_unchanged_text_is_not_paid_for_again(ombak, embedding_server: Loopback):
    entry = factories.entry(ombak, "Parkir")
    sync.changed(entry.pk, ombak.pk)
    save_entry(ombak, {"category": "schedules"}, entry)
    sync.changed(entry.pk, ombak.pk)
    sync.sync_all([ombak], everything=True)
    assert len(embedding_server.asked) == 1


def test_a_failure_is_told_and_healed(ombak, embedder: EmbeddingServer, embedding_server):
    embedder.failing = WRONG_KEY
    entry = factories.entry(ombak, "Parkir")
    sync.changed(entry.pk, ombak.pk)
    entry.refresh_from_db()
    assert entry.index_state == State.FAILED
    assert entry.index_error.startswith("The OpenAI key is not accepted.")
    assert sync.sync_due(timezone.now()) is False  # not before its time

    embedder.failing = None
    assert sync.sync_due(entry.sync_due_at) is True
    entry.refresh_from_db()
    assert (entry.index_state, entry.index_error, entry.sync_attempts) == (State.INDEXED, "", 0)
    assert sync.sync_due(entry.sync_due_at) is False


def test_the_waits_grow(ombak, now, embedder: EmbeddingServer, embedding_server):
    embedder.failing = (500, {})
    entry = factories.entry(ombak, "Parkir", sync_due_at=now)
    waits, at = [], now
    for _try in range(7):
        assert sync.sync_due(at) is True
        entry.refresh_from_db()
        waits.append((entry.sync_due_at - at).total_seconds())
        at = entry.sync_due_at
    assert waits == [2, 8, 30, 120, 600, 600, 600]


def test_one_text_that_is_refused_does_not_hold_up_the_others(
    ombak, embedder: EmbeddingServer, embedding_server, monkeypatch
):
    good, bad = factories.entry(ombak, "Parkir"), factories.entry(ombak, "Terlarang")
    answer = embedder.__call__

    def picky(self, asked):
        if any("Terlarang" in text for text in asked.body["input"]):
            return 400, {"error": {"message": "bad input"}}
        return answer(asked)

    monkeypatch.setattr(EmbeddingServer, "__call__", picky)
    assert sync.sync_all([ombak]) == 1
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.index_state, bad.index_state) == (State.INDEXED, State.FAILED)


def test_an_edit_during_the_request_wins(ombak, embedding_server, monkeypatch):
    entry = factories.entry(ombak, "Parkir")
    embed = Embedder.embed

    def edit_meanwhile(self, texts, kind="passage"):
        later = timezone.now() + dt.timedelta(seconds=1)
        KnowledgeEntry.objects.filter(pk=entry.pk).update(title="Handuk", updated_at=later)
        return embed(self, texts, kind)

    monkeypatch.setattr(Embedder, "embed", edit_meanwhile)
    sync.sync_due(timezone.now())
    entry.refresh_from_db()
    assert entry.index_state == State.WAITING
    assert not entry.embedding

    monkeypatch.setattr(Embedder, "embed", embed)
    assert sync.sync_due(timezone.now()) is True
    entry.refresh_from_db()
    assert entry.index_state == State.INDEXED


def test_a_bulk_edit_is_found_by_its_fingerprint(ombak):
    entry = factories.entry(ombak, "Parkir")
    sync.sync_all([ombak])
    assert not sync.check(ombak)[0].any
    KnowledgeEntry.objects.filter(pk=entry.pk).update(content="Parkir sekarang gratis.")
    before = version(ombak)

    assert sync.check(ombak)[0].behind == 1
    assert version(ombak) > before
    assert sync.sync_due(timezone.now()) is True
    assert not sync.check(ombak)[0].any


def test_a_new_embedder_means_everything_lags_behind(ombak, settings, embedding_server):
    factories.entry(ombak, "Parkir")
    sync.sync_all([ombak])
    settings.EMBEDDING_MODEL = "another-model"
    assert sync.check(ombak)[0].behind == 1


def test_syncing_an_entry_that_is_gone_does_nothing(ombak):
    entry = factories.entry(ombak, "Parkir")
    KnowledgeEntry.objects.all().delete()
    sync.sync_entry(entry.pk)
    sync.changed(entry.pk, ombak.pk)
