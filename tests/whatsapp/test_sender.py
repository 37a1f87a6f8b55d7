import datetime as dt
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.utils.crypto import salted_hmac

from conversations import outbox, staffchats
from conversations.attachments import queue_file
from conversations.inbound import Person, Reaction, Receipt
from conversations.intake import receive
from conversations.models import Conversation, Customer, Message
from conversations.reactions import react
from tenants.models import Tenant
from tests.whatsapp import events
from tests.whatsapp.fakes import FakeSession
from whatsapp.journal import Journal
from whatsapp.models import WhatsAppAccount
from whatsapp.receipts import Receipts, hear_again
from whatsapp.secrets import secret_of
from whatsapp.sender import ASKED_FOR, SERVED, Sender, settle
from whatsapp.session import File, Quote, SendError
from whatsapp.session.outgoing import context_of, file_message, text_message
from whatsapp.store import Me, Store
from whatsapp.translate import Translator

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
    assert "3EB01" in out.ids
    assert "3EB02" in out.ids


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
        ("server returned error 479", State.QUEUED),
    ],
)
def test_an_error_says_whether_anything_was_sent(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime, text: str, state: str
):
    message = reply(chat, now)
    session.problem = SendError.of(text)
    assert out.send_next()
    assert state_of(message) == (state, None)


def test_a_refusal_is_tried_once_more_half_a_minute_later(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime
):
    clock = [now]
    out = Sender(ombak.pk, session, lambda: clock[0])
    message = reply(chat, now)
    session.problem = SendError.of("server returned error 479")
    out.send_next()
    clock[0] += dt.timedelta(seconds=29)
    assert not out.send_next()
    clock[0] += dt.timedelta(seconds=1)
    assert out.send_next()
    assert state_of(message)[0] == State.FAILED


def staff_writes(chat: Conversation, at: dt.datetime, number: int = 0) -> Message:
    return outbox.queue(
        chat, "Kelas besok pindah ke jam 8", author=Message.Author.STAFF, key=f"s{number}", at=at
    )


def test_after_a_refused_first_message_others_rest_a_day_and_answers_go_on(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime
):
    WhatsAppAccount.objects.create(tenant=ombak)
    clock = [now]
    out = Sender(ombak.pk, session, lambda: clock[0])
    refused = staff_writes(chat, now)
    session.problem = SendError.of("server returned error 463")
    out.send_next()
    assert state_of(refused)[0] == State.FAILED
    assert "has not written" in refused.error
    session.problem = None
    other = Conversation.objects.create(
        tenant=ombak,
        customer=Customer.objects.create(tenant=ombak, phone="+628111000002"),
        chat="2@lid",
    )
    waits, answer = staff_writes(other, now, 1), reply(chat, now)
    while out.send_next():
        pass
    assert state_of(answer)[0] == State.SENT
    assert state_of(waits)[0] == State.QUEUED
    clock[0] += dt.timedelta(hours=24)
    assert out.send_next()
    assert state_of(waits)[0] == State.SENT


def test_an_answer_does_not_wait_a_day_behind_a_message_that_nobody_asked_for_then(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime
):
    WhatsAppAccount.objects.create(tenant=ombak, unasked_from=now + dt.timedelta(hours=24))
    clock = [now]
    out = Sender(ombak.pk, session, lambda: clock[0])
    staff_writes(chat, now)
    staff_writes(chat, now, 1)
    for _look in range(3):
        out.send_next()
    assert session.sent == []
    clock[0] += dt.timedelta(minutes=10)
    question(chat, clock[0], "3A01")
    reply(chat, clock[0], "jam 8")
    while out.send_next():
        pass
    texts = [text for _chat, text, _secret in session.sent]
    assert texts == ["Kelas besok pindah ke jam 8", "Kelas besok pindah ke jam 8", "jam 8"]


def test_what_was_put_off_and_then_failed_waits_before_it_is_tried_again(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime
):
    WhatsAppAccount.objects.create(tenant=ombak, unasked_from=now + dt.timedelta(minutes=1))
    clock = [now]
    out = Sender(ombak.pk, session, lambda: clock[0])
    message = staff_writes(chat, now)
    out.send_next()
    clock[0] += dt.timedelta(minutes=2)
    question(chat, clock[0], "3A01")
    reply(chat, clock[0], "jam 8")
    session.problem = SendError.of("websocket not connected")
    assert out.send_next()
    assert not out.send_next()
    assert state_of(message)[0] == State.QUEUED


