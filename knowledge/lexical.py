"""Words become numbers here: BM25 vectors of our own, for Indonesian and English chat, without any key.

A document's vector depends on its own text only; what is rare in the studio (IDF) travels with the query.
"""

import json
import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any

Vector = dict[int, float]  # token id → weight

TITLE, KEYWORDS, CONTENT = 3.0, 2.0, 1.0
SYNONYMS_IN_INDEX = 0.15
SYNONYMS_IN_QUERY = 0.8
EVERYDAY_IN_QUERY = 0.5  # `come`, `cara`: words that hardly say what a question is about
EARLIER_TURNS = 0.4
CORRECTED = 0.8
K1, B = 1.2, 0.5
LONGEST_QUESTION = 1_500  # characters; nobody asks for more at once
MOST_CORRECTIONS, MOST_ASKED = 5_000, 500  # kept for a studio
USUAL_LENGTH = (
    90.0  # weighted words of a usual entry; fixed, so that no entry moves another's vector
)

WORD = re.compile(r"\d+|[^\W\d_]+")
AMOUNT = re.compile(r"(?<=\d)[.,](?=\d{3}\b)")  # 150.000 is one number
CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))?\s*(am|pm|pagi|siang|sore|malam)\b")
GREETING = re.compile(
    r"\b(?:selamat|slmt|met|good)\s+(?:pagi|siang|sore|malam|morning|afternoon|evening|night|day)\b"
)
SHORT_HYPHEN = re.compile(r"\b([^\W\d_]{1,2})-([^\W\d_]+)\b")  # Wi-Fi is also wifi
STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
TWICE = re.compile(r"(?<=[^\W\d_]{3})2\b")  # `anak2` is `anak-anak`
SOUNDS = {
    "b4": "before",
    "2day": "today",
    "2nite": "tonight",
    "2moro": "tomorrow",
    "2morrow": "tomorrow",
    "2mrw": "tomorrow",
    "gr8": "great",
    "4": "for",
    "2": "to",
}
SOUND = re.compile(r"\b(?:b4|2day|2nite|2moro|2morrow|2mrw|gr8)\b|(?<=class )4\b|(?<=good )4\b")
# A pose is no animal and no child: who asks for a dog is not told of this one.
POSE = re.compile(
    r"\b(?:(?:down|up)(?:ward)?[\s-]+(?:facing[\s-]+)?dog|(?:child|baby|cat|cow|pigeon|fish|eagle|lion|camel|crow)s?[\s-]+pose)\b"
)
# An age tells whom a class is for: `my 7 year old`, `ibu saya 67 tahun`.
AGED = re.compile(
    r"\b(\d{1,2})[\s-]*(?:(?:years?|yrs?|y)[\s-]*old|y/?o)s?\b|\b(?:umur|usia)\w* (\d{1,2})\b"
)
MONTHS_OLD = re.compile(r"\b\d{1,2}[\s-]*(?:months?|mos?|weeks?|wks?)[\s-]*old\b")
GROWN_OLD = re.compile(
    r"\b(?:mum|mom|mother|dad|father|ibu|ibuku|mama|papa|bapak|nenek|kakek|oma|opa|grandma|grandpa|mertua)\b"
    r"(?=.{0,30}?\b[6-9]\d\b)"
)
VOWELS = re.compile(r"(?<=.)[aeiou]")


@dataclass(frozen=True)
class Terms:
    """terms.json, ready to use: chat spellings, stop words, and groups that mean the same."""

    slang: Mapping[str, str]
    stops: frozenset[str]
    groups: Mapping[
        tuple[str, ...], frozenset[str]
    ]  # a phrase in stems → tokens that mean the same
    related: Mapping[tuple[str, ...], frozenset[str]]  # … and tokens that only go with it
    plain: frozenset[str]  # the words of all groups as they are written
    common: frozenset[str]  # everyday words: no typos, and hardly what a question is about
    longest: int
    indonesian: frozenset[str]  # words of one language only
    english: frozenset[str]

    @cached_property
    def spelled_short(self) -> Mapping[str, str]:
        """Consonants → the word, for those who leave out vowels: `mtrs` is `matras`."""
        return {
            _consonants(word): word for word in sorted(self.plain, reverse=True) if len(word) > 4
        }


@cache
def terms() -> Terms:
    data = json.loads(Path(__file__).with_name("terms.json").read_text("utf-8"))
    groups = _grouped(group for group in data["groups"] if not group.get("loose"))
    related = _grouped(group for group in data["groups"] if group.get("loose"))
    return Terms(
        slang=data["slang"],
        stops=frozenset(data["stop_id"] + data["stop_en"]),
        groups=groups,
        related=related,
        plain=frozenset(
            w for g in data["groups"] for text in g["id"] + g["en"] for w in text.split()
        ),
        common=frozenset(data["common"]),
        longest=max(map(len, chain(groups, related))),
        indonesian=_spoken(data, "id") - _spoken(data, "en"),
        english=_spoken(data, "en") - _spoken(data, "id"),
    )


