import datetime as dt
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from conversations.models import Conversation
from tenants.models import Tenant
from tests import factories
from whatsapp import pairing, states
from whatsapp.models import WhatsAppAccount
from whatsapp.store import Me, Store
from whatsapp.supervisor import (
    LOADING,
    REFLEX_WAIT,
    REPLACED_WAIT,
    SILENT_LOOKS,
    Supervisor,
)
from whatsapp.wakeups import Wakeup

State = WhatsAppAccount.State


class FakeChild:
    """A line that runs until the test ends it."""

    started: list["FakeChild"] = []
    starting = False

    def __init__(self, account_id: Any, folder: Path):
        self.account_id, self.lived = account_id, 100.0
        self.code: int | None = None
        self.asked = False
        self.silent = 0
        self.wakeup = Wakeup(None)
        self.started.append(self)

    def ended(self) -> int | None:
        return self.code

    def ask_to_stop(self) -> None:
        self.asked = True

    def heard(self) -> None:
        self.silent = 0

    def kill(self) -> None:
        self.code = -9


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[FakeChild]:
    monkeypatch.setattr("whatsapp.supervisor.Child", FakeChild)
    monkeypatch.setattr(FakeChild, "started", [])
    return FakeChild.started


@pytest.fixture
def phones(monkeypatch: pytest.MonkeyPatch) -> dict[str, Me]:
    """Which accounts have a linked phone: account id → who."""
    known: dict[str, Me] = {}
    monkeypatch.setattr(Store, "me", lambda store: known.get(store.session.stem))
    return known


@pytest.fixture
def supervisor(
    ombak: Tenant, tmp_path: Path, settings: Any, lines: list[FakeChild], phones: dict[str, Me]
) -> Supervisor:
    settings.WHATSAPP_SESSION_PATH = tmp_path
    return Supervisor(tmp_path)


@pytest.fixture
def account(ombak: Tenant) -> WhatsAppAccount:
    return pairing.account_of(ombak)


@pytest.fixture
def linked(account: WhatsAppAccount, phones: dict[str, Me]) -> WhatsAppAccount:
    phones[str(account.pk)] = Me("6281200001101")
    return account


def look(supervisor: Supervisor) -> None:
    supervisor._looked = supervisor._beat = float("-inf")
    supervisor.step()


def wait_over(supervisor: Supervisor, account: WhatsAppAccount) -> None:
    supervisor._start_at[account.pk] = 0.0


def end(supervisor: Supervisor, line: FakeChild, code: int) -> WhatsAppAccount:
    line.code = code
    supervisor.step()
    return WhatsAppAccount.objects.get(pk=line.account_id)


def test_every_active_studio_gets_an_account_and_no_codes_for_nobody(
    supervisor: Supervisor, senja: Tenant, lines: list[FakeChild]
):
    Tenant.objects.filter(pk=senja.pk).update(active=False)
    look(supervisor)
    account = WhatsAppAccount.objects.get()
    assert (account.tenant.slug, account.state) == ("ombak", State.STOPPED)
    assert account.heartbeat_at is not None
    assert lines == []


def test_pressing_the_button_starts_a_line(
    supervisor: Supervisor, ombak: Tenant, lines: list[FakeChild]
):
    pairing.request_qr(ombak, timezone.now())
    look(supervisor)
    look(supervisor)
    assert len(lines) == 1


def test_a_code_that_nobody_scanned_is_not_followed_by_another(
    supervisor: Supervisor, ombak: Tenant, lines: list[FakeChild]
):
    pairing.request_qr(ombak, timezone.now())
    look(supervisor)
    assert end(supervisor, lines[0], 10).state == State.QR_EXPIRED
    look(supervisor)
    assert len(lines) == 1
    pairing.request_qr(ombak, timezone.now())
    look(supervisor)
    assert len(lines) == 2


