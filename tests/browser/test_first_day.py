"""The first day: a new studio's pages say what comes next, and the guide ticks itself."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PASSWORD, Open, Visit, settled

pytestmark = pytest.mark.pages
BROKEN = re.compile(r"\bNone\b|\bNaN\b|\bundefined\b|\b0 ?%")
Owner = Callable[..., Page]


@pytest.fixture
def owner(staff: Open, visit: Visit) -> Owner:
    """The owner of a studio that was made a moment ago, in her own browser."""

    def enter(size: str = "phone", language: str = "en") -> Page:
        platform = staff()
        platform.goto("/admin/platform/")
        platform.get_by_text("Make a new studio").click()
        platform.fill("[name=name]", f"Pagi {time.time_ns()}")
        platform.get_by_role("button", name="Make it, and a link for its owner").click()
        page = visit(size)
        join(page, urlsplit(platform.input_value("#link")).path, f"putu{time.time_ns()}")
        settled(page)  # Home counts its first days
        if language != "en":
            page.goto("/admin/account/")
            page.locator("#own-language").select_option(language)
            page.locator("form:has(#own-language) button").click()
            expect(page.locator("html")).to_have_attribute("lang", language)
        return page

    return enter


def join(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.fill("[name=first_name]", name.title())
    page.fill("[name=username]", name)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.get_by_role("button", name="Join").click()
    page.wait_for_url("**/admin/")


def menu(page: Page) -> list[str]:
    """Where the menu leads."""
    page.goto("/admin/")
    settled(page)
    links = page.eval_on_selector_all("#nav-sidebar-apps a[href]", "all => all.map(a => a.href)")
    return list(dict.fromkeys(urlsplit(link).path for link in links))


@pytest.mark.parametrize("language", ["en", "id"])
def test_each_page_of_a_new_studio_says_what_comes_next(owner: Owner, language: str) -> None:
    page = owner("phone", language)
    found = menu(page)
    assert len(found) > 12
    for address in [*found, "/admin/account/", "/admin/tenants/deed/"]:
        page.goto(address)
        settled(page)
        text = page.locator("#content").inner_text()
        assert text.strip(), address
        assert not BROKEN.search(text), f"{address}: {BROKEN.search(text)} in {text}"
        expect(page.locator("#content canvas:visible")).to_have_count(0)


def step(page: Page, key: str) -> Locator:
    page.goto("/admin/guide/")
    return page.locator(f"[data-step={key}]")


def is_done(page: Page, key: str) -> None:
    expect(step(page, key)).to_have_class(re.compile(r"\bdone\b"))


def test_the_guide_ticks_itself_on_a_phone(owner: Owner) -> None:
    page = owner("phone")
    page.goto("/admin/guide/")
    expect(page.get_by_text("0 of 5 steps done")).to_be_visible()
    step(page, "details").get_by_role("link").click()
    page.get_by_label("Address").fill("Jl. Pantai Berawa 7")
    page.get_by_label("Phone").fill("0361 700 700")
    page.get_by_label("Monday opens").first.fill("7")
    page.get_by_label("Monday closes").first.fill("21")
    page.get_by_role("button", name="Save", exact=True).click()
    is_done(page, "details")
    step(page, "staff").get_by_role("link").click()
    page.locator("[name=handover_contacts]").first.fill("0812 3456 7890")
    page.get_by_role("button", name="Save", exact=True).click()
    is_done(page, "staff")
    step(page, "knowledge").get_by_text("Start from templates").click()
    page.get_by_role("button", name="Make the drafts").click()
    expect(page.get_by_text("10 drafts are made.")).to_be_visible()
    expect(step(page, "knowledge").get_by_text("0 of 5")).to_be_visible()
    expect(page.get_by_text("2 of 5 steps done")).to_be_visible()


def test_the_guide_on_home_is_put_away_and_brought_back(owner: Owner) -> None:
    page = owner("phone")
    card = page.get_by_role("heading", name="Set up your studio")
    expect(card).to_be_visible()
    page.get_by_role("button", name="Put away").click()
    expect(page.get_by_text("The guide is put away.")).to_be_visible()
    expect(card).to_have_count(0)
    assert "/admin/guide/" not in menu(page)
    page.goto("/admin/studio/settings/")
    page.locator("#content").get_by_role("link", name="Setup guide").click()
    page.get_by_role("button", name="Show the guide on Home again").click()
    expect(page.get_by_role("button", name="Put the guide away")).to_be_visible()
    page.goto("/admin/")
    expect(card).to_be_visible()
