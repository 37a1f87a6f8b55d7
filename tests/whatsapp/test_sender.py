import datetime as dt
import sqlite3
from pathlib import Path

import pytest
from django.db import OperationalError

from conversations import outbox
from conversations.inbound import Receipt
from conversations.intake import receive
from conversations.models import Conversation, Customer, Message
from tenants.models import Tenant
from tests.whatsapp.fakes import FakeSession
from whatsapp.sender import Sender, secret_of, settle
from whatsapp.session import SendError
from whatsapp.store import Store

CHAT = "100000000000001@lid"
State = Message.State


@pytest.fixture
def chat(ombak: Tenant) -> Conversation:
    customer = Customer.objects.create(tenant=ombak, phone="+628111000001")
    return Conversation.objects.create(tenant=ombak, customer=customer, chat=CHAT)


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return FakeSession(tmp_path)


@pytest.fixture
def out(ombak: Tenant, session: FakeSession, now: dt.datetime) -> Sender:
    return Sender(ombak.pk, session, lambda: now)


def reply(
    chat: Conversation, at: dt.datetime, text: str = "Jalan Ombak 12", key: str = "a"
) -> Message:
    return outbox.queue(chat, text, author=Message.Author.ASSISTANT, key=key, at=at)


def question(chat: Conversation, at: dt.datetime, whatsapp_id: str) -> None:
    Message.objects.create(
        tenant=chat.tenant,
        conversation=chat,
        author=Message.Author.CUSTOMER,
        state=State.ANSWERED,
        whatsapp_id=whatsapp_id,
        created_at=at,
    )


def state_of(message: Message) -> tuple[str, str | None]:
    message.refresh_from_db()
    return message.state, message.whatsapp_id


def test_what_waits_is_sent_to_the_chat_with_a_secret_of_its_own(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime
):
    first, second = reply(chat, now, "satu", "1"), reply(chat, now, "dua", "2")
    assert out.send_next()
    assert out.send_next()
    assert not out.send_next()
    assert session.sent == [(CHAT, "satu", secret_of(first)), (CHAT, "dua", secret_of(second))]
    assert len(secret_of(first)) == 32
    assert state_of(first) == (State.SENT, "3EB01")
    assert out.ids == {"3EB01", "3EB02"}


def test_only_what_is_answered_now_gets_blue_ticks(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime
):
    question(chat, now, "3A01")
    reply(chat, now, key="1")
    out.send_next()
    question(chat, now, "3A02")
    question(chat, now, "3A03")
    reply(chat, now, key="2")
    out.send_next()
    assert session.read == [["3A01"], ["3A02", "3A03"]]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("timed out waiting for message send response", State.UNKNOWN),
        ("websocket disconnected before message send returned response", State.UNKNOWN),
        ("websocket not connected", State.QUEUED),
        ("no LID found for 628 from server", State.FAILED),
        ("server returned error 463", State.FAILED),
    ],
)
def test_an_error_says_whether_anything_was_sent(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime, text: str, state: str
):
    message = reply(chat, now)
    session.problem = SendError.of(text)
    assert out.send_next()
    assert state_of(message) == (state, None)


def test_a_database_that_is_busy_for_a_moment_does_not_lose_what_was_sent(
    chat: Conversation, out: Sender, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
):
    pauses: list[float] = []
    monkeypatch.setattr("whatsapp.sender.time.sleep", pauses.append)
    record = outbox.sent

    def busy_at_first(*arguments: object) -> None:
        if len(pauses) < 2:
            raise OperationalError("database is locked")
        record(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("whatsapp.sender.outbox.sent", busy_at_first)
    message = reply(chat, now)
    out.send_next()
    assert state_of(message)[0] == State.SENT
    assert pauses == [0.1, 0.5]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A linked session file that gave out one message."""
    store = Store(tmp_path / "one.db")
    with sqlite3.connect(store.session) as file:
        file.executescript(
            "CREATE TABLE whatsmeow_device (jid, lid, push_name);"
            "CREATE TABLE whatsmeow_message_secrets (message_id, key);"
            "INSERT INTO whatsmeow_device VALUES ('62812:1@s.whatsapp.net', '1@lid', '');"
        )
    return store


def given_out(store: Store, message: Message, whatsapp_id: str) -> None:
    with sqlite3.connect(store.session) as file:
        secret = secret_of(message)
        file.execute("INSERT INTO whatsmeow_message_secrets VALUES (?, ?)", (whatsapp_id, secret))


def test_after_a_kill_a_message_that_was_never_tried_waits_again(
    chat: Conversation, store: Store, ombak: Tenant, now: dt.datetime
):
    message = reply(chat, now)
    outbox.claim_to_send(ombak.pk, now)
    settle(ombak.pk, store, now)
    assert state_of(message) == (State.QUEUED, None)


def test_after_a_kill_a_message_that_was_tried_is_settled_by_its_receipt(
    chat: Conversation, store: Store, ombak: Tenant, now: dt.datetime
):
    message = reply(chat, now)
    outbox.claim_to_send(ombak.pk, now)
    given_out(store, message, "3EB0F")
    settle(ombak.pk, store, now)
    assert state_of(message) == (State.UNKNOWN, "3EB0F")
    receive(Receipt(ombak.pk, ("3EB0F",), "delivered", now), at=now)
    assert state_of(message) == (State.DELIVERED, "3EB0F")


def test_without_the_session_file_nobody_can_tell(
    chat: Conversation, tmp_path: Path, ombak: Tenant, now: dt.datetime
):
    message = reply(chat, now)
    outbox.claim_to_send(ombak.pk, now)
    settle(ombak.pk, Store(tmp_path / "gone.db"), now)
    assert state_of(message) == (State.UNKNOWN, None)


def test_another_studios_messages_are_nobody_elses_business(
    chat: Conversation, senja: Tenant, session: FakeSession, store: Store, now: dt.datetime
):
    message = reply(chat, now)
    assert not Sender(senja.pk, session, lambda: now).send_next()
    settle(senja.pk, store, now)
    assert state_of(message) == (State.QUEUED, None)
