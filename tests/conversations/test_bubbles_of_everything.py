"""What staff read beside a message: where it came from, and what became of it."""

import pytest
from django.urls import reverse

from conversations import intake
from conversations.inbound import Edit, Revoke
from tests.conversations.cast import after, chat_of, writes
from tests.factories import NOW


@pytest.fixture
def page(client, sari):
    client.force_login(sari)
    return client


def thread(page, message) -> str:
    address = reverse("admin:conversations_conversation_change", args=[chat_of(message).pk])
    return str(page.get(address).content.decode())


@pytest.mark.parametrize(
    ("details", "shown"),
    [
        ({"ad": {"title": "Promo Yoga"}}, "From an ad: Promo Yoga"),
        ({"quoted": {"kind": "text", "text": "Yin Sabtu"}}, "Yin Sabtu"),
        ({"quoted": {"kind": "text", "text": "Retret"}, "status": True}, "Your status: Retret"),
        ({"forwarded": True}, "Forwarded"),
        ({"disappears": 86400}, "disappears on the phone"),
        ({"view_once": True}, "To be seen once"),
        ({"on_phone": True}, "It can only be read on the studio's phone."),
        ({"phones": ["+62 811 22"]}, "+62 811 22"),
        ({"form": "kelas: Yin"}, "kelas: Yin"),
        ({"options": ["Pagi", "Sore"]}, "Pagi · Sore"),
        ({"latitude": -8.65, "longitude": 115.13}, "maps?q=-8.65,115.13"),
        ({"latitude": 0.0, "longitude": 0.0}, "maps?q=0.0,0.0"),
        ({"file_name": "bukti.pdf"}, "bukti.pdf"),
    ],
)
def test_where_a_message_came_from_stands_beside_it(page, ombak, details, shown):
    html = thread(page, writes(ombak, "ini", kind="other", details=details))
    assert shown in html.replace("&#x27;", "'")


def test_none_of_it_can_write_html(page, ombak):
    hostile = "<script>alert(1)</script>"
    details = {
        "ad": {"title": hostile},
        "quoted": {"text": hostile},
        "phones": [hostile],
        "form": hostile,
        "options": [hostile],
        "file_name": hostile,
        "latitude": hostile,
        "longitude": '"><script>',
    }
    assert "<script>alert" not in thread(page, writes(ombak, hostile, details=details))


def test_what_its_writer_changed_or_deleted_says_so(page, ombak):
    changed = writes(ombak, "jam?", whatsapp_id="A")
    intake.receive(Edit(ombak.pk, "A", "harga?", after(5)), at=after(5))
    assert "<span>edited</span>" in thread(page, changed)
    writes(ombak, "rahasia", whatsapp_id="B", at=after(6))
    intake.receive(Revoke(ombak.pk, "B", NOW), at=after(7))
    html = thread(page, changed)
    assert "Deleted by its sender." in html
    assert "rahasia" not in html
