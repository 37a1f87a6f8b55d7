"""Between draft and outbox: facts must stand in what was shown, and the form is WhatsApp's."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from agent import facts

LIMIT = 900
_T = TypeVar("_T")


def unsupported(draft: str, sources: Iterable[str]) -> list[str]:
    """What the draft states and no source holds: amounts, times of day, links, phone and account numbers."""
    stated = _known(draft)
    if not stated:
        return []
    known = [_known(source) for source in sources]
    missing = sorted(stated.money - _all(each.money for each in known))
    clock = _all(each.clock for each in known)
    for minutes, other in stated.times:
        if minutes not in clock and other not in clock:
            missing.append(f"{minutes // 60:02d}:{minutes % 60:02d}")
    missing += sorted(link for link in stated.links if not any(link in each.text for each in known))
    missing += sorted(
        stated.long_numbers - _all(each.long_numbers | each.amounts for each in known)
    )
    return list(dict.fromkeys(missing))


@dataclass(frozen=True)
class _Facts:
    """What one text states that must be right."""

    text: str  # lower case
    money: frozenset[str]
    times: tuple[tuple[int, int | None], ...]
    clock: frozenset[int]
    links: frozenset[str]
    long_numbers: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.money or self.times or self.links or self.long_numbers)

    @property
    def amounts(self) -> frozenset[str]:
        """Amounts as bare digits: “1.950.000” without Rp looks like a long number."""
        return frozenset(amount.partition(":")[2] for amount in self.money)


@lru_cache(maxsize=4096)
def _known(text: str) -> _Facts:
    """Entries are asked for the same facts in every turn, so what they state is kept."""
    return _Facts(
        text.lower(),
        frozenset(facts.money(text)),
        tuple(facts.times(text)),
        frozenset(facts.clock(text)),
        frozenset(facts.links(text)),
        frozenset(facts.long_numbers(text)),
    )


def _all(parts: Iterable[frozenset[_T]]) -> frozenset[_T]:
    return frozenset().union(*parts)


def complaint(missing: list[str]) -> str:
    """What the model is told when its draft does not hold."""
    return (
        f"Your answer states what stands in no entry: {', '.join(missing)}. Answer again with facts from the entries "
        "only, copied exactly; leave out what is not there, or offer the team."
    )


_RULES: tuple[tuple[str, str], ...] = (
    (r"\r\n?", "\n"),
    (r"^\(written by the studio's staff\)\s*", ""),
    (r"</?[a-zA-Z][^>\n]*>", ""),  # tags
    (r"^\s{0,3}#{1,6}\s*(.+?)\s*#*$", r"*\1*"),  # headings
    (r"\*\*\*(.+?)\*\*\*", r"*\1*"),
    (r"\*\*(.+?)\*\*", r"*\1*"),
    (r"__(.+?)__", r"_\1_"),
    (r"\*\*|__", ""),
    (r"!?\[([^\]\n]+)\]\(([^)\s]+)\)", r"\1: \2"),
    (r"^\s*\|?[\s:|-]*-{2,}[\s:|-]*\|[\s:|-]*$\n?", ""),  # the line under a table's head
    (r"^\s*\|(.*)\|\s*$", r"- \1"),
    (r"^[ \t]*[*•·][ \t]+", "- "),
    (r"^(?:-{3,}|\*{3,}|_{3,})$", ""),
    (r"[ \t]+$", ""),
    (r"\n{3,}", "\n\n"),
)


def whatsapp(text: str, limit: int = LIMIT) -> str:
    """The text as WhatsApp shows it well: single markers, no headings, tables, tags or named links, not too long."""
    for pattern, replacement in _RULES:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    text = re.sub(r"^- (.*\|.*)$", _row, text, flags=re.MULTILINE)
    return shortened(text.strip(), limit)


def _row(match: re.Match[str]) -> str:
    return "- " + " · ".join(cell.strip() for cell in match[1].split("|") if cell.strip())


def shortened(text: str, limit: int) -> str:
    """Cut at the end of a line or sentence, never inside a number."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|\n", head)]
    cut = ends[-1] if ends and ends[-1] > limit // 2 else head.rfind(" ")
    return head[: cut if cut > 0 else limit - 1].rstrip() + "…"
