"""What stands in a spreadsheet or a PDF that somebody brought. Runs as a program of its own (knowledge/apart.py):
the libraries that open such files can be led to work for hours or to take all memory, and only a process can be ended.

Knows no studio, no database and no language: what it refuses has a name, the sentences are the caller's.
"""

import contextlib
import datetime as dt
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from knowledge import pdfs

SECONDS = 12  # of the processor
MOST_MEMORY = 2**30  # bytes
MOST_TEXT = 20_000_000  # characters of all that is handed back
MOST_UNPACKED = 80 * 2**20  # bytes of an xlsx, which is a zip
LAST_ROW = 20_000  # looked at; a file can name a row that is billions further down
MOST_ROWS = 5_000
MOST_COLUMNS = 60
MOST_CELL = 40_000  # characters that are kept of one; entries hold half of that
MOST_PAGES = 100
FORMULA = "\x01"  # stands before a cell that holds a formula: nothing that people type begins so


class RefusedError(Exception):
    """Its only argument names the reason."""


def spreadsheet(data: bytes) -> dict[str, Any]:
    """The filled rows of the first sheet, each with its number, and whether there are more sheets."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
            raise RefusedError("large")
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    sheet = (shown or book.worksheets)[0]
    sheet.reset_dimensions()  # the size that the file names: often wrong, and what is missing would be made up
    return {"rows": list(_rows(sheet)), "more": len(shown) > 1}


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    filled = size = 0
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
        if number > LAST_ROW:
            raise RefusedError("far")
        cells = [_said(cell)[:MOST_CELL] for cell in row]
        if any(cells):
            filled, size = filled + 1, size + sum(map(len, cells))
            if filled > MOST_ROWS + 1:
                raise RefusedError("rows")
            if size > MOST_TEXT:
                raise RefusedError("large")
            yield number, cells


def _said(cell: Any) -> str:
    """What stands in the cell, as people would write it."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return f"{FORMULA}{value}"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def pages(data: bytes) -> list[str]:
    """The text of each page."""
    if pdfs.is_active(data):
        raise RefusedError("active")
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if len(reader.pages) > MOST_PAGES:
        raise RefusedError("pages")
    texts: list[str] = []
    for page in reader.pages:
        texts.append(page.extract_text() or "")
        if sum(map(len, texts)) > MOST_TEXT:
            raise RefusedError("large")
    return texts


READERS: dict[str, Callable[[bytes], Any]] = {"spreadsheet": spreadsheet, "pages": pages}


def answer(kind: str, data: bytes) -> dict[str, Any]:
    """{"found": …}, or {"refused": reason}."""
    try:
        return {"found": READERS[kind](data)}
    except RefusedError as error:
        return {"refused": error.args[0]}
    except MemoryError:
        return {"refused": "slow"}
    except Exception:  # noqa: BLE001  a damaged file raises whatever its reader meets
        return {"refused": "damaged"}


def _bound() -> None:
    """This process ends itself, also when the one that waits for it is gone."""
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    with contextlib.suppress(ValueError, OSError):  # not every system can
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    _bound()
    sys.modules["numpy"] = None  # type: ignore[assignment]  # openpyxl would load it for nothing
    sys.stdout.write(json.dumps(answer(sys.argv[1], sys.stdin.buffer.read())))
