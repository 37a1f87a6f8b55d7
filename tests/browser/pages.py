"""Every page that a person can open, found by its links: a page added to the menu is walked without being named here."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tenants.settingtabs import TABS
from tests.browser.conftest import settled

# Reached from another page than the menu.
MORE = [
    "/admin/account/",
    "/admin/account/second-factor/",
    "/admin/conversations/message/",
    "/admin/conversations/quickreply/",
    "/admin/knowledge/knowledgecategory/",
    "/admin/knowledge/knowledgeentry/add/",
    "/admin/knowledge/knowledgeentry/import/",
    "/admin/notices/mine/",
    "/admin/tenants/apitoken/add/",
    "/admin/tenants/deed/",
    "/admin/tenants/tenant/",
    "/admin/whatsapp/whatsappaccount/",
    *(f"/admin/studio/settings/{tab.key}/" for tab in TABS),
]
KEY = r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+"
ROW = re.compile(rf'href="(/admin/[\w/-]*/(?:{KEY})/(?:change|history)/)["?]')

_walked: dict[str, list[str]] = {}  # the pages of a running house


def pages(page: Page) -> list[str]:
    """The menu's pages, those beside it, and of every kind of row the first that they lead to."""
    page.goto("/admin/")
    house = urlsplit(page.url).netloc
    if house not in _walked:
        _walked[house] = _walk(page)
    return _walked[house]


def opened(page: Page) -> Iterator[str]:
    """Each of them, open and at rest in the browser."""
    for address in pages(page):
        page.goto(address)
        settled(page)
        yield address


def _walk(page: Page) -> list[str]:
    found = dict.fromkeys([*_menu(page), *MORE])
    todo, kinds = list(found), set()
    for address in todo:  # grows: a form leads to its history
        for row in ROW.findall(_read(page, address)):
            if (kind := re.sub(KEY, "", row)) not in kinds:
                kinds.add(kind)
                todo.append(row)
    return list(dict.fromkeys(todo))


def _read(page: Page, address: str) -> str:
    """The page without a browser: every one that something leads to must be there."""
    answer = page.context.request.get(address)
    assert answer.status == 200, f"{address}: {answer.status}"
    return answer.text()


def _menu(page: Page) -> list[str]:
    """Where the menu leads, in its order, without queries and marks."""
    links = page.eval_on_selector_all(
        "#nav-sidebar-apps a[href]", "links => links.map(link => link.href)"
    )
    return [urlsplit(link).path for link in links]
