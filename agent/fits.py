"""How well an entry fits a question, in a form that staff understand: how many of the asked words it holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge import lexical
from knowledge.models import KnowledgeEntry


@dataclass(frozen=True)
class Fit:
    """So many of the words that were `asked` for stand in the entry, by any of their names."""

    held: int
    asked: int


def fits(question: str, entries: Sequence[KnowledgeEntry]) -> list[Fit]:
    """One for each entry. Filler words do not count, mistyped ones do."""
    texts = [(entry.title, entry.keywords or "", entry.content) for entry in entries]
    known = lexical.Vocabulary.of((text, lexical.document(*text)) for text in texts)
    words = lexical.words(question[: lexical.LONGEST_QUESTION])
    meant = lexical.meanings([known.nearest(word) for word in words])
    asked = [{*one.own, *one.synonyms, *one.related} for one in meant if one.own]
    return [
        Fit(sum(not names.isdisjoint(told) for names in asked), len(asked))
        for told in map(_told, texts)
    ]


def _told(texts: Iterable[str]) -> set[str]:
    meant = lexical.meanings(lexical.words("\n".join(texts)))
    return {token for one in meant for token in one.own}
