import sqlite3
from pathlib import Path

import pytest

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
    assert not store.session.exists()  # looking makes no file


def test_the_session_file_says_who_is_linked(store: Store):
    linked(store)
    assert store.me() == Me("62812", "1009", "Ombak")


def test_numbers_and_sent_messages_are_found(store: Store):
    linked(store)
    assert store.phone_of("1001") == "628111"
    assert store.phone_of("1002") is None
    assert store.sent_with(b"\x01") == "3EB0"
    assert store.sent_with(b"\x02") is None


def test_forgetting_keeps_the_journal(store: Store):
    linked(store)
    store.journal.write_text("messages")
    store.forget()
    assert store.me() is None
    assert store.journal.exists()


@pytest.mark.parametrize("jid", ["62812@s.whatsapp.net", "62812:5@s.whatsapp.net", "62812.0:5@s"])
def test_an_address_without_device_and_server(jid: str):
    assert bare(jid) == "62812"
