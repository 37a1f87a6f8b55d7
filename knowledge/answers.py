"""Which passage of an entry answers a question, and whether it does so beyond doubt. Used when no model is there.

Careful on purpose: a wrong price word for word is worse than a hand-over to a person.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from knowledge import lexical, passages

LONGEST = 600  # characters of an answer

# What a question asks for (in everyday spelling, see lexical.words), and how a passage looks that tells it.
_PLAIN_HOW_MUCH = (
    r"(?<!jam )(?<!pukul )\bberapa\b"
    r"(?! (?:lama|kali|orang|hari|menit|jam|bulan|minggu|tahun|umur|usia|banyak|jauh|meter|peserta|tempat))"
)
_MONEY = r"(?:rp|idr|aud|usd|sgd|\$|€|£)\s?\d|\b\d+\s?(?:rb|ribu|jt|juta|k)\b|\bfree\b|\bgratis\b"
_CLOCK = r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2}\s?(?:am|pm)\b"
_DAY = (
    r"\b(?:senin|selasa|rabu|kamis|jum.?at|sabtu|minggu|hari|tanggal|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|"
    r"day|week|jan\w*|feb\w*|mar\w*|apr\w*|mei|may|jun\w*|jul\w*|agustus|aug\w*|sep\w*|o[ck]t\w*|nov\w*|de[sc]\w*)\b"
)
_LENGTH = (
    r"\b(?:\d+|satu|dua|tiga|empat|lima|enam|one|two|three|four|five|six)\W{0,2}"
    r"(?:menit|jam|hari|minggu|bulan|tahun|min\w*|hours?|days?|weeks?|months?|years?)\b"
)
_KINDS = [
    (
        rf"\b(?:harga|biaya|tarif|ongkos|prices?|pricing|costs?|fees?|rates?|how much)\b|{_PLAIN_HOW_MUCH}",
        _MONEY,
    ),
    (r"\b(?:jam|pukul) berapa\b|\bwhat time\b|\bwhich hour\b", _CLOCK),
    (
        r"\b(?:kapan|when|hari apa|(?:what|which) days?|jadwal|schedule|timetable)\b",
        f"{_CLOCK}|{_DAY}|{_LENGTH}",
    ),
    (
        r"\b(?:berapa lama|how long|durasi|duration|berapa (?:menit|jam|hari|minggu|bulan))\b",
        _LENGTH,
    ),
    (r"\b(?:how many|berapa (?:orang|banyak|kali|peserta|tempat))\b", r"\d"),
    (
        r"\b(?:alamat|address)\b|\b(?:dimana|where) (?:is |are )?(?:studio|the studio|you|kalian|lokasi\w*)\b",
        r"\b(?:jl|jln|jalan|street|st|road|rd|lane|avenue|ave)\b",
    ),
    (
        r"\b(?:siapa|who|whos)\b",
        r"\b(?:bersama|with|guru|manajer|manager|teachers?)\W+(?:is\W+)?[*_]*[A-Z]",
    ),
    (r"\be ?mail\b|\bsurel\b", r"@"),
]
KINDS = [(re.compile(asks), re.compile(tells, re.IGNORECASE)) for asks, tells in _KINDS]
WHO = 6
KINDS[WHO] = (KINDS[WHO][0], re.compile(_KINDS[WHO][1]))  # a name begins with a capital
PRICE = KINDS[0]
# These words only say what kind of answer is wanted; an address or an e-mail is also what it is about.
ONLY_KIND = [asks for asks, tells in KINDS if tells is not KINDS[5][1] and tells is not KINDS[7][1]]
SPECIFIC = 1.2  # the weight of a word that a quarter of the entries use
AMOUNT = re.compile(r"\d[\d.,]*")
# Reasons, comparisons and wishes to a person are answered by people; so are instructions hidden in an entry.
SEVERAL = re.compile(
    r"\?[\s?!.)]*[^\W\d_]\w*\s+\w+|\b(?:trus|terus|and also|sama sekalian)\b", re.IGNORECASE
)
FOR_PEOPLE = re.compile(r"\b(?:kenapa|mengapa|why|versus|vs|better|bedanya|beda|difference)\b")
OVERVIEW = re.compile(
    r"\b(?:jadwal|schedule|timetable|daftar|list|apa aja|apa saja|what classes)\b"
)
HIDDEN_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|abaikan|lupakan)\b.{0,40}\b(?:instru\w+|rules?|aturan|prompt)\b"
    r"|\b(?:system|sistem)\]|\bnote to (?:the )?(?:ai|assistant)\b|\botp\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Asked:
    """One thing that the question names: tokens that mean it, and how much that says in this studio."""

    tokens: frozenset[int]
    weight: float
    known: bool


@dataclass(frozen=True)
class Question:
    said: str
    text: str  # in everyday spelling
    asked: Sequence[Asked]

    @property
    def kinds(self) -> list[re.Pattern[str]]:
        return [tells for asks, tells in KINDS if asks.search(self.text)]

    @property
    def asks_price(self) -> bool:
        return bool(PRICE[0].search(self.text))

    def share(self, tokens: frozenset[int]) -> float:
        """How much of what the question names is among these tokens, from 0 to 1."""
        total = sum(one.weight for one in self.asked)
        return sum(one.weight for one in self.asked if one.tokens & tokens) / total if total else 0


@dataclass(frozen=True)
class Piece:
    """A paragraph, a list or one item of it."""

    text: str
    tokens: frozenset[int]
    order: int
    part_of: int | None = None  # the list of an item


@dataclass(frozen=True)
class Page:
    """An entry, prepared for answering."""

    about: frozenset[int]  # tokens of title and keywords
    pieces: Sequence[Piece]
    orders: bool  # somebody hid instructions for an assistant in it


@dataclass(frozen=True)
class Choice:
    """The words that answer, how much of the question they and the entry's title cover, and what is missing."""

    text: str
    covered: float
    tells: bool  # everything that kind of question asks for: a price, a time …
    joined: bool  # from two pieces, as one said only a part