def test_a_linked_number_is_connected_without_being_asked(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    look(supervisor)
    assert [line.account_id for line in lines] == [linked.pk]


@pytest.mark.parametrize("field", ["wanted", "active"])
def test_an_account_that_is_not_wanted_is_stopped(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild], field: str
):
    look(supervisor)
    if field == "wanted":
        WhatsAppAccount.objects.update(wanted=False)
    else:
        Tenant.objects.update(active=False)
    look(supervisor)
    assert lines[0].asked
    assert end(supervisor, lines[0], 0).state == State.STOPPED
    look(supervisor)
    assert len(lines) == 1


def test_without_a_network_a_line_waits_longer_each_time(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    waits = []
    for start in range(4):
        look(supervisor)
        assert len(lines) == start + 1
        account = end(supervisor, lines[-1], states.UNREACHABLE)
        assert account.state == State.RETRYING
        assert account.retry_at is not None
        waits.append((account.retry_at - timezone.now()).total_seconds())
        look(supervisor)
        assert len(lines) == start + 1
        wait_over(supervisor, linked)
    assert waits == sorted(waits)
    assert waits[-1] > 10


@pytest.mark.parametrize("code", [-9, -6, states.BROKEN])
def test_a_line_that_had_been_connected_is_back_within_a_second(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild], code: int
):
    look(supervisor)
    WhatsAppAccount.objects.update(connected_at=timezone.now(), state=State.CONNECTED)
    account = end(supervisor, lines[0], code)
    assert account.retry_at is not None
    assert account.retry_at - timezone.now() < dt.timedelta(seconds=1)
    assert account.state == State.RETRYING


def test_a_line_that_was_connected_minutes_ago_never_waits_long(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    WhatsAppAccount.objects.update(connected_at=timezone.now() - dt.timedelta(minutes=2))
    for _start in range(8):  # each ends before it is connected
        look(supervisor)
        account = end(supervisor, lines[-1], -9)
        wait_over(supervisor, linked)
    assert len(lines) == 8
    assert account.retry_at is not None
    assert account.retry_at - timezone.now() < dt.timedelta(seconds=6)


@pytest.mark.parametrize("code", [12, 14, 16, 17])
def test_what_only_a_person_can_change_is_not_tried_again(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild], code: int
):
    look(supervisor)
    assert end(supervisor, lines[0], code).state == states.EXITS[code]
    look(supervisor)
    assert len(lines) == 1


