"""Login, invitation, second factor, team and the platform's page, in a real Chromium."""

import base64
import re
import time
from urllib.parse import urlsplit

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, USER, Open, Visit

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("pages")]
SECRET = "kelapa muda 77"


def log_in(page: Page, name: str, password: str = SECRET) -> None:
    page.goto("/admin/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")


def invited(page: Page, role: str) -> str:
    """The path of a new invitation, made on the Team page."""
    page.goto("/admin/team/")
    page.check(f"[name=role][value={role}]")
    page.get_by_role("button", name="Make a link").click()
    return urlsplit(page.input_value("#link")).path


def join(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.fill("[name=first_name]", name.title())
    page.fill("[name=username]", name)
    page.fill("[name=password1]", SECRET)
    page.fill("[name=password2]", SECRET)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("Welcome to")).to_be_visible()


def no_wider(page: Page) -> None:
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, page.url


@pytest.mark.parametrize(("language", "words"), [("en", "Log in"), ("id", "Masuk")])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_login_works_on_a_phone(visit: Visit, language: str, words: str, theme: str) -> None:
    page, weights = visit("phone", language, theme), []
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda done: weights.append(done["encodedDataLength"]))
    page.goto("/admin/login/")
    page.wait_for_load_state("networkidle")
    assert 100_000 < sum(weights) <= 1_000_000
    expect(page.get_by_role("button", name=words)).to_be_in_viewport(ratio=1)
    for field in ("username", "password"):
        size = f"getComputedStyle(document.querySelector('[name={field}]')).fontSize"
        assert page.evaluate(size) == "16px"  # below, an iPhone zooms in
    expect(page.locator("main, [role=main]")).to_have_count(1)
    no_wider(page)


def test_the_language_is_switched_before_the_login(visit: Visit) -> None:
    page = visit()
    page.goto("/admin/login/")
    page.get_by_role("button", name="Bahasa Indonesia").click()
    expect(page.get_by_role("button", name="Masuk")).to_be_visible()
    log_in(page, "nobody", "x")
    expect(page.locator("html")).to_have_attribute("lang", "id")


def test_from_the_invitation_to_the_code_on_a_phone(staff: Open, visit: Visit) -> None:
    owner = staff()
    link = invited(owner, "front_desk")
    owner.get_by_role("button", name="Copy").click()
    page = visit("phone")
    join(page, link, f"wayan{time.time_ns()}")
    page.goto("/admin/account/second-factor/")
    expect(page.locator(".m-qr svg")).to_be_in_viewport(ratio=1)
    no_wider(page)
    key = base64.b32decode(page.locator(".m-secret").inner_text().replace(" ", ""))
    page.fill("[name=code]", f"{TOTP(key, drift=-1).token():06}")
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator(".m-codes li")).to_have_count(10)
    kept = page.locator(".m-codes li").first.inner_text()
    page.goto("/admin/account/")
    username = page.locator("[name=username]").first.input_value()
    page.context.clear_cookies()
    log_in(page, username)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.fill("[name=code]", "000000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This code is not right")).to_be_visible()
    page.fill("[name=code]", f"{TOTP(key).token():06}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    page.context.clear_cookies()
    log_in(page, username)
    page.fill("[name=code]", kept)
    page.keyboard.press("Enter")
    expect(page.get_by_text("You used a recovery code. Left: 9.")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()


def test_the_team_is_changed_by_keyboard(staff: Open, visit: Visit) -> None:
    owner = staff()
    name = f"ketut{time.time_ns()}"
    join(visit("wide"), invited(owner, "front_desk"), name)
    owner.goto("/admin/team/")
    person = owner.locator(".m-person", has_text=name)
    person.locator("summary").focus()
    owner.keyboard.press("Enter")
    role = person.get_by_label("Role of")
    role.focus()
    role.select_option("editor")
    person.get_by_role("button", name="Change the role").focus()
    owner.keyboard.press("Enter")
    expect(owner.get_by_text(re.compile("The role of Ketut.* is changed"))).to_be_visible()
    owner.on("dialog", lambda dialog: dialog.accept())
    person.locator("summary").click()
    person.get_by_role("button", name="Remove").click()
    expect(owner.get_by_text("no longer works here")).to_be_visible()
    expect(owner.locator(".m-person", has_text=name)).to_have_count(0)


def test_a_new_studio_is_made_and_its_owner_comes_in(staff: Open, visit: Visit) -> None:
    page = staff()
    page.goto("/admin/platform/")
    page.get_by_text("Make a new studio").click()
    name = f"Pagi {time.time_ns()}"
    page.fill("[name=name]", name)
    page.get_by_role("button", name="Make it, and a link for its owner").click()
    expect(page.get_by_text("answers nobody until its owner goes live")).to_be_visible()
    owner = visit("phone")
    join(owner, urlsplit(page.input_value("#link")).path, f"putu{time.time_ns()}")
    expect(owner.get_by_text("This studio is in test mode")).to_be_visible()
    owner.goto("/admin/team/")
    no_wider(owner)


def test_the_switch_stays_on_the_page(visit: Visit) -> None:
    page = visit("wide")
    log_in(page, USER, PASSWORD)
    page.locator("#content button", has_text="Ombak").click()
    page.wait_for_selector(".m-figures")
    page.goto("/admin/knowledge/knowledgeentry/")
    entry = page.locator("#result_list a[href*='/change/']").first.get_attribute("href")
    page.locator(".m-switch > summary").click()
    page.locator(".m-switch-list button", has_text="Senja").click()
    expect(page.locator(".m-switch > summary")).to_contain_text("Senja")
    assert urlsplit(page.url).path == "/admin/knowledge/knowledgeentry/"
    page.goto(str(entry))
    expect(page.get_by_text("This page belongs to Ombak")).to_be_visible()