def page(title: str, keywords: str, content: str) -> Page:
    pieces: list[Piece] = []
    for block in passages.blocks(content):
        whole = len(pieces)
        tokens = _tokens(block.text)
        pieces.append(Piece(block.text, tokens, whole))
        if block.is_list and len(block.lines) > 1:
            heading = _tokens(block.heading)
            pieces += [
                Piece(_unnumbered(line), _tokens(line) | heading, whole + i, whole)
                for i, line in enumerate(block.lines, 1)
            ]
    pieces = pieces or [Piece(title, _tokens(title), 0)]
    return Page(_tokens(f"{title}\n{keywords}"), pieces, bool(HIDDEN_ORDER.search(content)))


def question(vocabulary: lexical.Vocabulary, text: str) -> Question:
    spelled = " ".join(
        vocabulary.nearest(word) for word in lexical.words(text[: lexical.LONGEST_QUESTION])
    )
    about = spelled
    for kind in ONLY_KIND:
        about = kind.sub(" ", about)
    asked = []
    for meant in lexical.meanings(about.split()):
        own = frozenset(map(lexical.token_id, meant.own[-1:]))
        tokens = own | frozenset(map(lexical.token_id, meant.synonyms))
        used = [vocabulary.rarity(token) for token in tokens if token in vocabulary.used_by]
        weight = min(used) if used else vocabulary.rarity(0)
        asked.append(Asked(tokens, weight, bool(used)))
    most = max((one.weight for one in asked), default=0.0)
    return Question(text, spelled, [one for one in asked if one.weight >= most / 4])


def choose(entry: Page, asked: Question) -> Choice:
    """The piece that says most of what is asked, as short as possible; two pieces when one says only half."""
    pieces = _candidates(entry, asked)
    best = _whole_when_tied(max(pieces, key=lambda piece: _worth(piece, asked)), entry, asked)
    more = _second(best, entry, asked)
    both = sorted([best] if more is None else [best, more], key=lambda piece: piece.order)
    tokens = frozenset(chain.from_iterable(piece.tokens for piece in both))
    text = "\n\n".join(piece.text for piece in both)
    return Choice(
        text=_shortened(text),
        covered=asked.share(tokens | entry.about),
        tells=all(kind.search(text) for kind in asked.kinds),
        joined=more is not None and asked.share(best.tokens) < asked.share(tokens),
    )


