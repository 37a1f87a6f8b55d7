import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from conversations import erasure, outbox
from conversations.models import EarlyChange
from tenants.models import Tenant
from tests.conversations.cast import answered, customer_of, writes
from tests.whatsapp import events
from tests.whatsapp.fakes import FakeSession
from whatsapp import memory, states
from whatsapp.lease import Lease
from whatsapp.line import Line
from whatsapp.models import WhatsAppAccount
from whatsapp.secrets import secret_of
from whatsapp.session import Change
from whatsapp.store import Me, Store
from whatsapp.wakeups import Wakeup

State = WhatsAppAccount.State
OURS = Me("6281200001101", "1009", "Ombak")


@pytest.fixture
def account(ombak: Tenant) -> WhatsAppAccount:
    return WhatsAppAccount.objects.create(tenant=ombak)


@pytest.fixture
def line(account: WhatsAppAccount, tmp_path: Path, settings: Any) -> Line:
    """A line whose session is a recording one; tests call its steps."""
    settings.WHATSAPP_SESSION = "tests.whatsapp.fakes.FakeSession"
    lease = Lease.take(account.pk, "here")
    assert lease is not None
    return Line(account, Store(tmp_path / "one.db"), lease, Wakeup(None))


def session_of(line: Line) -> FakeSession:
    assert isinstance(line.session, FakeSession)
    return line.session


def row(line: Line) -> WhatsAppAccount:
    """What staff would see now."""
    line.look()
    return WhatsAppAccount.objects.get(pk=line.account.pk)


def connect(line: Line, me: Me = OURS) -> None:
    session_of(line).linked = me
    line.handle(Change("connected"))
    line.handle(Change("synced"))


def test_a_code_is_shown_for_a_minute_the_next_ones_for_less(line: Line):
    for code, lives in (("first", 60), ("second", 20)):
        line.handle(Change("qr", code))
        shown = row(line)
        assert (shown.state, shown.qr) == (State.QR_READY, code)
        assert shown.qr_expires_at is not None
        assert shown.qr_expires_at - timezone.now() <= dt.timedelta(seconds=lives)


def test_a_scan_ends_the_wish_and_the_code(line: Line):
    WhatsAppAccount.objects.update(pair_requested_at=timezone.now())
    line.handle(Change("qr", "code"))
    line.handle(Change("login", "success"))
    line.handle(Change("paired"))
    shown = row(line)
    assert (shown.state, shown.qr, shown.pair_requested_at) == (State.SYNCING, "", None)


def test_a_connected_line_says_who_is_linked_and_stays_unavailable(line: Line):
    connect(line)
    shown = row(line)
    assert (shown.state, shown.phone, shown.push_name) == (
        State.CONNECTED,
        "+6281200001101",
        "Ombak",
    )
    assert shown.connected_at is not None
    assert session_of(line).calls == ["presence False"]
    assert line.code is None


def test_a_studio_without_a_number_gets_the_linked_one(line: Line, ombak: Tenant):
    Tenant.objects.filter(pk=ombak.pk).update(whatsapp_number=None)
    connect(line)
    ombak.refresh_from_db()
    assert ombak.whatsapp_number == "+6281200001101"


def test_another_number_than_the_studios_is_linked_all_the_same(line: Line, ombak: Tenant):
    connect(line, Me("6281299999999"))
    assert row(line).state == State.CONNECTED
    ombak.refresh_from_db()
    assert ombak.whatsapp_number == "+6281200001101"


def test_a_number_of_another_studio_is_unlinked_at_once(line: Line, senja: Tenant):
    connect(line, Me("6281200002202"))
    shown = row(line)
    assert (shown.state, shown.phone) == (State.NUMBER_IN_USE, "")
    assert "logout" in session_of(line).calls
    assert states.EXITS[line.code or 0] == State.NUMBER_IN_USE


def test_a_line_that_has_grown_is_started_anew_and_one_that_has_not_lives_on(
    line: Line, monkeypatch: pytest.MonkeyPatch
):
    assert 1 < memory.own() < 4096
    connect(line)
    for size, code in ((memory.LIMIT, None), (memory.LIMIT + 1, states.BROKEN)):
        monkeypatch.setattr(memory, "own", lambda size=size: size)
        line._heed_memory()
        while not line._changes.empty():
            line.handle(line._changes.get())
        assert line.code == code
    assert row(line).state == State.RETRYING


