"""The form of an answer: WhatsApp's own markers and lists, at most 900 characters."""

import html
import re

LIMIT = 900
_EMOJI = "\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55"
_RULES: tuple[tuple[str, str], ...] = (
    (r"\r\n?", "\n"),
    (r"^\(written by the studio's staff\)\s*", ""),
    (r"^[ \t]*(?:```|~~~)\w*[ \t]*$\n?", ""),  # fences of code
    (r"```", ""),
    (r"<(https?://[^>\s]+|[^>\s@]+@[^>\s]+)>", r"\1"),
    (r"<!--.*?-->", ""),
    (r"</?[a-zA-Z!][^>\n]*>", ""),  # tags
    (r"^\s{0,3}#{1,6}[ \t]+(.+?)[ \t]*#*$", r"*\1*"),  # headings
    (r"^#{2,}$", ""),
    (r"\*\*\*(.+?)\*\*\*", r"*\1*"),
    (r"\*\*(.+?)\*\*", r"*\1*"),
    (r"(?<!\w)__(.+?)__(?!\w)", r"_\1_"),
    (r"~~(.+?)~~", r"~\1~"),
    (r"\*\*+|__+", ""),
    (r"!?\[([^\]\n]+)\]\(\s*([^)\s]+)[^)\n]*\)", r"\1: \2"),
    (r"^\s*\|?[\s:|-]*-{2,}[\s:|-]*\|[\s:|-]*$\n?", ""),  # the line under a table's head
    (r"^\s*\|(.*)\|\s*$", r"- \1"),
    (r"^[ \t]*(?:[*•·▪◦‣●+]|[-\u2013\u2014](?=[ \t]))[ \t]+(?:\[[ xX]\][ \t]+)?", "- "),  # also nested ones
    (r"^[ \t]*(\d{1,2})[.)][ \t]+", r"\1. "),
    (r"^(?:[-*_=][ \t]?){3,}$", ""),
    (r"\\([*_~`#\[\]().!>-])", r"\1"),
    (rf"([{_EMOJI}])(?:[\s\ufe0f]*\1)+", r"\1"),
    (r"[ \t]+$", ""),
    (r"\n{3,}", "\n\n"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.MULTILINE), into) for pattern, into in _RULES)
_ROW = re.compile(r"^- (.*\|.*)$", re.MULTILINE)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,5}|#x[0-9a-f]{2,5});", re.IGNORECASE)
_MARKS = "\U0001f3fb-\U0001f3ff\ufe0f"
_ONE_EMOJI = re.compile(
    rf"[ \t]?(?:[\U0001f1e6-\U0001f1ff]{{2}}|[{_EMOJI}])[{_MARKS}]*(?:\u200d[{_EMOJI}][{_MARKS}]*)*"
)
MOST_EMOJI = 2


def whatsapp(text: str, limit: int = LIMIT) -> str:
    """The text as WhatsApp shows it well: single markers, no headings, tables, tags or named links, not too long."""
    text = _ENTITY.sub(lambda match: html.unescape(match[0]).replace("\xa0", " "), text)
    for pattern, into in _COMPILED:
        text = pattern.sub(into, text)
    text = _ROW.sub(_cells, text)
    return shortened(_few_emoji(text).strip(), limit)


def _cells(match: re.Match[str]) -> str:
    return "- " + " · ".join(cell.strip() for cell in match[1].split("|") if cell.strip())


def _few_emoji(text: str) -> str:
    """The first emoji stay; a flood of them goes."""
    seen = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        return match[0] if seen <= MOST_EMOJI else ""

    return _ONE_EMOJI.sub(keep, text)


def shortened(text: str, limit: int) -> str:
    """Cut at the end of a line or sentence, never inside a number."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|\n", head)]
    cut = ends[-1] if ends and ends[-1] > limit // 2 else head.rfind(" ")
    return head[: cut if cut > 0 else limit - 1].rstrip() + "…"
