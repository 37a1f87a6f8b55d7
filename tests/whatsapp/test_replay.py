import datetime as dt
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations import erasure, mailbox
from conversations.models import Conversation, Customer, Message
from tenants.models import Tenant
from tests.whatsapp import events
from tests.whatsapp.events import STUDIO, STUDIO_LID, body, message, source
from whatsapp import content
from whatsapp.forgetting import forget_erased
from whatsapp.journal import Journal, Raw
from whatsapp.models import WhatsAppAccount
from whatsapp.mover import Mover
from whatsapp.store import Me, store_of
from whatsapp.translate import Translator


@pytest.fixture
def account(ombak: Tenant, tmp_path: Path, settings: Any) -> WhatsAppAccount:
    settings.WHATSAPP_SESSION_PATH = tmp_path
    return WhatsAppAccount.objects.create(tenant=ombak, phone=f"+{STUDIO}", lid=STUDIO_LID)


@pytest.fixture
def journal(account: WhatsAppAccount) -> Journal:
    return Journal(store_of(account.pk).journal)


@pytest.fixture
def arrive(journal: Journal, ombak: Tenant) -> Callable[..., None]:
    """Events that the line receives and moves now."""
    mover = Mover(
        journal,
        Translator(ombak.pk, Me(STUDIO, STUDIO_LID)),
        clock=timezone.now,
        told=lambda: None,
    )

    def arrive(*raws: Raw) -> None:
        for raw in raws:
            journal.add(raw.kind, raw.key, raw.payload)
        for _try in range(3):
            mover.step()

    return arrive


def replay(**options: Any) -> str:
    out = StringIO()
    call_command("replayevents", stdout=out, **options)
    return out.getvalue()


def now_from_anna(**fields: Any) -> Raw:
    whatsapp_id = fields.pop("whatsapp_id", "3A01")
    return message(body(**fields), at=timezone.now(), whatsapp_id=whatsapp_id)


def everything() -> list[tuple[Any, ...]]:
    """Every row, as far as a person could see a difference."""
    messages = Message.objects.values_list("pk", "kind", "text", "state", "details")
    return [*messages, *Conversation.objects.values_list("pk", "unread", "reply_due_at", "chat")]


def test_reading_everything_once_more_changes_nothing(arrive: Callable[..., None]):
    at = timezone.now()
    from_phone = source(events.ANNA_LID + "@lid", f"{STUDIO_LID}@lid", from_me=True)
    edit = {"type": 14, "key": {"ID": "3A01"}, "editedMessage": body(conversation="jam 5?")}
    again = {"type": 14, "key": {"ID": "3A01"}, "editedMessage": body(conversation="jam 6?")}
    arrive(
        now_from_anna(conversation="jam brp?"),
        message(body(protocolMessage=edit), at=at, whatsapp_id="3A02", Edit="1"),
        message(body(protocolMessage=again), at=at, whatsapp_id="3A03", Edit="1"),
        message(body(conversation="Sari di sini"), from_phone, at=at, whatsapp_id="3A04"),
        now_from_anna(conversation="hapus", whatsapp_id="3A05"),
        message(
            body(protocolMessage={"type": 0, "key": {"ID": "3A05"}}), at=at, whatsapp_id="3A06"
        ),
        events.unreadable("3A07"),
        events.receipt("RETRY", "3EB0"),
        events.typing(),
    )
    before = everything()
    assert "0 new messages, 0 completed, 7 known, 0 without meaning, 0 unreadable" in replay()
    assert everything() == before


def test_an_event_that_was_set_aside_is_read_after_the_reader_was_mended(
    arrive: Callable[..., None], journal: Journal, monkeypatch: pytest.MonkeyPatch
):
    def broken(message: Any) -> None:
        raise ValueError("a kind of message that nobody foresaw")

    with monkeypatch.context() as old:
        old.setattr("whatsapp.translate.content_of", broken)
        arrive(now_from_anna(conversation="Halo"))
        with pytest.raises(CommandError, match="stays set aside"):
            replay()
    assert not Message.objects.exists()
    assert "1 new messages" in replay(dry_run=True)
    assert not Message.objects.exists()
    assert "1 that were set aside are read now" in replay()
    assert Message.objects.get().text == "Halo"
    assert Message.objects.get().state == "new"  # it is a minute old: it gets its answer
    assert "0 that were set aside" in replay()


