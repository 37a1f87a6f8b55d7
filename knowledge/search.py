"""From a customer's words to the entries that answer: the index ranks, the database decides what may be seen."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge import answers, index
from knowledge.embeddings import embedder_for, for_search
from knowledge.lexical import Vector, score
from knowledge.models import KnowledgeEntry
from knowledge.shelf import Shelf, shelf_of
from tenants.models import Tenant

MARGIN = 1.15  # how far the best entry must be ahead of the second
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
    if not shelf.words:
        return []
    words = shelf.vocabulary.query(queries, earlier[-EARLIER:])
    query = index.Query(words, for_search(embedder, shelf, queries))
    more = shelf.out_of_date(tenant.local(at).date())
    ids = index.rank(shelf, query, limit + more)
    rows = KnowledgeEntry.objects.current(at, tenant).defer("embedding").in_bulk(ids)
    entries = [rows[pk] for pk in ids if pk in rows][:limit]
    for entry in entries:
        entry.tenant = tenant
    return _judged(shelf, queries[0] if queries else "", words, entries)


def best_passage(found: Found, question: str) -> str:
    """The words of the entry that answer, as WhatsApp text of at most 600 characters."""
    tenant = found.entry.tenant
    embedder = embedder_for(tenant)
    shelf = shelf_of(tenant, embedder.name if embedder else "")
    asked = answers.question(shelf.vocabulary, question)
    return answers.choose(_page(shelf, found.entry), asked).text


def _judged(
    shelf: Shelf, question: str, words: Vector, entries: Sequence[KnowledgeEntry]
) -> list[Found]:
    """The entries with their scores; only the first can be clear."""
    scores = [score(words, shelf.words.get(entry.pk, {})) for entry in entries]
    clear = _clear(shelf, question, entries, scores)
    return [
        Found(entry, value, clear and place == 0)
        for place, (entry, value) in enumerate(zip(entries, scores, strict=True))
    ]


def _clear(
    shelf: Shelf, question: str, entries: Sequence[KnowledgeEntry], scores: Sequence[float]
) -> bool:
    if not entries or (len(scores) > 1 and scores[0] < MARGIN * scores[1]):
        return False
    asked = answers.question(shelf.vocabulary, question)
    best = answers.choose(_page(shelf, entries[0]), asked)
    others = (answers.choose(_page(shelf, entry), asked) for entry in entries[1:])
    return answers.is_clear(asked, _page(shelf, entries[0]), best, others)


def _page(shelf: Shelf, entry: KnowledgeEntry) -> answers.Page:
    """The entry cut into passages; kept on the shelf, made anew when the text changed."""
    text = (entry.title, entry.keywords, entry.content)
    if entry.pk not in shelf.pages or shelf.pages[entry.pk][0] != text:
        shelf.pages[entry.pk] = (text, answers.page(*text))
    page: answers.Page = shelf.pages[entry.pk][1]
    return page
