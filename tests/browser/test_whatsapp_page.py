"""The WhatsApp page as a phone's camera and a person see it: codes that can be scanned, and a status that is true.

Only the pages run here; what the service would write into the rows, the tests write.
"""

import contextlib
import datetime as dt
import io
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import (
    CHROMIUM,
    NOT_OURS,
    PASSWORD,
    ROOT,
    SIZES,
    USER,
    _free_port,
    _wait_for,
    log_in,
)

pytestmark = [pytest.mark.pages, pytest.mark.xdist_group("whatsapp")]
NOT_ANSWERING = "MILA's WhatsApp service is not answering."


class Pages:
    """The web process alone, and the rows of the first studio."""

    def __init__(self, address: str, folder: Path):
        self.address, self.folder = address, folder

    def write(self, **values: object) -> None:
        """What a line would write now."""
        values = {"heartbeat_at": at(), "state_since": at(), **values}
        names = ", ".join(f"{name} = ?" for name in values)
        file = self.folder / "mila.sqlite3"
        with contextlib.closing(sqlite3.connect(file, timeout=20)) as database:
            ombak = "(SELECT id FROM tenants_tenant WHERE name LIKE 'Ombak%')"
            query = f"UPDATE whatsapp_whatsappaccount SET {names} WHERE tenant_id = {ombak}"  # noqa: S608
            assert database.execute(query, list(values.values())).rowcount == 1
            database.commit()

    def shows(self, code: str) -> None:
        self.write(state="qr_ready", qr=code, qr_expires_at=at(60), phone="", wanted=1)


def at(seconds: float = 0) -> str:
    now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return str(now.replace(tzinfo=None))


