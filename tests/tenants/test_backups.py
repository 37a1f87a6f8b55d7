"""A backup is one file that was read through; a damaged one is told."""

import datetime as dt
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tenants import backups
from tenants.backups import BackupError, make, verify
from tenants.models import Tenant
from tests import factories

# The copy is made from committed rows: no test's transaction may be open around it.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def house(settings: Settings, tmp_path: Path) -> Path:
    """A house with a linked account, a journal, a picture, and a key."""
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    settings.WHATSAPP_SESSION_PATH = tmp_path / "whatsapp"
    for folder in ("media", "whatsapp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "media" / "map.png").write_bytes(b"picture")
    (tmp_path / "encryption_key").write_text("the-key")
    (tmp_path / "whatsapp" / "a.lock").write_text("")
    with closing(sqlite3.connect(tmp_path / "whatsapp" / "a.sqlite3")) as session:
        session.execute("CREATE TABLE device (jid)")
        session.execute("INSERT INTO device VALUES ('62812')")
        session.commit()
    return tmp_path


def test_a_backup_holds_database_sessions_and_media_and_no_key(house: Path, ombak: Tenant) -> None:
    factories.entry(ombak)
    made = make(house / "backups", factories.NOW)
    assert made.path.name == "mila-20261118T083000Z.tar.gz"
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.counts == {
        "tenants.Tenant": 1,
        "knowledge.KnowledgeEntry": 1,
        "conversations.Message": 0,
    }
    with tarfile.open(made.path) as archive:
        assert set(archive.getnames()) == {
            "manifest.json",
            "database.sqlite3",
            "whatsapp/a.sqlite3",
            "media/map.png",
        }
    assert [path.name for path in (house / "backups").iterdir()] == [made.path.name]


def test_the_copies_can_be_opened_and_hold_the_rows(house: Path, ombak: Tenant) -> None:
    made = make(house / "backups", factories.NOW)
    with tarfile.open(made.path) as archive:
        for name in ("database.sqlite3", "whatsapp/a.sqlite3"):
            file = archive.extractfile(name)
            assert file is not None
            (house / Path(name).name).write_bytes(file.read())
    with closing(sqlite3.connect(house / "database.sqlite3")) as database:
        assert database.execute("SELECT slug FROM tenants_tenant").fetchall() == [("ombak",)]
    with closing(sqlite3.connect(house / "a.sqlite3")) as session:
        assert session.execute("SELECT jid FROM device").fetchall() == [("62812",)]


def test_what_a_line_is_writing_now_is_in_the_copy(house: Path) -> None:
    with closing(sqlite3.connect(house / "whatsapp" / "a.sqlite3")) as session:
        session.execute("PRAGMA journal_mode=WAL")
        session.execute("INSERT INTO device VALUES ('62813')")
        session.commit()  # lies in the WAL file only
        made = make(house / "backups", factories.NOW)
    with tarfile.open(made.path) as archive:
        file = archive.extractfile("whatsapp/a.sqlite3")
        assert file is not None
        (house / "copy").write_bytes(file.read())
    with closing(sqlite3.connect(house / "copy")) as copy:
        assert copy.execute("SELECT count(*) FROM device").fetchone() == (2,)


def test_only_the_newest_are_kept_and_nothing_else_is_deleted(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "KEEP", 3)
    folder = house / "backups"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    for minute in range(5):
        last = make(folder, factories.NOW + dt.timedelta(minutes=minute))
    assert len(list(folder.glob("mila-*"))) == 3
    assert last.path.exists()
    assert (folder / "notes.txt").exists()


def test_two_in_the_same_second_are_two(house: Path) -> None:
    one, other = (make(house / "backups", factories.NOW) for _ in range(2))
    assert one.path != other.path


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "bit"])
def test_a_damaged_backup_is_told(house: Path, ombak: Tenant, damage: str) -> None:
    path = make(house / "backups", factories.NOW).path
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "cut": whole[:middle],
            "empty": b"",
            "text": b"not a backup",
            "bit": whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :],
        }[damage]
    )
    with pytest.raises(BackupError, match="is no whole backup of MILA"):
        verify(path)


def test_a_session_that_stays_locked_stops_the_backup(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.backups.BUSY_SECONDS", 0.0)
    with closing(sqlite3.connect(house / "whatsapp" / "a.sqlite3")) as session:
        session.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BackupError, match="is in use"):
            make(house / "backups", factories.NOW)
    assert list((house / "backups").iterdir()) == []


def test_a_damaged_session_stops_the_backup(house: Path) -> None:
    store = house / "whatsapp" / "a.sqlite3"
    store.write_bytes(store.read_bytes()[:5000])
    with pytest.raises(BackupError):
        make(house / "backups", factories.NOW)
    assert list((house / "backups").iterdir()) == []


def test_the_command_says_what_it_did_and_what_is_missing(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("backup")
    said = capsys.readouterr().out
    assert "written and read through" in said
    assert "The encryption key is not in it." in said
    path = next((house / "backups").iterdir())
    call_command("backup", "--verify", str(path))
    assert "is whole" in capsys.readouterr().out
    for wrong in (house / "none.tar.gz", house):
        with pytest.raises(CommandError) as caught:
            call_command("backup", "--verify", str(wrong))
        assert caught.value.returncode == 2


def test_a_folder_that_cannot_be_written_is_told(house: Path) -> None:
    (house / "file").write_text("")
    with pytest.raises(CommandError, match="No backup was made"):
        call_command("backup", "--out", str(house / "file" / "x"))
