"""How much two customers' questions are about the same thing, by their words in both languages."""

import math
from collections.abc import Iterable

from knowledge import asking, lexical

ALIKE = 0.45  # two questions above this are one gap
_SYNONYM, _SOFT = 0.6, 0.15
# How somebody asks, and what every second question names: two questions for prices are not about the same.
_ASKING = """harga biaya tarif ongkos price prices cost costs fee how much berapa accept terima guys via lewat holder holders
    kelas class free gratis disediakan provide provided offer jual sell"""
_SMALL = (
    asking.SOFT | asking.GENERIC | asking.NUMBERS | frozenset(map(lexical.stem, _ASKING.split()))
)

Sense = dict[str, float]  # token → weight, of length 1


def sense(text: str, earlier: str = "") -> Sense:
    """What a question is about. One that names nothing by itself (“kalau besok?”) goes on about what stood before."""
    weights = _weights(text)
    if earlier and not any(weight > _SOFT for weight in weights.values()):
        weights = {**_weights(earlier), **weights}
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {token: weight / length for token, weight in weights.items()}


def wording(text: str, earlier: str = "") -> str:
    """The question as a model of meanings should read it: with what stood before, when it names nothing by itself."""
    alone = any(weight > _SOFT for weight in _weights(text).values())
    return text if alone or not earlier else f"{earlier}\n{text}"


def _weights(text: str) -> Sense:
    weights: Sense = {}
    for meant in lexical.meanings(lexical.words(text[: lexical.LONGEST_QUESTION])):
        soft = all(lexical.stem(word) in _SMALL or word.isdigit() for word in meant.said)
        for token in meant.own:
            weights[token] = max(weights.get(token, 0.0), _SOFT if soft else 1.0)
        if not soft:
            for token in meant.synonyms:
                weights[token] = max(weights.get(token, 0.0), _SYNONYM)
    return weights


def likeness(one: Sense, other: Sense) -> float:
    """From 0 (nothing in common) to 1 (the same words)."""
    small, large = sorted((one, other), key=len)
    return sum(weight * large.get(token, 0.0) for token, weight in small.items())


def closest(asked: Sense, known: Iterable[tuple[int, Sense]]) -> int | None:
    """The place of the question that is most alike; the first of several; None when none is alike."""
    best = max(((likeness(asked, other), -place) for place, other in known), default=(0.0, 0))
    return -best[1] if best[0] >= ALIKE else None
