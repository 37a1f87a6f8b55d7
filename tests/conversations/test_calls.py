import datetime as dt
from typing import Any

import pytest

from conversations import handling, intake, outbox
from conversations.history import history
from conversations.inbound import Call
from conversations.models import Conversation, Message
from conversations.sentences import sentence
from tenants.models import Tenant
from tests.conversations.cast import ANA, after, chat_of, fresh, writes
from tests.factories import NOW

State = Message.State


def rings(tenant: Tenant, stage: Any = "offered", at: dt.datetime = NOW, **fields: Any) -> Any:
    now = fields.pop("now", at)
    values = {"call_id": "C1", "chat": "101@lid", "person": ANA, "at": at, **fields}
    return intake.receive(Call(tenant_id=tenant.pk, stage=stage, **values), at=now)


def said(tenant: Tenant, at: dt.datetime) -> list[str]:
    texts = []
    while message := outbox.claim_to_send(tenant.pk, at):
        texts.append(message.text)
        outbox.sent(message, f"W{message.pk}", at)
    return texts


def test_who_rings_in_vain_is_asked_to_write_when_the_ringing_ends(ombak):
    call = rings(ombak)
    assert (call.kind, call.state, chat_of(call).unread) == ("call", State.SEEN, 1)
    assert chat_of(call).reply_due_at is None
    assert said(ombak, after(10)) == []  # it still rings
    rings(ombak, "ended", after(11))
    assert said(ombak, after(11)) == [sentence("called", "id")]


def test_an_end_that_is_never_told_is_waited_for_not_long(ombak):
    rings(ombak)
    assert said(ombak, after(40)) == []
    assert said(ombak, after(46)) == [sentence("called", "id")]


def test_a_call_that_is_taken_on_the_phone_needs_no_word(ombak):
    call = rings(ombak)
    assert rings(ombak, "taken", after(5)) is not None
    rings(ombak, "ended", after(60))
    assert said(ombak, after(90)) == []
    assert fresh(call).details == {"taken": True}
    assert rings(ombak, "taken", after(6)) is None


def test_the_same_call_twice_is_one(ombak):
    rings(ombak)
    assert rings(ombak) is None
    assert Message.objects.filter(kind="call").count() == 1
    assert Conversation.objects.get().unread == 1


def test_the_word_is_said_once_in_an_episode_and_again_a_day_later(ombak):
    rings(ombak)
    rings(ombak, call_id="C2", at=after(minutes=5))
    assert len(said(ombak, after(minutes=10))) == 1
    rings(ombak, call_id="C3", at=after(hours=25))
    assert len(said(ombak, after(minutes=2, hours=25))) == 1
    assert Message.objects.filter(kind="call").count() == 3


def test_a_call_taken_after_one_in_vain_does_not_use_up_the_word(ombak):
    rings(ombak)
    rings(ombak, "taken", after(5))
    rings(ombak, call_id="C2", at=after(minutes=5))
    assert len(said(ombak, after(minutes=10))) == 1


@pytest.mark.parametrize("mode", ["test", "off"])
def test_a_studio_that_is_not_live_only_shows_the_call(ombak, mode):
    Tenant.objects.update(mode=mode)
    assert rings(ombak).kind == "call"
    assert said(ombak, after(60)) == []


def test_a_person_who_has_the_chat_sees_the_call_and_says_what_they_like(ombak, sari):
    message = writes(ombak)
    handling.take_over(chat_of(message), sari, NOW)
    rings(ombak, at=after(5))
    assert said(ombak, after(60)) == []


def test_a_call_of_this_morning_is_only_shown(ombak):
    assert rings(ombak, at=NOW, now=after(hours=1)).kind == "call"
    assert said(ombak, after(60, hours=1)) == []


def test_the_model_reads_that_somebody_rang(ombak):
    rings(ombak)
    question = writes(ombak, "halo?", at=after(60))
    lines = history(chat_of(question), question.pk, after(60))
    assert [(line.author, line.text) for line in lines] == [("customer", "[call]")]


def test_the_end_of_an_unknown_call_is_nothing(ombak):
    assert rings(ombak, "ended") is None
    assert rings(ombak, "taken") is None
    assert not Message.objects.exists()
