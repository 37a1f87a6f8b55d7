"""The contract with a Qdrant server: the real client over HTTP, every request looked at."""

import math
import uuid
from typing import Any

import pytest
from django.utils import timezone

from knowledge import index, lexical, sync
from knowledge.entries import save_entry
from knowledge.models import KnowledgeEntry, Tombstone
from knowledge.search import search
from tests import factories
from tests.loopback import Loopback, QdrantServer


def stored(tenant, title: str, **fields: Any) -> KnowledgeEntry:
    entry = factories.entry(tenant, title, **fields)
    sync.changed(entry.pk, tenant.pk)
    return KnowledgeEntry.objects.get(pk=entry.pk)


def tenant_conditions(body: Any) -> list[list[Any]]:
    """The `must` of every filter in a query: the outer one and one per prefetch."""
    return [part["filter"]["must"] for part in [body, *(body.get("prefetch") or [])]]


def test_every_query_and_every_prefetch_carries_the_studio(
    ombak, senja, now, qdrant_server: Loopback, embedding_server: Loopback
):
    mine = stored(ombak, "Parkir motor")
    stored(senja, "Parkir motor")

    found = search(ombak, ["parkir motor", "scooter parking"], at=now)

    assert [hit.entry for hit in found] == [mine]
    queries = [asked.body for asked in qdrant_server.asked if asked.path.endswith("/query")]
    assert len(queries) == 1
    assert len(queries[0]["prefetch"]) == 3  # words, and one embedding per question
    only = [{"key": "tenant", "match": {"value": str(ombak.pk)}}]
    assert tenant_conditions(queries[0]) == [only] * 4


def test_a_query_by_words_alone_carries_the_studio(ombak, now, qdrant_server: Loopback):
    mine = stored(ombak, "Parkir motor")

    assert [hit.entry for hit in search(ombak, ["parkir"], at=now)] == [mine]
    query = next(asked.body for asked in qdrant_server.asked if asked.path.endswith("/query"))
    assert tenant_conditions(query) == [[{"key": "tenant", "match": {"value": str(ombak.pk)}}]]


@pytest.mark.parametrize("nobody", [None, ""])
def test_a_filter_without_a_studio_is_refused(nobody):
    with pytest.raises(ValueError, match="needs a studio"):
        index.studio_filter(nobody)


