"""Cells of a table for a spreadsheet, written so that nothing a customer said runs there as a formula.

A program with Indonesian settings parts a csv at “;”, others at a tab: each piece of a cell may become one of its own.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable

from django.utils.translation import get_language

# The wide signs are taken for the narrow ones by some programs; blanks before them do not help.
_STARTS = "=+\\-@\t\r\uff1d\uff0b\uff0d\uff20"
_PIECE = r"(?:^|(?<=[\n\r,;\t|]))"
# Apostrophes that were there before count too, so that reading back is exact.
_RUNS = rf"(?=[ \u00a0']*([{_STARTS}]))"
_RISKY, _QUOTED = re.compile(_PIECE + _RUNS), re.compile(f"{_PIECE}'{_RUNS}")
# Without a call, a command or another file's cell behind it, a dash within a text is a dash: “Rp 150.000,-”, “\n- Yin”.
_HARMS = re.compile(r"\w[(\uff08]|\||![$\w]")


def harmless(cell: str) -> str:
    """An apostrophe before what a spreadsheet would run as a formula, whole or in a piece: it stays a text."""
    return _RISKY.sub(_told_apart(cell, "'", ""), cell)


def read_back(cell: str) -> str:
    """What stood there before `harmless`."""
    return _QUOTED.sub(_told_apart(cell, "", "'"), cell)


def _told_apart(cell: str, runs: str, rests: str) -> Callable[[re.Match[str]], str]:
    """What takes the place of a match: `runs` where a formula could begin, else `rests`."""
    last = max((found.start() for found in _HARMS.finditer(cell)), default=-1)

    def put(found: re.Match[str]) -> str:
        begins = found.start() == 0 or found[1] in "=\uff1d" or found.start(1) < last
        return runs if begins else rests

    return put


def separator() -> str:
    """As spreadsheets of the reader's country part a csv: with Indonesian settings a comma stands within numbers."""
    return ";" if get_language() == "id" else ","


def row(cells: Iterable[object]) -> str:
    """A line of a csv with every cell in quotes. Numbers stay numbers, nothing is an empty cell."""
    line = io.StringIO()
    written = csv.writer(line, delimiter=separator(), quoting=csv.QUOTE_ALL)
    written.writerow([_safe(cell) for cell in cells])
    return line.getvalue()


def _safe(cell: object) -> object:
    if isinstance(cell, float) and separator() == ";":
        return str(cell).replace(".", ",")  # a point would make a date of it, or thousands
    return harmless(cell) if isinstance(cell, str) else cell
