"""Pictures and PDFs that staff send."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from conversations import media, outbox
from conversations.attachments import AttachmentError, queue_file
from conversations.models import Conversation, MediaFile, Message
from tests.conversations.cast import chat_of, fresh, writes
from tests.factories import NOW

PDF = b"%PDF-1.7 timetable"
PNG = b"\x89PNG\r\n\x1a\n picture"


@pytest.fixture
def chat(ombak, settings, tmp_path) -> Conversation:
    settings.MEDIA_ROOT = tmp_path
    return chat_of(writes(ombak))


def send(chat, data=PDF, name="jadwal.pdf", caption="Ini jadwalnya", key="staff:1"):
    return queue_file(chat, data, name, caption=caption, key=key, at=NOW)


@pytest.mark.parametrize(("data", "kind"), [(PDF, "document"), (PNG, "image")])
def test_a_file_waits_with_its_caption_and_is_stored_once(chat, data, kind):
    first, again = send(chat, data), send(chat, data)
    assert first == again
    assert (first.kind, first.text, first.state) == (kind, "Ini jadwalnya", "queued")
    stored = MediaFile.objects.get()
    assert media.read(stored) == data
    assert fresh(chat).handled_by != "assistant" or fresh(chat).mode_version > 0


def test_of_a_long_name_the_end_is_kept_and_two_files_are_two_messages(chat):
    first, second = send(chat, name="a" * 150 + ".pdf"), send(chat, bytes(PDF), key="staff:2")
    assert first.details["file_name"] == "a" * 96 + ".pdf"
    assert first.pk != second.pk


@pytest.mark.parametrize("data", [b"MZ program", b"<svg onload=x>", b"", b"GIF89a"])
def test_what_whatsapp_does_not_show_is_refused_with_what_can_be_sent(chat, data):
    with pytest.raises(AttachmentError, match="JPEG and PNG"):
        send(chat, data)
    assert not Message.objects.filter(author="staff").exists()


def test_a_file_that_is_too_large_is_refused(chat, monkeypatch):
    monkeypatch.setattr(media, "LARGEST", 10)
    with pytest.raises(AttachmentError, match="larger"):
        send(chat)


def test_without_room_nothing_is_half_sent(chat, monkeypatch):
    monkeypatch.setattr(media, "STUDIO_ROOM", 5)
    with pytest.raises(AttachmentError, match="used up"):
        send(chat)
    assert not Message.objects.filter(author="staff").exists()


def test_sent_again_the_file_goes_with_it(chat):
    message = send(chat)
    Message.objects.filter(pk=message.pk).update(state="failed")
    copy = outbox.send_again(fresh(message), NOW)
    assert copy is not None
    assert copy.kind == "document"
    assert media.read(MediaFile.objects.get(message=copy)) == PDF
    assert MediaFile.objects.count() == 2


def test_staff_send_a_file_from_the_thread(chat, client, sari):
    client.force_login(sari)
    address = reverse("admin:conversations_conversation_reply", args=[chat.pk])
    file = SimpleUploadedFile("jadwal.pdf", PDF)
    client.post(address, {"text": "Ini jadwalnya", "token": "t1", "file": file})
    message = Message.objects.get(author="staff")
    assert (message.kind, message.text, message.written_by) == ("document", "Ini jadwalnya", sari)
    assert message.details["file_name"] == "jadwal.pdf"


def test_a_refused_file_is_told_and_its_text_is_not_lost(chat, client, sari):
    client.force_login(sari)
    address = reverse("admin:conversations_conversation_reply", args=[chat.pk])
    file = SimpleUploadedFile("a.exe", b"MZ")
    page = client.post(address, {"text": "Ini dia", "token": "t1", "file": file}, follow=True)
    assert b"Ini dia" in page.content
    assert not Message.objects.filter(author="staff").exists()
