"""A voice note and a receipt, from the customer's phone to the answer on it."""

import io

import pytest
from PIL import Image

from tests.flows.conftest import Service
from tests.transcription_server import TranscriptionServer
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"
SOUND = b"OggS a voice note"


def test_a_voice_note_is_heard_and_a_receipt_goes_to_staff(idle_service: Service, anna: Customer):
    with TranscriptionServer("alamat studio dimana kak?") as server:
        idle_service.environment = {
            "TRANSCRIPTION_MODEL": "whisper-1",
            "TRANSCRIPTION_BASE_URL": server.url,
        }
        idle_service.start()
        studio = idle_service.pair(STUDIO)
        anna.send(studio, file=SOUND, kind="audio", mimetype="audio/ogg", PTT=True, seconds=3)
        (answer,) = anna.expect(1, 30)
        assert "Jl. Pantai Pererenan No. 88" in answer["text"]
        assert server.asked[0]["file"] == SOUND
        picture = io.BytesIO()
        Image.new("RGB", (30, 40), "white").save(picture, "JPEG")
        anna.send(
            studio,
            file=picture.getvalue(),
            kind="image",
            mimetype="image/jpeg",
            caption="udah tf ya kak",
        )
        answers = anna.expect(2, 30)
    assert "hanya bisa dikonfirmasi oleh tim" in answers[1]["text"]
    assert idle_service.value("SELECT category FROM conversations_escalation") == "billing"
    heard = "SELECT text FROM conversations_message WHERE kind = 'voice'"
    assert idle_service.value(heard) == "alamat studio dimana kak?"