def test_a_kind_that_was_unknown_is_completed(
    arrive: Callable[..., None], monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as old:
        old.delitem(content._WORDS, "listResponseMessage")
        arrive(now_from_anna(listResponseMessage={"title": "Yin, Sabtu"}))
    assert (Message.objects.get().kind, Message.objects.get().text) == ("other", "")
    assert "0 new messages, 1 completed" in replay()
    assert (Message.objects.get().kind, Message.objects.get().text) == ("text", "Yin, Sabtu")


def test_old_messages_are_no_burst_and_nobody_hears_of_them(
    journal: Journal, account: WhatsAppAccount
):
    earlier = timezone.now() - dt.timedelta(days=2)
    for number in range(15):
        at = earlier + dt.timedelta(seconds=number)
        raw = message(body(conversation="Halo?"), at=at, whatsapp_id=f"3A{number}")
        journal.add(raw.kind, raw.key, raw.payload)
        journal.moved(journal.waiting()[0])
    assert "15 new messages" in replay()
    while mailbox.claim_next("thread", timezone.now() + dt.timedelta(minutes=2), 30):
        pytest.fail("too old for the assistant")
    assert set(Message.objects.values_list("author", "state")) == {("customer", "handed_over")}


def test_only_what_came_since_a_moment_is_read(arrive: Callable[..., None]):
    arrive(now_from_anna(conversation="Halo"))
    assert "0 events read again" in replay(since="2999-01-01")
    assert "1 events read again" in replay(since="2020-01-01T08:00")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"since": "yesterday"}, "is no date"),
        ({"since": "2026-13-45"}, "is no date"),
        ({"studio": "nobody"}, "There is no studio"),
    ],
)
def test_wrong_words_are_told(account: WhatsAppAccount, options: dict[str, str], said: str):
    with pytest.raises(CommandError, match=said):
        replay(**options)


def test_one_studio_can_be_named_and_nothing_linked_is_told(ombak: Tenant, senja: Tenant):
    with pytest.raises(CommandError, match="No WhatsApp number was ever linked"):
        replay(studio="senja")


def an_edit(whatsapp_id: str, text: str) -> Raw:
    change = {"type": "MESSAGE_EDIT", "key": {"ID": whatsapp_id}}
    change["editedMessage"] = {"conversation": text}
    return message(body(protocolMessage=change), at=timezone.now(), whatsapp_id="3A0E")


def test_a_customer_who_was_erased_does_not_come_back(
    journal: Journal, arrive: Callable[..., None]
):
    arrive(now_from_anna(conversation="rahasia"), an_edit("3A01", "rahasia besar"))
    erasure.erase(Customer.objects.get(), timezone.now())
    assert "2 without meaning" in replay()
    assert not Message.objects.exists()


def test_what_the_journal_keeps_of_an_erased_customer_is_emptied_and_stays_away(
    journal: Journal, arrive: Callable[..., None], ombak: Tenant, tmp_path: Path
):
    arrive(now_from_anna(conversation="rahasia"), an_edit("3A01", "rahasia besar"))
    arrive(now_from_anna(conversation="lain", whatsapp_id="3A02"))
    Message.objects.filter(whatsapp_id="3A02").update(whatsapp_id="kept")
    read = Translator(ombak.pk, Me(STUDIO, STUDIO_LID)).read
    assert forget_erased(ombak.pk, journal, read) == 0
    erasure.erase(Customer.objects.get(), timezone.now())
    assert forget_erased(ombak.pk, journal, read) == 2
    assert forget_erased(ombak.pk, journal, read) == 0
    assert [bool(raw.payload) for raw in journal.kept(["message"])] == [False, False, True]
    assert "2 without meaning" in replay()
    arrive(now_from_anna(conversation="rahasia"))  # WhatsApp may bring everything twice
    assert list(Message.objects.values_list("text", flat=True)) == ["lain"]
    journal._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"rahasia" not in b"".join(path.read_bytes() for path in tmp_path.glob("*.journal*"))
