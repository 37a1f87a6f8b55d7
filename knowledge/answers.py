"""Which passage of which entry answers a question, and whether it does so beyond doubt. Used when no model is there.

A wrong price word for word is worse than a hand-over to a person: what is asked must stand in the passage itself.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from knowledge import asking, lexical, passages
from knowledge.asking import DAY, FOR_PEOPLE, NO_LENGTH, Asked, Kind, Question, listed

LONGEST = 600  # characters of an answer
ENOUGH = 0.65  # of what a question names must be told
SURE = 0.85  # … by a remark in an entry about something else
BEHIND = 0.5  # of the best score: an entry below is about something else, unless its title says otherwise
NEARLY = 0.35  # how much worse an answer in the customer's language may fit that holds the same
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
TIMES = {"k": 1e3, "rb": 1e3, "ribu": 1e3, "jt": 1e6, "juta": 1e6}
PRICE = re.compile(
    r"(?<![\w.,])(?P<money>(?:rp|idr|aud|usd|sgd|a\$|s\$|us\$|\$|€|£)\.?\s?)?"
    r"(?P<number>\d+(?:[.,]\d{3})+|\d+(?:[.,]\d+)?)(?:\s?(?P<times>k|rb|ribu|jt|juta))?(?!\w)"
)
AHEAD = 0.15  # how much better than a rival with another price
HIDDEN_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|abaikan|lupakan)\b.{0,40}\b(?:instru\w+|rules?|aturan|prompt)\b"
    r"|\b(?:system|sistem)\]|\bnote to (?:the )?(?:ai|assistant)\b|\botp\b",
    re.IGNORECASE | re.DOTALL,
)
WHICH = re.compile(r"\b(?:which|what|apa|mana)\b")
LEADS = re.compile(
    f":\\W*$|{DAY}", re.IGNORECASE
)  # a heading without which a line says less, or something else
TITLE = re.compile(r"^[*_][^*_\n]+[*_]:?$")  # a heading that only names what follows
FULL_STOP = re.compile(
    r"(?<=[.!?])(?<!\bJl\.)(?<!\bJln\.)(?<!\bNo\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bRp\.)(?<!\bLt\.)\s+(?=[^a-z])"
)
CERTAIN = 0.8  # what a sentence must be worth, for the others to be left out
ALSO = 0.5  # of the best sentence's worth: a sentence that answers, too
SHORT = 220  # characters that are read at a glance; longer paragraphs are cut to the sentences that answer
SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[^a-z])|\n")
HOLIDAYS = asking.HOLIDAYS
# An entry whose title says more than this tells prices of something special.
GENERAL = frozenset(
    lexical.token_id(lexical.stem(word))
    for word in listed(
        """harga price prices pricing daftar list pricelist tarif rate rates biaya cost costs fee fees paket package
        packages pass passes pack packs kelas class classes yoga studio membership member memberships keanggotaan masa
        berlaku valid validity umum regular reguler normal dan and our kami drop in tiket ticket tickets investasi
        investment langganan grup group semua all info informasi how much"""
    )
)


@dataclass(frozen=True)
class Piece:
    """A paragraph, a list or one item of it."""

    text: str
    tokens: frozenset[int]
    order: int
    part_of: int | None = None  # the list of an item
    sentences: Sequence[tuple[str, frozenset[int]]] = ()

    @cached_property
    def prose(self) -> Sequence[tuple[str, frozenset[int]]]:
        """The sentences of a long paragraph, each with its tokens; nothing of anything else."""
        parts = FULL_STOP.split(self.text)
        if len(self.text) <= SHORT or "\n" in self.text or len(parts) < 3:
            return ()
        return [(part, _tokens(part)) for part in parts]


@dataclass(frozen=True)
class Page:
    """An entry, prepared for answering."""

    title: frozenset[int]  # its words one by one
    about: frozenset[int]  # tokens of title and keywords
    pieces: Sequence[Piece]
    orders: bool  # somebody hid instructions for an assistant in it
    language: str = ""

    @cached_property
    def everything(self) -> frozenset[int]:
        return self.about.union(*(piece.tokens for piece in self.pieces))

    @cached_property
    def text(self) -> str:
        return "\n\n".join(piece.text for piece in self.pieces if piece.part_of is None)


@dataclass(frozen=True)
class Choice:
    """The words that answer, how much of the question they and the entry's title cover, and how well they fit."""

    text: str
    covered: float
    fit: float
    tells: bool  # everything that kind of question asks for: a price, a time …
    joined: bool = False  # from two pieces, as one said only a part


