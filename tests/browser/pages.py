"""Every page that a person can open, found by its links: a page added to the menu is walked without being named here."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Page

# Reached from another page than the menu.
MORE = [
    "/admin/account/",
    "/admin/account/second-factor/",
    "/admin/conversations/message/",
    "/admin/knowledge/knowledgecategory/",
    "/admin/knowledge/knowledgeentry/add/",
    "/admin/tenants/apitoken/add/",
    "/admin/tenants/deed/",
    "/admin/whatsapp/whatsappaccount/",
]
ROW = re.compile(r"/[0-9a-f-]{36}/|/\d+/change/")

_walked: dict[str, list[str]] = {}  # the pages of a running house


def pages(page: Page) -> list[str]:
    """The menu's pages, those beside it, and the first row of every list."""
    page.goto("/admin/")
    house = urlsplit(page.url).netloc
    if house not in _walked:
        _walked[house] = _walk(page)
    return _walked[house]


def _walk(page: Page) -> list[str]:
    found = dict.fromkeys([*_paths(page, "#nav-sidebar-apps a[href]"), *MORE])
    for address in list(found):
        answer = page.goto(address)
        page.wait_for_load_state("networkidle")  # some load themselves anew
        if answer is None or answer.status != 200:
            del found[address]
            continue
        rows = [path for path in _paths(page, "#content a[href]") if ROW.search(path)]
        pages = (path for path in rows if re.search(r"/(change|history)/$", path))
        if (row := next(pages, None)) is not None:
            found[row] = None
    return list(found)


def _paths(page: Page, selector: str) -> list[str]:
    """Where links lead, in their order, without queries and marks."""
    links = page.eval_on_selector_all(selector, "links => links.map(link => link.href)")
    return list(dict.fromkeys(urlsplit(link).path for link in links))
