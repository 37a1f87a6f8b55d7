import io
import uuid
from pathlib import Path
from typing import Any

import pytest

from whatsapp.children import (
    AT_ONCE,
    LONGEST_LATELY,
    SHORT_LIVES,
    WAITS,
    Child,
    Waits,
    _keep_output,
)


def test_waits_grow_before_the_first_connection():
    waits = Waits()
    taken = [waits.next(connected=False, lived=1) for _start in range(8)]
    for wait, meant in zip(taken, [*WAITS, WAITS[-1], WAITS[-1]], strict=True):
        assert 0.8 * meant <= wait <= 1.2 * meant


def test_a_line_that_had_been_connected_is_back_within_a_second():
    waits = Waits()
    waits.next(connected=False, lived=1)
    waits.next(connected=False, lived=1)
    assert waits.next(connected=True, lived=3600) == AT_ONCE < 1
    assert waits.next(connected=True, lived=3600) == AT_ONCE


def test_a_line_that_dies_right_after_connecting_slows_down():
    waits = Waits()
    taken = [waits.next(connected=True, lived=2) for _start in range(SHORT_LIVES + 3)]
    assert set(taken[:SHORT_LIVES]) == {AT_ONCE}
    assert AT_ONCE < taken[-3] < taken[-2] < taken[-1]
    assert waits.next(connected=True, lived=3600) == AT_ONCE


def test_a_line_that_was_connected_lately_never_waits_long():
    waits = Waits()
    lives = [(True, 2.0), (False, 1.0)] * 20  # killed again and again, also before it connects
    taken = [waits.next(connected=how, lived=lived, lately=True) for how, lived in lives]
    assert 1 < max(taken) <= 1.2 * LONGEST_LATELY


def test_output_is_kept_without_full_numbers(tmp_path: Path):
    log = tmp_path / "logs" / "line.log"
    _keep_output(io.BytesIO(b"from 628111000001@s.whatsapp.net\n\xff\n"), log)
    assert log.read_text().splitlines()[0] == "from 62…0001@s.whatsapp.net"


def test_a_line_is_a_program_of_its_own_with_the_settings_of_lines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    started: dict[str, Any] = {}

    class Process:
        stdout = io.BytesIO(b"")

        def __init__(self, command: list[str], **options: Any):
            started.update(options, command=command)

    monkeypatch.setattr("whatsapp.children.subprocess.Popen", Process)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    line = Child(uuid.uuid4(), tmp_path)
    environment = started["env"]
    assert started["command"][1:4] == ["manage.py", "runwhatsapp", "--line"]
    assert environment["HTTPS_PROXY"] == "http://proxy.example"
    assert environment["NEONIZE_BOT_TAG"] == "off"
    assert environment["DJANGO_SETTINGS_MODULE"] == "config.line"
    assert {"GOMEMLIMIT", "MALLOC_ARENA_MAX"} <= set(environment)
    assert line.starting
    line.heard()
    assert not line.starting
