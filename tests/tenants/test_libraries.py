"""Two threads load libraries whose modules import each other."""

import sys
import threading

import pytest

from tenants import libraries

# Each end says that it began, gives the other a moment to begin too, and then needs the other.
MODULE = """
import circle_meeting as meeting
meeting.{own}.set()
if not meeting.first:
    meeting.first.append("{own}")
    meeting.at_once = meeting.{other}.wait(0.3)
import circle_{other}
"""
MEETING = "import threading\none = threading.Event()\ntwo = threading.Event()\nfirst = []\nat_once = None\n"


@pytest.fixture
def circle(tmp_path, monkeypatch):
    (tmp_path / "circle_meeting.py").write_text(MEETING)
    for own, other in (("one", "two"), ("two", "one")):
        (tmp_path / f"circle_{own}.py").write_text(MODULE.format(own=own, other=other))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("circle_meeting", "circle_one", "circle_two"):
        sys.modules.pop(name, None)
        libraries._loaded.discard(name)


def _both_ends(load) -> list[BaseException]:
    failed: list[BaseException] = []

    def run(name: str) -> None:
        try:
            load(name)
        except BaseException as error:  # noqa: BLE001  told to the test
            failed.append(error)

    threads = [threading.Thread(target=run, args=(f"circle_{end}",)) for end in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_two_threads_that_begin_at_both_ends_of_a_circle_take_turns(circle):
    assert _both_ends(libraries.load) == []
    assert {"circle_one", "circle_two"} <= sys.modules.keys()
    assert sys.modules["circle_meeting"].at_once is False