def page(title: str, keywords: str, content: str, language: str = "") -> Page:
    pieces: list[Piece] = []
    for block in passages.blocks(content):
        whole = len(pieces)
        heading = _tokens(block.heading)
        pieces.append(_piece(block.text, whole, None, heading))
        if block.is_list and len(block.lines) > 1:
            pieces += [
                _piece(_unnumbered(line), whole + i, whole, heading)
                for i, line in enumerate(block.lines, 1)
            ]
    pieces = pieces or [_piece(title, 0)]
    hidden = bool(HIDDEN_ORDER.search(content))
    return Page(_title(title), _tokens(f"{title}\n{keywords}"), pieces, hidden, language)


def _piece(
    text: str, order: int, part_of: int | None = None, heading: frozenset[int] = frozenset()
) -> Piece:
    sentences = [(part, _tokens(part) | heading) for part in SENTENCE.split(text) if part.strip()]
    return Piece(text, _tokens(text) | heading, order, part_of, sentences)


def choose(entry: Page, asked: Question) -> Choice:
    """The piece that says most of what is asked, as short as possible; two pieces when one says only half."""
    if asked.asks("way") and len(entry.text) <= LONGEST:
        near = all(kind.tells.search(entry.text) for kind in asked.kinds)
        return _choice(entry.text, entry.everything, entry, asked, near=near)
    best = max(_candidates(entry, asked), key=lambda piece: _worth(piece, entry, asked))
    best = _whole_when_tied(best, entry, asked)
    more = None if asked.quantities else _second(best, entry, asked)
    both = sorted([best] if more is None else [best, more], key=lambda piece: piece.order)
    tokens = frozenset(chain.from_iterable(piece.tokens for piece in both))
    text = "\n\n".join(_shown(piece, entry, asked) for piece in both)
    near = all(any(_told(kind, p, entry, asked) for p in both) for kind in asked.kinds)
    joined = more is not None and asked.share(best.tokens) < asked.share(tokens)
    return replace(_choice(text, tokens, entry, asked, near=near), joined=joined)


def _choice(
    text: str, tokens: frozenset[int], entry: Page, asked: Question, *, near: bool
) -> Choice:
    covered = asked.share(tokens | entry.about) if asked.hard else 1.0
    own, titled = asked.share(tokens), asked.share(entry.about)
    fit = covered + 0.6 * titled + 0.3 * own + 0.1 * asked.soft_share(tokens)
    return Choice(_shortened(text), covered, fit, near)


def _candidates(entry: Page, asked: Question) -> list[Piece]:
    """An item alone answers only when it names what matters most; what only the title names, the beginning answers."""
    whole = [piece for piece in entry.pieces if piece.part_of is None]
    told = [one for one in asked.hard if one.found(entry.everything)]
    if not told:
        return _fitting(whole, entry, asked) or whole
    main = max(told, key=lambda one: one.weight)
    if any(main.found(piece.tokens) for piece in entry.pieces):
        return whole if _wants_all(main, entry, asked) else list(entry.pieces)
    return _fitting(whole, entry, asked)[:1] or whole


def _wants_all(main: Asked, entry: Page, asked: Question) -> bool:
    """“Which class is good for beginners?” asks for the list of the entry about beginners."""
    return bool(WHICH.search(asked.text) and not asked.kinds and main.found(entry.about))


def _fitting(pieces: Sequence[Piece], entry: Page, asked: Question) -> list[Piece]:
    return [p for p in pieces if all(_told(kind, p, entry, asked) for kind in asked.kinds)]


def _told(kind: Kind, piece: Piece, entry: Page, asked: Question) -> bool:
    """Whether the piece tells this kind of thing about what was asked, not about something beside it."""
    return any(_says(kind, text, tokens, piece, entry, asked) for text, tokens in piece.sentences)


def _says(
    kind: Kind, text: str, tokens: frozenset[int], piece: Piece, entry: Page, asked: Question
) -> bool:
    if not kind.tells.search(text):
        return False
    if kind.name == "length" and NO_LENGTH.search(text.lower()):
        return False
    if kind.name == "price" and not all(q.search(text) for q in asked.quantities):
        return False
    main = asked.main
    if main is None or main.found(tokens):
        return True
    if kind.name == "way":
        return bool(main.found(entry.about | piece.tokens))
    if kind.name == "who" and not main.tokens & (entry.about | tokens):
        return False
    listed = piece.part_of is not None or any(p.part_of == piece.order for p in entry.pieces)
    if listed:  # a line tells of its own subject, unless no line names the subject
        lines = [
            p
            for p in entry.pieces
            if p.part_of in (piece.order, piece.part_of) and p.part_of is not None
        ]
        return bool(main.found(entry.about)) and not any(main.found(p.tokens) for p in lines)
    beside = frozenset() if kind.name in ("price", "hour") else piece.tokens
    return bool(main.found(entry.about | beside))


