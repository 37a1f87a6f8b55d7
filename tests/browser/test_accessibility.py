"""Pages for everybody: axe finds nothing serious, text may be twice as large, thumbs and keyboards reach all."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Open, Visit
from tests.browser.pages import opened, pages

pytestmark = pytest.mark.pages
AXE = Axe()
GRAVE = ("critical", "serious")
ALL: dict[str, Any] = {"resultTypes": ["violations"]}
# In the dark a page differs in its colours; what people look at most is held against all rules again.
COLOURS = ALL | {"runOnly": ["color-contrast", "link-in-text-block"]}
MOST = re.compile(
    r"/admin/(conversations/conversation/(.+/change/)?|knowledge/knowledgeentry/(add/|.+/change/)?"
    r"|playground/|whatsapp/|reports/)?"
)
# As the account's choice of colours does, without loading the page anew.
THEME = """theme => {
    document.documentElement.classList.toggle("dark", theme === "dark");
    document.getAnimations().filter((moving) => moving.effect.getComputedTiming().endTime < Infinity)
        .forEach((moving) => moving.finish());
    return getComputedStyle(document.body).backgroundColor;
}"""


def violations(page: Page, rules: dict[str, Any] = ALL) -> list[str]:
    """What axe holds against the page, as lines that name the element."""
    found: list[dict[str, Any]] = AXE.run(page, options=rules).response["violations"]
    return [
        f"{page.url} {rule['id']} ({rule['impact']}): {node['target']} {node['html'][:160]}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:5]
    ]


def wears(page: Page, theme: str) -> str:
    """The colour of the page in this theme."""
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    return str(page.evaluate(THEME, theme))


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_axe_finds_nothing_serious_in_the_light_and_in_the_dark(staff: Open, size: str) -> None:
    page, found = staff(size), []
    for address in opened(page):
        light = wears(page, "light")
        found += violations(page)
        assert wears(page, "dark") != light
        found += violations(page, ALL if MOST.fullmatch(address) else COLOURS)
    assert not found, "\n".join(found)


def test_what_people_look_at_most_is_walked(staff: Open) -> None:
    most = [address for address in pages(staff()) if MOST.fullmatch(address)]
    assert len(most) == 9, (
        most
    )  # Home, inbox, thread, knowledge: list and two forms, and three more


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
    page, told = staff(size), []
    if size == "wide":
        page.set_viewport_size({"width": 720, "height": 450})
    for address in opened(page):
        if size == "phone":
            page.add_style_tag(content="html { font-size: 200% }")
        wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wider > 0:
            told.append(f"{address} is {wider} px wider than the screen")
    assert not told, "\n".join(told)
