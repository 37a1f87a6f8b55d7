"""Between draft and outbox: facts must stand in what was shown, and the form is WhatsApp's."""

import re

from agent import facts

LIMIT = 900


def unsupported(draft: str, sources: str) -> list[str]:
    """What the draft states and no source holds: amounts, times of day, links, phone and account numbers."""
    missing = sorted(facts.money(draft) - facts.money(sources))
    known = facts.clock(sources)
    for minutes, other in facts.times(draft):
        if minutes not in known and other not in known:
            missing.append(f"{minutes // 60:02d}:{minutes % 60:02d}")
    low = sources.lower()
    missing += sorted(link for link in facts.links(draft) if link not in low)
    missing += sorted(facts.long_numbers(draft) - facts.long_numbers(sources) - _amounts(sources))
    return list(dict.fromkeys(missing))


def _amounts(text: str) -> set[str]:
    """Amounts as bare digits: “1.950.000” without Rp looks like a long number."""
    return {amount.partition(":")[2] for amount in facts.money(text)}


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
