"""MILA as `make run` starts it, with demo data, and a Chromium that may talk to nobody else."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    APIResponse,
    Browser,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
NOT_OURS = ("ANTHROPIC_", "OPENAI_", "QDRANT_", "DATABASE_", "WHATSAPP_", "DJANGO_", "SECRET_")
USER, PASSWORD = "admin", "correct-horse-battery"
PATIENCE = 20_000  # ms; what must be quicker says so itself, the rest may run beside others
SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}

# A customer who waits, as rows: what WhatsApp would have brought.
SEED = """
import datetime as dt
from django.utils import timezone
from agent.models import Turn
from conversations.models import *
from tenants.models import Tenant
now = timezone.now()
for studio in Tenant.objects.all():
    ayu = Customer.objects.create(tenant=studio, name="Ayu Lestari", phone="+6281234567890")
    chat = Conversation.objects.create(
        tenant=studio, customer=ayu, chat="1@lid", last_message_at=now, unread=1)
    said = dict(tenant=studio, conversation=chat)
    Message.objects.create(**said, author="customer", state="answered",
        text="Kak, boleh bawa anak umur 6 tahun?", created_at=now - dt.timedelta(minutes=9))
    reply = Message.objects.create(**said, author="assistant", state="read",
        text="Saya teruskan ke tim ya, Kak.", created_at=now - dt.timedelta(minutes=9),
        details={"escalation": {"category": "cannot_answer"}})
    Turn.objects.create(**said, reply=reply, purpose="customer", outcome="handed_over", language="id")
    Escalation.objects.create(**said, category="policy_exception", created_at=now,
        summary="Wants to bring a six-year-old child.")
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running MILA."""
    if not CHROMIUM.exists():
        pytest.skip("These tests need Chromium: apt-get install chromium, or set CHROMIUM.")
    env = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    env |= {"DATA_DIR": str(tmp_path_factory.mktemp("mila")), "PORT": str(_free_port())}
    env |= {"ADMIN_USER": USER, "ADMIN_PASS": PASSWORD, "ENV_FILE": os.devnull}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "manage.py", "runmila"]
    running = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)
    address = f"http://127.0.0.1:{env['PORT']}"
    try:
        _wait_for(address)
        seed = [sys.executable, "manage.py", "shell", "--no-imports", "-c", SEED]
        subprocess.run(seed, cwd=ROOT, env=env, check=True, timeout=180)
        yield address
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 180
    while True:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):  # noqa: S310 - loopback
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright keeps a loop in this thread, in which Django then refuses its database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    options = ["--no-sandbox", "--disable-background-networking"]
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=options)
        yield chromium
        chromium.close()


Open = Callable[..., Page]
Visit = Callable[..., Page]


@pytest.fixture
def staff(site: str, browser: Browser) -> Iterator[Open]:
    """Opens a page as the admin of the studio Ombak; fails on console errors and on other hosts."""
    complaints: list[str] = []

    def check(request: Request) -> None:
        if not request.url.startswith((site, "data:")):
            complaints.append(f"another host: {request.url}")

    def note(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(f"{said.text} {said.location['url']}")

    def enter(size: str = "wide", theme: str = "light") -> Page:
        context = browser.new_context(
            base_url=site,
            viewport=SIZES[size],  # type: ignore[arg-type]
            color_scheme=theme,  # type: ignore[arg-type]
        )
        page = context.new_page()
        page.on("request", check)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        log_in(page)
        return page

    yield enter
    for context in browser.contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def visit(site: str, browser: Browser) -> Iterator[Visit]:
    """Opens a browser in which nobody is logged in; fails on console errors and on other hosts."""
    complaints: list[str] = []

    def note(said: ConsoleMessage) -> None:
        told = re.search("status of (409|410)", said.text)  # the browser tells what the page says
        if said.type == "error" and not told:
            complaints.append(f"{said.text} {said.location['url']}")

    def enter(size: str = "phone", language: str = "en", theme: str = "light") -> Page:
        context = browser.new_context(
            base_url=site,
            viewport=SIZES[size],  # type: ignore[arg-type]
            color_scheme=theme,  # type: ignore[arg-type]
        )
        cookie = {"name": "django_language", "value": language, "url": site}
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(site) else complaints.append(asked.url),
        )
        return page

    yield enter
    for context in browser.contexts:
        context.close()
    assert complaints == []


def log_in(page: Page) -> None:
    """Home of Ombak for the admin, by the requests of the form of the login, without its pages."""
    asks = page.context.request
    token = re.search(
        'name="csrfmiddlewaretoken" value="([^"]+)"', _text(asks.get("/admin/login/"))
    )
    assert token
    form = {"username": USER, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    _text(asks.post("/admin/login/", form=form))
    page.goto("/admin/")
    page.locator("#content button", has_text="Ombak").click()
    in_ombak(page)


def _text(answer: APIResponse) -> str:
    assert answer.ok, answer
    return answer.text()


def enter_studio(page: Page, name: str, password: str) -> None:
    """Log in, and into Ombak where there are more studios; in any language."""
    page.goto("/admin/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    page.locator("#content button", has_text="Ombak").click()
    in_ombak(page)


def in_ombak(page: Page) -> None:
    page.wait_for_selector(".m-switch > summary:has-text('Ombak')", state="attached")
    settled(page)


# Home and Reports first count their days, and may load themselves anew with them.
AT_REST = """() => document.readyState === "complete"
    && !document.querySelector(".htmx-request, .r-progress")"""


def settled(page: Page) -> None:
    """Whatever a page loads after itself is there."""
    page.wait_for_function(AT_REST)