def test_no_request_leaves_when_the_studio_is_missing(qdrant_server: Loopback):
    server = index.server_index()
    assert server is not None
    with pytest.raises(ValueError, match="needs a studio"):
        server.rank("mila_words", None, index.Query({1: 1.0}), 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs a studio"):
        server.remove(None, [uuid.uuid4()])  # type: ignore[arg-type]
    assert qdrant_server.asked == []


def test_the_collection_is_made_for_many_studios(ombak, qdrant_server: Loopback):
    stored(ombak, "Harga")

    made = next(a for a in qdrant_server.asked if a.path == "/collections/mila_words")
    assert made.body["hnsw_config"] == {"m": 0, "payload_m": 16}
    assert made.body["sparse_vectors"] == {"words": {}}  # no IDF: the query carries it
    keys = next(a for a in qdrant_server.asked if a.path.endswith("/index"))
    assert keys.body["field_name"] == "tenant"
    assert keys.body["field_schema"]["is_tenant"] is True


def test_a_foreign_point_of_a_broken_index_is_never_shown(
    ombak, senja, now, qdrant: QdrantServer, qdrant_server: Loopback
):
    mine = stored(ombak, "Parkir")
    stored(senja, "Parkir")
    qdrant.ignores_filters = True

    assert [hit.entry for hit in search(ombak, ["parkir"], at=now)] == [mine]


def test_a_server_that_is_down_costs_no_answer_and_no_entry(
    ombak, now, qdrant: QdrantServer, qdrant_server: Loopback
):
    old = stored(ombak, "Parkir mobil")
    qdrant.down = True
    new = stored(ombak, "Sewa handuk")

    assert [hit.entry for hit in search(ombak, ["parkir mobil"], at=now)] == [old]
    assert [hit.entry for hit in search(ombak, ["sewa handuk"], at=now)] == [new]
    assert new.index_state == KnowledgeEntry.IndexState.FAILED
    assert "503" in new.index_error

    qdrant.down = False
    new.refresh_from_db()
    assert sync.sync_due(new.sync_due_at) is True
    new.refresh_from_db()
    assert new.index_state == KnowledgeEntry.IndexState.INDEXED
    assert str(new.vector_id) in qdrant.collections["mila_words"]


def test_a_server_that_goes_down_later_costs_no_answer(
    ombak, now, qdrant: QdrantServer, qdrant_server: Loopback
):
    entry = stored(ombak, "Parkir mobil")
    qdrant.down = True
    assert [hit.entry for hit in search(ombak, ["parkir"], at=now)] == [entry]


def test_a_deletion_waits_until_the_server_confirms_it(
    ombak, qdrant: QdrantServer, qdrant_server: Loopback, django_capture_on_commit_callbacks
):
    entry = stored(ombak, "Parkir")
    qdrant.down = True
    with django_capture_on_commit_callbacks(execute=True):
        entry.delete()
    grave = Tombstone.objects.get()

    qdrant.down = False
    assert sync.sync_due(grave.due_at) is True
    assert not Tombstone.objects.exists()
    assert qdrant.collections["mila_words"] == {}


def test_an_older_write_that_lands_last_is_written_once_more(
    ombak, qdrant: QdrantServer, qdrant_server: Loopback, monkeypatch
):
    entry = stored(ombak, "Parkir")
    put = index.ServerIndex.put_entries
    save_entry(ombak, {"title": "Handuk"}, entry)

    def overtaken(self, embedder, points):
        monkeypatch.setattr(index.ServerIndex, "put_entries", put)
        save_entry(ombak, {"title": "Loker"}, entry)
        sync.changed(entry.pk, ombak.pk)  # another process is faster
        put(self, embedder, points)

    monkeypatch.setattr(index.ServerIndex, "put_entries", overtaken)
    sync.changed(entry.pk, ombak.pk)
    entry.refresh_from_db()
    assert entry.index_state == KnowledgeEntry.IndexState.WAITING

    assert sync.sync_due(timezone.now()) is True
    words = lexical.document("Loker", "", entry.content)
    (point,) = qdrant.collections["mila_words"].values()
    assert set(point["vector"]["words"]["indices"]) == set(words)


def test_an_archived_entry_leaves_the_server(ombak, qdrant: QdrantServer, qdrant_server: Loopback):
    entry = stored(ombak, "Parkir")
    entry.status = KnowledgeEntry.Status.ARCHIVED
    entry.save()
    sync.changed(entry.pk, ombak.pk)
    assert qdrant.collections["mila_words"] == {}


def test_an_old_server_is_refused_with_a_sentence(
    ombak, qdrant: QdrantServer, qdrant_server: Loopback
):
    qdrant.version = "1.7.4"
    entry = stored(ombak, "Parkir")
    assert entry.index_error == "The Qdrant server is version 1.7.4. MILA needs 1.19 or newer."


def test_check_finds_what_a_server_lost_and_what_it_kept(
    ombak, qdrant: QdrantServer, qdrant_server: Loopback
):
    lost, kept = stored(ombak, "Parkir"), stored(ombak, "Handuk")
    points = qdrant.collections["mila_words"]
    del points[str(lost.vector_id)]
    KnowledgeEntry.objects.filter(pk=kept.pk).delete()  # no signal is captured here: it stays there

    (drift,) = sync.check(ombak)

    assert (drift.behind, drift.left_over) == (1, 1)
    sync.sync_all([ombak])
    assert set(points) == {str(lost.vector_id)}
    assert not sync.check(ombak)[0].any


def test_both_homes_rank_alike(ombak, now, qdrant_server: Loopback, settings):
    for title in ("Parkir mobil", "Parkir motor", "Sewa handuk"):
        stored(ombak, title)
    search(ombak, ["parkir motor"], at=now)
    sent = next(asked.body for asked in qdrant_server.asked if asked.path.endswith("/query"))
    written = [
        p for a in qdrant_server.asked if a.path.endswith("/points") for p in a.body["points"]
    ]
    weights = dict(zip(*sent["query"]["nearest"].values(), strict=True))

    def score(point: dict[str, Any]) -> float:
        words = point["vector"]["words"]
        pairs = zip(words["indices"], words["values"], strict=True)
        return float(sum(weights.get(token, 0.0) * value for token, value in pairs))

    by_server = [
        p["payload"]["entry"] for p in sorted(written, key=score, reverse=True) if score(p)
    ]
    settings.QDRANT_URL = ""
    here = [str(hit.entry.pk) for hit in search(ombak, ["parkir motor"], at=now)]
    assert here == by_server


QUESTIONS = ("parkir motor", "where can i park my scooter", "sewa hnduk brp?", "towel")


def test_both_homes_are_asked_with_the_same_weights_which_carry_the_rarity(
    ombak, senja, now, qdrant_server: Loopback, settings, monkeypatch
):
    for title in ("Parkir mobil", "Parkir motor", "Sewa handuk"):
        stored(ombak, title)
    for number in range(6):  # what is common at another studio changes nothing here
        stored(senja, f"Handuk {number}")
    here: list[Any] = []
    rank = index.StudioIndex.rank

    def noted(self: index.StudioIndex, *asked: Any) -> list[uuid.UUID]:
        here.append(asked)
        return rank(self, *asked)

    monkeypatch.setattr(index.StudioIndex, "rank", noted)
    for question in QUESTIONS:
        qdrant_server.asked.clear()
        settings.QDRANT_URL = qdrant_server.url
        search(ombak, [question], at=now)
        (sent,) = [a.body for a in qdrant_server.asked if a.path.endswith("/query")]
        over_http = dict(zip(*sent["query"]["nearest"].values(), strict=True))

        settings.QDRANT_URL = ""
        here.clear()
        search(ombak, [question], at=now)
        ((_collection, studio, query, limit),) = here
        assert studio == ombak.pk
        assert limit == sent["limit"]
        assert over_http == pytest.approx(query.words)


def test_what_is_rare_in_the_studio_weighs_more_in_the_request(ombak, now, qdrant_server: Loopback):
    for title in ("Parkir mobil", "Parkir motor", "Sewa handuk"):
        stored(ombak, title)
    search(ombak, ["parkir handuk"], at=now)
    sent = next(a.body for a in qdrant_server.asked if a.path.endswith("/query"))
    weights = dict(zip(*sent["query"]["nearest"].values(), strict=True))
    common, rare = (lexical.token_id(lexical.stem(word)) for word in ("parkir", "handuk"))
    assert weights[common] == pytest.approx(math.log(1 + 1.5 / 2.5))
    assert weights[rare] == pytest.approx(math.log(1 + 2.5 / 1.5))


def test_every_ranking_of_every_question_is_inside_the_studio(
    ombak, senja, now, qdrant_server: Loopback, embedding_server: Loopback
):
    for tenant in (ombak, senja):
        stored(tenant, "Parkir motor")
    for tenant in (ombak, senja):
        qdrant_server.asked.clear()
        search(tenant, list(QUESTIONS[:3]), earlier=["halo"], at=now)
        (query,) = [a.body for a in qdrant_server.asked if a.path.endswith("/query")]
        only = [{"key": "tenant", "match": {"value": str(tenant.pk)}}]
        assert len(query["prefetch"]) == 4  # words, and one embedding per question
        assert tenant_conditions(query) == [only] * 5
