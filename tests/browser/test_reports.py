"""Reports and Home in a real browser: charts are drawn, follow the theme, and open as tables."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.pages
COLOUR = "canvas => Chart.getChart(canvas).data.datasets[1].backgroundColor"


def drawn(page: Page, address: str) -> int:
    """How many charts hold ink."""
    page.goto(address)
    settled(page)
    return int(
        page.evaluate(
            "[...document.querySelectorAll('canvas[data-chart]')].filter(canvas => canvas.width > 50 &&"
            " canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(dot => dot)).length"
        )
    )


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_every_chart_is_drawn_and_nothing_is_wider_than_the_screen(staff: Open, size: str) -> None:
    page = staff(size)
    assert drawn(page, "/admin/reports/") >= 7
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert drawn(page, "/admin/") == 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_chart_opens_as_a_table_by_keyboard(staff: Open) -> None:
    page = staff("wide")
    page.goto("/admin/reports/")
    card = page.locator("#report-volume")
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(card.locator("table")).to_be_visible()
    assert card.locator("tbody tr").count() == 30


def test_charts_take_the_colours_of_the_theme(staff: Open) -> None:
    page = staff("wide")
    page.goto("/admin/reports/")
    canvas = page.locator("#report-volume canvas")
    light = canvas.evaluate(COLOUR)
    page.evaluate("document.documentElement.classList.add('dark')")
    page.wait_for_function(
        "light => Chart.getChart(document.querySelector('#report-volume canvas')).data.datasets[1].backgroundColor !== light",
        arg=light,
    )
