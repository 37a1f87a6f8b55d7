"""Which entry's picture or PDF leaves after an answer. The model is not asked: code reads which entry the answer rests
on, so that a plain question still costs one call and the front part of the prompt stays as it is."""

import re
from collections.abc import Sequence

from agent.models import Turn
from agent.reply import Question, Reply
from conversations.attachments import Enclosure
from knowledge import lexical
from knowledge.models import KnowledgeEntry
from knowledge.search import Found
from knowledge.shelf import Shelf

AMONG = 3  # places of the search in which the entry must stand
SHARED = 3  # words that the answer and the entry must have in common
_GIVEN = (Turn.Outcome.ANSWERED, Turn.Outcome.FROM_KNOWLEDGE)
_ASKED_FOR = re.compile(
    r"\b(?:pdf|file|files|brosur|brochure|flyer|katalog|catalog(?:ue)?|foto(?:nya)?|photos?|gambar(?:nya)?|pictures?|"
    r"peta(?:nya)?|denah|map|price ?list|pricelist|daftar harga|menu|dokumen|document)\b"
)


def enclosed(
    reply: Reply, question: Question, found: Sequence[Found], shelf: Shelf | None
) -> Enclosure | None:
    """The file of the entry that the answer mainly rests on; None for most answers."""
    best = [hit.entry for hit in found[:AMONG]]
    if reply.outcome not in _GIVEN or shelf is None or not any(entry.file for entry in best):
        return None
    words = shelf.vocabulary.query([reply.text])
    scores = {pk: lexical.score(words, own) for pk, own in shelf.words.items()}
    rested = max(best, key=lambda entry: scores.get(entry.pk, 0.0))
    file = rested.file
    if file is None or scores.get(rested.pk, 0.0) < max(scores.values()):
        return None
    if not _about(reply, question, rested):
        return None
    return Enclosure(str(file.pk), file.path, file.content_type, file.size, file.name)


def _about(reply: Reply, question: Question, entry: KnowledgeEntry) -> bool:
    """Whether the answer tells what the entry tells, or the customer asked for such a file."""
    if _ASKED_FOR.search(question.text.lower()):
        return True
    told = lexical.document("", "", reply.text)
    own = lexical.document(entry.title, "", entry.content)
    return len(told.keys() & own.keys()) >= SHARED
