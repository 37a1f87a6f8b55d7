import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from conversations import intake, media
from conversations.inbound import Revoke
from conversations.models import MediaFile, Message
from tenants.models import Tenant
from tests.conversations.cast import after, chat_of, typed, writes
from tests.factories import NOW

PICTURE, SOUND, PDF = b"\xff\xd8\xff\xe0picture", b"OggS sound", b"%PDF-1.7 paper"
SOURCE = {"kind": "image", "path": "/v/1", "size": 12}
Problem, State = MediaFile.Problem, MediaFile.State


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def sends(tenant: Tenant, kind: str = "image", **fields: Any) -> Message:
    return writes(tenant, fields.pop("text", ""), kind=kind, **{"file": SOURCE} | fields)


def loaded(tenant: Tenant, data: bytes = PICTURE, kind: str = "image", **fields: Any) -> MediaFile:
    """The row after the file arrived."""
    message = sends(tenant, kind, **fields)
    waiting = media.claim_next(tenant.pk, NOW)
    assert waiting is not None
    assert waiting.message_id == message.pk
    media.store(waiting, data)
    return row(message)


def row(message: Message) -> MediaFile:
    found = media.of(message)
    assert found is not None
    return found


def test_a_file_waits_beside_its_message_and_texts_have_none(ombak):
    writes(ombak, "halo")
    assert not MediaFile.objects.exists()
    file = row(sends(ombak))
    assert (file.state, file.source, file.tenant_id) == (State.WAITING, SOURCE, ombak.pk)


def test_a_file_from_the_studios_phone_is_kept_too(ombak):
    message = intake.receive(typed(ombak, "", kind="image", file=SOURCE), at=NOW)
    assert message is not None
    assert row(message).state == State.WAITING


def test_one_that_is_too_large_is_not_even_asked_for(ombak):
    message = sends(ombak, file={**SOURCE, "size": media.LARGEST + 1})
    assert (row(message).state, row(message).problem) == (State.FAILED, Problem.TOO_LARGE)
    assert media.claim_next(ombak.pk, NOW) is None


def test_a_file_is_claimed_once_and_by_its_own_studio(ombak, senja):
    sends(ombak)
    assert media.claim_next(senja.pk, NOW) is None
    assert media.claim_next(ombak.pk, NOW) is not None
    assert media.claim_next(ombak.pk, NOW) is None
    assert media.claim_next(ombak.pk, NOW + media.LEASE) is not None  # whoever had it died


def test_a_stored_file_has_a_name_that_says_nothing_and_only_we_can_read_it(ombak, folder):
    file = loaded(ombak, file={**SOURCE, "key": "secret"})
    assert (file.state, file.content_type, file.size) == (State.STORED, "image/jpeg", len(PICTURE))
    assert file.source == {}  # the key is worth nothing any more
    path = folder / file.path
    assert path.read_bytes() == PICTURE
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.name == str(ombak.pk)
    assert len(path.name) >= 32
    assert loaded(ombak).path != file.path


@pytest.mark.parametrize(
    ("kind", "data", "name", "content_type"),
    [
        ("image", b"\x89PNG\r\n\x1a\n", "", "image/png"),
        ("sticker", b"RIFF1234WEBPVP8", "", "image/webp"),
        ("voice", SOUND, "", "audio/ogg"),
        ("audio", b"1234ftypM4A ", "", "audio/mp4"),
        ("video", b"1234ftypmp42", "", "video/mp4"),
        ("document", PDF, "bukti.pdf", "application/pdf"),
        ("document", PICTURE, "bukti.jpg", "image/jpeg"),
        ("document", b"PK\x03\x04", "jadwal.xlsx", "application/octet-stream"),
        ("document", b"nama;jam", "jadwal.csv", "text/plain"),
        ("document", b"PK\x03\x04", "game.apk", ""),
        ("document", b"<html><script>", "halaman.html", ""),
        ("document", b"MZ\x90", "setup.exe", ""),
        ("document", b"<svg onload=alert(1)>", "logo.svg", ""),
        ("image", b"<html><script>", "", ""),
        ("image", PDF, "", ""),
        ("voice", PICTURE, "", ""),
        ("video", SOUND, "", ""),
        ("image", b"", "", ""),
    ],
)
def test_what_a_file_is_its_first_bytes_say(ombak, kind, data, name, content_type):
    details = {"file_name": name, "mimetype": "image/jpeg"}
    file = loaded(ombak, data, kind, details=details)
    if content_type:
        assert (file.state, file.content_type) == (State.STORED, content_type)
    else:
        assert (file.state, file.problem, file.path) == (State.FAILED, Problem.WRONG_KIND, "")


def test_a_studio_has_room_for_so_much(ombak, senja, monkeypatch):
    monkeypatch.setattr(media, "STUDIO_ROOM", len(PICTURE) + 5)
    assert loaded(ombak).state == State.STORED
    full = loaded(ombak)
    assert (full.state, full.problem) == (State.FAILED, Problem.NO_ROOM)
    assert loaded(senja).state == State.STORED


def test_a_file_that_does_not_come_is_tried_again_and_then_told(ombak):
    message, at = sends(ombak), NOW
    for wait in (*media.RETRIES, None):
        waiting = media.claim_next(ombak.pk, at)
        assert waiting is not None
        media.failed(waiting, Problem.UNREACHABLE, at, permanent=False)
        assert media.claim_next(ombak.pk, at) is None
        at += wait or media.LEASE
    assert (row(message).state, row(message).problem) == (State.FAILED, Problem.UNREACHABLE)