ENDS: list[tuple[Change, str]] = [
    (Change("login", "timeout"), State.QR_EXPIRED),
    (Change("login", "passkey-request"), State.PASSKEY_REQUIRED),
    (Change("login", "err-client-outdated"), State.OUTDATED),
    (Change("login", "error"), State.FAILED),
    (Change("paired", "refused"), State.FAILED),
    (Change("logged_out", "LOGGED_OUT"), State.LOGGED_OUT),
    (Change("logged_out", "MAIN_DEVICE_GONE"), State.BANNED),
    (Change("banned", "101", 3600), State.BANNED),
    (Change("outdated"), State.OUTDATED),
    (Change("replaced"), State.REPLACED),
    (Change("refused", "INTERNAL"), State.RETRYING),
    (Change("ended", "failed to dial"), State.RETRYING),
    (Change("ended", "required field neonize.TemporaryBan.Code not set"), State.BANNED),
    (Change("died", "MemoryError"), State.RETRYING),
    (Change("stop"), State.STOPPED),
]


@pytest.mark.parametrize(("change", "state"), ENDS)
def test_every_end_has_its_state_and_its_exit_code(line: Line, change: Change, state: str):
    line.handle(change)
    assert row(line).state == state
    assert line.code is not None
    assert states.EXITS[line.code] == state


def test_a_network_that_was_never_there_is_told_apart_from_a_lost_one(line: Line):
    line.handle(Change("ended", "failed to dial"))
    assert line.code == states.UNREACHABLE
    line._code = None
    connect(line)
    line.handle(Change("ended", "x"))
    assert line.code == states.BROKEN


def test_an_outage_is_shown_and_ends_by_itself(line: Line):
    connect(line)
    line.handle(Change("disconnected"))
    assert row(line).state == State.RETRYING
    connect(line)
    assert row(line).state == State.CONNECTED
    assert line.code is None


def test_a_silence_on_a_standing_connection_ends_without_waiting_for_a_backlog(line: Line):
    connect(line)
    line.handle(Change("failing"))
    line.handle(Change("failing"))
    assert row(line).state == State.RETRYING
    line.handle(Change("restored"))
    assert row(line).state == State.CONNECTED


def test_a_silence_during_the_backlog_does_not_end_it(line: Line):
    session_of(line).linked = OURS
    line.handle(Change("connected"))
    line.handle(Change("failing"))
    line.handle(Change("restored"))
    assert row(line).state == State.SYNCING


@pytest.mark.parametrize(
    ("change", "hours"),
    [
        (Change("banned", "101", 3600), 1),
        (Change("banned", "101"), 6),
        (Change("ended", "required field neonize.TemporaryBan.Code not set"), 6),
    ],
)
def test_a_ban_has_an_end_before_which_nothing_is_tried(line: Line, change: Change, hours: int):
    line.handle(change)
    until = row(line).banned_until
    assert until is not None
    assert abs(until - timezone.now() - dt.timedelta(hours=hours)) < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("before", "seconds", "code"),
    [("dial", 91, states.UNREACHABLE), ("outage", 301, states.BROKEN)],
)
def test_what_takes_too_long_ends_the_process(line: Line, before: str, seconds: int, code: int):
    line.account.state = State.CONNECTING
    if before == "outage":
        connect(line)
        line.handle(Change("disconnected"))
    line.look()
    assert line.code is None
    line._since -= seconds
    line.look()
    assert line.code == code


def test_an_unannounced_end_of_the_backlog_is_not_waited_for_for_ever(line: Line):
    session_of(line).linked = OURS
    line.handle(Change("connected"))
    assert row(line).state == State.SYNCING
    line._since -= 21
    line.look()
    assert row(line).state == State.CONNECTED


