"""No cell of a table runs as a formula, wherever a spreadsheet parts it."""

import csv
import io

import pytest
from django.utils.translation import override

from tenants.cells import harmless, read_back, row


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+62 812", "'+62 812"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1+1", "' =1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("halo;=1+1", "halo;'=1+1"),
        ("halo\t=1", "halo\t'=1"),
        ("halo\n@SUM(A1)", "halo\n'@SUM(A1)"),
        ("a; +HYPERLINK(1)", "a;' +HYPERLINK(1)"),
        ("a,-2+cmd|'/c calc'!A0", "a,'-2+cmd|'/c calc'!A0"),
        ("a;-'//evil/x'!A1", "a;'-'//evil/x'!A1"),
        ("- Senin", "'- Senin"),
    ],
)
def test_a_formula_becomes_a_text(said: str, written: str) -> None:
    assert harmless(said) == written


@pytest.mark.parametrize(
    "said",
    [
        *("", "biasa", "1+1=2", "Senin-Rabu; 07.00", "a@b.id"),
        *(
            "Rp 150.000,-",
            "ok, - besok ya",
            "Kelas:\n- Yin (pelan)\n- Hatha!",
            "halo, @ayu",
            "a; +62 812",
        ),
    ],
)
def test_other_words_stay_as_they_are(said: str) -> None:
    assert harmless(said) == said


def test_a_line_has_every_cell_in_quotes_and_is_read_as_it_was() -> None:
    line = row(["harga, kak", 'dia bilang "ya"', 5, -2.5, None])
    assert line.startswith('"harga, kak","')
    assert list(csv.reader(io.StringIO(line))) == [
        ["harga, kak", 'dia bilang "ya"', "5", "-2.5", ""]
    ]


def test_reading_back_is_the_exact_opposite() -> None:
    pieces = ["'", "=", "+", "-", "@", ",", ";", "\n", "\t", "a(", "|", " ", "\u00a0"]
    texts = [a + b + c + d for a in pieces for b in pieces for c in pieces for d in pieces]
    assert [read_back(harmless(text)) for text in texts] == texts


def test_a_spreadsheet_with_indonesian_settings_parts_the_cells_and_reads_the_numbers() -> None:
    with override("id"):
        line = row(["harga; kak", "Rp 1.200.000", 5, 2.5])
    assert line.strip() == '"harga; kak";"Rp 1.200.000";"5";"2,5"'