def test_a_file_that_is_gone_is_told_at_once(ombak):
    message = sends(ombak)
    waiting = media.claim_next(ombak.pk, NOW)
    assert waiting is not None
    media.failed(waiting, Problem.EXPIRED, NOW, permanent=True)
    assert (row(message).state, row(message).problem) == (State.FAILED, Problem.EXPIRED)


def test_deleting_the_message_deletes_the_file(ombak, folder, django_capture_on_commit_callbacks):
    file = loaded(ombak, whatsapp_id="A")
    with django_capture_on_commit_callbacks(execute=True):
        intake.receive(Revoke(ombak.pk, "A", NOW), at=after(5))
        assert (folder / file.path).exists()  # not before that is certain
    assert not (folder / file.path).exists()
    file.refresh_from_db()
    assert (file.state, file.problem, file.path) == (State.FAILED, Problem.TAKEN_BACK, "")


def test_a_file_that_arrives_after_its_message_was_deleted_is_not_kept(ombak, folder):
    sends(ombak, whatsapp_id="A")
    waiting = media.claim_next(ombak.pk, NOW)
    assert waiting is not None
    intake.receive(Revoke(ombak.pk, "A", NOW), at=after(5))
    assert not media.store(waiting, PICTURE)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_files_without_a_row_are_swept_away(ombak, folder):
    kept = loaded(ombak)
    old, new = (folder / "chats" / str(ombak.pk) / name for name in ("old", "new"))
    gone = folder / "chats" / "00000000-0000-0000-0000-000000000000" / "x"
    gone.parent.mkdir()
    for path in (old, new, gone):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    at = after(seconds=new.stat().st_mtime - NOW.timestamp())
    assert media.sweep(at) == 2
    assert (folder / kept.path).exists()
    assert new.exists()  # its row may be on its way
    assert not old.exists()
    assert not gone.parent.exists()


def test_what_the_system_leaves_among_the_folders_stays(db: None, folder: Path) -> None:
    (folder / media.FOLDER / "lost+found").mkdir(parents=True)
    (folder / media.FOLDER / ".DS_Store").touch()
    assert media.sweep(NOW) == 0
    assert len(list((folder / media.FOLDER).iterdir())) == 2


# --- handed to staff ------------------------------------------------------------------------


@pytest.fixture
def page(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def address(file: MediaFile) -> str:
    names = [file.message.conversation_id, file.message_id]
    return reverse("admin:conversations_conversation_file", args=names)


def test_staff_see_a_picture_and_nothing_in_it_can_run(page, ombak):
    response = page.get(address(loaded(ombak)))
    assert (response.status_code, response.content) == (200, PICTURE)
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"].startswith("inline")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_paper_is_handed_out_to_be_saved_under_a_harmless_name(page, ombak):
    details = {"file_name": '../../etc/"bukti"\r\nX: y é.pdf'}
    response = page.get(address(loaded(ombak, PDF, "document", details=details)))
    assert response["Content-Disposition"].startswith("attachment")
    assert "/" not in response["Content-Disposition"]
    assert "\n" not in response["Content-Disposition"]
    assert response["Content-Disposition"].endswith('.pdf"')


def test_a_player_may_ask_for_a_part(page, ombak):
    file = loaded(ombak, SOUND, "voice")
    part = page.get(address(file), headers={"range": "bytes=5-"})
    assert (part.status_code, part.content) == (206, SOUND[5:])
    assert part["Content-Range"] == f"bytes 5-{len(SOUND) - 1}/{len(SOUND)}"
    assert page.get(address(file), headers={"range": "bytes=2-3"}).content == SOUND[2:4]
    assert page.get(address(file), headers={"range": "bytes=99-"}).status_code == 416
    assert page.get(address(file), headers={"range": "rows=1"}).status_code == 200


def test_nobody_else_gets_the_file(client, page, ombak, senja, bayu):
    mine, theirs = loaded(ombak), loaded(senja)
    assert page.get(address(theirs)).status_code == 404
    crossed = reverse(
        "admin:conversations_conversation_file",
        args=[mine.message.conversation_id, theirs.message_id],
    )
    assert page.get(crossed).status_code == 404
    client.logout()
    assert client.get(address(mine)).status_code == 302


def test_a_file_that_is_away_is_not_found(page, ombak, folder):
    file = loaded(ombak)
    (folder / file.path).unlink()
    assert page.get(address(file)).status_code == 404


def thread(page: Client, message: Message) -> str:
    found = reverse("admin:conversations_conversation_change", args=[chat_of(message).pk])
    return page.get(found).content.decode()


@pytest.mark.parametrize(
    ("data", "kind", "shown"),
    [(PICTURE, "image", "<img"), (SOUND, "voice", "<audio"), (PDF, "document", "Save the file")],
)
def test_the_thread_shows_what_came(page, ombak, data, kind, shown):
    file = loaded(ombak, data, kind)
    html = thread(page, file.message)
    assert shown in html
    assert address(file) in html


def test_the_thread_says_what_is_missing(page, ombak):
    message = sends(ombak)
    assert "The file is being loaded." in thread(page, message)
    waiting = media.claim_next(ombak.pk, NOW)
    assert waiting is not None
    media.failed(waiting, Problem.EXPIRED, NOW, permanent=True)
    assert "WhatsApp does not have the file any more." in thread(page, message)


def test_the_bubbles_change_when_a_file_arrives(page, ombak):
    message = sends(ombak)
    html = thread(page, message)
    seen = html.split('data-first="')[1].split('data-seen="')[1].split('"')[0]
    news = reverse("admin:conversations_conversation_news", args=[chat_of(message).pk])
    question = f"{news}?from={message.pk}&seen={seen}"
    assert page.get(question).status_code == 204
    waiting = media.claim_next(ombak.pk, NOW)
    assert waiting is not None
    media.store(waiting, PICTURE)
    assert b"<img" in page.get(question).content