def test_messages_that_nobody_asked_for_leave_slowly_and_replies_at_once(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime
):
    clock = [now]
    out = Sender(ombak.pk, session, lambda: clock[0])
    for number in range(8):
        customer = Customer.objects.create(tenant=ombak, phone=f"+62811100001{number}")
        one = Conversation.objects.create(tenant=ombak, customer=customer, chat=f"{number}@lid")
        staff_writes(one, now, number)
    while out.send_next():
        pass
    assert len(session.sent) == 6
    question(chat, now, "3A01")
    staff_writes(chat, now, 99)
    while out.send_next():
        pass
    assert len(session.sent) == 7
    clock[0] += dt.timedelta(minutes=1)
    while out.send_next():
        pass
    assert len(session.sent) == 9


def backlog(ombak: Tenant, number: int, at: dt.datetime) -> Conversation:
    """Chats of so many customers whose answers wait after a time away."""
    for each in range(number):
        customer = Customer.objects.create(tenant=ombak, phone=f"+62811100002{each}")
        chat = Conversation.objects.create(tenant=ombak, customer=customer, chat=f"{each}@lid")
        outbox.insert(
            chat,
            "Maaf baru balas",
            author=Message.Author.ASSISTANT,
            key=f"b{each}",
            at=at,
            details={"drips": True},
        )
    return chat


def test_answers_after_a_time_away_leave_one_by_one_and_others_at_once(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime
):
    clock, left = [now], []
    out = Sender(ombak.pk, session, lambda: clock[0])
    backlog(ombak, 5, now)
    question(chat, now, "3A01")
    reply(chat, now, key="fresh")
    for _second in range(16):
        before = len(session.sent)
        while out.send_next():
            pass
        left.append(len(session.sent) - before)
        clock[0] += dt.timedelta(seconds=1)
    assert left[0] == 2  # the fresh one waits for nobody
    assert sum(left) == 6
    assert [place for place, number in enumerate(left) if number] == [0, 3, 6, 9, 12]


def test_an_answer_that_waited_for_its_turn_is_still_tried_once_more(
    ombak: Tenant, session: FakeSession, now: dt.datetime
):
    clock = [now]
    out = Sender(ombak.pk, session, lambda: clock[0])
    backlog(ombak, 2, now)
    while out.send_next():
        pass
    clock[0] += dt.timedelta(seconds=3)
    session.problem = SendError.of("server returned error 479")
    assert out.send_next()
    last = Message.objects.latest("pk")
    assert (last.state, last.attempts) == (State.QUEUED, 1)


def test_turns_that_passed_while_nothing_could_leave_do_not_come_at_once(
    ombak: Tenant, session: FakeSession, now: dt.datetime
):
    clock, left = [now], []
    out = Sender(ombak.pk, session, lambda: clock[0])
    backlog(ombak, 5, now)
    while out.send_next():
        pass
    clock[0] += dt.timedelta(minutes=1)
    for _second in range(12):
        before = len(session.sent)
        while out.send_next():
            pass
        left.append(len(session.sent) - before)
        clock[0] += dt.timedelta(seconds=1)
    assert left == [1, 0, 0] * 4


def test_a_later_answer_in_a_chat_waits_for_the_one_that_drips(
    ombak: Tenant, session: FakeSession, now: dt.datetime
):
    clock = [now]
    out = Sender(ombak.pk, session, lambda: clock[0])
    last = backlog(ombak, 2, now)
    reply(last, now, "dan ini", "next")
    for _look in range(5):
        out.send_next()
    assert len(session.sent) == 1
    clock[0] += dt.timedelta(seconds=3)
    while out.send_next():
        pass
    assert [text for _chat, text, _secret in session.sent][1:] == ["Maaf baru balas", "dan ini"]


def test_not_more_than_90_messages_a_minute(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime
):
    clock = [now]
    out = Sender(ombak.pk, session, lambda: clock[0])
    for number in range(92):
        reply(chat, now, key=str(number))
    while out.send_next():
        pass
    assert len(session.sent) == 90
    clock[0] += dt.timedelta(minutes=1)
    while out.send_next():
        pass
    assert len(session.sent) == 92


def test_a_message_shows_what_it_answers(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime
):
    question(chat, now, "3A01")
    outbox.queue(chat, "Ya", author=Message.Author.ASSISTANT, key="q", at=now, quoted_id="3A01")
    reply(chat, now)
    while out.send_next():
        pass
    assert session.quotes == [Quote("3A01", CHAT, ""), None]


