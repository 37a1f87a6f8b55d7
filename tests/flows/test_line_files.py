"""Pictures and PDFs of staff reach the customer's phone."""

import pytest

from tests.flows.conftest import QUESTION, Service, manage
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"
SEND = """
from django.utils import timezone
from conversations.attachments import queue_file
from conversations.models import Conversation
chat = Conversation.objects.get(channel="whatsapp")
picture = bytes.fromhex("89504e470d0a1a0a") + b"picture"
for name, data in (("jadwal.pdf", b"%PDF-1.7 jadwal"), ("studio.png", picture)):
    queue_file(chat, data, name, caption=f"Ini {name}", key=name, at=timezone.now())
"""
REACT = """
from django.utils import timezone
from conversations.models import Message
from conversations.reactions import react
assert react(Message.objects.filter(author="customer").first(), "\U0001f44d", at=timezone.now())
"""


def test_a_pdf_and_a_picture_arrive_whole(service: Service, anna: Customer):
    studio = service.pair(STUDIO)
    anna.send(studio, QUESTION)
    anna.expect(1, 20)
    manage(service.folder, "shell", "--no-imports", "-c", SEND)
    received = anna.expect(3, 20)
    assert [each["kind"] for each in received[1:]] == ["document", "image"]
    assert anna.file(1) == b"%PDF-1.7 jadwal"
    assert anna.file(2).endswith(b"picture")
    assert service.value("SELECT count(*) FROM conversations_mediafile") == 2
    mark = service.rig.mark()
    manage(service.folder, "shell", "--no-imports", "-c", REACT)
    assert service.rig.wait("reply", mark, 20)[0]["content"] == "reaction"
