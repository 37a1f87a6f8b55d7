"""Markdown as a customer reads it on WhatsApp."""

import pytest

from knowledge.passages import blocks, whatsapp


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**bold** and *italic* and ~~gone~~", "*bold* and _italic_ and ~gone~"),
        ("# Jadwal\n\nSenin", "*Jadwal*\nSenin"),
        ("[situs kami](https://ombak.example)", "situs kami: https://ombak.example"),
        ("<https://ombak.example>", "https://ombak.example"),
        ("* satu\n* dua", "- satu\n- dua"),
        ("1. satu\n2. dua", "1. satu\n2. dua"),
        ("- satu\n  lanjut\n- dua", "- satu lanjut\n- dua"),
        ("Tom &amp; Tess, <b>5*3</b>, a_b_c", "Tom & Tess, 5*3, a_b_c"),
        ("`kode`, \\*bintang\\*", "kode, *bintang*"),
        ("![foto](x.png)\n\n---\n\n> kutipan", "foto\n\nkutipan"),
        (
            "| Kelas | Harga | Hari |\n|---|---:|---|\n| Yin | Rp 5 | Senin |\n| Flow | Rp 7 | |",
            "- Yin: Harga Rp 5, Hari Senin\n- Flow: Harga Rp 7",
        ),
        ("", ""),
    ],
)
def test_markdown_becomes_a_whatsapp_message(markdown, text):
    assert whatsapp(markdown) == text


def test_a_heading_stays_with_its_list():
    (block,) = blocks("**Paket**\n\n- 1 kelas: Rp 150.000\n- 5 kelas: Rp 650.000")
    assert block.heading == "*Paket*"
    assert block.lines == ("1 kelas: Rp 150.000", "5 kelas: Rp 650.000")
    assert block.is_list


def test_a_line_that_ends_with_a_colon_leads_its_list():
    (block,) = blocks("Kami menerima:\n- Tunai\n- QRIS")
    assert block.text == "Kami menerima:\n- Tunai\n- QRIS"


def test_a_heading_without_text_is_kept():
    assert whatsapp("Teks\n\n**Penutup**") == "Teks\n\n*Penutup*"
