import datetime as dt
import logging
from pathlib import Path

import pytest
from django.db import OperationalError

from conversations.inbound import Receipt
from conversations.intake import receive
from conversations.models import Customer, Message
from tenants.models import Tenant
from tests.factories import NOW
from tests.whatsapp import events
from tests.whatsapp.events import STUDIO, STUDIO_LID, body, message
from whatsapp.journal import TRIES, Journal, Raw
from whatsapp.mover import PATIENCE, PORTION, Mover
from whatsapp.session.callbacks import LostMessages
from whatsapp.store import Me
from whatsapp.translate import Translator


@pytest.fixture
def journal(tmp_path: Path, now: dt.datetime) -> Journal:
    return Journal(tmp_path / "one.journal", clock=now.timestamp)


@pytest.fixture
def told() -> list[bool]:
    return []


@pytest.fixture
def mover(journal: Journal, ombak: Tenant, now: dt.datetime, told: list[bool]) -> Mover:
    return Mover(
        journal,
        Translator(ombak.pk, Me(STUDIO, STUDIO_LID)),
        clock=lambda: now,
        told=lambda: told.append(True),
        ours="3EB0".__eq__,
    )


def arrive(journal: Journal, raw: Raw) -> None:
    journal.add(raw.kind, raw.key, raw.payload)


def test_what_arrived_becomes_a_message_once_and_the_supervisor_is_told(
    journal: Journal, mover: Mover, told: list[bool]
):
    arrive(journal, message(body(conversation="Halo")))
    assert mover.step()
    assert not mover.step()
    assert Message.objects.get().text == "Halo"
    assert Customer.objects.get().phone == "+628111000001"
    assert told == [True]


def test_a_group_is_moved_out_of_the_way(journal: Journal, mover: Mover):
    arrive(journal, message(body(conversation="Halo"), events.source("1203@g.us")))
    assert mover.step()
    assert not mover.step()
    assert not Message.objects.exists()


def test_a_database_that_is_away_loses_nothing(
    journal: Journal, mover: Mover, monkeypatch: pytest.MonkeyPatch
):
    arrive(journal, message(body(conversation="Halo")))
    with monkeypatch.context() as away:
        away.setattr("whatsapp.mover.receive", _fails(OperationalError("gone")))
        for _try in range(5):
            with pytest.raises(OperationalError):
                mover.step()
    assert mover.step()
    assert Message.objects.get().text == "Halo"


def test_one_event_for_which_the_database_is_away_does_not_hold_the_others_for_ever(
    journal: Journal, mover: Mover, monkeypatch: pytest.MonkeyPatch
):
    def too_much(event: object, at: dt.datetime) -> None:
        if getattr(event, "text", "") == "too much":
            raise OperationalError("program limit exceeded")
        receive(event, at=at)  # type: ignore[arg-type]

    monkeypatch.setattr("whatsapp.mover.receive", too_much)
    arrive(journal, message(body(conversation="too much")))
    for _try in range(PATIENCE):
        with pytest.raises(OperationalError):
            mover.step()
    for number in range(TRIES):
        arrive(journal, message(body(conversation=f"Halo {number}"), whatsapp_id=f"3B{number}"))
        assert mover.step()
    assert [row.text for row in Message.objects.order_by("pk")] == ["Halo 0", "Halo 1", "Halo 2"]
    assert not journal.waiting()


