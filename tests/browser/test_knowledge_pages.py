"""What staff do with the knowledge, in a real Chromium: a dirty file, two people at one entry, a draft that is tried."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settled

pytestmark = pytest.mark.pages

LIST = "/admin/knowledge/knowledgeentry/"
DIRT = """id;tenant;judul;kategori;isi;status
1;senja;Loker baru {mark};lokasi;Loker gratis — bawa gembok.;aktif
2;senja;Jadwal {mark};jadwal yang salah;Senin 07.00;aktif
3;senja;Rumus {mark};lokasi;=HYPERLINK("http://evil.example");aktif
4;senja;;kelas;Tanpa judul;aktif
"""


def no_side_scroll(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def new_entry(page: Page, title: str, text: str) -> str:
    """The address of an entry that is made by hand."""
    page.goto(f"{LIST}add/")
    page.fill("#id_title", title)
    page.fill("#id_content", text)
    page.locator("[name=_continue]").click()
    page.wait_for_url("**/change/**")
    return page.url


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_dirty_file_is_told_line_by_line_and_its_good_lines_are_imported(
    staff: Open, size: str
) -> None:
    page, mark = staff(size), uuid.uuid4().hex[:6]
    settled(page)
    page.goto(f"{LIST}import/")
    no_side_scroll(page)
    data = DIRT.format(mark=mark).encode("cp1252")
    file = {"name": "pengetahuan.csv", "mimeType": "text/csv", "buffer": data}
    page.set_input_files("#file", files=[file])  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload and look at it").click()
    expect(page.get_by_text("it was read as cp1252")).to_be_visible()
    expect(page.get_by_text("Not read: id, tenant.")).to_be_visible()
    no_side_scroll(page)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name="3 lines have errors")).to_be_visible()
    for line in ("Row 3", "Row 4", "Row 5"):
        expect(page.get_by_text(line, exact=True)).to_be_visible()
    no_side_scroll(page)
    page.get_by_role("button", name="Import the 1 good line alone").click()
    expect(page.get_by_text("1 of 1 lines are written.")).to_be_visible(timeout=30_000)
    page.goto(f"{LIST}?q={mark}")
    expect(page.get_by_role("link", name=f"Loker baru {mark}")).to_be_visible()
    expect(page.locator("#result_list .field-title")).to_have_count(1)


def test_a_page_of_html_is_refused_as_a_picture_and_the_text_stays(staff: Open) -> None:
    page, mark = staff(), uuid.uuid4().hex[:6]
    page.goto(f"{LIST}add/")
    page.fill("#id_title", f"Peta {mark}")
    page.fill("#id_content", "Lihat gambar.")
    html = {"name": "peta.png", "mimeType": "image/png", "buffer": b"<html><script>1</script>"}
    page.set_input_files("#id_new_file", files=[html])  # type: ignore[arg-type]
    page.locator("[name=_save]").click()
    expect(page.get_by_text("Only JPEG, PNG and WebP pictures and PDF")).to_be_visible()
    expect(page.locator("#id_content")).to_have_value("Lihat gambar.")
    page.goto(f"{LIST}?q={mark}")
    expect(page.get_by_text("Nothing fits this search.")).to_be_visible()


def test_who_saves_second_is_warned_and_no_edit_is_lost(staff: Open) -> None:
    first, mark = staff(), uuid.uuid4().hex[:6]
    address = new_entry(first, f"Parkir {mark}", "Parkir motor gratis.")
    second = staff()
    second.goto(address)
    first.fill("#id_content", "Parkir motor Rp 2.000.")
    first.locator("[name=_continue]").click()
    second.fill("#id_content", "Parkir motor Rp 3.000.")
    second.locator("[name=_save]").click()
    warned = second.locator(".k-overtaken")
    expect(warned).to_contain_text(re.compile(r"admin changed this at \d\d:\d\d\."))
    expect(warned.locator("del")).to_contain_text("2.000")
    expect(second.locator("#id_content")).to_have_value("Parkir motor Rp 3.000.")
    second.locator("[name=_continue]").click()
    second.goto(second.url.replace("/change/", "/history/"))
    for text in ("gratis", "2.000", "3.000"):
        expect(second.get_by_text(text).first).to_be_visible()
    second.once("dialog", lambda dialog: dialog.accept())
    second.get_by_role("button", name="Go back to this version").last.click()
    expect(second.get_by_text("The older version is in place again.")).to_be_visible()
    second.goto(address)
    expect(second.locator("#id_content")).to_have_value("Parkir motor gratis.")


def test_a_draft_is_written_with_the_tools_seen_and_tried(staff: Open) -> None:
    page = staff("phone")
    page.goto(f"{LIST}add/")
    page.get_by_role("button", name="Insert a text to fill in").click()
    expect(page.locator("#id_content")).not_to_have_value("")
    page.fill("#id_title", "Parkir sepeda")
    page.fill("#id_content", "Parkir sepeda gratis di halaman.\n\n")
    page.get_by_role("button", name="Table", exact=True).click()
    page.fill("#id_keywords", "parkir, sepeda, gowes")
    page.get_by_role("button", name="Remove keyword: gowes").click()
    expect(page.locator("#id_keywords")).to_have_value("parkir, sepeda")
    page.get_by_role("button", name="WhatsApp", exact=True).click()
    expect(page.locator(".k-message")).to_contain_text("- Monday: Time 07:00")
    expect(page.locator("#id_title")).to_be_hidden()
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.locator(".m-preview table")).to_be_visible()
    page.get_by_role("button", name="Try it", exact=True).click()
    page.get_by_label("What would a customer ask?").fill("ada parkir sepeda kak?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#k-tried")).to_contain_text(
        "Parkir sepeda gratis di halaman.", timeout=20_000
    )
    no_side_scroll(page)
    save = page.locator("[name=_save]").bounding_box()
    assert save is not None
    assert save["y"] + save["height"] <= 844  # in reach of a thumb, without scrolling


def test_the_list_fits_a_phone_and_exports(staff: Open) -> None:
    page = staff("phone")
    page.goto(LIST)
    no_side_scroll(page)
    row = page.locator("#result_list tbody tr").first
    told = [cell for cell in row.locator("[class*=field-]").all() if cell.is_visible()]
    assert len(told) <= 4  # beside its box: title, what it is about, status, index
    with page.expect_download() as download:
        page.get_by_role("button", name="Export (xlsx)").click()
    assert download.value.suggested_filename.endswith(".xlsx")
