"""No English word is left on the pages in Indonesian, whichever program wrote it; nothing of the browser complains."""

import re
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Page

from tests.browser.conftest import PASSWORD, ROOT, USER, Visit, enter_studio
from tests.browser.pages import opened

pytestmark = pytest.mark.pages
MARK = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
# The same in both languages, or names.
SAME = {
    "status",
    "model",
    "mode",
    "editor",
    "token",
    "api",
    "platform",
    "tokens",
    "online",
    "total",
}
SAME |= {"whatsapp", "studio", "mila", "english", "admin", "chat", "inbox", "playground", "normal"}
SAME |= {"minimum", "maximum", "format", "file", "rupiah", "video", "audio", "e-mail", "id", "url"}

# Everything that people read or hear of a page, with how it is told; customers' and staff's own words aside.
TEXTS = """() => {
    const own = "[data-words], .m-bubble, .m-studio, .i-last, .m-quote, textarea, pre, code, option[lang], [lang]:not(html)";
    const found = new Set();
    const shown = (element) => element.getClientRects().length > 0 && !element.closest(".material-symbols-outlined");
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const parent = node.parentElement;
        if (/^(SCRIPT|STYLE|NOSCRIPT)$/.test(parent.tagName) || parent.closest(own) || !shown(parent)) continue;
        found.add(node.textContent);
    }
    for (const name of ["placeholder", "aria-label", "title", "alt", "data-confirm"])
        document.querySelectorAll(`[${name}]`).forEach((element) => found.add(element.getAttribute(name)));
    return [...found].map((text) => text.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""


def catalogues() -> Iterator[Path]:
    """Our own, and those of Django, which staff pages share."""
    yield ROOT / "locale/id/LC_MESSAGES/django.po"
    home = Path(django.__file__).parent
    for part in ("conf", "contrib/admin", "contrib/auth"):
        yield home / part / "locale/id/LC_MESSAGES/django.po"


def english() -> tuple[set[str], list[re.Pattern[str]]]:
    """What would be English: whole sentences, and those with holes."""
    plain: set[str] = set()
    holes: list[re.Pattern[str]] = []
    same: set[str] = set()
    for path in catalogues():
        with path.open("rb") as file:
            for message in read_po(file, locale="id"):
                ids = [message.id] if isinstance(message.id, str) else list(message.id)
                told = [message.string] if isinstance(message.string, str) else message.string or ()
                same |= {_plain(text) for text in told}
                plain |= {_plain(text) for text in ids if text and not MARK.search(text)}
                holes += [_pattern(text) for text in ids if MARK.search(text) and _wordy(text)]
    return plain - same - SAME, holes


def _plain(text: str) -> str:
    return " ".join(text.split()).lower().rstrip(":.… ")


def _wordy(text: str) -> bool:
    return len(re.findall(r"[a-z]{3,}", MARK.sub("", text))) >= 2


def _pattern(text: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in MARK.split(" ".join(text.split()))]
    return re.compile(".+".join(parts), re.IGNORECASE)


def left_in(page: Page, plain: set[str], holes: list[re.Pattern[str]]) -> list[str]:
    texts: list[str] = page.evaluate(TEXTS)
    return [
        f"{page.url}: {text}"
        for text in texts
        if _plain(text) in plain or any(hole.fullmatch(text) for hole in holes)
    ]


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_no_english_is_left_on_any_page_in_indonesian(visit: Visit, size: str) -> None:
    plain, holes = english()
    page = visit(size, "id")
    enter_studio(page, USER, PASSWORD)
    left: list[str] = []
    for _address in opened(page):
        left += left_in(page, plain, holes)
    assert page.locator("html").get_attribute("lang") == "id"
    assert not left, "\n".join(left)


def test_the_walk_would_notice(visit: Visit) -> None:
    plain, holes = english()
    page = visit("wide", "en")
    page.goto("/admin/login/")
    assert len(left_in(page, plain, holes)) > 3
