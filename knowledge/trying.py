"""A question put to a draft before it is saved: whether it would be found, at which place, and what it would say.

By words alone, as without a key: no model is asked while a page waits. The Playground asks the whole assistant.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from knowledge import review
from knowledge.models import KnowledgeEntry
from knowledge.search import Found, current_shelf, search
from knowledge.shelf import with_draft
from tenants.models import Language, Tenant

SHOWN = 3
LONGEST = 20_000


@dataclass(frozen=True)
class Trial:
    """What the search found, best first, and what it would say word for word."""

    question: str
    found: list[Found]
    draft: KnowledgeEntry
    answer: str  # empty when no entry is clearly the one
    reasons: list[str]  # why the draft would wait for review

    @property
    def place(self) -> int:
        """Of the draft, from 1; 0 when it is not among them."""
        return next((n for n, hit in enumerate(self.found, 1) if hit.entry.pk == self.draft.pk), 0)

    @property
    def answers(self) -> bool:
        """Whether the words to say are the draft's."""
        return bool(self.found) and self.found[0].entry.pk == self.draft.pk and bool(self.answer)


def tried(tenant: Tenant, fields: Mapping[str, str], question: str, at: dt.datetime) -> Trial:
    """Nothing of it is saved."""
    draft = _draft(tenant, fields)
    review.check(draft)
    reasons = review.reasons(draft) if draft.needs_review else []
    shelf = with_draft(current_shelf(tenant), draft)
    found = search(tenant, [question], at=at, shelf=shelf, limit=SHOWN)
    answer = next((hit.answer for hit in found if hit.clear), "")
    return Trial(question, found, draft, answer, reasons)


def _draft(tenant: Tenant, fields: Mapping[str, str]) -> KnowledgeEntry:
    """The entry of the form. Its id only says which entry of the studio it takes the place of."""
    language = fields.get("language", "")
    return KnowledgeEntry(
        pk=_known(tenant, fields.get("entry", "")),
        tenant=tenant,
        title=fields.get("title", "")[:200],
        category=fields.get("category", "")[:60],
        content=fields.get("content", "")[:LONGEST].replace("\r\n", "\n"),
        keywords=fields.get("keywords", "")[:500],
        language=language if language in Language.values else tenant.default_language,
    )


def _known(tenant: Tenant, text: str) -> uuid.UUID:
    try:
        pk = uuid.UUID(text)
    except ValueError:
        return uuid.uuid4()
    return pk if KnowledgeEntry.objects.filter(tenant=tenant, pk=pk).exists() else uuid.uuid4()
