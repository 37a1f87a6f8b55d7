"""The whole house as `make run` starts it, and who comes to it: people with a browser, programs with a token."""

import base64
import contextlib
import html
import http.cookiejar
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image

from tests.flows.conftest import ROOT, Installation, settings_of, until
from tests.flows.conftest import _processes as processes_of
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Number

# A test run that is itself killed leaves nothing behind.
RUNMILA = (sys.executable, "manage.py", "runmila", "--with-parent")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class House:
    """One data folder and port, on which MILA is started as often as a test likes."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, free_port()
        self.home = f"http://localhost:{self.port}/"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *command: str, **more: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "said").open("w") as said:
            self.process = subprocess.Popen(
                command or RUNMILA,
                cwd=ROOT,
                env=self.environment(**more),
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        return self.process

    def environment(self, **more: str) -> dict[str, str]:
        own = {"HOST": "127.0.0.1", "PORT": str(self.port), "ADMIN_PASS": "", "ADMIN_USER": "admin"}
        return settings_of(self.folder, **(own | more))

    def start_again(self) -> None:
        self.end()
        self.start()
        self.wait_until_served()

    def end(self, how: signal.Signals = signal.SIGTERM, timeout: float = 15) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(timeout)

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def served(self) -> bool:
        return 'name="password"' in Visitor(self).open("admin/login/")

    def wait_until_served(self) -> None:
        """Until this start says that it serves; an earlier one's orphans would answer too."""
        until(lambda: f"MILA runs at {self.home}" in self.said() or self.ended(), 60, "a start")
        assert not self.ended(), self.said()
        assert self.served()

    def ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None

    def pid_of(self, words: str, parent: int | None = None) -> int:
        """The process with these words in its command line; the child of `parent`, if one is given."""

        def found() -> int | None:
            for pid in processes_of(self.folder):
                with contextlib.suppress(OSError):
                    folder = Path(f"/proc/{pid}")
                    command = folder.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode()
                    above = int(folder.joinpath("stat").read_text().rsplit(") ", 1)[1].split()[1])
                    if words in command and above == (parent or self.parent):
                        return pid
            return None

        value = until(found, 20, words)
        assert isinstance(value, int)
        return value

    @property
    def parent(self) -> int:
        assert self.process is not None
        return self.process.pid

    def end_of_parent(self) -> None:
        """Take notice that it was killed."""
        assert self.process is not None
        self.process.wait(5)

    def close(self) -> None:
        for pid in processes_of(self.folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process:
            self.process.wait()


class LinkedHouse(House, Installation):
    """A house whose studios may link their phones: WhatsApp is the loopback server."""

    def __init__(self, rig: LocalRig, folder: Path, **settings: str):
        House.__init__(self, folder)
        Installation.__init__(self, rig, folder)
        self.settings = settings

    def environment(self, **more: str) -> dict[str, str]:
        return self.rig.environment(super().environment(**(self.settings | more)))


class Visitor:
    """A browser without a screen."""

    def __init__(self, house: House):
        self._home = house.home
        self._cookies = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self._cookies)
        self._opener = urllib.request.build_opener(cookies, urllib.request.ProxyHandler({}))

    def open(self, path: str, **form: str) -> str:
        """The page; with a form it is posted, with the token that the site has set."""
        token = next((c.value for c in self._cookies if c.name == "csrftoken"), "") or ""
        data = {**form, "csrfmiddlewaretoken": token}
        body = urllib.parse.urlencode(data).encode() if form else None
        address = self._home + path
        request = urllib.request.Request(address, body, {"Referer": address})  # noqa: S310
        return str(until(lambda: self._read(request), 20, address))

    def _read(self, request: urllib.request.Request) -> str:
        """What the site answers; nothing while nobody listens, as people reload a page then."""
        try:
            with self._opener.open(request, timeout=10) as answer:
                return (
                    str(answer.read().decode(errors="replace")) or " "
                )  # a spreadsheet is no text
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.read().decode()}"
        except OSError:
            return ""

    def log_in(self, password: str, user: str = "admin") -> str:
        self.open("admin/login/")
        return self.open("admin/login/", username=user, password=password, next="/admin/")

    def ask(self, question: str) -> str:
        """The bubbles of the Playground, once the answer stands among them."""
        self.open("admin/playground/", text=question)
        done = until(lambda: self._answered(), 30, f"an answer to {question}")
        return str(done)

    def _answered(self) -> str:
        bubbles = self.open("admin/playground/answers/")
        return "" if "every 400ms" in bubbles else bubbles

    def choose(self, studio: str) -> None:
        page = self.open("admin/playground/")
        pattern = rf'<button[^>]*value="([0-9a-f-]{{36}})"[^>]*>[^<]*{studio}'
        found = re.search(pattern, page)
        assert found, page
        self.open("admin/studio/choose/", studio=found[1])


class Program:
    """Another program, with the token of one studio."""

    def __init__(self, house: House, token: str):
        self._home, self._token = house.home, token
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str) -> tuple[int, Any]:
        return self._ask(path, "GET")

    def post(self, path: str) -> tuple[int, Any]:
        return self._ask(path, "POST")

    def _ask(self, path: str, method: str) -> tuple[int, Any]:
        request = urllib.request.Request(  # noqa: S310
            self._home + path, method=method, headers={"Authorization": f"Bearer {self._token}"}
        )
        try:
            with self._opener.open(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


def link(program: Program, phone: Number, slug: str) -> None:
    """All that a person does to link a studio's phone: ask for a code, scan it, wait for the word."""
    status, answer = program.post(f"api/whatsapp/pair?tenant={slug}")
    assert status == 200, answer

    def is_now(word: str) -> bool:
        return bool(program.get("api/whatsapp/status")[1]["status"] == word)

    until(lambda: is_now("qr_ready"), 30, f"a code for {slug}")
    phone.scan(scanned(program.get("api/whatsapp/qr")[1]["qr"]))
    until(lambda: is_now("connected"), 30, f"{slug} connected")


def scanned(picture: str) -> str:
    """What a phone's camera reads in the picture of a code. Asked for every kind, the reader sees a bar code in about
    one QR code of 250, too."""
    kind, _comma, data = picture.partition(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        [code] = zxingcpp.read_barcodes(
            image.convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
    return str(code.text)


def words(page: str) -> str:
    """What a person reads on a page: without tags, spaces and WhatsApp's marks as one."""
    text = html.unescape(re.sub(r"<[^>]*>", " ", page))
    return " ".join(re.sub(r"[*_~]", " ", text).split())
