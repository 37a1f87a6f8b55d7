"""Files that are made to keep their reader busy: a process of its own opens them, and it is ended."""

import io
import re
import subprocess
import sys
import threading
import zipfile
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from knowledge import apart, pdftext, strangers, tables
from tests.knowledge.test_pdftext import PAGE, pdf
from tests.knowledge.test_tables import workbook


def rewritten(pattern: str, by: str) -> bytes:
    """A small spreadsheet whose sheet was changed behind its program's back."""
    made, changed = workbook(["title", "text"], ["a", "b"]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            part = old.read(name).decode()
            if name.endswith("sheet1.xml"):
                part, times = re.subn(pattern, by, part)
                assert times
            new.writestr(name, part)
    return changed.getvalue()


def second_row_at(number: int) -> bytes:
    return rewritten(r'(r="[AB]?|:B)2"', rf'\g<1>{number}"')


def test_a_row_that_says_it_is_far_below_is_not_waited_for() -> None:
    assert tables.read(second_row_at(7)).lines == [(7, ["a", "b"])]
    with pytest.raises(ValidationError, match="far below its table"):
        tables.read(second_row_at(2_000_000_000))


@pytest.mark.parametrize("size", ["A1:B1048576", "A1:A1"])
def test_the_size_that_a_spreadsheet_names_for_itself_is_not_believed(size: str) -> None:
    table = tables.read(rewritten('ref="A1:B2"', f'ref="{size}"'))
    assert table.lines == [(2, ["a", "b"])]


@pytest.mark.parametrize(
    ("limit", "most", "reason"),
    [("MOST_UNPACKED", 1000, "large"), ("MOST_TEXT", 9, "large"), ("MOST_ROWS", 0, "rows")],
)
def test_a_spreadsheet_that_holds_more_than_a_studio_can_say_is_refused(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, reason: str
) -> None:
    monkeypatch.setattr(strangers, limit, most)
    made = workbook(["title", "text"], ["a", "b"])
    assert strangers.answer("spreadsheet", made) == {"refused": reason}


def test_a_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SECONDS", 0.01)
    with pytest.raises(ValidationError, match="PDF takes too long"):
        pdftext.read(pdf(PAGE))
    with pytest.raises(ValidationError, match="spreadsheet takes too long"):
        tables.read(workbook(["title", "text"], ["a", "b"]))


def test_a_reader_that_is_ended_from_outside_is_told_as_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ValidationError, match="PDF takes too long"):
        pdftext.read(pdf(PAGE))


def test_a_reader_ends_itself_when_nobody_waits_for_it_any_more() -> None:
    endless = "from knowledge import strangers; strangers.SECONDS = 1; strangers._bound()\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", endless], check=False, timeout=60)
    assert done.returncode < 0


def test_few_files_are_read_at_a_time_and_the_next_is_asked_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = threading.BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(apart, "_places", taken)
    monkeypatch.setattr(apart, "PATIENCE", 0.0)
    with pytest.raises(ValidationError, match="Other files are being read"):
        pdftext.read(pdf(PAGE))
    taken.release()
    assert pdftext.read(pdf(PAGE)).lines
    assert taken.acquire(blocking=False)


def test_who_opens_the_file_of_a_stranger_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    seen: dict[str, Any] = {}
    real = subprocess.run

    def run(*args: Any, **options: Any) -> Any:
        seen.update(options["env"])
        return real(*args, **options)

    monkeypatch.setattr(subprocess, "run", run)
    assert pdftext.read(pdf(PAGE)).lines
    assert seen.keys() <= set(apart._KEPT)