def _spoken(data: Mapping[str, Any], language: str) -> frozenset[str]:
    """The words that somebody writes in a language, as far as the terms know them."""
    named = (word for group in data["groups"] for text in group[language] for word in text.split())
    return frozenset(chain(data[f"stop_{language}"], named))


def language_of(text: str) -> str:
    """“id” or “en” by the words of a text, "" when they do not tell."""
    known, said = terms(), WORD.findall(text[:LONGEST_QUESTION].lower())
    indonesian = sum(word in known.indonesian or word in known.slang for word in said)
    english = sum(word in known.english for word in said)
    return "" if indonesian == english else "id" if indonesian > english else "en"


def _grouped(groups: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], frozenset[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for group in groups:
        phrases = [tuple(map(stem, WORD.findall(text))) for text in group["id"] + group["en"]]
        for phrase in phrases:
            found.setdefault(phrase, set()).update("_".join(other) for other in phrases)
    return {phrase: frozenset(tokens) for phrase, tokens in found.items()}


@cache
def _stemmers() -> tuple[Any, Any]:
    import snowballstemmer  # all its languages: a tenth of a second that most commands need not wait

    return snowballstemmer.stemmer("indonesian"), snowballstemmer.stemmer("english")


_stemming = threading.Lock()  # a stemmer keeps the word it works on


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of an Indonesian or English word; both stemmers, since chats mix both."""
    indonesian, english = _stemmers()
    with _stemming:
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
    plain = POSE.sub(lambda m: "".join(WORD.findall(m[0])), plain)
    plain = TWICE.sub("", SOUND.sub(lambda m: SOUNDS[m[0]], GREETING.sub(" ", plain)))
    plain = _with_ages(plain)
    plain = SHORT_HYPHEN.sub(r"\1 \2 \1\2", CLOCK.sub(_on_24_hours, plain))
    slang = terms().slang
    spelled = " ".join(slang.get(word, word) for word in WORD.findall(plain))
    return [word.lstrip("0") or "0" for word in spelled.split()]


def _with_ages(text: str) -> str:
    """`7 year old` also says child, `ibu saya 67 tahun` an elderly person."""
    if not any(letter.isdigit() for letter in text):
        return text
    text = MONTHS_OLD.sub(r"\g<0> bayi", AGED.sub(_aged, text))
    return GROWN_OLD.sub(r"\g<0> lansia", text)


def _aged(match: re.Match[str]) -> str:
    years = int(match[1] or match[2])
    who = " anak" if 2 <= years <= 15 else " lansia" if years >= 60 else ""
    return f"{match[0]}{who}"


def _on_24_hours(match: re.Match[str]) -> str:
    """`5 sore` and `5 pm` also say 17."""
    hour, afternoon = int(match[1]), match[3] in ("pm", "sore", "malam")
    return f"{match[0]} {hour + 12}" if afternoon and 0 < hour < 12 else match[0]


@dataclass(frozen=True)
class Meant:
    """One word or known phrase (`kursi roda`) of a text: its tokens, and those of the same or a related meaning."""

    own: tuple[str, ...]
    synonyms: frozenset[str]
    related: frozenset[str]
    said: tuple[str, ...]  # the words as they stand in the text


def meanings(text_words: Sequence[str]) -> list[Meant]:
    """What the words of a text mean, in order, without stop words."""
    stems = [stem(word) for word in text_words]
    found, start = [], 0
    while start < len(stems):
        length = _phrase_length(stems, start)
        said = tuple(text_words[start : start + length])
        meant = _meant(said, tuple(stems[start : start + length]))
        if meant.own or meant.synonyms or meant.related:
            found.append(meant)
        start += length
    return found


def _phrase_length(stems: Sequence[str], start: int) -> int:
    known = terms()
    for length in range(min(known.longest, len(stems) - start), 1, -1):
        phrase = tuple(stems[start : start + length])
        if phrase in known.groups or phrase in known.related:
            return length
    return 1


def _meant(said: tuple[str, ...], phrase: tuple[str, ...]) -> Meant:
    known = terms()
    kept = tuple(s for word, s in zip(said, phrase, strict=True) if word not in known.stops)
    if not kept and len(said) == 1 and said[0] not in known.plain:
        return Meant((), frozenset(), frozenset(), said)  # `kami` only looks like `kamis`
    own = (*kept, "_".join(phrase)) if len(phrase) > 1 else kept
    itself = {*phrase, "_".join(phrase)}
    synonyms = known.groups.get(phrase, frozenset()) - itself
    related = known.related.get(phrase, frozenset()) - itself - synonyms
    return Meant(own, synonyms, related, said)


def document(title: str, keywords: str, content: str) -> Vector:
    """The vector of an entry: how often its words occur, by field, saturated as in BM25."""
    counts: dict[str, float] = {}
    length = 0.0
    for text, weight in ((title, TITLE), (keywords, KEYWORDS), (content, CONTENT)):
        for meant in meanings(words(text)):
            for token in meant.own:
                counts[token] = counts.get(token, 0.0) + weight
                length += weight
            for token in meant.synonyms | meant.related:
                counts[token] = counts.get(token, 0.0) + SYNONYMS_IN_INDEX * weight
    room = K1 * (1 - B + B * length / USUAL_LENGTH)
    return {token_id(t): c * (K1 + 1) / (c + room) for t, c in counts.items()}


def score(query: Vector, words: Vector) -> float:
    """How well an entry's words fit the query: the number that the index ranks by, too."""
    return sum(query[token] * words[token] for token in query.keys() & words.keys())


@dataclass(frozen=True)
class Vocabulary:
    """Which words a studio's entries use, and how many entries use each: what is rare there says more."""

    entries: int
    used_by: Mapping[int, int]  # token id → entries
    spellings: Mapping[
        tuple[str, int], frozenset[str]
    ]  # first letter and length → its longer words
    stems: frozenset[str]
    # Found before, so that nobody waits twice: a text is asked again as an earlier turn of the same chat.
    corrections: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Vector] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Iterable[tuple[Sequence[str], Vector]]) -> "Vocabulary":
        """From each entry's texts and its vector."""
        used_by: Counter[int] = Counter()
        spellings: dict[tuple[str, int], set[str]] = {}
        count = 0
        for texts, vector in documents:
            count += 1
            used_by.update(vector.keys())
            for word in words("\n".join(texts)):
                if len(word) >= 4:
                    spellings.setdefault((word[0], len(word)), set()).add(word)
        return cls(
            entries=count,
            used_by=used_by,
            spellings={key: frozenset(known) for key, known in spellings.items()},
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
                if (value := weight * share) > weights.get(token, 0.0):
                    weights[token] = value
        return weights

    def tokens(self, text: str) -> Vector:
        """What a customer's text asks for: its words, corrected, and their synonyms, as far as entries hold them."""
        found = self.asked.get(text)
        if found is None:
            if len(self.asked) >= MOST_ASKED:
                self.asked.clear()
            asked, held = self._tokens(text[:LONGEST_QUESTION]), self.used_by
            found = {t: share * self.rarity(t) for t, share in asked.items() if t in held}
            self.asked[text] = found
        return found

    def _tokens(self, text: str) -> Vector:
        spelled = words(text)
        right = [self.nearest(word) for word in spelled]
        corrected = {now for was, now in zip(spelled, right, strict=True) if was != now}
        weights: Vector = {}
        for meant in meanings(right):
            sure = CORRECTED if corrected.intersection(meant.said) else 1.0
            sure *= EVERYDAY_IN_QUERY if terms().common.issuperset(meant.said) else 1.0
            for token in meant.own:
                weights[token_id(token)] = sure
            for token in meant.synonyms | meant.related:
                weights.setdefault(token_id(token), SYNONYMS_IN_QUERY * sure)
        return weights

    def nearest(self, word: str) -> str:
        """The studio's own word that a mistyped one means, or the word itself."""
        found = self.corrections.get(word)
        if found is None:
            if len(self.corrections) > MOST_CORRECTIONS:
                self.corrections.clear()
            found = self.corrections[word] = self._nearest(word)
        return found

    def _nearest(self, word: str) -> str:
        known = terms()
        if not 3 <= len(word) <= 20 or word.isdigit():
            return word
        if any(word in those for those in (known.stops, known.common, known.plain)):
            return word
        phrase = (stem(word),)
        if phrase[0] in self.stems or phrase in known.groups or phrase in known.related:
            return word
        if not VOWELS.search(word):
            return known.spelled_short.get(_consonants(word), word)
        if len(word) < 4:
            return word
        limit = 1 if len(word) < 8 else 2
        sizes = range(len(word) - limit, len(word) + limit + 1)
        near = chain.from_iterable(self.spellings.get((word[0], size), ()) for size in sizes)
        edits, best = min(((_edits(word, w, limit), w) for w in near), default=(limit + 1, word))
        if edits <= limit:
            return best
        short = known.spelled_short.get(_consonants(word), word)
        return short if _left_out(word, short) else word


def _consonants(word: str) -> str:
    return VOWELS.sub("", word)


def _left_out(short: str, word: str) -> bool:
    """Whether somebody only left letters out: `mtras` of `matras`."""
    letters = iter(word)
    return all(letter in letters for letter in short)


def _edits(one: str, other: str, limit: int) -> int:
    """Letters to change, add, drop or swap; anything above `limit` is just too many."""
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
