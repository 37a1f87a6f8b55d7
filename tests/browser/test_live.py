"""An open page and its server: news, a server that is away, a login that has ended, a tab that nobody looks at."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.conftest import Open, log_in

pytestmark = pytest.mark.pages
AWAY = "No connection to the server"
CARD = "**/admin/whatsapp/card/**"


@pytest.fixture
def desk(site: str, browser: Browser) -> Iterator[Page]:
    """A page of staff that polls, with hands on its clock; the browser itself complains when the server is away."""
    context = browser.new_context(base_url=site)
    page = context.new_page()
    log_in(page)
    page.clock.install()
    page.goto("/admin/whatsapp/")
    expect(page.locator("#whatsapp-card")).to_be_visible()
    yield page
    context.close()


def wait(page: Page, seconds: int) -> None:
    """Let time pass on the page, second by second, with time for answers in between."""
    for _second in range(seconds):
        page.clock.run_for(1000)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")


def asked(page: Page) -> list[str]:
    """What the page asks for from now on."""
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.headers.get("hx-request"):
            seen.append(request.url)

    page.on("request", note)
    return seen


def test_after_a_logout_in_another_tab_home_becomes_the_login(staff: Open) -> None:
    page = staff()
    other = page.context.new_page()
    other.goto("/admin/playground/")
    other.locator("[aria-label='Account menu']").click()
    other.get_by_role("button", name="Log out", exact=True).click()
    expect(other.get_by_role("link", name="Log in again")).to_be_visible()
    page.bring_to_front()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[name=password]")).to_be_visible()
    expect(page.locator("#whatsapp-card, .m-figures")).to_have_count(0)
    assert "/login/" in page.url


def test_a_server_that_is_away_is_told_and_asked_seldom_until_it_is_back(desk: Page) -> None:
    def nobody(route: Route) -> None:
        route.abort()

    desk.route(CARD, nobody)
    wait(desk, 5)
    expect(desk.get_by_text(AWAY)).to_be_hidden()
    wait(desk, 8)
    expect(desk.get_by_text(AWAY)).to_be_visible()
    seen = asked(desk)
    wait(desk, 15)
    assert not [url for url in seen if "whatsapp" in url]
    desk.unroute(CARD, nobody)
    wait(desk, 25)
    expect(desk.get_by_text(AWAY)).to_be_hidden()


def test_a_network_that_comes_back_is_used_at_once(desk: Page) -> None:
    desk.context.set_offline(True)
    wait(desk, 13)
    expect(desk.get_by_text(AWAY)).to_be_visible()
    desk.context.set_offline(False)
    expect(desk.get_by_text(AWAY)).to_be_hidden()


LOOK = """(hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_while_nobody_looks_only_news_for_a_notification_are_asked(desk: Page) -> None:
    desk.evaluate(LOOK, True)
    wait(desk, 1)
    seen = asked(desk)
    wait(desk, 45)
    assert not [url for url in seen if "/notices/news/" not in url]
    with desk.expect_request(CARD):
        desk.evaluate(LOOK, False)


def test_a_part_that_is_gone_stops_asking_and_keeps_what_was_typed(desk: Page) -> None:
    desk.get_by_role("tab", name="Link with phone number").click()
    desk.fill("#pair-phone", "0812")
    desk.route(CARD, lambda route: route.fulfill(status=404, body=""))
    wait(desk, 4)
    expect(desk.get_by_text("no longer up to date")).to_be_visible()
    seen = asked(desk)
    wait(desk, 10)
    assert not [url for url in seen if "whatsapp" in url]
    expect(desk.locator("#pair-phone")).to_have_value("0812")
