"""How near two questions are by their meaning, where there is an embedding model: what words cannot tell.

Each model spreads its vectors differently: what is near enough is learned from questions whose likeness is known.
"""

import logging
import math
import time
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from itertools import product
from operator import mul
from statistics import median

from knowledge.embeddings import Embedder, EmbeddingError

logger = logging.getLogger(__name__)
Vector = Sequence[float]
MOST_KEPT = 4000  # vectors in memory, for all studios
PAUSE = 60.0  # seconds without another try after a failure
# Each pair asks for the same, no two pairs do; as customers write, in one language or in two.
_SAME = (
    ("ada parkir mobil?", "is there parking for my car"),
    ("terima classpass ga?", "can i pay with classpass"),
    ("boleh bawa anak umur 5 tahun?", "are kids allowed to join"),
    ("ada kamar mandi buat mandi habis kelas?", "can i take a shower after class"),
    ("bisa sewa studio buat foto?", "do you rent out the space for a photo shoot"),
    ("gurunya bisa bahasa inggris?", "are classes taught in english"),
    ("ada wifi ga kak?", "apakah tersedia internet gratis"),
    ("jual matras yoga?", "where do i buy a yoga mat from you"),
)
_kept: OrderedDict[tuple[str, str], Vector] = OrderedDict()
_near_enough: dict[str, float] = {}  # by the name of the model
_resting: dict[str, float] = {}  # key → until when it is not asked


def nearest(embedder: Embedder | None, asked: str, known: Sequence[str]) -> int | None:
    """The place of the question that means the same; None when none does, or nobody can tell. Never raises."""
    if embedder is None or not known or _resting.get(embedder.key, 0.0) > time.monotonic():
        return None
    try:
        enough = _enough(embedder)
        mine, *others = _vectors(embedder, [asked, *known])
    except EmbeddingError as error:
        logger.warning("Unanswered questions are grouped by words alone: %s", error)
        _resting[embedder.key] = time.monotonic() + PAUSE
        return None
    best, place = max((cosine(mine, other), -place) for place, other in enumerate(others))
    return -place if best >= enough else None


def cosine(one: Vector, other: Vector) -> float:
    """Of vectors of length 1."""
    return float(sum(map(mul, one, other)))


def _enough(embedder: Embedder) -> float:
    """Half-way between questions that ask for the same and the likest that do not; above 1 for a model that mixes them up."""
    if embedder.name not in _near_enough:
        vectors = _vectors(embedder, [text for pair in _SAME for text in pair])
        pairs = list(zip(vectors[::2], vectors[1::2], strict=True))
        same = median(cosine(one, other) for one, other in pairs)
        strange = max(
            cosine(one, other)
            for place, mine in enumerate(pairs)
            for theirs in pairs[:place]
            for one, other in product(mine, theirs)
        )
        _near_enough[embedder.name] = (same + strange) / 2 if same > strange else 2.0
    return _near_enough[embedder.name]


def _vectors(embedder: Embedder, texts: Sequence[str]) -> list[Vector]:
    """One for each text; those of questions that were compared before are in memory. Raises EmbeddingError."""
    names = [(embedder.name, text) for text in texts]
    new = [text for name, text in dict(zip(names, texts, strict=True)).items() if name not in _kept]
    made = dict(zip(new, embedder.embed(new), strict=True)) if new else {}
    found = [_kept.get((embedder.name, text)) or _unit(made[text]) for text in texts]
    for name, vector in zip(names, found, strict=True):
        _kept[name] = vector
        _kept.move_to_end(name)
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return found


def _unit(vector: Vector) -> Vector:
    length = math.sqrt(sum(map(mul, vector, vector))) or 1.0
    return array("f", (number / length for number in vector))
