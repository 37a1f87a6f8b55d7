"""Entries as a file for a spreadsheet, which opens it harmlessly, and which we read again without a difference."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from knowledge.entries import FIELDS
from knowledge.models import KnowledgeEntry
from tenants.cells import harmless

COLUMNS = ["title", "category", "content", "keywords", "language", "status"]
COLUMNS += ["valid_from", "valid_until", "external_id"]
_UNPRINTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # no xlsx can hold them
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(rows: Iterable[Sequence[str]], separator: str = ",") -> bytes:
    """With a mark in front by which spreadsheets know the letters; every cell in quotes."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return made.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[Sequence[str]]) -> bytes:
    import tablib

    names, *others = rows
    table = tablib.Dataset(*([harmless(cell) for cell in row] for row in others), headers=names)
    return bytes(table.export("xlsx", freeze_panes=True, column_width=24))


def table(entries: Iterable[KnowledgeEntry]) -> list[list[str]]:
    """The names of the columns, then a line for each entry."""
    return [COLUMNS, *([_cell(entry, name) for name in COLUMNS] for entry in entries)]


def template() -> list[list[str]]:
    """A file to fill in, with two entries as an example, in the reader's language."""
    names = [_("title"), _("category"), _("text"), _("keywords"), _("language"), _("status")]
    return [
        names,
        [
            _("How much is a class?"),
            "pricing & policies",
            _("A single class is Rp 175.000. Ten classes are Rp 1.575.000 and last 90 days."),
            _("price, drop-in, package"),
            get_language() or "en",
            "active",
        ],
        [
            _("Where is the studio?"),
            "location & facilities",
            _("Jl. Raya 5, second floor. Parking for motorbikes is free."),
            _("address, map, parking"),
            get_language() or "en",
            "draft",
        ],
    ]


def _cell(entry: KnowledgeEntry, name: str) -> str:
    value = getattr(entry, name)
    text = "" if value is None else str(value)
    return _UNPRINTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


assert set(COLUMNS) == set(FIELDS)
