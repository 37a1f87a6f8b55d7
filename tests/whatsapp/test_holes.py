import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from conversations.models import Message
from tenants.models import Tenant
from tests.whatsapp import events
from tests.whatsapp.events import ANNA_LID, STUDIO, STUDIO_LID, body, message
from whatsapp.holes import HISTORY_LASTS, LOOKS, Holes
from whatsapp.journal import Journal
from whatsapp.mover import Mover
from whatsapp.session.callbacks import raw_callback
from whatsapp.store import Me, Store
from whatsapp.translate import Translator

ANNA = f"{ANNA_LID}@lid"


class Library:
    """The notes that WhatsApp's library makes in its session file."""

    def __init__(self, store: Store):
        self._file = sqlite3.connect(store.session, isolation_level=None)
        self._file.executescript(
            "CREATE TABLE whatsmeow_device (jid, lid, push_name);"
            "CREATE TABLE whatsmeow_lid_map (lid, pn);"
            "CREATE TABLE whatsmeow_message_secrets (chat_jid, sender_jid, message_id);"
        )

    def link(self, device: int = 5) -> None:
        self._file.executescript(
            "DELETE FROM whatsmeow_device; DELETE FROM whatsmeow_message_secrets;"
        )
        values = (f"{STUDIO}:{device}@s.whatsapp.net", f"{STUDIO_LID}:{device}@lid", "Ombak")
        self._file.execute("INSERT INTO whatsmeow_device VALUES (?, ?, ?)", values)

    def decrypts(self, *ids: str, chat: str = ANNA, sender: str = "") -> None:
        for whatsapp_id in ids:
            values = (chat, sender or chat, whatsapp_id)
            self._file.execute("INSERT INTO whatsmeow_message_secrets VALUES (?, ?, ?)", values)


@pytest.fixture
def clock() -> list[float]:
    return [1_000_000.0]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "one.db")


@pytest.fixture
def journal(store: Store, clock: list[float]) -> Iterator[Journal]:
    journal = Journal(store.journal, clock=lambda: clock[0])
    yield journal
    journal.close()


@pytest.fixture
def library(store: Store) -> Library:
    library = Library(store)
    library.link()
    return library


@pytest.fixture
def holes(journal: Journal, store: Store, library: Library) -> Holes:
    """Linked, with the baseline closed."""
    holes = Holes(journal, store)
    holes.ready()
    holes.step()
    return holes


def found(journal: Journal) -> list[tuple[str, str, str]]:
    return [(raw.kind, raw.key, raw.payload.decode()) for raw in journal.waiting()]


def killed_and_started_again(journal: Journal, store: Store) -> None:
    Holes(journal, store).at_start()


def test_a_message_that_died_before_the_journal_is_found_at_the_next_start(
    holes: Holes, journal: Journal, store: Store, library: Library
):
    library.decrypts("3A01", "3A02")
    journal.add("message", "3A01:0:", b"")
    journal.moved(journal.waiting()[0])
    killed_and_started_again(journal, store)
    assert found(journal) == [("lost", "3A02:0:", ANNA)]
    killed_and_started_again(journal, store)
    assert len(found(journal)) == 1  # told once


def test_the_address_of_a_hole_names_no_device(
    holes: Holes, journal: Journal, store: Store, library: Library
):
    library.decrypts("3A01", chat=f"{ANNA_LID}:7@lid")
    killed_and_started_again(journal, store)
    assert found(journal) == [("lost", "3A01:0:", ANNA)]


def test_old_chats_that_came_with_the_link_are_no_holes(
    journal: Journal, store: Store, library: Library
):
    library.decrypts(*(f"OLD{n}" for n in range(200)))
    holes = Holes(journal, store)
    holes.step()
    holes.ready()
    holes.step()  # the baseline
    library.decrypts("3A01")
    killed_and_started_again(journal, store)
    assert found(journal) == [("lost", "3A01:0:", ANNA)]


