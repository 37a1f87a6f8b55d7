"""Pages for everybody: axe finds nothing serious, text may be twice as large, thumbs and keyboards reach all."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Open, Visit
from tests.browser.pages import pages

pytestmark = [pytest.mark.pages, pytest.mark.xdist_group("pages")]
AXE = Axe()
GRAVE = ("critical", "serious")


def violations(page: Page) -> list[str]:
    """What axe holds against the page, as lines that name the element."""
    found: list[dict[str, Any]] = AXE.run(page).response["violations"]
    return [
        f"{page.url} {rule['id']} ({rule['impact']}): {node['target']} {node['html'][:160]}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:5]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_axe_finds_nothing_serious(staff: Open, size: str, theme: str) -> None:
    page = staff(size, theme)
    found = []
    for address in pages(page):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        found += violations(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_axe_finds_nothing_serious_before_the_login(visit: Visit, size: str, theme: str) -> None:
    page = visit(size, "id", theme)
    for address in ("/admin/login/", "/join/not-a-link/"):
        page.goto(address)
        assert not violations(page)
    page.goto("/admin/login/")
    page.fill("[name=username]", "nobody")
    page.fill("[name=password]", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert], .errornote, [id^=error]")
    assert not violations(page)


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_text_may_be_twice_as_large(staff: Open, size: str) -> None:
    """Enlarged in the browser of a desk, everything is laid out in half the width; on a phone, text alone grows."""
    page = staff(size)
    found, told = pages(page), []
    if size == "wide":
        page.set_viewport_size({"width": 720, "height": 450})
    for address in found:
        page.goto(address)
        if size == "phone":
            page.add_style_tag(content="html { font-size: 200% }")
        wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wider > 0:
            told.append(f"{address} is {wider} px wider than the screen")
    assert not told, "\n".join(told)
