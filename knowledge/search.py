"""From a customer's words to the entries that answer: the index ranks, the database decides what may be seen."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge import answers, asking, index, lexical
from knowledge.embeddings import embedder_for, for_search
from knowledge.lexical import Vocabulary, score
from knowledge.models import KnowledgeEntry
from knowledge.shelf import Shelf, shelf_of
from tenants.models import Tenant

EARLIER = 4  # turns of the conversation that still say what it is about


@dataclass(frozen=True)
class Found:
    """An entry, and where it was judged: how well its words fit, and whether it clearly answers, with which words."""

    entry: KnowledgeEntry
    score: float
    clear: bool
    answer: str = ""


def search(
    tenant: Tenant,
    queries: Sequence[str],
    *,
    earlier: Sequence[str] = (),
    limit: int = 5,
    at: dt.datetime,
    judged: bool = True,
    shelf: Shelf | None = None,
) -> list[Found]:
    """The studio's entries that fit best, best first. `earlier` are turns before this one, oldest first.

    Only entries that are active and valid on the studio's day of `at`, whatever the index says. Without `judged`
    none is scored or called clear: who has a model does not ask, and it takes as long as the search.
    """
    shelf = shelf or current_shelf(tenant)
    if not shelf.words:
        return []
    words = shelf.vocabulary.query(queries, earlier[-EARLIER:])
    query = index.Query(words, for_search(embedder_for(tenant), shelf, queries))
    rows = shelf.on(tenant.local(at).date()).by_id
    ids = index.rank(shelf, query, limit + len(shelf.rows) - len(rows))
    entries = [rows[pk] for pk in ids if pk in rows][:limit]
    if not judged:
        return [Found(entry, 0.0, clear=False) for entry in entries]
    scored = [(entry, score(words, shelf.words.get(entry.pk, {}))) for entry in entries]
    return _judged(tenant, shelf, queries[0] if queries else "", earlier, scored)


def everything(tenant: Tenant, *, at: dt.datetime) -> list[KnowledgeEntry]:
    """All that the studio says on its day of `at`, in the order of ids. Shared rows: read them, never change them."""
    return current_shelf(tenant).valid(tenant.local(at).date())


def current_shelf(tenant: Tenant) -> Shelf:
    """The studio's knowledge as of now; one turn reads it once."""
    embedder = embedder_for(tenant)
    return shelf_of(tenant, embedder.name if embedder else "")


def vocabulary_of(tenant: Tenant) -> Vocabulary:
    """The words of the studio's entries, by which a question is read."""
    return current_shelf(tenant).vocabulary


def best_passage(tenant: Tenant, found: Found, question: str) -> str:
    """The words of the entry that answer, as WhatsApp text of at most 600 characters."""
    if found.answer:
        return found.answer
    shelf = current_shelf(tenant)
    asked = asking.question(shelf.vocabulary, question, tenant.name)
    return answers.choose(_page(shelf, found.entry), asked).text


@dataclass(frozen=True)
class _Judge:
    """Reads the entries that were found as a careful person would, before one of them answers word for word."""

    shelf: Shelf
    studio: str
    pages: Sequence[tuple[answers.Page, float]]
    language: str

    def clear(self, text: str, earlier: Sequence[str]) -> tuple[int, str] | None:
        """The place of the entry that answers all of the message, with the words to say."""
        asked = [self._question(part) for part in asking.parts(text)]
        if len(asked) < 2:
            return self._one(asked[0], earlier) if asked else None
        before = [[*earlier], *([part.said] for part in asked)]
        told = [self._one(one, said) for one, said in zip(asked, before, strict=False)]
        clear = [one for one in told if one]
        whole = "\n\n".join(dict.fromkeys(answer for _place, answer in clear))
        fits = len(clear) == len(told) and len(whole) <= answers.LONGEST
        return (clear[0][0], whole) if fits else None

    def _one(self, now: asking.Question, earlier: Sequence[str]) -> tuple[int, str] | None:
        if earlier and len(now.hard) <= 1:
            before = self._question(earlier[-1])
            going_on = answers.clear(asking.together(now, before), self.pages, self.language)
            if going_on or (now.goes_on and not now.complete):
                return going_on
        return answers.clear(now, self.pages, self.language)

    def _question(self, text: str) -> asking.Question:
        return asking.question(self.shelf.vocabulary, text, self.studio)


def _judged(
    tenant: Tenant,
    shelf: Shelf,
    question: str,
    earlier: Sequence[str],
    scored: Sequence[tuple[KnowledgeEntry, float]],
) -> list[Found]:
    """The entries with their scores; at most one of them is clear."""
    pages = [(_page(shelf, entry), value) for entry, value in scored]
    said = (lexical.language_of(text) for text in (question, *reversed(earlier)))
    judge = _Judge(shelf, tenant.name, pages, next(filter(None, said), ""))
    clear = judge.clear(question, earlier) or (-1, "")
    return [
        Found(entry, value, place == clear[0], clear[1] if place == clear[0] else "")
        for place, (entry, value) in enumerate(scored)
    ]


def _page(shelf: Shelf, entry: KnowledgeEntry) -> answers.Page:
    """The entry cut into passages; kept on the shelf, made anew when the text changed."""
    text = (entry.title, entry.keywords, entry.content, entry.language)
    if entry.pk not in shelf.pages or shelf.pages[entry.pk][0] != text:
        shelf.pages[entry.pk] = (text, answers.page(*text))
    page: answers.Page = shelf.pages[entry.pk][1]
    return page