def test_nothing_is_sent_before_the_backlog_is_in(line: Line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(line.sender, "send_next", lambda: True)
    session_of(line).linked = OURS
    line.handle(Change("connected"))
    assert not line._send_when_connected()
    line.handle(Change("synced"))
    assert line._send_when_connected()


def test_the_end_of_the_backlog_may_be_told_before_the_connection(line: Line):
    session_of(line).linked = OURS
    line.handle(Change("paired"))
    line.handle(Change("synced"))
    assert line.account.state == State.SYNCING  # nothing may be sent yet
    line.handle(Change("connected"))
    assert line.account.state == State.CONNECTED


def test_an_early_word_counts_for_its_own_connection_only(line: Line):
    session_of(line).linked = OURS
    line.handle(Change("synced"))
    line.handle(Change("disconnected"))
    line.handle(Change("connected"))
    assert line.account.state == State.SYNCING


def test_staff_unlink_a_number(line: Line):
    connect(line)
    WhatsAppAccount.objects.update(logout_requested_at=timezone.now())
    line.look()
    shown = row(line)
    assert (shown.state, shown.phone, shown.logout_requested_at) == (State.STOPPED, "", None)
    assert "logout" in session_of(line).calls


def test_unlinking_without_a_network_says_what_to_do_on_the_phone(line: Line):
    line.handle(Change("disconnected"))
    WhatsAppAccount.objects.update(logout_requested_at=timezone.now() - dt.timedelta(seconds=31))
    line.look()
    shown = row(line)
    assert (shown.state, shown.problem) == (State.LOGGED_OUT, states.STILL_ON_PHONE)


def test_who_lost_the_lease_ends(line: Line):
    assert Lease.take(line.account.pk, "here") is not None
    line.handle(Change("qr", "code"))
    line.look()
    assert line.code == states.BUSY


def test_a_pairing_code_is_shown_beside_the_picture(
    line: Line, wait_for: Callable[[Callable[[], bool]], None]
):
    line.account.pair_phone = "+6281200001101"
    line.handle(Change("qr", "code"))
    wait_for(lambda: not line._changes.empty())
    line.handle(line._changes.get())
    assert row(line).pair_code == "ABCD-EFGH"


def test_letters_wished_for_while_a_picture_is_shown_come_at_once_and_go_with_the_wish(
    line: Line, wait_for: Callable[[Callable[[], bool]], None]
):
    line.handle(Change("qr", "code"))
    wish(line, "+6281200001101")
    line.look()
    wait_for(lambda: not line._changes.empty())
    line.handle(line._changes.get())
    assert row(line).pair_code == "ABCD-EFGH"
    wish(line, "")
    line.look()
    assert row(line).pair_code == ""
    line.handle(Change("pair_code", "LATE-CODE"))
    assert row(line).pair_code == ""


def test_letters_are_valid_no_longer_than_the_pictures(line: Line):
    line.account.pair_phone = "+6281200001101"
    line.handle(Change("qr", "code"))
    until = line._codes_until
    assert until is not None
    assert until - timezone.now() <= dt.timedelta(seconds=160)
    line.handle(Change("pair_code", "ABCD-EFGH"))
    assert row(line).pair_code_expires_at == until


def test_a_number_for_which_whatsapp_gives_no_letters_is_told_and_the_picture_stays(line: Line):
    line.handle(Change("qr", "code"))
    line.handle(Change("no_pair_code"))
    line.handle(Change("qr", "next"))
    shown = row(line)
    assert (shown.state, shown.qr) == (State.QR_READY, "next")
    assert "check the number, or scan the QR code" in states.describe(shown, timezone.now()).detail


def wish(line: Line, phone: str) -> None:
    at = timezone.now() + dt.timedelta(seconds=1)
    WhatsAppAccount.objects.update(pair_requested_at=at, pair_phone=phone)


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool]], None]:
    def wait(found: Callable[[], bool]) -> None:
        deadline = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
        while not found():
            assert dt.datetime.now(dt.UTC) < deadline

    return wait