ACCOUNTS = """
from tenants.models import Tenant
from whatsapp.pairing import account_of
for studio in Tenant.objects.all():
    account_of(studio)
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    if not CHROMIUM.exists():
        pytest.skip("These tests need Chromium: apt-get install chromium, or set CHROMIUM.")
    folder, port = tmp_path_factory.mktemp("pages"), _free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    env |= {"DATA_DIR": str(folder), "ADMIN_USER": USER, "ADMIN_PASS": PASSWORD}
    env |= {"ENV_FILE": os.devnull, "PYTHONUNBUFFERED": "1"}
    env.pop("DJANGO_SETTINGS_MODULE", None)

    def manage(*command: str) -> None:
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True)

    manage("migrate", "--verbosity", "0")
    manage("initmila", "--demo")
    manage("shell", "--no-imports", "-c", ACCOUNTS)
    serve = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    running = subprocess.Popen(serve, cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield Pages(address, folder)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


@pytest.fixture
def owner(pages: Pages, browser: Browser) -> Iterator["Owner"]:
    owner = Owner(pages, browser)
    yield owner
    for context in browser.contexts:
        context.close()
    assert owner.complaints == []


class Owner:
    def __init__(self, pages: Pages, browser: Browser):
        self._pages, self._browser = pages, browser
        self.complaints: list[str] = []

    def opens(self, size: str = "wide", theme: str = "light") -> Page:
        context = self._browser.new_context(
            base_url=self._pages.address,
            viewport=SIZES[size],  # type: ignore[arg-type]
            color_scheme=theme,  # type: ignore[arg-type]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda s: self.complaints.append(s.text) if s.type == "error" else None)
        log_in(page)
        page.goto("/admin/whatsapp/")
        return page


def scanned(page: Page) -> str:
    """What a camera reads in the page as it is shown."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        found = zxingcpp.read_barcodes(
            picture.convert("RGB"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
    return str(found[0].text) if found else ""


CODES = ["2@first" + "A1b2" * 50 + ",x==,y==", "2@second" + "C3d4" * 50 + ",x==,y=="]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_phone_can_scan_the_code_and_the_next_one(
    pages: Pages, owner: Owner, size: str, theme: str
) -> None:
    pages.shows(CODES[0])
    page = owner.opens(size, theme)
    picture = page.locator("#whatsapp-code svg")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box
    assert box["width"] >= 264
    assert scanned(page) == CODES[0]
    page.evaluate("window.same = true")
    pages.shows(CODES[1])
    page.wait_for_function(
        "old => document.querySelector('#whatsapp-code svg').innerHTML !== old",
        arg=picture.inner_html(),
        timeout=20_000,
    )
    assert scanned(page) == CODES[1]
    assert page.evaluate("window.same")  # nobody loaded the page anew
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_status_is_true_when_the_service_falls_silent_and_comes_back(
    pages: Pages, owner: Owner
) -> None:
    pages.write(state="connected", phone="+6281200001101", qr="")
    page = owner.opens()
    status = page.locator("#whatsapp-status")
    expect(status).to_contain_text("Messages are received and answered.")
    expect(page.get_by_role("button", name="Disconnect this number")).to_be_visible()
    page.evaluate("window.same = true")
    pages.write(heartbeat_at=at(-61))
    expect(status).to_contain_text(NOT_ANSWERING, timeout=30_000)
    page.goto("/admin/")
    expect(page.locator("body")).to_contain_text("not answering")
    page.goto("/admin/whatsapp/")
    page.evaluate("window.same = true")
    pages.write(state="connected")
    expect(status).to_contain_text("Messages are received and answered.", timeout=30_000)
    assert page.evaluate("window.same")


def test_a_new_code_is_not_read_out_and_what_is_typed_stays(pages: Pages, owner: Owner) -> None:
    pages.shows(CODES[0])
    page = owner.opens()
    page.get_by_role("tab", name="Link with phone number").click()
    page.fill("#pair-phone", "0812 12")
    page.evaluate(
        "new MutationObserver(() => { window.moved = true; }).observe("
        "document.getElementById('whatsapp-status'), {childList: true, subtree: true, characterData: true})"
    )
    before = page.locator("#whatsapp-code").inner_html()
    pages.shows(CODES[1])
    page.wait_for_function(
        "old => document.querySelector('#whatsapp-code').innerHTML !== old", arg=before
    )
    assert not page.evaluate("window.moved === true")
    expect(page.locator("#pair-phone")).to_have_value("0812 12")


def test_on_a_phone_the_number_comes_first_and_its_code_is_shown(
    pages: Pages, owner: Owner
) -> None:
    pages.write(state="stopped", phone="", qr="", pair_code="")
    page = owner.opens("phone")
    expect(page.locator("#pair-phone")).to_be_visible()
    expect(page.locator("#by-scan")).to_be_hidden()
    tabs = page.get_by_role("tab").evaluate_all(
        "tabs => tabs.map(t => [t.getBoundingClientRect().x, t.dataset.tab]).sort((a, b) => a[0] - b[0])"
    )
    assert tabs[0][1] == "number"
    pages.write(state="qr_ready", pair_code="ABCD1234", pair_code_expires_at=at(100))
    expect(page.locator("#whatsapp-pair")).to_contain_text("ABCD-1234")


def test_disconnecting_asks_for_the_studios_name(pages: Pages, owner: Owner) -> None:
    pages.write(state="connected", phone="+6281200001101", qr="", pair_code="")
    page = owner.opens("phone")
    page.get_by_role("button", name="Disconnect this number").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_label("to confirm").fill("Not this one")
    dialog.get_by_role("button", name="Disconnect").click()
    expect(page.locator("body")).to_contain_text("Nothing was unlinked")


def test_a_used_up_code_can_be_asked_for_anew(pages: Pages, owner: Owner) -> None:
    pages.write(state="qr_expired", phone="", qr="", pair_code="", pair_requested_at=None)
    page = owner.opens()
    page.get_by_role("button", name="Show a new code").click()
    expect(page.locator("#whatsapp-code")).to_contain_text("A code comes in a few seconds")
    expect(page.locator(".w-log")).to_contain_text("asked for a code to scan")
