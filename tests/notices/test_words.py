"""What a notice says, and what customers cannot make it say."""

import pytest

from notices import words
from notices.models import Notice
from tests.factories import NOW
from tests.notices.test_rounds import asks


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Please call me", "Please call me"),
        ("two\nlines\r\n\tand more", "two lines and more"),
        ("*bold* _it_ ~no~ `code` > quote", "bold it no code quote"),
        ("see https://evil.example/x?y=1 now", "see … now"),
        ("see www.evil.example", "see …"),
        ("wa.me/628111", "…"),
        ("pay at evil.com today", "pay at evil. com today"),
        ("mail me@evil.com", "mail me(at)evil. com"),
        ("hidden\u202etxet\u200b\u2066", "hidden txet"),
        ("“quoted” \"twice\"", "quoted twice"),
        ("Rp 1.200.000 jam 10.30", "Rp 1.200.000 jam 10.30"),
        ("evil1.com/login", "evil1. com/login"),
        ("shop24.id/bayar", "shop24. id/bayar"),
        ("mila-2.app/verify", "mila-2. app/verify"),
        ("1.2.3.4/x", "1. 2. 3. 4/x"),
        ("1.2.3.4:8080", "1. 2. 3. 4:8080"),
        ("(x.y2.co)", "(x. y2. co)"),
        ("evil。com i❤.ws", "evil. com i❤. ws"),
        ("Rp1.200.000,- jam 10.30-11.30.", "Rp1.200.000,- jam 10.30-11.30."),
        ("ok...sip. 17.11.2026", "ok...sip. 17.11.2026"),
        ("x" * 200, "x" * 139 + "…"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_customers_words_are_one_harmless_line(typed, shown):
    assert words.defanged(typed) == shown


@pytest.fixture
def row(ombak, settings):
    settings.PUBLIC_URL = "https://mila.example"

    def make(**fields):
        escalation = asks(ombak, NOW, fields.pop("name", "Anna"), **fields)
        return Notice(tenant=ombak, escalation=escalation, created_at=NOW, due_at=NOW)

    return make


def test_a_name_or_summary_cannot_add_a_line_or_a_link(row):
    text = words.whatsapp_text([row(name="A\nURGENT", summary="x\nhttps://evil.example")], "en")
    lines = text.splitlines()
    assert len(lines) == 5
    assert lines[2] == "Customer: A URGENT"
    assert lines[3] == "“x …”"
    assert text.count("https://") == 1


def test_a_customer_without_a_name_is_told_by_the_end_of_the_number(row):
    notice = row(name="")
    notice.escalation.conversation.customer.phone = "+6281311110001"
    assert "+62…0001" in words.whatsapp_text([notice], "en")
    assert "81311110001" not in words.whatsapp_text([notice], "en")


def test_without_a_public_address_the_notice_says_where_to_look(row, settings):
    settings.PUBLIC_URL = ""
    assert "Open MILA and look under Escalations." in words.whatsapp_text([row()], "en")


def test_it_speaks_the_language_of_the_person(row):
    assert "Pelanggan: Anna" in words.whatsapp_text([row()], "id")
    subject, body = words.email_words([row()], "id")
    assert subject.startswith("Ombak Yoga: ")
    assert "Pelanggan: Anna" in body


def test_a_subject_of_an_e_mail_has_one_line(row):
    notice = row()
    notice.tenant.name = "Ombak\nBcc: all@evil.example"
    subject, _body = words.email_words([notice], "en")
    assert "\n" not in subject
    assert "@" not in subject


def test_urgent_ones_come_first_in_a_bundle(row):
    text = words.whatsapp_text([row(), row(name="Budi", urgency="urgent")], "en")
    assert text.index("Budi") < text.index("Anna")
