"""Files as spreadsheets make them: separators, encodings, and what is no table."""

import datetime as dt
import io

import openpyxl
import pytest
from django.core.exceptions import ValidationError

from knowledge import tables

TEXT = "judul;isi\r\nHarga — kelas;Rp 150.000 “drop-in”\r\n"
WANTED = [(2, ["Harga — kelas", "Rp 150.000 “drop-in”"])]


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    assert tables.read(TEXT.encode(encoding)).lines == WANTED


def test_a_guessed_encoding_is_told() -> None:
    assert "cp1252" in tables.read(TEXT.encode("cp1252")).told
    assert tables.read(TEXT.encode()).told == ""
    latin = tables.read("title,text\ncafé,já\n".encode("latin-1"))
    assert latin.lines == [(2, ["café", "já"])]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_every_usual_separator_is_found(separator: str) -> None:
    text = f'"title, long; name"{separator}text\na{separator}b\n'
    assert tables.read(text.encode()).lines == [(2, ["a", "b"])]


def test_a_line_that_names_the_separator_is_none_of_the_table() -> None:
    table = tables.read(b"sep=;\ntitle;text\na;b,c\n")
    assert (table.columns, table.lines) == (["title", "text"], [(2, ["a", "b,c"])])


def test_rows_have_the_numbers_that_a_spreadsheet_shows() -> None:
    table = tables.read(b'title,text\na,"one\ntwo"\n\n\nb,c\nd\n')
    assert [number for number, _cells in table.lines] == [2, 5, 6]
    assert table.lines[2][1] == ["d", ""]


def test_a_row_that_a_stray_separator_parted_keeps_all_its_cells() -> None:
    table = tables.read(b"title;text;language\na;parking; cars too;id\nb;c;id;;\nd\n")
    assert [cells for _number, cells in table.lines] == [
        ["a", "parking", " cars too", "id"],
        ["b", "c", "id"],
        ["d", "", ""],
    ]
    notes = workbook(["title", "text"], ["a", "b", "", "ask Made"])
    assert tables.read(notes).lines == [(2, ["a", "b"])]


def test_a_spreadsheet_is_read_with_its_dates_numbers_and_formulas() -> None:
    made = workbook(
        ["title", "price", "from"], ["A", 150000.0, dt.date(2026, 12, 31)], [], ["=1+1", 1, ""]
    )
    table = tables.read(made)
    assert table.lines == [
        (2, ["A", "150000", "2026-12-31"]),
        (4, [f"{tables.FORMULA}=1+1", "1", ""]),
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "empty"),
        (b"title,text\n", "only one line"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 20, "no table"),
        (b"PK\x03\x04 and nothing more", "cannot be opened"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 90, "no table"),
        (b"title,text\n" + b"a,b\n" * (tables.MOST_ROWS + 1), "more than 5000 lines"),
        (b"title,text\n" + b"x" * tables.MOST_BYTES, "larger than 5 MB"),
        (b'title,text\na,"' + b"y" * 200_000, "Row 2 cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(data: bytes, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        tables.read(data)
