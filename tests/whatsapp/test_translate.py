import datetime as dt
import uuid

import pytest

from conversations.inbound import (
    Edit,
    FromPhone,
    InboundMessage,
    Person,
    Reaction,
    Receipt,
    Revoke,
    Typing,
)
from tests.factories import NOW
from tests.whatsapp import events
from tests.whatsapp.events import ANNA, ANNA_LID, STUDIO, STUDIO_LID, body, message, source
from whatsapp.store import Me
from whatsapp.translate import Translator

TENANT = uuid.uuid4()
ANNA_HERSELF = Person(f"+{ANNA}", ANNA_LID, "Anna")


@pytest.fixture
def translator() -> Translator:
    return Translator(TENANT, Me(STUDIO, STUDIO_LID))


def test_a_text_arrives_with_both_addresses_and_the_name(translator: Translator):
    event = translator.read(message(body(conversation="Halo kak")))
    assert event == InboundMessage(
        tenant_id=TENANT,
        whatsapp_id="3A01",
        chat=f"{ANNA_LID}@lid",
        person=ANNA_HERSELF,
        kind="text",
        text="Halo kak",
        sent_at=NOW,
    )


def test_a_chat_by_number_is_answered_by_number(translator: Translator):
    where = source(f"{ANNA}@s.whatsapp.net", other=f"{ANNA_LID}@lid")
    event = translator.read(message(body(conversation="Halo"), where))
    assert isinstance(event, InboundMessage)
    assert event.chat == f"{ANNA}@s.whatsapp.net"
    assert event.person == ANNA_HERSELF


def test_the_digits_of_a_hidden_id_are_never_a_phone_number(translator: Translator):
    event = translator.read(message(body(conversation="Halo"), source(f"{ANNA_LID}@lid")))
    assert isinstance(event, InboundMessage)
    assert event.person == Person(None, ANNA_LID, "Anna")


def test_a_number_that_whatsapp_told_earlier_is_found(translator: Translator):
    known = Translator(TENANT, translator.me, {ANNA_LID: ANNA}.get)
    event = known.read(message(body(conversation="Halo"), source(f"{ANNA_LID}@lid")))
    assert isinstance(event, InboundMessage)
    assert event.person.phone == f"+{ANNA}"


@pytest.mark.parametrize(
    "chat",
    [
        "120363000000000001@g.us",
        "status@broadcast",
        "123@newsletter",
        "867051314767696@bot",
        "13135550002@s.whatsapp.net",
        "0@s.whatsapp.net",
    ],
)
def test_only_private_chats_are_read(translator: Translator, chat: str):
    assert translator.read(message(body(conversation="Halo"), source(chat))) is None


def test_a_message_from_the_studios_phone_names_the_customer_of_the_chat(translator: Translator):
    where = source(
        f"{ANNA_LID}@lid", f"{STUDIO_LID}@lid", other=f"{ANNA}@s.whatsapp.net", from_me=True
    )
    event = translator.read(message(body(conversation="Ini Sari"), where, Pushname="Ombak"))
    assert isinstance(event, FromPhone)
    assert event.person == Person(f"+{ANNA}", ANNA_LID, "")


@pytest.mark.parametrize("chat", [f"{STUDIO_LID}@lid", f"{STUDIO}@s.whatsapp.net"])
def test_the_chat_with_oneself_is_the_own_chat(translator: Translator, chat: str):
    event = translator.read(message(body(conversation="!ping"), source(chat, from_me=True)))
    assert isinstance(event, InboundMessage)
    assert event.own_chat


def test_what_waited_while_we_were_away_is_backlog(translator: Translator):
    late = translator.read(message(body(conversation="Halo"), received=NOW + dt.timedelta(hours=1)))
    soon = translator.read(
        message(body(conversation="Halo"), received=NOW + dt.timedelta(seconds=2))
    )
    assert isinstance(late, InboundMessage)
    assert isinstance(soon, InboundMessage)
    assert (late.backlog, soon.backlog) == (True, False)


def test_a_clock_in_the_future_is_not_believed(translator: Translator):
    event = translator.read(message(body(conversation="Halo"), at=NOW + dt.timedelta(days=400)))
    assert isinstance(event, InboundMessage)
    assert event.sent_at == NOW


def test_a_quoted_message_is_named(translator: Translator):
    quoted = {"text": "yang ini", "contextInfo": {"stanzaID": "3EB0"}}
    event = translator.read(message(body(extendedTextMessage=quoted)))
    assert isinstance(event, InboundMessage)
    assert (event.text, event.quoted_id) == ("yang ini", "3EB0")


def test_edits_and_deletions_name_the_message_that_changed(translator: Translator):
    edit = {"type": 14, "key": {"ID": "3A00"}, "editedMessage": body(conversation="jam 5?")}
    assert translator.read(message(body(protocolMessage=edit))) == Edit(
        TENANT, "3A00", "jam 5?", NOW, edit_id="3A01:0:"
    )
    revoke = {"type": 0, "key": {"ID": "3A00"}}
    assert translator.read(message(body(protocolMessage=revoke))) == Revoke(TENANT, "3A00", NOW)


def test_housekeeping_between_phones_means_nothing(translator: Translator):
    shared_keys = body(protocolMessage={"type": 6})
    assert translator.read(message(shared_keys)) is None
    assert translator.read(message(body(conversation="x"), Category="peer")) is None
    assert translator.read(message(body())) is None


def test_a_reaction_names_the_message_under_it(translator: Translator):
    thumb = body(reactionMessage={"text": "👍", "key": {"ID": "3EB0"}})
    assert translator.read(message(thumb)) == Reaction(TENANT, "3EB0", "👍", ANNA_HERSELF, False)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("DELIVERED", "delivered"), ("INACTIVE", "delivered"), ("READ", "read"), ("RETRY", "retry")],
)
def test_receipts_say_what_became_of_our_messages(translator: Translator, theirs: str, ours: str):
    event = translator.read(events.receipt(theirs, "3EB0", "3EB1"))
    assert event == Receipt(TENANT, ("3EB0", "3EB1"), ours, NOW)  # type: ignore[arg-type]


def test_what_the_owner_reads_on_the_phone_is_no_receipt(translator: Translator):
    assert translator.read(events.receipt("READ_SELF", "3A01", from_me=True)) is None


def test_typing_and_unreadable_messages_are_told(translator: Translator):
    assert isinstance(translator.read(events.typing()), Typing)
    event = translator.read(events.unreadable())
    assert isinstance(event, InboundMessage)
    assert event.kind == "unreadable"