def test_nothing_is_sent_by_who_may_have_lost_the_number(
    line: Line, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(line.sender, "send_next", lambda: True)
    connect(line)
    assert line._send_when_connected()
    line.lease._renewed -= 10
    assert not line._send_when_connected()


def test_what_happened_while_the_database_was_away_is_heard_in_its_order(
    line: Line, monkeypatch: pytest.MonkeyPatch
):
    def away(*_arguments: object) -> bool:
        raise OperationalError("gone")

    monkeypatch.setattr("whatsapp.line.time.sleep", lambda _seconds: None)
    session_of(line).linked, line.account.state = OURS, State.CONNECTING
    line._changes.put(Change("connected"))
    line._changes.put(Change("disconnected"))
    with monkeypatch.context() as outage:
        outage.setattr("whatsapp.connection.identity.taken", away)
        line.take_next()
        line.take_next()
        line._since -= 10_000
        line.look()
        assert (line.code, line.account.phone) == (None, "")  # it does connect
    line.take_next()
    assert line.account.phone == "+6281200001101"
    line.take_next()
    assert line.account.state == State.RETRYING


def test_every_hour_a_line_forgets_changes_whose_message_never_came(
    line: Line, ombak: Tenant, settings: Any, tmp_path: Path
):
    settings.MEDIA_ROOT = tmp_path
    now = timezone.now()
    for days in (1, 3):
        sent_at = now - dt.timedelta(days=days)
        EarlyChange.objects.create(
            tenant=ombak, whatsapp_id=f"A{days}", from_me=False, change={}, created_at=sent_at
        )
    line._chore()
    assert EarlyChange.objects.get().whatsapp_id == "A1"


def test_a_line_is_nothing_without_what_carries_its_messages(line: Line):
    assert [loop.name for loop in line._loops if loop._vital] == ["mover", "sender"]


def test_a_stop_does_not_wait_for_the_database(line: Line, monkeypatch: pytest.MonkeyPatch):
    def away(*_arguments: object) -> bool:
        raise OperationalError("gone")

    monkeypatch.setattr("whatsapp.line.time.sleep", lambda _seconds: None)
    monkeypatch.setattr("whatsapp.connection.identity.taken", away)
    line._changes.put(Change("connected"))
    line.take_next()
    line.ask_to_stop()
    line.take_next()
    assert line.code == states.exit_code(State.STOPPED)


def test_what_the_database_could_not_hear_is_told_also_while_the_line_is_offline(line: Line):
    told: list[str] = []
    line.sender._untold.append(lambda: told.append("sent"))
    assert not line._send_when_connected()
    assert told == ["sent"]


def test_at_its_start_a_line_settles_what_the_last_one_sent_with_the_receipts_it_kept(
    line: Line, ombak: Tenant
):
    at = timezone.now()
    reply = answered(ombak, at=at)
    outbox.claim_to_send(ombak.pk, at)
    with sqlite3.connect(line.store.session) as file:
        file.execute("CREATE TABLE whatsmeow_device (jid, lid, push_name)")
        file.execute("CREATE TABLE whatsmeow_message_secrets (message_id, key)")
        given = ("3EB0F", secret_of(reply))
        file.execute("INSERT INTO whatsmeow_message_secrets VALUES (?, ?)", given)
    receipt = events.receipt("READ", "3EB0F")
    line.journal.add(receipt.kind, receipt.key, receipt.payload)
    for raw in line.journal.waiting():
        line.journal.moved(raw)
    line._settle(at)
    reply.refresh_from_db()
    assert (reply.state, reply.whatsapp_id) == ("read", "3EB0F")


def test_every_hour_a_line_empties_what_its_journal_keeps_of_erased_customers(
    line: Line, ombak: Tenant, settings: Any, tmp_path: Path
):
    settings.MEDIA_ROOT = tmp_path
    message = writes(ombak, whatsapp_id="3A01")
    raw = events.message(events.body(conversation="rahasia"), whatsapp_id="3A01")
    line.journal.add(raw.kind, raw.key, raw.payload)
    for waiting in line.journal.waiting():
        line.journal.moved(waiting)
    erasure.erase(customer_of(message), timezone.now())
    line._chore()
    assert [raw.payload for raw in line.journal.kept(["message"])] == [b""]


@pytest.fixture
def supervised(line: Line) -> Iterator[Line]:
    line.wakeup, theirs = Wakeup.pair()
    with theirs:
        yield line


def test_a_line_whose_supervisor_is_frozen_makes_room_for_another_host(supervised: Line):
    now = supervised._supervised_at
    for seconds in range(1, 15):
        supervised._heed_supervisor(now + seconds)
    assert supervised.code is None
    supervised._heed_supervisor(now + 15.1)
    assert supervised.code == states.BUSY


def test_a_line_that_was_frozen_itself_does_not_blame_its_supervisor(supervised: Line):
    supervised._heed_supervisor(supervised._supervised_at + 60)
    assert supervised.code is None


def test_a_line_started_by_hand_has_no_supervisor(line: Line):
    for seconds in range(1, 60):
        line._heed_supervisor(line._supervised_at + seconds)
    assert line.code is None
