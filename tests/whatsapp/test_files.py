import datetime as dt
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from conversations import media
from conversations.models import MediaFile
from tenants.models import Tenant
from tests.conversations.cast import writes
from tests.whatsapp_server import media as whatsapp_media
from whatsapp import files
from whatsapp.content import content_of
from whatsapp.files import FileError, Files, load

PICTURE = b"\xff\xd8\xff\xe0 a picture of some bytes"
Problem = MediaFile.Problem


class Shelf(ThreadingHTTPServer):
    """WhatsApp's media servers: what lies there, and what they answer instead."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.lies: dict[str, bytes] = {}
        self.status, self.asked = 200, list[str]()
        self.announced, self.greeting = 0, b""


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shelf: Any = self.server
        shelf.asked.append(self.path)
        self.wfile.write(shelf.greeting)
        data = shelf.lies.get(self.path.partition("?")[0])
        self.send_response(404 if data is None and shelf.status == 200 else shelf.status)
        if shelf.status == 302:
            self.send_header("Location", "/elsewhere")
        if shelf.announced:
            self.send_header("Content-Length", str(shelf.announced))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_arguments: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    shelf = Shelf()
    thread = threading.Thread(target=shelf.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setattr(files, "HOST", f"http://127.0.0.1:{shelf.server_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield shelf
    shelf.shutdown()
    shelf.server_close()
    thread.join()


def sent(shelf: Shelf, data: bytes = PICTURE, kind: str = "image") -> dict[str, Any]:
    """What a message with this file says about it."""
    rig: Any = SimpleNamespace(media=shelf.lies)
    content = content_of(whatsapp_media.store(rig, kind, data, "image/jpeg"))
    assert content is not None
    assert content.file is not None
    return dict(content.file)


def problem(source: dict[str, Any]) -> tuple[str, bool]:
    with pytest.raises(FileError) as error:
        load(source)
    return error.value.problem, error.value.permanent


@pytest.mark.parametrize("kind", ["image", "audio", "video", "document", "sticker"])
@pytest.mark.parametrize("size", [1, 15, 16, 17, 300_000])
def test_a_file_is_fetched_and_opened(shelf: Shelf, kind: str, size: int):
    data = bytes(range(256)) * (size // 256 + 1)
    assert load(sent(shelf, data[:size], kind)) == data[:size]


def test_the_address_is_one_of_whatsapps_own(shelf: Shelf):
    source = sent(shelf)
    load(source)
    (asked,) = shelf.asked
    assert asked.startswith("/v/")
    assert "mms-type=image" in asked
    assert "hash=" in asked


@pytest.mark.parametrize(
    "path",
    ["", "v/1", "//evil.example/v", "https://evil.example/v", "@evil.example/", ".evil.example/"],
)
def test_a_sender_cannot_name_another_host(shelf: Shelf, path: str):
    assert problem({**sent(shelf), "path": path}) == (Problem.BROKEN, True)
    assert shelf.asked == []


def test_a_path_stays_one_line(shelf: Shelf):
    assert problem({**sent(shelf), "path": "/v/x HTTP/1.1\r\nHost: evil"})[0] == Problem.EXPIRED
    assert len(shelf.asked) == 1


def test_nobody_is_followed_elsewhere(shelf: Shelf):
    source = sent(shelf)
    shelf.lies["/elsewhere"] = shelf.lies[source["path"].partition("?")[0]]
    shelf.status = 302
    assert problem(source)[0] == Problem.UNREACHABLE
    assert len(shelf.asked) == 1


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (404, (Problem.EXPIRED, True)),
        (410, (Problem.EXPIRED, True)),
        (403, (Problem.EXPIRED, True)),
        (500, (Problem.UNREACHABLE, False)),
        (429, (Problem.UNREACHABLE, False)),
    ],
)
def test_what_whatsapp_refuses_is_told(shelf: Shelf, status: int, told: tuple[str, bool]):
    source = sent(shelf)
    shelf.status = status
    assert problem(source) == told


def test_a_server_that_is_away_is_asked_again_later(shelf: Shelf):
    source = sent(shelf)
    shelf.shutdown()
    shelf.server_close()
    assert problem(source) == (Problem.UNREACHABLE, False)


def test_a_download_that_is_cut_off_is_tried_again(shelf: Shelf):
    source = sent(shelf)
    shelf.announced = 1_000
    assert problem(source) == (Problem.UNREACHABLE, False)


def test_an_answer_that_is_none_is_tried_again(shelf: Shelf):
    source = sent(shelf)
    shelf.greeting = b"220 this is no web server\r\n"
    assert problem(source) == (Problem.UNREACHABLE, False)


def test_a_file_that_nobody_can_load_is_given_up_in_the_end(ombak: Tenant, now: dt.datetime):
    def broken(_source: Any) -> bytes:
        raise RuntimeError("nobody thought of this")

    message = writes(ombak, "", kind="image", file={"kind": "image"})
    clock = [now]
    loader = Files(ombak.pk, lambda: clock[0], broken)
    while loader.step():
        clock[0] += dt.timedelta(hours=1)
    file = MediaFile.objects.get(message=message)
    assert (file.state, file.attempts) == ("failed", len(media.RETRIES) + 1)


def test_more_than_was_announced_is_not_read(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(media, "LARGEST", 1_000)
    assert problem(sent(shelf, b"x" * 200_000)) == (Problem.TOO_LARGE, True)


def test_what_takes_too_long_is_left(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "SECONDS", -1.0)
    assert problem(sent(shelf)) == (Problem.UNREACHABLE, False)


def test_a_file_with_a_changed_byte_is_refused(shelf: Shelf):
    source = sent(shelf)
    path = source["path"].partition("?")[0]
    sealed = shelf.lies[path]
    for place in (0, len(sealed) // 2, len(sealed) - 1):
        shelf.lies[path] = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        assert problem(source) == (Problem.BROKEN, True)
    shelf.lies[path] = b""
    assert problem(source) == (Problem.BROKEN, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ""},
        {"key": "AAAA"},
        {"key": None},
        {"hash": ""},
        {"hash": "AAAA"},
        {"sealed_hash": 5},
        {"kind": "hologram"},
        {"path": None},
    ],
)
def test_a_damaged_message_has_no_file(shelf: Shelf, wrong: dict[str, Any]):
    assert problem({**sent(shelf), **wrong}) == (Problem.BROKEN, True)


def test_nothing_at_all_is_a_damaged_message():
    assert problem({}) == (Problem.BROKEN, True)


def test_waiting_files_are_loaded_one_after_the_other(
    shelf: Shelf, ombak: Tenant, now: dt.datetime, settings: Any, tmp_path: Any
):
    settings.MEDIA_ROOT = tmp_path
    good = writes(ombak, "", kind="image", file=sent(shelf))
    gone = writes(ombak, "", kind="image", file={**sent(shelf), "path": "/v/none"})
    loader = Files(ombak.pk, lambda: now)
    assert [loader.step(), loader.step(), loader.step()] == [True, True, False]
    found = {file.message_id: file for file in MediaFile.objects.all()}
    assert (tmp_path / found[good.pk].path).read_bytes() == PICTURE
    assert (found[gone.pk].state, found[gone.pk].problem) == ("failed", Problem.EXPIRED)


def test_a_full_disk_is_no_reason_to_give_up(
    ombak: Tenant, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
):
    def full(path: Any, data: bytes) -> None:
        raise OSError("No space left on device")

    message = writes(ombak, "", kind="image", file={"kind": "image"})
    monkeypatch.setattr(media, "_write", full)
    assert Files(ombak.pk, lambda: now, lambda source: PICTURE).step()
    file = MediaFile.objects.get(message=message)
    assert (file.state, file.problem) == ("waiting", Problem.NO_ROOM)
