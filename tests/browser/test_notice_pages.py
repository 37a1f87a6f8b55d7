"""An open page tells that a customer waits: the number in the title, a sound, and a notification of the browser."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import log_in

pytestmark = pytest.mark.pages

ALERT = {
    "at": "2026-11-22T10:00:00+00:00",
    "studio": "x",
    "alerts": [
        {"id": "7", "title": "Ayu: Refund", "body": "My money", "urgent": False, "url": "/admin/"}
    ],
}
# What the page shows outside of itself, where no test can look.
WATCHED = """
window.told = [];
window.Notification = function (title, options) { window.told.push(title + " | " + options.body); };
window.Notification.permission = "granted";
"""


@pytest.fixture
def page(site: str, browser: Browser):
    context = browser.new_context(base_url=site)
    context.add_init_script(WATCHED)
    page = context.new_page()
    log_in(page)
    yield page
    context.close()


def test_the_number_of_who_waits_stands_in_the_title(page: Page) -> None:
    expect(page).to_have_title(re.compile(r"^\([0-9]+\) Home"))
    badge = page.locator("#badge-conversations_conversation_changelist")
    badge.evaluate("badge => { badge.textContent = '12'; }")
    expect(page).to_have_title(re.compile(r"^\(12\) Home"))
    badge.evaluate("badge => { badge.hidden = true; }")
    expect(page).to_have_title(re.compile(r"^Home"))


def test_a_new_one_is_told_once_by_sound_and_notification(page: Page) -> None:
    shown: list[str | None] = []
    page.route("**/admin/notices/news/**", lambda route: route.fulfill(json=ALERT))
    page.route("**/admin/notices/shown/", lambda route: _took(route, shown))
    page.evaluate("localStorage.setItem('mila-notices', 'x|2026-11-22T09:00:00+00:00')")
    page.clock.install()
    page.goto("/admin/playground/")
    page.locator("main, #page, body").first.click(position={"x": 700, "y": 20})
    page.wait_for_function("window.told.length === 1")
    assert page.evaluate("window.told") == ["Ayu: Refund | My money"]
    page.clock.run_for(21_000)
    page.clock.run_for(21_000)
    assert page.evaluate("window.told.length") == 1
    assert shown == ["id=7"]


def _took(route, shown: list[str | None]) -> None:
    shown.append(route.request.post_data)
    route.fulfill(status=204)


def test_a_person_tries_out_what_this_browser_does(page: Page) -> None:
    page.goto("/admin/notices/mine/")
    expect(page.get_by_text("Notifications are allowed in this browser.")).to_be_visible()
    page.get_by_role("button", name="Try it out").click()
    page.wait_for_function("document.documentElement.dataset.sounded === '1'")
    assert page.evaluate("window.told.length") == 1
    page.get_by_label("Sound in this browser").uncheck()
    page.reload()
    expect(page.get_by_label("Sound in this browser")).not_to_be_checked()
    page.get_by_role("button", name="Try it out").click()
    page.wait_for_function("window.told.length === 1")
    assert page.evaluate("document.documentElement.dataset.sounded") is None