def test_a_file_leaves_as_a_file_and_one_that_is_gone_is_told(
    chat: Conversation,
    out: Sender,
    session: FakeSession,
    now: dt.datetime,
    settings,
    tmp_path: Path,
):
    settings.MEDIA_ROOT = tmp_path
    for number in range(2):
        message = queue_file(
            chat, b"%PDF-1.7", "jadwal.pdf", caption="Ini", key=f"s{number}", at=now
        )
        if number:
            (tmp_path / message.media.path).unlink()
    while out.send_next():
        pass
    assert session.files == [File(b"%PDF-1.7", "application/pdf", "jadwal.pdf", "Ini")]
    assert state_of(message)[0] == State.FAILED


def test_what_is_said_in_a_chat_that_vanishes_vanishes_too(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    Conversation.objects.update(disappears_after=86_400)
    reply(chat, now)
    out.send_next()
    queue_file(chat, b"%PDF-1.7", "jadwal.pdf", caption="Ini", key="f", at=now)
    out.send_next()
    Conversation.objects.update(disappears_after=0)
    reply(chat, now, key="b")
    out.send_next()
    assert session.expires == [86_400, 86_400, 0]


@pytest.mark.parametrize(
    ("quote", "expires"), [(None, 0), (None, 60), (Quote("3A", CHAT, "?"), 60)]
)
def test_a_timer_stands_around_a_text_and_around_a_file(quote: Quote | None, expires: int):
    context = context_of(quote, expires)
    text = text_message("halo", context)
    if not expires:
        assert text.conversation == "halo"
        return
    around = text.extendedTextMessage.contextInfo
    assert (around.expiration, around.stanzaID) == (60, "3A" if quote else "")
    upload = SimpleNamespace(
        url="", DirectPath="", MediaKey=b"", FileSHA256=b"", FileEncSHA256=b"", FileLength=1
    )
    file = file_message(File(b"", "image/png", "a.png"), upload, context)
    assert file.imageMessage.contextInfo.expiration == 60


def test_an_emoji_that_was_faster_than_the_id_of_our_message_is_noted(
    chat: Conversation, ombak: Tenant, out: Sender, now: dt.datetime
):
    message = reply(chat, now)
    person = Person("+628111000001", None)
    receive(Reaction(ombak.pk, "3EB01", "👎", person, from_me=False), at=now)
    out.send_next()
    message.refresh_from_db()
    assert message.details["feedback"] == "bad"


def test_a_reaction_is_put_under_the_message(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime
):
    question(chat, now, "3A01")
    react(Message.objects.get(whatsapp_id="3A01"), "👍", at=now)
    assert out.send_next()
    assert session.reactions == [("3A01", "👍")]


def test_a_receipt_that_comes_before_our_own_confirmation_counts(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime
):
    receipts = Receipts()
    message = reply(chat, now)
    receipts.take(Receipt(ombak.pk, ("3EB01",), "delivered", now), now)
    Sender(ombak.pk, session, lambda: now, receipts=receipts).send_next()
    assert state_of(message) == (State.DELIVERED, "3EB01")


def test_an_unsure_message_has_its_id_at_once_and_is_settled_by_its_receipt(
    chat: Conversation, ombak: Tenant, session: FakeSession, store: Store, now: dt.datetime
):
    message = reply(chat, now)
    given_out(store, message, "3EB0F")
    session.problem = SendError.of("timed out waiting for message send response")
    Sender(ombak.pk, session, lambda: now, store).send_next()
    assert state_of(message) == (State.UNKNOWN, "3EB0F")
    Receipts().take(Receipt(ombak.pk, ("3EB0F",), "read", now), now)
    assert state_of(message) == (State.READ, "3EB0F")


def test_the_library_serves_what_this_process_sent_perhaps(
    chat: Conversation, ombak: Tenant, session: FakeSession, store: Store, now: dt.datetime
):
    given_out(store, reply(chat, now), "3EB0F")
    session.problem = SendError.of("timed out waiting for message send response")
    out = Sender(ombak.pk, session, lambda: now, store)
    out.send_next()
    assert "3EB0F" in out.ids


def test_who_could_not_read_it_before_its_id_was_known_is_served_by_the_library_alone(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime
):
    receipts = Receipts()
    message = reply(chat, now)
    receipts.take(Receipt(ombak.pk, ("3EB01",), "retry", now), now)
    out = Sender(ombak.pk, session, lambda: now, receipts=receipts)
    while out.send_next():
        pass
    assert state_of(message) == (State.SENT, "3EB01")
    assert len(session.sent) == 1


def test_at_the_start_an_old_unsure_message_gets_its_id(
    chat: Conversation, ombak: Tenant, store: Store, now: dt.datetime
):
    message = reply(chat, now)
    outbox.claim_to_send(ombak.pk, now)
    outbox.recover(ombak.pk, now)
    given_out(store, message, "3EB0F")
    settle(ombak.pk, store, now)
    assert state_of(message) == (State.UNKNOWN, "3EB0F")


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


def given_out(
    store: Store, message: Message, whatsapp_id: str, secret: bytes | None = None
) -> None:
    with sqlite3.connect(store.session) as file:
        secret = secret or secret_of(message)
        file.execute("INSERT INTO whatsmeow_message_secrets VALUES (?, ?)", (whatsapp_id, secret))


def test_the_hidden_id_of_a_contact_is_learned_when_a_notice_left(
    ombak: Tenant, session: FakeSession, store: Store, now: dt.datetime
):
    with sqlite3.connect(store.session) as file:
        file.execute("CREATE TABLE whatsmeow_lid_map (lid, pn)")
        file.execute("INSERT INTO whatsmeow_lid_map VALUES ('901', '6281299990001')")
    for phone, lid in (("+6281299990001", "901"), ("+6281299990002", None)):
        sender = Sender(ombak.pk, session, lambda: now, store)
        chat = staffchats.chat_with(ombak, phone)
        outbox.queue(chat, "A customer waits.", author="staff", key=phone, at=now)
        assert sender.send_next()
        assert Customer.objects.get(conversations=chat).lid == lid


def test_a_secret_is_the_same_on_every_host_whatever_its_secret_key(
    chat: Conversation, now: dt.datetime, settings
):
    message = reply(chat, now)
    here = secret_of(message)
    settings.SECRET_KEY = "another host's"
    assert secret_of(message) == here
    assert secret_of(reply(chat, now, key="b")) != here


@pytest.mark.parametrize("rotated", [False, True])
def test_what_an_earlier_version_was_sending_is_found_by_its_old_secret(
    chat: Conversation, store: Store, ombak: Tenant, now: dt.datetime, settings, rotated: bool
):
    settings.SECRET_KEY = "old"
    message = reply(chat, now)
    outbox.claim_to_send(ombak.pk, now)
    by_key = salted_hmac("whatsapp.sender", str(message.public_id), algorithm="sha256")
    given_out(store, message, "3EB0F", by_key.digest())
    if rotated:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["old"]
    settle(ombak.pk, store, now)
    assert state_of(message) == (State.UNKNOWN, "3EB0F")


def test_what_nobody_could_settle_for_days_is_not_looked_up_at_every_start(
    chat: Conversation, store: Store, ombak: Tenant, now: dt.datetime
):
    message = reply(chat, now)
    outbox.claim_to_send(ombak.pk, now)
    outbox.recover(ombak.pk, now)
    given_out(store, message, "3EB0F")
    settle(ombak.pk, store, now + ASKED_FOR)
    assert state_of(message) == (State.UNKNOWN, None)
    settle(ombak.pk, store, now + ASKED_FOR - dt.timedelta(seconds=1))
    assert state_of(message) == (State.UNKNOWN, "3EB0F")


def test_only_what_the_library_still_serves_counts_as_ours(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime
):
    for number in range(SERVED + 1):
        out.ids.add(f"A{number}")
    assert "A0" not in out.ids
    assert "A1" in out.ids


def away(*_arguments: object, **_named: object) -> None:
    raise OperationalError("the database is away")


def test_a_database_that_is_away_for_long_hears_of_a_sent_message_when_it_is_back(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime, monkeypatch
):
    receipts = Receipts()
    out = Sender(ombak.pk, session, lambda: now, receipts=receipts)
    monkeypatch.setattr("whatsapp.sender.time.sleep", lambda _seconds: None)
    message, later = reply(chat, now), reply(chat, now, "dua", "b")
    with monkeypatch.context() as outage:
        outage.setattr("whatsapp.sender.outbox.sent", away)
        for _look in range(2):
            with pytest.raises(OperationalError):
                out.send_next()
    assert len(session.sent) == 1
    receipts.take(Receipt(ombak.pk, ("3EB01",), "delivered", now), now)
    assert out.send_next()
    assert state_of(message) == (State.DELIVERED, "3EB01")
    assert state_of(later) == (State.SENT, "3EB02")


def test_a_receipt_is_kept_until_the_database_took_it(
    chat: Conversation, ombak: Tenant, session: FakeSession, now: dt.datetime, monkeypatch
):
    receipts = Receipts()
    out = Sender(ombak.pk, session, lambda: now, receipts=receipts)
    monkeypatch.setattr("whatsapp.sender.time.sleep", lambda _seconds: None)
    message = reply(chat, now)
    receipts.take(Receipt(ombak.pk, ("3EB01",), "read", now), now)
    with monkeypatch.context() as outage:
        outage.setattr("whatsapp.receipts.outbox.receipt", away)
        with pytest.raises(OperationalError):
            out.send_next()
    out.catch_up()
    assert state_of(message) == (State.READ, "3EB01")


def test_what_the_database_can_never_take_does_not_stop_what_comes_after(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime, monkeypatch
):
    def broken(*_arguments: object) -> None:
        raise ValueError("no such outcome")

    reply(chat, now)
    later = reply(chat, now, "dua", "b")
    with monkeypatch.context() as bug:
        bug.setattr("whatsapp.sender.changes.make_up_for", broken)
        out.send_next()
    assert out.send_next()
    assert state_of(later) == (State.SENT, "3EB02")


@pytest.mark.parametrize(
    ("error", "state"),
    [(OperationalError("away"), State.QUEUED), (ValueError("no text"), State.UNKNOWN)],
)
def test_an_error_before_sending_leaves_no_message_on_its_way_for_ever(
    chat: Conversation, out: Sender, now: dt.datetime, monkeypatch, error: Exception, state: str
):
    def fails(_message: Message) -> None:
        raise error

    monkeypatch.setattr("whatsapp.sender._quote", fails)
    message = reply(chat, now)
    assert out.send_next()
    assert state_of(message)[0] == state


@pytest.mark.parametrize("asks", ["outbox.unasked", "WhatsAppAccount.objects.filter"])
def test_a_database_that_is_away_before_sending_leaves_no_message_on_its_way_for_ever(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime, monkeypatch, asks: str
):
    monkeypatch.setattr("whatsapp.sender.time.sleep", lambda _seconds: None)
    message = staff_writes(chat, now)
    with monkeypatch.context() as outage:
        outage.setattr(f"whatsapp.sender.{asks}", away)
        outage.setattr("whatsapp.sender.outbox.not_sent", away)
        with pytest.raises(OperationalError):
            out.send_next()
    out.catch_up()
    assert state_of(message)[0] == State.QUEUED
    assert session.sent == []


def test_a_refusal_that_the_database_could_not_hear_is_told_when_it_is_back(
    chat: Conversation, out: Sender, session: FakeSession, now: dt.datetime, monkeypatch
):
    monkeypatch.setattr("whatsapp.sender.time.sleep", lambda _seconds: None)
    message = staff_writes(chat, now)
    session.problem = SendError.of("server returned error 463")
    with monkeypatch.context() as outage:
        outage.setattr("whatsapp.sender._rest", away)
        with pytest.raises(OperationalError):
            out.send_next()
    out.catch_up()
    assert state_of(message)[0] == State.FAILED


def test_receipts_that_the_last_line_read_too_early_settle_its_messages_at_the_start(
    chat: Conversation, ombak: Tenant, store: Store, now: dt.datetime
):
    """It was killed between the receipt, which it could give to no message, and storing the id."""
    message, other = reply(chat, now), reply(chat, now, key="b")
    outbox.claim_to_send(ombak.pk, now)
    given_out(store, message, "3EB0F")
    journal = Journal(store.journal, clock=now.timestamp)
    for kind, whatsapp_id in (("RETRY", "3EB0F"), ("DELIVERED", "3EB0F"), ("READ", "3EB0X")):
        raw = events.receipt(kind, whatsapp_id)
        journal.add(raw.kind, raw.key, raw.payload)
    for raw in journal.waiting():
        journal.moved(raw)
    settle(ombak.pk, store, now)
    read = Translator(ombak.pk, Me("6281200001101")).read
    hear_again(ombak.pk, journal, read, now)
    assert state_of(message) == (State.DELIVERED, "3EB0F")
    assert state_of(other)[0] == State.QUEUED
    assert Message.objects.count() == 2  # the library served the retry, as long as it lived


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
