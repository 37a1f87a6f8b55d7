"""The settings in parts, the own account and the setup guide, in a real Chromium."""

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Open

pytestmark = pytest.mark.pages
SETTINGS = "/admin/studio/settings/"


def no_wider(page: Page) -> None:
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, page.url


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_the_settings_are_filled_in_by_thumb(staff: Open) -> None:
    page = staff("phone")
    page.goto(SETTINGS)
    no_wider(page)
    page.get_by_label("Monday opens").first.fill("7")
    page.get_by_label("Monday closes").first.fill("21.30")
    page.get_by_role("button", name="Copy Monday to the other days").click()
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    save(page)
    expect(page.get_by_label("Sunday closes").first).to_have_value("21:30")
    page.get_by_label("Part of the settings").select_option(label="Notices")
    page.wait_for_url("**/settings/notices/")
    contacts = page.locator("[name=handover_contacts]")
    before = contacts.count()
    page.get_by_role("button", name="Add a row").click()
    expect(contacts).to_have_count(before + 1)
    contacts.last.fill("0812 3456 7890")
    save(page)
    expect(contacts.first).to_have_value("+6281234567890")


def test_the_greeting_is_shown_while_it_is_typed(staff: Open) -> None:
    page = staff()
    page.goto(SETTINGS)
    page.locator(".s-tabs").get_by_role("link", name="Assistant").click()
    page.fill("#id_greeting", "Halo dari tim kami!")
    expect(page.locator("[data-greeting]")).to_have_text("Halo dari tim kami!")
    page.fill("#id_greeting", "")
    page.fill("#id_persona_name", "Dewi")
    expect(page.locator("[data-greeting]")).to_contain_text("Dewi")


def test_wrong_input_is_told_beside_its_field_and_stays(staff: Open) -> None:
    page = staff("phone")
    page.goto(f"{SETTINGS}notices/")
    page.get_by_label("Quiet from").fill("late")
    page.get_by_label("Quiet until").fill("6:00")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("This is no time. Write it like 22:00.")).to_be_visible()
    expect(page.get_by_label("Quiet from")).to_have_value("late")
    expect(page.get_by_label("Quiet until")).to_have_value("6:00")


def test_who_leaves_with_typed_text_is_asked(staff: Open) -> None:
    page, asked = staff(), []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.goto(SETTINGS)
    page.locator("#id_city").press_sequentially("Ubud")
    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.locator("#content").get_by_role("link", name="Change log").click(no_wait_after=True)
    assert asked == ["beforeunload"]
    assert page.url.endswith(SETTINGS)


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_every_part_fits_the_screen(staff: Open, size: str) -> None:
    page = staff(size)
    page.goto(SETTINGS)
    links = page.locator(".s-tabs a")
    parts = [str(links.nth(n).get_attribute("href")) for n in range(links.count())]
    assert len(parts) == 6
    expect(page.locator(".s-tabs")).to_be_visible(visible=size == "wide")
    expect(page.locator(".s-choose")).to_be_visible(visible=size == "phone")
    for part in parts:
        page.goto(part)
        no_wider(page)


def test_the_colours_are_chosen_in_the_account(staff: Open) -> None:
    page = staff()
    page.goto("/admin/account/")
    colours = page.get_by_label("Colours, in this browser")
    expect(colours).to_have_value("auto")
    colours.select_option("dark")
    expect(page.locator("html")).to_have_class("dark")
    page.reload()
    expect(page.get_by_label("Colours, in this browser")).to_have_value("dark")


def test_the_guide_is_put_away_and_comes_back(staff: Open) -> None:
    page = staff("phone")
    page.goto("/admin/guide/")
    no_wider(page)
    expect(page.locator("[data-step]")).to_have_count(5)
    expect(page.locator(".g-step.done [aria-hidden]").first).to_have_text("✓")
    page.get_by_role("button", name="Put the guide away").click()
    page.goto("/admin/guide/")
    page.get_by_role("button", name="Show the guide on Home again").click()
    expect(page.get_by_role("button", name="Put the guide away")).to_be_visible()