def _worth(piece: Piece, entry: Page, asked: Question) -> tuple[float, int, int]:
    share = asked.share(piece.tokens) + 0.2 * asked.soft_share(piece.tokens)
    told = sum(1.2 * _told(kind, piece, entry, asked) for kind in asked.kinds)
    if asked.asks_price and asked.main is None:
        told += 0.1 * min(len(amounts(piece.text)), 8)  # the list rather than a remark beside it
    return (round(share + told, 3), -len(piece.text), -piece.order)


def _whole_when_tied(best: Piece, entry: Page, asked: Question) -> Piece:
    """With the other items of its list that would answer as well; all of the list when it names the subject once."""
    if best.part_of is None:
        return best
    mine, main = _worth(best, entry, asked)[0], asked.main
    items = [p for p in entry.pieces if p.part_of == best.part_of]
    tied = [p for p in items if p is best or _worth(p, entry, asked)[0] >= mine]
    if len(tied) == 1:
        return best
    whole = next(p for p in entry.pieces if p.order == best.part_of)
    if main is None or not all(main.tokens & p.tokens for p in tied):
        return whole
    heading = whole.text.partition("\n")[0]
    lines = ([] if _is_item(heading) else [heading]) + [f"- {p.text}" for p in tied]
    tokens = frozenset(chain.from_iterable(p.tokens for p in tied))
    return Piece("\n".join(lines), tokens, whole.order, None, whole.sentences)


def _shown(piece: Piece, entry: Page, asked: Question) -> str:
    """The piece as the customer reads it; a line below the heading that it needs."""
    if piece.part_of is None:
        if piece.prose:
            return _sentences_asked(piece, asked)
        return _untitled(_lines_asked(piece, asked), entry, asked)
    heading, _, _rest = next(p for p in entry.pieces if p.order == piece.part_of).text.partition(
        "\n"
    )
    needed = not _is_item(heading) and (asked.asks_price or LEADS.search(heading))
    return f"{heading}\n- {piece.text}" if needed else piece.text


def _lines_asked(piece: Piece, asked: Question) -> str:
    """Of a list, the heading and the lines that are for as many classes as was asked."""
    lines = piece.text.split("\n")
    fitting = [line for line in lines if all(q.search(line) for q in asked.quantities)]
    if not asked.quantities or not fitting or len(lines) < 2:
        return piece.text
    return "\n".join(
        line for line in lines if line in fitting or (line is lines[0] and not _is_item(line))
    )


def _untitled(text: str, entry: Page, asked: Question) -> str:
    """Without a heading that says no more than the question: a person would not write it above an answer."""
    heading, _, rest = text.partition("\n")
    if not rest or not TITLE.match(heading) or LEADS.search(heading):
        return text
    named = _title(heading)
    limits = asked.asks_price and not named - asked.names <= GENERAL
    return text if limits or not named <= entry.title | entry.about | GENERAL else rest


def _sentences_asked(piece: Piece, asked: Question) -> str:
    """Of a long paragraph the sentences that answer, each with the one after it, which often limits it."""
    worth = [_sentence_worth(text, tokens, asked) for text, tokens in piece.prose]
    best = max(worth)
    if best < CERTAIN:
        return piece.text
    good = {place for place, value in enumerate(worth) if value >= ALSO * best}
    good |= {place + 1 for place in good}
    return " ".join(text for place, (text, _tokens) in enumerate(piece.prose) if place in good)


def _sentence_worth(text: str, tokens: frozenset[int], asked: Question) -> float:
    told = sum(bool(kind.tells.search(text)) for kind in asked.kinds)
    return asked.share(tokens) + 0.2 * asked.soft_share(tokens) + 0.8 * told


def _is_item(line: str) -> bool:
    return line.startswith("- ") or bool(passages.NUMBER.match(line))


def _second(best: Piece, entry: Page, asked: Question) -> Piece | None:
    """A piece that adds a good part of what is asked and still fits."""
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


def _title(title: str) -> frozenset[int]:
    """What the words of the title mean one by one, for a look at what it is not about."""
    words = [word for word in lexical.words(title) if word not in lexical.terms().stops]
    return frozenset(lexical.token_id(lexical.stem(word)) for word in words)


def _unnumbered(line: str) -> str:
    return passages.NUMBER.sub("", line)


