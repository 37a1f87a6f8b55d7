"""No word of the machinery in an answer: rules, tools, ids. The knowledge may be quoted; what surrounds it may not."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from agent.tools import ESCALATE, SEARCH

IN_A_ROW = 8
_WORD = re.compile(r"\w+")
_INNER = re.compile(
    rf"{SEARCH}|{ESCALATE}|tool_(?:use|result|call)|</?\s?(?:entry|message|customer_name|now)\b|\bentry id\b|\btenant_?id\b|"
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\bmila_[0-9a-f]{8}_\w+|\bsk-ant-\w+",
    re.IGNORECASE,
)


def gives_away(
    draft: str, rules: str, references: Iterable[str], shown: Sequence[str]
) -> list[str]:
    """What the draft holds of our rules (eight words in a row), of tools, and of the ids of entries and studios.

    Words that also stand in what was shown for quoting are the studio's own.
    """
    found = [match[0] for match in _INNER.finditer(draft)]
    low = draft.lower()
    named = [name for name in references if name.lower() in low]
    held = [text.lower().replace("-", " ") for text in shown] if named else []
    found += [name for name in named if _is_id(name, held)]
    said = _runs(draft)
    common = said & _rules_runs(rules)
    if common:
        common -= frozenset().union(*(_runs(text) for text in shown))
    return [*dict.fromkeys(found), *(" ".join(run) for run in sorted(common)[:1])]


def _is_id(name: str, held: Iterable[str]) -> bool:
    """Whether people would never write it: “drop-in” and what the entries say themselves are words of the studio."""
    if len(name) <= 5 or "-" not in name:
        return False
    spelled = name.lower().replace("-", " ")
    ordinary = name.count("-") == 1 and not re.search(r"\d", name)
    return not ordinary and not any(spelled in text for text in held)


@lru_cache(maxsize=256)
def _rules_runs(rules: str) -> frozenset[tuple[str, ...]]:
    return _runs(rules)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return frozenset(zip(*(words[start:] for start in range(IN_A_ROW)), strict=False))
