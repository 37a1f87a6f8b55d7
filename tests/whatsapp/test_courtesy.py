import datetime as dt
from pathlib import Path

import pytest

from conversations import mailbox
from conversations.models import Conversation
from tenants.models import Tenant
from tests.conversations.cast import writes
from tests.factories import NOW
from tests.whatsapp.fakes import FakeSession
from whatsapp.courtesy import Courtesy, Ticks


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return FakeSession(tmp_path)


@pytest.fixture
def courtesy(ombak: Tenant, session: FakeSession, clock: Clock) -> Courtesy:
    made = Courtesy(ombak.pk, session, Ticks(session), clock)
    made.expect()
    return made


def test_while_an_answer_is_made_the_customer_sees_ticks_and_typing(
    ombak: Tenant, courtesy: Courtesy, session: FakeSession, clock: Clock
):
    message = writes(ombak)
    courtesy.step()
    assert (session.read, session.calls) == ([], [])
    claim = mailbox.claim_next("thread", NOW, 60)
    assert claim
    courtesy.step()
    assert session.read == [[message.whatsapp_id]]
    assert session.calls == ["presence True", "typing True"]
    courtesy.step()
    assert len(session.read) == 1
    assert len(session.calls) == 2


def test_typing_is_renewed_and_ends_with_the_turn_and_the_phone_rings_again(
    ombak: Tenant, courtesy: Courtesy, session: FakeSession, clock: Clock
):
    writes(ombak)
    claim = mailbox.claim_next("thread", NOW, 60)
    assert claim
    courtesy.step()
    clock.later(8)
    courtesy.step()
    assert session.calls == ["presence True", "typing True", "typing True"]
    mailbox.release(claim)
    courtesy.step()
    assert session.calls[3:] == ["typing False"]
    clock.later(10)
    courtesy.step()
    courtesy.step()
    assert session.calls[4:] == ["presence False"]


def test_another_studios_turns_are_not_shown(
    ombak: Tenant, senja: Tenant, courtesy: Courtesy, session: FakeSession
):
    writes(senja)
    assert mailbox.claim_next("thread", NOW, 60)
    courtesy.step()
    assert session.calls == []


def test_long_after_the_last_message_nobody_asks_the_database(
    ombak: Tenant,
    courtesy: Courtesy,
    clock: Clock,
    django_assert_num_queries: pytest.FixtureRequest,
):
    clock.later(91)
    with django_assert_num_queries(0):  # type: ignore[operator]
        courtesy.step()


def test_what_the_library_refuses_does_not_end_the_line(
    ombak: Tenant, courtesy: Courtesy, session: FakeSession, monkeypatch: pytest.MonkeyPatch
):
    def refused(available: bool) -> None:
        raise RuntimeError("can't send presence without PushName set")

    monkeypatch.setattr(session, "presence", refused)
    writes(ombak)
    assert mailbox.claim_next("thread", NOW, 60)
    assert courtesy.step() is False


def test_in_the_making_are_claimed_chats_of_whatsapp_only(ombak: Tenant):
    writes(ombak)
    assert mailbox.in_the_making(ombak.pk, NOW) == []
    assert mailbox.claim_next("thread", NOW, 60)
    assert len(mailbox.in_the_making(ombak.pk, NOW)) == 1
    assert mailbox.in_the_making(ombak.pk, NOW + dt.timedelta(seconds=61)) == []
    Conversation.objects.update(channel=Conversation.Channel.PLAYGROUND)
    assert mailbox.in_the_making(ombak.pk, NOW) == []
