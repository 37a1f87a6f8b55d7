"""Words become numbers here: BM25 vectors of our own, for Indonesian and English chat, without any key.

A document's vector depends on its own text only; what is rare in the studio (IDF) travels with the query.
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import snowballstemmer

Vector = dict[int, float]  # token id → weight

TITLE, KEYWORDS, CONTENT = 3.0, 2.0, 1.0
SYNONYMS_IN_INDEX = 0.15
SYNONYMS_IN_QUERY = 0.8
EARLIER_TURNS = 0.4
CORRECTED = 0.8
K1, B = 1.2, 0.5
USUAL_LENGTH = (
    90.0  # weighted words of a usual entry; fixed, so that no entry moves another's vector
)

WORD = re.compile(r"\d+|[^\W\d_]+")
AMOUNT = re.compile(r"(?<=\d)[.,](?=\d{3}\b)")  # 150.000 is one number
CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))?\s*(am|pm|pagi|siang|sore|malam)\b")
SHORT_HYPHEN = re.compile(r"\b([^\W\d_]{1,2})-([^\W\d_]+)\b")  # Wi-Fi is also wifi
STRETCHED = re.compile(r"([^\W\d_])\1{2,}")


@dataclass(frozen=True)
class Terms:
    """terms.json, ready to use: chat spellings, stop words, and groups that mean the same."""

    slang: Mapping[str, str]
    stops: frozenset[str]
    groups: Mapping[tuple[str, ...], frozenset[str]]  # a phrase in stems → tokens of its group
    longest: int


@cache
def terms() -> Terms:
    data = json.loads(Path(__file__).with_name("terms.json").read_text("utf-8"))
    groups: dict[tuple[str, ...], set[str]] = {}
    for group in data["groups"]:
        phrases = [tuple(map(stem, WORD.findall(text))) for text in group["id"] + group["en"]]
        for phrase in phrases:
            groups.setdefault(phrase, set()).update("_".join(other) for other in phrases)
    return Terms(
        slang=data["slang"],
        stops=frozenset(data["stop_id"] + data["stop_en"]),
        groups={phrase: frozenset(tokens) for phrase, tokens in groups.items()},
        longest=max(map(len, groups)),
    )


@cache
def _stemmers() -> tuple[Any, Any]:
    return snowballstemmer.stemmer("indonesian"), snowballstemmer.stemmer("english")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of an Indonesian or English word; both stemmers, since chats mix both."""
    indonesian, english = _stemmers()
    return str(english.stemWord(indonesian.stemWord(word)))


@lru_cache(maxsize=50_000)
def token_id(token: str) -> int:
    """The same number for the same token, in every process and on every server."""
    return int.from_bytes(blake2b(token.encode(), digest_size=4).digest(), "big")


def words(text: str) -> list[str]:
    """Lower-case words in everyday spelling: `brp hrg` becomes `berapa harga`."""
    folded = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    plain = STRETCHED.sub(r"\1", AMOUNT.sub("", plain.replace("'", "").replace("\u2019", "")))
    plain = SHORT_HYPHEN.sub(r"\1 \2 \1\2", CLOCK.sub(_on_24_hours, plain))
    slang = terms().slang
    spelled = " ".join(slang.get(word, word) for word in WORD.findall(plain))
    return [word.lstrip("0") or "0" for word in spelled.split()]


def _on_24_hours(match: re.Match[str]) -> str:
    """`5 sore` and `5 pm` also say 17."""
    hour, afternoon = int(match[1]), match[3] in ("pm", "sore", "malam")
    return f"{match[0]} {hour + 12}" if afternoon and 0 < hour < 12 else match[0]


@dataclass
class Tokens:
    """A text as tokens: its own words, and words of the same meaning."""

    own: Counter[str] = field(default_factory=Counter)
    synonyms: Counter[str] = field(default_factory=Counter)


def tokens(text_words: Sequence[str]) -> Tokens:
    """Stems without stop words; a known phrase (`kursi roda`) counts as one more token and brings its synonyms."""
    known = terms()
    stems = [stem(word) for word in text_words]
    found, start = Tokens(), 0
    while start < len(stems):
        length = _phrase_length(stems, start)
        phrase = tuple(stems[start : start + length])
        _count(found, text_words[start : start + length], phrase, known)
        start += length
    return found


