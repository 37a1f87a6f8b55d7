"""A PDF as pieces of text, cut at its headings: drafts of entries that a person reads before they are used."""

import re
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from knowledge import apart, tables
from knowledge.strangers import MOST_PAGES
from knowledge.tables import Table

LONGEST = 3_000  # characters of a piece without a heading
SHORTEST = 20  # letters of a file that has any text at all
_SENTENCE_END = re.compile(r"[.,;!?…]$")
_NUMBERED = re.compile(r"^(?:\d{1,2}[.)]|[A-Z][.)]|bab \d+|pasal \d+)\s+\S", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"^(?:hal(?:aman)?\.?|page)?\s*\d{1,4}(?:\s*(?:/|dari|of)\s*\d{1,4})?$", re.I
)


def read(data: bytes) -> Table:
    """Titles and texts, one line for each piece. ValidationError with a sentence when there is no text."""
    if len(data) > tables.MOST_BYTES:
        most = tables.MOST_BYTES // 2**20
        raise ValidationError(
            _("The file is larger than %(most)d MB. Split it into several files.") % {"most": most}
        )
    pages = _pages(data)
    if sum(c.isalpha() for page in pages for c in page) < SHORTEST:
        raise ValidationError(
            _(
                "The PDF holds pictures of pages and no text, as scanners make them. Copy the text into a table, or write the entries by hand."
            )
        )
    pieces = [
        (title, text)
        for number, page in enumerate(pages, 1)
        for title, text in _pieces(page, number)
    ]
    lines = [(number, [title, text]) for number, (title, text) in enumerate(pieces, 1)]
    told = _("Text of a PDF comes as drafts: read each one, correct it, and activate it then.")
    return Table(["title", "content"], lines[: tables.MOST_ROWS], told)


def _pages(data: bytes) -> list[str]:
    found, refused = apart.read("pages", data)
    if refused:
        raise ValidationError(_why_not(refused))
    return [str(text) for text in found]


def _why_not(refused: str) -> str:
    if refused == "active":
        return _("The PDF holds a program or another file. Print it into a new PDF and try again.")
    if refused == "pages":
        return _("The PDF has more than %(most)d pages. Split it.") % {"most": MOST_PAGES}
    if refused in ("slow", "large"):
        return _("The PDF takes too long to read. Split it.")
    return _("The PDF is damaged or has a password. Save it anew and try again.")


def _pieces(page: str, number: int) -> Iterator[tuple[str, str]]:
    """The page cut at its headings; what stands before the first one is named by the page."""
    title, text = "", list[str]()
    for line in [*(line.strip() for line in page.splitlines()), None]:
        if line is not None and _PAGE_NUMBER.match(line):
            continue
        ends = line is None or _is_heading(line, text) or sum(map(len, text)) > LONGEST
        if ends and any(text):
            yield title or _("Page %(number)d") % {"number": number}, _joined(text)
            title, text = "", []
        if line is None:
            return
        if _is_heading(line, text) and not title:
            title = line.strip("#* ")[:200]
        else:
            text.append(line)


def _is_heading(line: str, above: list[str]) -> bool:
    """A short line that begins large and ends without a full stop, at the top or after an empty line or an end."""
    if not 3 <= len(line) <= 80 or _SENTENCE_END.search(line) or ":" in line:
        return False
    if not line[0].isupper() and not line[0].isdigit():
        return False
    if line.isupper() or _NUMBERED.match(line):
        return any(c.isalpha() for c in line)
    fresh = not above or not above[-1]
    return fresh and len(line.split()) <= 8 and line[0].isalpha()


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
