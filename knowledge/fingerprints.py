"""What an entry looked like when it was embedded or indexed; a difference means that the index lags behind."""

from hashlib import sha256

from django.conf import settings

from knowledge.models import KnowledgeEntry


def passage(entry: KnowledgeEntry) -> str:
    """The text that is embedded."""
    return "\n\n".join(part for part in (entry.title, entry.keywords, entry.content) if part)


def of_text(entry: KnowledgeEntry) -> str:
    return _hash(entry.title, entry.keywords, entry.content)


def of_index(entry: KnowledgeEntry, embedder: str) -> str:
    """Everything that decides what the index holds, and where: also an edit by a bulk update shows here."""
    status = "needs review" if entry.needs_review else entry.status
    place = (status, str(entry.tenant_id), embedder, settings.QDRANT_URL)
    return _hash(of_text(entry), *place)


def _hash(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode()).hexdigest()
