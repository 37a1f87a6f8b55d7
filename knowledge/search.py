"""From a customer's words to the entries that answer: the index ranks, the database decides what may be seen."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge import index
from knowledge.embeddings import embedder_for, for_search
from knowledge.models import KnowledgeEntry
from knowledge.shelf import shelf_of
from tenants.models import Tenant

EARLIER = 4  # turns of the conversation that still say what it is about


@dataclass(frozen=True)
class Found:
    """An entry, how well its words fit, and whether it is clearly the one that answers."""

    entry: KnowledgeEntry
    score: float
    clear: bool


def search(
    tenant: Tenant,
    queries: Sequence[str],
    *,
    earlier: Sequence[str] = (),
    limit: int = 5,
    at: dt.datetime,
) -> list[Found]:
    """The studio's entries that fit best, best first. `earlier` are turns before this one, oldest first.

    Only entries that are active and valid on the studio's day of `at`, whatever the index says.
    """
    embedder = embedder_for(tenant)
    shelf = shelf_of(tenant, embedder.name if embedder else "")
    words = shelf.vocabulary.query(queries, earlier[-EARLIER:])
    query = index.Query(words, for_search(embedder, shelf, queries))
    more = shelf.out_of_date(tenant.local(at).date())
    ids = index.rank(shelf, query, limit + more)
    rows = KnowledgeEntry.objects.current(at, tenant).defer("embedding").in_bulk(ids)
    return [Found(rows[pk], 0.0, False) for pk in ids if pk in rows][:limit]


def best_passage(found: Found, question: str) -> str:
    return found.entry.content[:600]