def test_a_ban_is_waited_for(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    look(supervisor)
    WhatsAppAccount.objects.update(banned_until=timezone.now() + dt.timedelta(hours=1))
    end(supervisor, lines[0], 13)
    look(supervisor)
    assert len(lines) == 1
    WhatsAppAccount.objects.update(banned_until=timezone.now())
    look(supervisor)
    assert len(lines) == 2


def test_a_line_that_was_replaced_tries_again_after_minutes(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    look(supervisor)
    end(supervisor, lines[0], 15)
    look(supervisor)
    assert len(lines) == 1
    WhatsAppAccount.objects.update(state_since=timezone.now() - REPLACED_WAIT)
    look(supervisor)
    assert len(lines) == 2


def test_an_account_of_another_host_is_left_alone(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    until = timezone.now() + dt.timedelta(seconds=20)
    WhatsAppAccount.objects.update(lease_owner="elsewhere", lease_until=until)
    look(supervisor)
    assert lines == []
    WhatsAppAccount.objects.update(lease_until=timezone.now())
    look(supervisor)
    assert len(lines) == 1


def test_who_presses_the_button_does_not_wait_for_the_network_to_be_tried(
    supervisor: Supervisor, ombak: Tenant, lines: list[FakeChild]
):
    pairing.request_qr(ombak, timezone.now())
    look(supervisor)
    end(supervisor, lines[0], states.UNREACHABLE)
    look(supervisor)
    assert len(lines) == 1
    pairing.request_qr(ombak, timezone.now())
    look(supervisor)
    assert len(lines) == 2


def test_so_many_lines_load_at_the_same_time_and_the_others_wait(
    supervisor: Supervisor, phones: dict[str, Me], lines: list[FakeChild], monkeypatch: Any
):
    monkeypatch.setattr(FakeChild, "starting", True, raising=False)
    for number in range(LOADING + 1):
        studio = factories.studio(f"studio-{number}")
        phones[str(pairing.account_of(studio).pk)] = Me(f"62812{number:08}")
    look(supervisor)
    assert len(lines) == LOADING
    look(supervisor)
    assert len(lines) == LOADING
    lines[0].starting = False
    look(supervisor)
    assert len(lines) == LOADING + 1


def test_a_line_that_hangs_is_ended_and_started_again(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    look(supervisor)
    for _look in range(SILENT_LOOKS):
        look(supervisor)
    assert lines[0].code is None
    look(supervisor)
    assert lines[0].code == -9
    supervisor.step()
    wait_over(supervisor, linked)
    look(supervisor)
    assert len(lines) == 2


def test_a_line_that_says_something_lives_on(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    here, there = Wakeup.pair()
    look(supervisor)
    lines[0].wakeup, lines[0].silent = here, SILENT_LOOKS
    there.send(b"!")
    supervisor._listen(0)
    assert lines[0].silent == 0


def test_a_dead_thread_ends_the_service(supervisor: Supervisor):
    supervisor._died(MemoryError())
    assert supervisor.run() == 1


def test_a_number_of_a_host_that_is_gone_comes_with_its_customers(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    """What it was answering need not wait until its claims run out."""
    waits = Conversation.objects.create(
        tenant=linked.tenant, lease_owner="elsewhere/7/1#a", lease_until=timezone.now()
    )
    WhatsAppAccount.objects.update(lease_owner="elsewhere", lease_until=timezone.now())
    look(supervisor)
    assert [line.account_id for line in lines] == [linked.pk]
    waits.refresh_from_db()
    assert (waits.lease_owner, waits.lease_until) == ("", None)


def test_a_line_that_took_over_and_was_thrown_out_by_a_last_reflex_is_back_soon(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    WhatsAppAccount.objects.update(lease_owner="elsewhere", lease_until=timezone.now())
    look(supervisor)
    WhatsAppAccount.objects.update(lease_owner=supervisor._host)
    assert end(supervisor, lines[0], 15).state == State.REPLACED
    WhatsAppAccount.objects.update(state_since=timezone.now() - REFLEX_WAIT)
    look(supervisor)
    assert len(lines) == 2


def test_a_supervisor_that_was_frozen_says_nothing_about_a_number_that_others_have_now(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    look(supervisor)
    until = timezone.now() + dt.timedelta(seconds=20)
    WhatsAppAccount.objects.update(
        lease_owner="elsewhere", lease_until=until, state=State.CONNECTED
    )
    assert end(supervisor, lines[0], states.BUSY).state == State.CONNECTED
    look(supervisor)
    assert len(lines) == 1


def test_a_line_that_lost_its_account_says_nothing_over_what_the_other_host_said(
    supervisor: Supervisor, linked: WhatsAppAccount, lines: list[FakeChild]
):
    """Else “replaced” was forgotten, and both hosts took the account from each other."""
    look(supervisor)
    WhatsAppAccount.objects.update(
        lease_owner="elsewhere", lease_until=None, state=State.REPLACED, state_since=timezone.now()
    )
    assert end(supervisor, lines[0], states.BUSY).state == State.REPLACED
    wait_over(supervisor, linked)
    look(supervisor)
    assert len(lines) == 1


def test_nobody_says_that_a_dead_host_is_there(
    supervisor: Supervisor, account: WhatsAppAccount, lines: list[FakeChild]
):
    """Its number cannot be taken over without its session; staff must see that nobody answers."""
    WhatsAppAccount.objects.update(lease_owner="elsewhere", lease_until=timezone.now())
    look(supervisor)
    account.refresh_from_db()
    assert account.heartbeat_at is None


@pytest.mark.parametrize(("owner", "starts"), [("elsewhere", 1), ("", 0)])
def test_a_session_that_a_frozen_line_keeps_locked_is_taken_over_by_ending_that_line(
    supervisor: Supervisor,
    linked: WhatsAppAccount,
    lines: list[FakeChild],
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
    starts: int,
):
    def locked(store: Store) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Store, "me", locked)
    WhatsAppAccount.objects.update(lease_owner=owner, lease_until=timezone.now())
    look(supervisor)
    assert len(lines) == starts
