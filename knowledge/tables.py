"""Files as people's spreadsheets make them, read into lines of cells: any separator, any usual encoding, csv or xlsx.

What a file is, its content says and not its name. Every refusal is a sentence with the next step.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from knowledge import apart
from knowledge.strangers import FORMULA as FORMULA
from knowledge.strangers import MOST_CELL, MOST_COLUMNS
from knowledge.strangers import MOST_ROWS as MOST_ROWS

MOST_BYTES = 5 * 2**20
_SEPARATORS = ";,\t|"
_SEP_LINE = re.compile(r"^sep=(.)\r?\n", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """The names of the columns, and the rows that are not empty, each with the number that a spreadsheet shows.

    A row with more cells than the first one has has been parted where it should not: it keeps them all.
    """

    columns: list[str]
    lines: list[tuple[int, list[str]]]
    told: str = ""  # what was noticed while reading, for staff


def read(data: bytes) -> Table:
    """The table of a csv or xlsx file. ValidationError with a sentence when it cannot be read."""
    if len(data) > MOST_BYTES:
        raise ValidationError(
            _("The file is larger than %(most)d MB. Split it into several files.")
            % {"most": MOST_BYTES // 2**20}
        )
    if not data.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise ValidationError(_("The file is empty."))
    book = data.startswith(b"PK\x03\x04")
    lines, told = _xlsx(data) if book else _csv(data)
    return _table(lines, told, parted=not book)


def _table(lines: Iterable[tuple[int, list[str]]], told: str, parted: bool) -> Table:
    filled = [(number, cells) for number, cells in lines if any(cell.strip() for cell in cells)]
    if not filled:
        raise ValidationError(_("The file is empty."))
    width = (
        len(filled[0][1]) if parted else MOST_COLUMNS
    )  # notes beside a sheet's table are none of it
    columns = [cell.lstrip(FORMULA).strip()[:120] for cell in filled[0][1]][:MOST_COLUMNS]
    while columns and not columns[-1]:
        columns.pop()
    if len(filled) == 1:
        raise ValidationError(
            _("The file has only one line. The first line names the columns, entries follow below.")
        )
    rows = [(number, _fitted(cells, columns, width)) for number, cells in filled[1:]]
    return Table(columns, rows, told)


def _fitted(cells: list[str], columns: list[str], width: int) -> list[str]:
    """As many cells as there are columns: spreadsheets leave out empty ones at the end of a row."""
    if not any(cell.strip() for cell in cells[width:]):
        cells = cells[: len(columns)]
    cells = [cell[:MOST_CELL] for cell in cells[:MOST_COLUMNS]]
    return cells + [""] * (len(columns) - len(cells))


# csv -------------------------------------------------------------------------------------------


def _csv(data: bytes) -> tuple[Iterator[tuple[int, list[str]]], str]:
    text, told = _decoded(data)
    named = _SEP_LINE.match(text)
    separator = named[1] if named else _separator(text)
    body = text[named.end() :] if named else text
    return _records(body, separator), told


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered as a spreadsheet does: a text of several lines stands in one row, an empty line is one."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    count = row = 0
    while True:
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            told = _("Row %(row)d cannot be read: a quotation mark is missing there, or before.")
            raise ValidationError(told % {"row": row}) from error
        count += any(cells)
        if count > MOST_ROWS + 1:
            raise ValidationError(_too_many())
        yield row, [FORMULA + cell if cell.startswith("=") else cell for cell in cells]


def _separator(text: str) -> str:
    """Whichever stands most often in the line of the column names, quoted words aside."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    plain = re.sub(r'"[^"]*"', "", first)
    return max(_SEPARATORS, key=lambda mark: (plain.count(mark), -_SEPARATORS.index(mark)))


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and a sentence when its encoding had to be guessed."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):  # fmt: skip
        if data.startswith(mark):
            return _plain(data, encoding), ""
    try:
        return _plain(data, "utf-8"), ""
    except ValidationError:
        encoding = _guessed(data)
    told = _(
        "The file does not say how its letters are written; it was read as %(encoding)s. Look at the sample: accents and long dashes show whether that is right."
    )
    return _plain(data, encoding), told % {"encoding": encoding}


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes

    usual = ["cp1252", "utf_16_le", "utf_16_be"]
    best = from_bytes(data, cp_isolation=usual, enable_fallback=False).best()
    if best is not None:
        return str(best.encoding).replace("_", "-")
    return "latin-1" if b"\x00" not in data else "utf-16-le"


def _plain(data: bytes, encoding: str) -> str:
    """The decoded text; a file that is no text is refused."""
    refused = ValidationError(
        _("This is no table. Save it as csv or xlsx in your spreadsheet program and upload that.")
    )
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise refused from error
    if re.search(r"[\x00-\x08\x0e-\x1f]", text):
        raise refused
    return text


# xlsx ------------------------------------------------------------------------------------------


def _xlsx(data: bytes) -> tuple[Iterator[tuple[int, list[str]]], str]:
    found, refused = apart.read("spreadsheet", data)
    if refused:
        raise ValidationError(_why_not(refused))
    told = _("Only the first sheet of the file is read.") if found["more"] else ""
    return ((number, cells) for number, cells in found["rows"]), told


def _why_not(refused: str) -> str:
    if refused == "rows":
        return _too_many()
    if refused == "large":
        return _("The spreadsheet is too large. Split it into several.")
    if refused == "slow":
        return _("The spreadsheet takes too long to read. Split it into several.")
    if refused == "far":
        return _(
            "The sheet goes on far below its table. Delete the lines there, or copy the table into a new sheet."
        )
    return _("The spreadsheet cannot be opened. Save it anew as xlsx, without a password.")


def _too_many() -> str:
    told = _("The file has more than %(most)d lines. Split it into several files.")
    return told % {"most": MOST_ROWS}
