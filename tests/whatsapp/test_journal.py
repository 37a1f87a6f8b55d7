import sqlite3
from pathlib import Path

import pytest

from whatsapp import journal as journals
from whatsapp.journal import FLEETING_SECONDS, KEEP_SECONDS, Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.journal"


def keys(journal: Journal) -> list[str]:
    return [raw.key for raw in journal.waiting()]


def test_events_wait_in_the_order_of_their_arrival(path: Path):
    journal = Journal(path, clock=lambda: 5.0)
    for key in "bac":
        journal.add("message", key, key.encode())
    assert keys(journal) == ["b", "a", "c"]
    assert journal.waiting()[0].received_at == 5.0


def test_the_same_event_twice_is_one(path: Path):
    journal = Journal(path)
    journal.add("message", "a", b"1")
    journal.add("message", "a", b"2")
    journal.add("undecryptable", "a", b"3")
    assert [raw.payload for raw in journal.waiting()] == [b"1", b"3"]
    assert journal.holds("message", "a")
    assert not journal.holds("receipt", "a")


def test_what_a_kill_left_behind_is_there_at_the_next_start(path: Path):
    killed = Journal(path)
    killed.add("message", "a", b"")
    killed.add("message", "b", b"")
    killed.moved(killed.waiting()[0])
    assert keys(Journal(path)) == ["b"]  # the first one was never closed


def test_an_event_that_cannot_be_read_is_set_aside_after_three_tries(path: Path):
    journal = Journal(path)
    journal.add("message", "a", b"")
    (raw,) = journal.waiting()
    assert [journal.failed(raw) for _try in range(3)] == [False, False, True]
    assert keys(journal) == []


def test_a_full_disk_loses_nothing(path: Path):
    journal = Journal(path)
    journal._file.execute("PRAGMA max_page_count=1")  # every insert fails now
    with pytest.raises(sqlite3.OperationalError):
        journal._file.execute("CREATE TABLE more (x)")
    for key in "ab":
        journal.add("message", key, b"x" * 50_000)
    assert keys(journal) == []
    journal._file.execute("PRAGMA max_page_count=100000")
    assert keys(journal) == ["a", "b"]


def test_moved_events_are_forgotten_after_a_month_and_waiting_ones_never(path: Path):
    now = [0.0]
    journal = Journal(path, clock=lambda: now[0])
    for key in "ab":
        journal.add("message", key, b"")
    journal.moved(journal.waiting()[0])
    now[0] = KEEP_SECONDS + 1
    journal.prune()
    assert not journal.holds("message", "a")
    assert keys(journal) == ["b"]


def test_only_the_owner_may_read_it(path: Path):
    Journal(path)
    assert path.stat().st_mode & 0o077 == 0


def done(journal: Journal, kind: str, key: str, payload: bytes = b"") -> None:
    journal.add(kind, key, payload)
    journal.moved(journal.waiting()[0])


def test_receipts_are_forgotten_after_a_day_and_messages_are_not(path: Path):
    now = [0.0]
    journal = Journal(path, clock=lambda: now[0])
    for kind in ("receipt", "typing", "message"):
        done(journal, kind, "a")
    now[0] = FLEETING_SECONDS + 1
    journal.prune()
    assert [journal.holds(kind, "a") for kind in ("receipt", "typing", "message")] == [0, 0, 1]


def test_what_was_set_aside_is_forgotten_after_a_month_too(path: Path):
    now = [0.0]
    journal = Journal(path, clock=lambda: now[0])
    journal.add("message", "a", b"")
    for _try in range(3):
        journal.failed(journal.waiting()[0])
    now[0] = KEEP_SECONDS + 1
    journal.prune()
    assert not journal.holds("message", "a")


def test_the_oldest_events_make_room_and_what_waits_stays(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(journals, "KEEP_BYTES", 2_500)
    journal = Journal(path)
    for key in "abc":
        done(journal, "message", key, b"x" * 1_000)
    journal.add("message", "waiting", b"x" * 9_000)
    journal.prune()
    assert keys(journal) == ["waiting"]
    assert [raw.key for raw in journal.kept(["message"])] == []
    journal.moved(journal.waiting()[0])
    for key in "de":
        done(journal, "message", key, b"x" * 1_000)
    journal.prune()
    assert [raw.key for raw in journal.kept(["message"])] == ["d", "e"]


def test_what_was_moved_can_be_read_again_from_a_moment_on(path: Path):
    now = [0.0]
    journal = Journal(path, clock=lambda: now[0])
    for number in range(250):
        now[0] = float(number)
        done(journal, "message", str(number))
    done(journal, "receipt", "x")
    journal.add("message", "waiting", b"")
    assert [raw.key for raw in journal.kept(["message"], since=100)] == [
        str(number) for number in range(100, 250)
    ]
    assert journal.count_kept(["message"], since=100) == 150
