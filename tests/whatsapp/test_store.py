import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from whatsapp import store as stores
from whatsapp.store import Me, Store, bare


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "one.db")


def linked(store: Store) -> None:
    """A session file as neonize leaves it, as far as we read it."""
    with sqlite3.connect(store.session) as file:
        file.executescript(
            "CREATE TABLE whatsmeow_device (jid, lid, push_name);"
            "CREATE TABLE whatsmeow_lid_map (lid, pn);"
            "CREATE TABLE whatsmeow_message_secrets (message_id, key);"
            "INSERT INTO whatsmeow_device VALUES"
            " ('62812:5@s.whatsapp.net', '1009:5@lid', 'Ombak');"
            "INSERT INTO whatsmeow_lid_map VALUES ('1001', '628111');"
            "INSERT INTO whatsmeow_message_secrets VALUES ('3EB0', x'01');"
        )


def test_nobody_is_linked_before_the_first_start(store: Store):
    assert store.me() is None
    assert store.phone_of("1001") is None
    assert store.lid_of("628111") is None
    assert not store.session.exists()  # looking makes no file


def test_the_session_file_says_who_is_linked(store: Store):
    linked(store)
    assert store.me() == Me("62812", "1009", "Ombak")


def test_numbers_and_sent_messages_are_found(store: Store):
    linked(store)
    assert store.phone_of("1001") == "628111"
    assert store.phone_of("1002") is None
    assert store.lid_of("628111") == "1001"
    assert store.lid_of("628112") is None
    assert store.sent_with(b"\x01") == "3EB0"
    assert store.sent_with(b"\x02") is None


LEFT_BEHIND = """
import os, signal, sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.executescript("PRAGMA cache_size=1; BEGIN IMMEDIATE")
file.executemany("INSERT INTO whatsmeow_lid_map VALUES (?, 'x')", [("y" * 500,)] * 500)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_is_being_written_in_this_process_is_never_rolled_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    """To a reader with locks of its own, a transaction of the library in this process looks like one that a crash
    left behind. What a crash really left is rolled back at the next start."""
    monkeypatch.setattr(stores, "PATIENCE", 0.1)
    linked(store)
    subprocess.run([sys.executable, "-c", LEFT_BEHIND, store.session], check=False)
    journal = store.session.with_name("one.db-journal")
    store.in_use()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store.me()
    assert journal.exists()
    next_start = Store(store.session)
    monkeypatch.setattr(stores, "_in_use", set())
    assert next_start.me() is not None
    assert not journal.exists()


def test_an_open_session_is_read_while_the_library_writes(store: Store):
    store.in_use()
    assert store.me() is None
    linked(store)
    assert store.me() == Me("62812", "1009", "Ombak")
    with sqlite3.connect(store.session) as library:
        for number in range(200):
            library.execute("INSERT INTO whatsmeow_lid_map VALUES (?, '62')", (f"{number}",))
            library.commit()
            assert store.phone_of(f"{number}") == "62"


def test_what_was_written_while_it_was_read_is_read_again(store: Store):
    linked(store)
    onlooker = stores._onlooker(store.session)

    def written() -> int:
        with sqlite3.connect(store.session) as library:
            library.execute("DELETE FROM whatsmeow_device")
        return 1

    onlooker.create_function("written", 0, written)
    with pytest.raises(sqlite3.DatabaseError, match="written while"):
        stores._glance(onlooker, "SELECT written() FROM whatsmeow_lid_map", ())


def test_forgetting_keeps_the_journal(store: Store):
    linked(store)
    store.journal.write_text("messages")
    store.forget()
    assert store.me() is None
    assert store.journal.exists()


@pytest.mark.parametrize("jid", ["62812@s.whatsapp.net", "62812:5@s.whatsapp.net", "62812.0:5@s"])
def test_an_address_without_device_and_server(jid: str):
    assert bare(jid) == "62812"