def _candidates(entry: Page, asked: Question) -> list[Piece]:
    """An item alone answers only when it names what matters most; what only the title names, the beginning answers."""
    whole = [piece for piece in entry.pieces if piece.part_of is None]
    everywhere = entry.about.union(*(piece.tokens for piece in entry.pieces))
    told = [one for one in asked.asked if one.tokens & everywhere]
    if not told:
        return whole
    main = max(told, key=lambda one: one.weight)
    if any(main.tokens & piece.tokens for piece in entry.pieces):
        return whole if OVERVIEW.search(asked.text) else list(entry.pieces)
    fitting = [p for p in whole if all(kind.search(p.text) for kind in asked.kinds)]
    return fitting[:1] or whole


def _worth(piece: Piece, asked: Question) -> tuple[float, int, int]:
    share = asked.share(piece.tokens)
    told = sum(bool(kind.search(piece.text)) for kind in asked.kinds)
    return (round(share + 0.4 * told, 3), -len(piece.text), -piece.order)


def _whole_when_tied(best: Piece, entry: Page, asked: Question) -> Piece:
    """The whole list when another of its items would answer as well."""
    if best.part_of is None:
        return best
    mine = _worth(best, asked)[0]
    others = [p for p in entry.pieces if p.part_of == best.part_of and p is not best]
    if any(_worth(other, asked)[0] >= mine for other in others):
        return next(p for p in entry.pieces if p.order == best.part_of)
    return best


def _second(best: Piece, entry: Page, asked: Question) -> Piece | None:
    """A piece that adds a good part of what is asked and still fits; for an overview, the next list."""
    lists = {p.part_of for p in entry.pieces}
    if best.order in lists and OVERVIEW.search(asked.text):
        return next((p for p in _apart(entry, best) if p.order in lists and _fits(best, p)), None)
    have = asked.share(best.tokens)
    options = [
        (asked.share(best.tokens | p.tokens) - have, -len(p.text), -p.order, p)
        for p in _apart(entry, best)
        if _fits(best, p)
    ]
    gain, *_rest, piece = max(options, default=(0.0, 0, 0, None), key=lambda o: o[:3])
    if gain >= 0.2:
        return piece
    lead = entry.pieces[0]
    opens = lead in _apart(entry, best) and asked.share(lead.tokens) >= 0.5 * have > 0
    return lead if opens and _fits(best, lead) else None


def _fits(best: Piece, more: Piece) -> bool:
    return len(best.text) + len(more.text) + 2 <= LONGEST


def _apart(entry: Page, best: Piece) -> list[Piece]:
    """Pieces that are neither the chosen one, nor its list, nor an item of it."""
    return [
        p
        for p in entry.pieces
        if p.order != best.order and p.part_of != best.order and p.order != best.part_of
    ]


def _tokens(text: str) -> frozenset[int]:
    meant = lexical.meanings(lexical.words(text))
    return frozenset(map(lexical.token_id, chain.from_iterable(m.own for m in meant)))


def _unnumbered(line: str) -> str:
    return passages.NUMBER.sub("", line)


def _shortened(text: str) -> str:
    """At most LONGEST characters, cut after a sentence."""
    if len(text) <= LONGEST:
        return text
    kept = text[:LONGEST]
    end = max(kept.rfind(mark) for mark in (". ", "! ", "? ", "\n"))
    return kept[: end + 1].rstrip() if end > LONGEST // 3 else f"{kept[: LONGEST - 1].rstrip()}…"


def amounts(text: str) -> frozenset[str]:
    """The prices that a passage tells."""
    found = re.findall(r"(?:rp|idr|aud|usd|\$|€|£)\s?(\d[\d.,]*)", text.lower())
    return frozenset(amount.strip(".,") for amount in found)


def is_clear(asked: Question, entry: Page, choice: Choice, others: Iterable[Choice]) -> bool:
    """Whether the choice answers beyond doubt: all that was named, the kind that was asked, no rival price."""
    if entry.orders or FOR_PEOPLE.search(asked.text):
        return False
    if max((one.weight for one in asked.asked if one.known), default=0) < SPECIFIC:
        return False
    if not choice.tells or choice.covered < 0.8 or SEVERAL.search(asked.said):
        return False
    if choice.joined and asked.share(entry.about) < 0.3:
        return False  # two remarks about different things are no answer
    if asked.asks_price:
        mine = amounts(choice.text)
        return not any(
            other.covered >= 0.9 * choice.covered and amounts(other.text) - mine for other in others
        )
    return True
