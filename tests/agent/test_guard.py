"""What a draft may state, and how it looks on WhatsApp."""

import time

import pytest

from agent.guard import shortened, unsupported, whatsapp

KNOWN = "Sekali datang Rp 150.000. Sunset Flow 17:00. BCA 1234567890. https://ombak.example/jadwal"


@pytest.mark.parametrize(
    "draft",
    [
        "Cuma 150rb Kak",
        "It is IDR 150,000",
        "150k",
        "jam 5 sore",
        "at 5 pm",
        "pukul 17.00",
        "transfer ke BCA 1234 567 890",
        "lihat ombak.example/jadwal",
    ],
)
def test_what_is_known_may_be_said_in_any_spelling(draft):
    assert unsupported(draft, [KNOWN]) == []


@pytest.mark.parametrize(
    ("draft", "missing"),
    [
        ("Rp 100.000", "IDR:100000"),
        ("hanya 15rb", "IDR:15000"),
        ("mulai 18:00", "18:00"),
        ("jam 7 malam", "19:00"),
        ("transfer ke 9988776655", "9988776655"),
        ("bayar di promo-ombak.example", "promo-ombak.example"),
        ("tulis ke hello@promo.example", "hello@promo.example"),
    ],
)
def test_what_stands_nowhere_is_found(draft, missing):
    assert missing in unsupported(draft, [KNOWN])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("## Harga\n**Rp 150.000**", "*Harga*\n*Rp 150.000*"),
        ("[jadwal](https://ombak.example)", "jadwal: https://ombak.example"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "- a · b\n- 1 · 2"),
        ("* satu\n* dua", "- satu\n- dua"),
        ("<b>halo</b>", "halo"),
        ("__miring__", "_miring_"),
        ("a\n\n\n\nb", "a\n\nb"),
    ],
)
def test_the_form_is_whatsapps(text, shown):
    assert whatsapp(text) == shown


def test_a_missing_space_is_no_address():
    assert unsupported("Ada Kak.Besok juga.", [KNOWN]) == []


@pytest.mark.parametrize("text", ["a." * 2000, "1" * 4000, "1 " * 2000, "a-" * 2000])
def test_no_text_keeps_the_guard_busy(text):
    began = time.process_time()
    unsupported(text, [text])
    assert time.process_time() - began < 1


def test_a_long_text_ends_with_a_sentence():
    text = "Satu kalimat yang utuh. " * 60
    cut = shortened(text, 900)
    assert len(cut) <= 900
    assert cut.endswith("utuh.…")
