import datetime as dt

import pytest

from tenants.models import Tenant
from tests.factories import NOW
from whatsapp.models import WhatsAppAccount
from whatsapp.states import ENDED, EXITS, REQUEST_LASTS, STILL_ON_PHONE, describe, exit_code

State = WhatsAppAccount.State


def account(**fields: object) -> WhatsAppAccount:
    values = {"tenant": Tenant(name="Ombak"), "heartbeat_at": NOW, "state_since": NOW, **fields}
    return WhatsAppAccount(**values)


@pytest.mark.parametrize("state", State.values)
def test_every_state_has_a_sentence_and_a_next_step(state: str):
    status = describe(account(state=state), NOW)
    assert status.detail.endswith(".")
    assert status.next_step.endswith(".")
    assert status.tone in ("ok", "wait", "bad")
    assert status.word in ("connected", "qr_ready", "disconnected")


def test_three_words_for_programs():
    fresh = NOW + dt.timedelta(seconds=20)
    assert describe(account(state=State.CONNECTED), NOW).word == "connected"
    assert describe(account(state=State.QR_READY, qr_expires_at=fresh), NOW).word == "qr_ready"
    assert describe(None, NOW).word == "disconnected"


def test_a_code_that_is_over_is_not_ready():
    assert describe(account(state=State.QR_READY, qr_expires_at=NOW), NOW).word == "disconnected"


@pytest.mark.parametrize("silence", [None, 31])
def test_without_a_heartbeat_the_service_does_not_answer(silence: int | None):
    beat = None if silence is None else NOW - dt.timedelta(seconds=silence)
    status = describe(account(state=State.CONNECTED, heartbeat_at=beat), NOW)
    assert (status.word, status.state, status.tone) == ("disconnected", "not_answering", "bad")


def test_a_linked_number_that_is_switched_off_reads_differently_from_none():
    off = describe(account(state=State.STOPPED, phone="+62812"), NOW)
    assert off.detail != describe(account(state=State.STOPPED), NOW).detail


@pytest.mark.parametrize("state", sorted({State.STOPPED, *ENDED}))
def test_who_pressed_the_button_reads_that_it_works(state: str):
    asked = account(state=state, pair_requested_at=NOW + dt.timedelta(seconds=1))
    assert describe(asked, NOW + dt.timedelta(seconds=2)).state == State.CONNECTING
    later = NOW + REQUEST_LASTS + dt.timedelta(minutes=1)
    asked.heartbeat_at = later
    assert describe(asked, later).state == state


def test_a_ban_is_told_with_its_end_in_the_studios_time():
    until = NOW + dt.timedelta(hours=6)
    banned = account(state=State.BANNED, banned_until=until)
    end = banned.tenant.local(until)
    told = f"MILA tries again on {end.day} {end:%B, %H:%M}."
    assert told in describe(banned, NOW).detail
    banned.heartbeat_at = until
    assert told not in describe(banned, until).detail


def test_another_number_than_the_studios_is_a_warning_and_no_refusal():
    tenant = Tenant(name="Ombak", whatsapp_number="+6281200001101")
    linked = account(tenant=tenant, state=State.CONNECTED, phone="+6281200009999")
    status = describe(linked, NOW)
    assert status.word == "connected"
    assert "+62 812-0000-9999" in status.detail
    linked.phone = "+6281200001101"
    assert "+62" not in describe(linked, NOW).detail


def test_a_stored_problem_becomes_a_sentence():
    status = describe(account(state=State.LOGGED_OUT, problem=STILL_ON_PHONE), NOW)
    assert STILL_ON_PHONE not in status.detail
    assert "Linked devices" in status.detail


def test_exit_codes_and_states_belong_together():
    for code, state in EXITS.items():
        assert EXITS[exit_code(state)] == state
        assert 0 <= code < 100