def _shortened(text: str) -> str:
    """At most LONGEST characters, cut after a sentence."""
    if len(text) <= LONGEST:
        return text
    kept = text[:LONGEST]
    end = max(kept.rfind(mark) for mark in (". ", "! ", "? ", "\n"))
    return kept[: end + 1].rstrip() if end > LONGEST // 3 else f"{kept[: LONGEST - 1].rstrip()}…"


def amounts(text: str) -> frozenset[float]:
    """The prices that a passage tells, by value: Rp 140.000, IDR 140,000, 140k and 140rb are one."""
    found = PRICE.finditer(text.lower())
    return frozenset(_value(each) for each in found if each["money"] or each["times"])


def _value(price: re.Match[str]) -> float:
    told = price["number"]
    whole = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", told)
    number = float(re.sub("[.,]", "", told) if whole else told.replace(",", "."))
    return number * TIMES.get(price["times"] or "", 1)


def clear(
    asked: Question, entries: Sequence[tuple[Page, float]], language: str = ""
) -> tuple[int, str] | None:
    """The place of the entry that answers beyond doubt, with its words; None when a person should.

    Entries come best first, with the scores of the search. Of two that say the same, the one in `language` answers.
    """
    if FOR_PEOPLE.search(asked.text) or not (asked.main or asked.asks_price):
        return None
    top = max((score for _entry, score in entries), default=0) or 1
    able = []
    for place, (entry, score) in enumerate(entries):
        if asked.asks("clock") and entry.title & HOLIDAYS and not asked.names_a_day_off:
            continue  # `jam buka?` is not about a holiday
        if asked.hard and asked.share(entry.everything) < ENOUGH:
            continue
        if score < BEHIND * top and asked.share(entry.about) < 1:
            continue
        choice = choose(entry, asked)
        if _able(choice, entry, asked):
            able.append((choice.fit + 0.3 * score / top, -place, choice, entry))
    if not able:
        return None
    fit, place, best, entry = max(able, key=lambda one: one[:2])
    if language and entry.language != language and not asked.whole_day:
        fit, place, best, entry = max(
            (one for one in able if one[3].language == language and _same(one, fit, best)),
            key=lambda one: one[:2],
            default=(fit, place, best, entry),
        )
    rivals = [
        rival
        for value, _place, rival, page in able
        if rival is not best and value > fit - AHEAD and not _special_beside(entry, page, asked)
    ]
    if entry.orders or (asked.asks_price and _other_price(best, rivals)):
        return None
    return -place, best.text


def _same(one: tuple[float, int, Choice, Page], fit: float, best: Choice) -> bool:
    """Whether this choice says the same as the best one: nearly as well, with the same numbers."""
    mine, its = (amounts(c.text).union(NUMBER.findall(c.text)) for c in (one[2], best))
    return one[0] > fit - NEARLY and (bool(mine & its) or mine == its)


def _special_beside(best: Page, rival: Page, asked: Question) -> bool:
    """A fee for something that nobody asked about (to freeze a membership) is no rival of the price list."""
    return asked.asks_price and _general(best, asked) and not _general(rival, asked)


def _other_price(best: Choice, rivals: Iterable[Choice]) -> bool:
    mine = amounts(best.text)
    return any(amounts(rival.text) - mine for rival in rivals)


def _able(choice: Choice, entry: Page, asked: Question) -> bool:
    """Whether the entry tells enough of what was named, and all that kind of question asks for."""
    if not choice.tells or choice.covered < ENOUGH:
        return False
    if asked.asks_price and not asked.main:
        return _general(entry, asked)
    main = asked.main
    if main is None or (asked.whole_day and not main.found(entry.about)):
        return False  # one class on Friday is not what is on Fridays
    if choice.joined and asked.share(entry.about) < 0.3:
        return False  # two remarks about different things are no answer
    if asked.asks("discount") and not (main.found(entry.about) or _general(entry, asked)):
        return False  # what partners take off for our students is another matter
    if not asked.is_question and not main.found(entry.about):
        return False
    said, titled = asked.share(entry.everything), asked.share(entry.about)
    if not asked.kinds and not titled and said < SURE:
        return False  # a remark that goes with it, in an entry about something else
    if any(not one.known for one in asked.hard) and asked.share(entry.about) < ENOUGH / 2:
        return False
    return bool(main.found(entry.about) or main.found(_tokens(choice.text)))


def _general(entry: Page, asked: Question) -> bool:
    """Whether the entry is about prices as such, not about those of something special."""
    return entry.title - asked.names <= GENERAL