def _phrase_length(stems: Sequence[str], start: int) -> int:
    known = terms()
    for length in range(min(known.longest, len(stems) - start), 1, -1):
        if tuple(stems[start : start + length]) in known.groups:
            return length
    return 1


def _count(found: Tokens, text_words: Sequence[str], phrase: tuple[str, ...], known: Terms) -> None:
    kept = [s for word, s in zip(text_words, phrase, strict=True) if word not in known.stops]
    found.own.update(kept)
    if len(phrase) > 1:
        found.own["_".join(phrase)] += 1
    elif not kept and phrase not in known.groups:
        return
    for synonym in known.groups.get(phrase, ()):
        if synonym not in phrase and synonym != "_".join(phrase):
            found.synonyms[synonym] += 1


def document(title: str, keywords: str, content: str) -> Vector:
    """The vector of an entry: how often its words occur, by field, saturated as in BM25."""
    counts: dict[str, float] = {}
    length = 0.0
    for text, weight in ((title, TITLE), (keywords, KEYWORDS), (content, CONTENT)):
        found = tokens(words(text))
        for token, count in found.own.items():
            counts[token] = counts.get(token, 0.0) + weight * count
            length += weight * count
        for token, count in found.synonyms.items():
            counts[token] = counts.get(token, 0.0) + SYNONYMS_IN_INDEX * weight * count
    room = K1 * (1 - B + B * length / USUAL_LENGTH)
    return {token_id(t): c * (K1 + 1) / (c + room) for t, c in counts.items()}


@dataclass(frozen=True)
class Vocabulary:
    """Which words a studio's entries use, and how many entries use each: what is rare there says more."""

    entries: int
    used_by: Mapping[int, int]  # token id → entries
    spellings: Mapping[str, frozenset[str]]  # first letter → words of four letters and more
    stems: frozenset[str]

    @classmethod
    def of(cls, documents: Iterable[tuple[Sequence[str], Vector]]) -> "Vocabulary":
        """From each entry's texts and its vector."""
        used_by: Counter[int] = Counter()
        spellings: dict[str, set[str]] = {}
        count = 0
        for texts, vector in documents:
            count += 1
            used_by.update(vector.keys())
            for word in words("\n".join(texts)):
                if len(word) >= 4:
                    spellings.setdefault(word[0], set()).add(word)
        return cls(
            entries=count,
            used_by=used_by,
            spellings={letter: frozenset(known) for letter, known in spellings.items()},
            stems=frozenset(stem(word) for known in spellings.values() for word in known),
        )

    def rarity(self, token: int) -> float:
        used = self.used_by.get(token, 0)
        return math.log(1 + (self.entries - used + 0.5) / (used + 0.5))

    def query(self, texts: Iterable[str], earlier: Iterable[str] = ()) -> Vector:
        """The vector to search with. `earlier` turns count less than the `texts` asked now."""
        weights: Vector = {}
        for weight, text in [(1.0, t) for t in texts] + [(EARLIER_TURNS, t) for t in earlier]:
            for token, share in self.tokens(text).items():
                weights[token] = max(weights.get(token, 0.0), weight * share)
        return {t: w * self.rarity(t) for t, w in weights.items() if t in self.used_by}

    def tokens(self, text: str) -> Vector:
        """What a customer's text asks for, before rarity: its words, corrected, and their synonyms."""
        spelled = words(text)
        right = [self.nearest(word) for word in spelled]
        found = tokens(right)
        corrected = {stem(now) for was, now in zip(spelled, right, strict=True) if was != now}
        weights = {token_id(t): SYNONYMS_IN_QUERY for t in found.synonyms}
        weights |= {token_id(t): CORRECTED if t in corrected else 1.0 for t in found.own}
        return weights

    def nearest(self, word: str) -> str:
        """The studio's own word that a mistyped one means, or the word itself."""
        known = terms()
        if len(word) < 4 or word.isdigit() or word in known.stops:
            return word
        if stem(word) in self.stems or (stem(word),) in known.groups:
            return word
        limit = 1 if len(word) < 8 else 2
        options = ((_edits(word, w, limit), w) for w in self.spellings.get(word[0], ()))
        edits, best = min(options, default=(limit + 1, word))
        return best if edits <= limit else word


def _edits(one: str, other: str, limit: int) -> int:
    """Letters to change, add, drop or swap; anything above `limit` is just too many."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != wanted))
            if before and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before, last = last, row
    return last[-1]