def test_a_database_that_is_away_for_all_sets_nothing_aside(
    journal: Journal, mover: Mover, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("whatsapp.mover.receive", _fails(OperationalError("disk full")))
    for number in range(2):
        arrive(journal, message(body(conversation="Halo"), whatsapp_id=f"3B{number}"))
    for _try in range(2 * PATIENCE):
        with pytest.raises(OperationalError):
            mover.step()
    assert len(journal.waiting()) == 2


def test_what_waits_for_its_time_does_not_hold_what_came_later(journal: Journal, mover: Mover):
    for number in range(PORTION):
        journal.add("lost", f"3L{number}:1@lid", b"{}")
    arrive(journal, message(body(conversation="Halo")))
    assert mover.step()
    assert Message.objects.get().text == "Halo"


def test_a_lost_message_whose_text_is_here_is_done_at_once(journal: Journal, mover: Mover):
    lost(journal)
    arrive(journal, message(body(conversation="Halo")))
    assert mover.step()
    assert not journal.waiting()


def test_an_event_that_nobody_can_read_does_not_hold_up_the_next(
    journal: Journal, mover: Mover, caplog: pytest.LogCaptureFixture
):
    journal.add("message", "broken", b"\xff\xff")
    arrive(journal, message(body(conversation="Halo")))
    assert mover.step()
    assert Message.objects.get().text == "Halo"
    for _try in range(3):
        mover.step()
    assert not journal.waiting()
    assert "set aside" in caplog.text


def test_typing_of_long_ago_is_nothing(
    journal: Journal, ombak: Tenant, mover: Mover, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
):
    seen: list[object] = []
    monkeypatch.setattr("whatsapp.mover.receive", lambda event, at: seen.append(event))
    arrive(journal, events.typing())
    late = Mover(
        journal,
        mover.translator,
        clock=lambda: now + dt.timedelta(minutes=1),
        told=lambda: None,
    )
    assert late.step()
    assert seen == []


def test_a_readable_copy_makes_the_unreadable_one_needless(journal: Journal, mover: Mover):
    arrive(journal, events.unreadable("3A01"))
    arrive(journal, message(body(conversation="Halo")))
    mover.step()
    assert [row.kind for row in Message.objects.all()] == ["text"]


def test_bytes_that_are_no_text_become_question_marks(journal: Journal, mover: Mover):
    raw = message(body(conversation="Halo XY kak", extendedTextMessage={"text": "XY"}))
    journal.add(raw.kind, raw.key, raw.payload.replace(b"XY", b"\xff\xfe"))
    assert mover.step()
    assert Message.objects.get().text == "Halo \ufffd\ufffd kak"


def test_the_line_is_told_when_a_file_is_to_be_loaded(journal: Journal, ombak: Tenant):
    filed: list[bool] = []
    mover = Mover(
        journal,
        Translator(ombak.pk, Me(STUDIO, STUDIO_LID)),
        clock=lambda: NOW,
        told=lambda: None,
        filed=lambda: filed.append(True),
    )
    arrive(journal, message(body(conversation="Halo")))
    mover.step()
    assert filed == []
    arrive(journal, message(body(imageMessage={"directPath": "/v/1"}), whatsapp_id="3A02"))
    mover.step()
    assert filed == [True]


def lost(journal: Journal) -> None:
    line = (
        "Ignoring message 3A01 from 100000000000001:3@lid: failed to decrypt prekey message:"
        " failed to get or create message keys: received message with old counter (index: 1)"
    )
    log = logging.makeLogRecord({"msg": line})
    LostMessages(lambda kind, key, payload: journal.add(kind, key, payload)).emit(log)


def test_a_message_that_died_with_the_process_is_shown_without_its_text(
    journal: Journal, mover: Mover, now: dt.datetime
):
    lost(journal)
    assert not mover.step()  # it may only be a duplicate
    mover._clock = lambda: now + dt.timedelta(seconds=11)
    assert mover.step()
    row = Message.objects.get()
    assert (row.kind, row.whatsapp_id) == ("unreadable", "3A01")
    assert row.conversation.chat == "100000000000001@lid"


def test_a_duplicate_of_a_known_message_is_not_lost(
    journal: Journal, mover: Mover, now: dt.datetime
):
    lost(journal)
    arrive(journal, message(body(conversation="Halo")))
    mover._clock = lambda: now + dt.timedelta(seconds=11)
    mover.step()
    assert [row.kind for row in Message.objects.all()] == ["text"]


def test_only_retries_for_an_earlier_process_are_passed_on(
    journal: Journal, mover: Mover, monkeypatch: pytest.MonkeyPatch
):
    seen: list[Receipt] = []

    def applied(event: Receipt, at: dt.datetime) -> set[str]:
        seen.append(event)
        return set()

    monkeypatch.setattr("whatsapp.receipts.outbox.receipt", applied)
    arrive(journal, events.receipt("RETRY", "3EB0"))
    arrive(journal, events.receipt("RETRY", "3EB0", "3EB1"))
    arrive(journal, events.receipt("DELIVERED", "3EB0"))
    mover.step()
    assert [each.whatsapp_ids for each in seen] == [("3EB1",), ("3EB0",)]


def test_a_receipt_of_very_many_messages_is_taken_in_portions(
    journal: Journal, mover: Mover, monkeypatch: pytest.MonkeyPatch
):
    seen: list[int] = []

    def applied(event: Receipt, at: dt.datetime) -> set[str]:
        seen.append(len(event.whatsapp_ids))
        return set()

    monkeypatch.setattr("whatsapp.receipts.outbox.receipt", applied)
    arrive(journal, events.receipt("DELIVERED", *(f"3C{number}" for number in range(1500))))
    mover.step()
    assert seen == [1000, 500]


def _fails(error: Exception):
    def call(*arguments: object, **named: object) -> None:
        raise error

    return call