def test_before_the_link_was_ever_ready_nothing_is_a_hole(
    journal: Journal, store: Store, library: Library
):
    library.decrypts("OLD1")
    killed_and_started_again(journal, store)
    assert found(journal) == []


def test_another_link_has_a_baseline_of_its_own(
    holes: Holes, journal: Journal, store: Store, library: Library
):
    library.decrypts("3A01")
    library.link(device=6)
    library.decrypts("OLD1", "OLD2")
    killed_and_started_again(journal, store)
    assert found(journal) == []


def test_old_chats_that_are_announced_later_are_no_holes_for_a_minute(
    holes: Holes, journal: Journal, store: Store, library: Library, clock: list[float]
):
    announced = body(
        protocolMessage={"type": 5, "historySyncNotification": {"syncType": 3}},
    )
    event = events.proto().MessageEv.FromString(message(announced, Category="peer").payload)
    clock[0] += 3600
    raw_callback("message", journal.add)(None, event)
    (raw,) = journal.waiting()
    assert (raw.kind, raw.payload) == ("history", b"")  # old chats are not kept
    journal.moved(raw)
    library.decrypts("OLD1", "OLD2")
    killed_and_started_again(journal, store)
    assert found(journal) == []
    clock[0] += LOOKS + HISTORY_LASTS + 1
    killed_and_started_again(journal, store)
    library.decrypts("NEW1")
    killed_and_started_again(journal, store)
    assert found(journal) == [("lost", "NEW1:0:", ANNA)]


def test_our_own_messages_and_groups_are_no_holes(
    holes: Holes, journal: Journal, store: Store, library: Library
):
    library.decrypts("OURS", sender=f"{STUDIO_LID}:5@lid")
    library.decrypts("TYPED", sender=f"{STUDIO}@s.whatsapp.net")
    library.decrypts("GROUP", chat="1203@g.us", sender=ANNA)
    library.decrypts("STATUS", chat="status@broadcast", sender=ANNA)
    killed_and_started_again(journal, store)
    assert found(journal) == []


def test_while_the_line_runs_a_message_has_until_the_next_look_to_arrive(
    holes: Holes, journal: Journal, library: Library
):
    library.decrypts("3A01", "3A02")
    holes.step()
    assert found(journal) == []  # they may be on their way
    journal.add("message", "3A01:0:", b"")
    journal.moved(journal.waiting()[0])
    holes.step()
    assert found(journal) == [("lost", "3A02:0:", ANNA)]


def test_many_at_once_are_for_staff_only(
    holes: Holes, journal: Journal, store: Store, library: Library
):
    library.decrypts("3A01", "3A02", "3A03", "3A04")
    killed_and_started_again(journal, store)
    assert {kind for kind, _key, _chat in found(journal)} == {"many_lost"}


def test_a_busy_session_file_postpones_the_look(
    holes: Holes,
    journal: Journal,
    store: Store,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
):
    library.decrypts("3A01")

    def busy(store: Store, after: int, upto: int) -> None:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as now:
        now.setattr(Store, "received", busy)
        with pytest.raises(sqlite3.OperationalError):
            killed_and_started_again(journal, store)
    killed_and_started_again(journal, store)
    assert found(journal) == [("lost", "3A01:0:", ANNA)]


@pytest.mark.parametrize(("kind", "state"), [("lost", "new"), ("many_lost", "handed_over")])
def test_staff_see_a_hole_as_a_message_that_nobody_can_read(
    journal: Journal, ombak: Tenant, clock: list[float], kind: str, state: str
):
    journal.add(kind, "3A01:0:", ANNA.encode())
    later = dt.datetime.fromtimestamp(clock[0] + 11, dt.UTC)
    translator = Translator(ombak.pk, Me(STUDIO, STUDIO_LID))
    Mover(journal, translator, clock=lambda: later, told=lambda: None).step()
    row = Message.objects.get()
    assert (row.kind, row.state, row.conversation.unread) == ("unreadable", state, 1)
