from typing import Any

import pytest

from tests.whatsapp.events import body
from whatsapp.content import LONGEST_TEXT, content_of, unwrapped

CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"conversation": "halo"}, "text", "halo"),
    ({"extendedTextMessage": {"text": "halo"}}, "text", "halo"),
    ({"imageMessage": {"caption": "ini"}}, "image", "ini"),
    ({"videoMessage": {}}, "video", ""),
    ({"ptvMessage": {}}, "video", ""),
    ({"audioMessage": {"PTT": True, "seconds": 3}}, "voice", ""),
    ({"audioMessage": {}}, "audio", ""),
    ({"stickerMessage": {}}, "sticker", ""),
    ({"documentMessage": {"fileName": "bukti.pdf", "caption": "bukti"}}, "document", "bukti"),
    ({"locationMessage": {"degreesLatitude": -8.6, "name": "Studio"}}, "location", "Studio"),
    ({"contactMessage": {"displayName": "Made"}}, "contact", "Made"),
    ({"buttonsResponseMessage": {"selectedDisplayText": "Ya"}}, "text", "Ya"),
    ({"listResponseMessage": {"title": "Yin"}}, "text", "Yin"),
    ({"pollCreationMessage": {"name": "Jam?"}}, "text", "Jam?"),
    ({"requestPhoneNumberMessage": {}}, "other", ""),
]


@pytest.mark.parametrize(("fields", "kind", "text"), CASES)
def test_each_kind_of_message_is_read(fields: dict[str, Any], kind: str, text: str):
    content = content_of(body(**fields))
    assert content is not None
    assert (str(content.kind), content.text) == (kind, text)


def test_envelopes_are_opened_however_deep():
    inner = body(conversation="halo")
    once = body(viewOnceMessage={"message": inner})
    twice = body(ephemeralMessage={"message": once})
    assert unwrapped(twice).conversation == "halo"


def test_a_document_brings_its_name():
    content = content_of(body(documentMessage={"fileName": "a.pdf", "mimetype": "application/pdf"}))
    assert content is not None
    assert content.details == {"file_name": "a.pdf", "mimetype": "application/pdf"}


def test_keys_and_context_alone_are_no_message():
    assert content_of(body(messageContextInfo={})) is None
    assert content_of(body(senderKeyDistributionMessage={"groupID": "1"})) is None


def test_an_endless_text_is_cut():
    content = content_of(body(conversation="x" * (LONGEST_TEXT + 5)))
    assert content is not None
    assert len(content.text) == LONGEST_TEXT
