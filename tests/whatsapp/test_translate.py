import datetime as dt
import uuid
from typing import Any

import pytest

from conversations.inbound import (
    Call,
    Edit,
    FromPhone,
    InboundMessage,
    Person,
    Reaction,
    Receipt,
    Revoke,
    Timer,
    Typing,
)
from tests.factories import NOW
from tests.whatsapp import events
from tests.whatsapp.events import ANNA, ANNA_LID, STUDIO, STUDIO_LID, body, message, proto, source
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
        disappears_after=0,
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


def said(translator: Translator, content: Any, **more: Any) -> InboundMessage:
    event = translator.read(message(content, **more))
    assert isinstance(event, InboundMessage)
    return event


def test_a_reply_brings_the_words_that_it_answers(translator: Translator):
    quoted = {"imageMessage": {"caption": "Jadwal Sabtu"}}
    context = {"stanzaID": "3EB0", "quotedMessage": quoted}
    event = said(translator, body(extendedTextMessage={"text": "ini", "contextInfo": context}))
    assert event.quoted_id == "3EB0"
    assert event.details["quoted"] == {"kind": "image", "text": "Jadwal Sabtu"}


def test_an_answer_to_a_status_says_so(translator: Translator):
    context = {"stanzaID": "3EB0", "remoteJID": "status@broadcast", "quotedMessage": {}}
    event = said(translator, body(extendedTextMessage={"text": "ini", "contextInfo": context}))
    assert event.details["status"] is True


def test_the_ad_that_a_customer_came_from_is_told(translator: Translator):
    ad = {"title": "Promo Yoga", "sourceURL": "https://fb.me/1", "ctwaClid": "c1"}
    context = {"externalAdReply": ad, "isForwarded": True, "expiration": 86400}
    event = said(translator, body(extendedTextMessage={"text": "mau", "contextInfo": context}))
    ad_details = {"title": "Promo Yoga", "url": "https://fb.me/1", "click": "c1"}
    assert event.details == {"ad": ad_details, "forwarded": True, "disappears": 86400}


def test_a_quote_inside_a_picture_is_found_too(translator: Translator):
    picture = {"caption": "ini", "contextInfo": {"stanzaID": "3EB0"}}
    assert said(translator, body(imageMessage=picture)).quoted_id == "3EB0"


def test_a_picture_names_its_file_and_one_to_be_seen_once_does_not(translator: Translator):
    picture = body(imageMessage={"directPath": "/v/x", "mediaKey": b"k" * 32, "fileLength": 9})
    assert (said(translator, picture).file or {})["path"] == "/v/x"
    event = proto().MessageEv.FromString(message(picture).payload)
    event.IsViewOnceV2 = True
    once = translator.read(events.raw("message", event))
    assert isinstance(once, InboundMessage)
    assert (once.kind, once.file, once.details["view_once"]) == ("image", None, True)


def test_a_contact_brings_its_numbers_and_a_form_its_fields(translator: Translator):
    vcard = "BEGIN:VCARD\nFN:Made\nitem1.TEL;waid=62811:+62 811-1\nTEL:0812 3456\nEND:VCARD"
    card = said(translator, body(contactMessage={"displayName": "Made", "vcard": vcard}))
    assert card.details == {"phones": ["+62 811-1", "0812 3456"]}
    params = {"paramsJSON": '{"kelas": "Yin", "orang": 2, "x": ["y"]}'}
    form = {"body": {"text": "Sent"}, "nativeFlowResponseMessage": params}
    event = said(translator, body(interactiveResponseMessage=form))
    assert event.details == {"form": "kelas: Yin; orang: 2"}


@pytest.mark.parametrize("latitude", [float("nan"), float("inf"), 91.0])
def test_a_place_that_is_not_on_earth_is_no_place(translator: Translator, latitude: float):
    place = {"degreesLatitude": latitude, "degreesLongitude": 1.0, "name": "X"}
    assert said(translator, body(locationMessage=place)).details == {}


def test_a_number_that_our_tables_do_not_know_is_still_one(translator: Translator):
    event = said(translator, body(conversation="Halo"), where=source("62811@s.whatsapp.net"))
    assert event.person.phone == "+62811"


def test_an_id_of_any_bytes_is_one_that_databases_take(translator: Translator):
    assert said(translator, body(conversation="x"), whatsapp_id="3A\x00\n1").whatsapp_id == "3A1"


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (body(conversation="Halo"), 0),
        (body(extendedTextMessage={"text": "Halo"}), 0),
        (body(extendedTextMessage={"text": "Halo", "contextInfo": {"expiration": 86_400}}), 86_400),
        (body(imageMessage={"contextInfo": {"expiration": 86_400}}), 86_400),
        (body(newsletterFollowerInviteMessageV2={"caption": "Halo"}), 0),
        (body(groupInviteMessage={"caption": "Halo"}), 0),
        (body(bcallMessage={"caption": "Halo"}), None),
    ],
)
def test_a_message_tells_how_long_it_lasts(
    translator: Translator, content: Any, seconds: int | None
):
    assert said(translator, content).disappears_after == seconds


@pytest.mark.parametrize("from_me", [False, True])
def test_either_side_sets_the_timer_of_the_customers_chat(translator: Translator, from_me: bool):
    change = {"type": "EPHEMERAL_SETTING", "ephemeralExpiration": 604_800}
    where = source(f"{ANNA_LID}@lid", other=f"{ANNA}@s.whatsapp.net", from_me=from_me)
    event = translator.read(message(body(protocolMessage=change), where))
    assert isinstance(event, Timer)
    assert (event.person.lid, event.seconds, event.at) == (ANNA_LID, 604_800, NOW)


@pytest.mark.parametrize("user", ["", "abc", "62 811", "6" * 30, "6281\x00"])
def test_an_address_without_a_person_is_nobody(translator: Translator, user: str):
    raw = message(body(conversation="Halo"), source(f"{user}@s.whatsapp.net"))
    assert translator.read(raw) is None


@pytest.mark.parametrize(
    ("stage", "more", "told"),
    [
        ("call", {}, "offered"),
        ("call_taken", {}, "taken"),
        ("call_over", {"reason": "timeout"}, "ended"),
        ("call_over", {"reason": "accepted_elsewhere"}, "taken"),
    ],
)
def test_calls_are_told_from_their_ringing_to_their_end(
    translator: Translator, stage: str, more: dict[str, Any], told: Any
):
    event = translator.read(events.call(stage, **more))
    person = Person(f"+{ANNA}", ANNA_LID)
    assert event == Call(TENANT, "CALL1", f"{ANNA_LID}@lid", person, told, NOW)


def test_a_call_in_a_group_is_nobodys(translator: Translator):
    assert translator.read(events.call(caller="120363@g.us")) is None


def test_what_only_the_phone_can_show_is_told_and_a_lost_thumb_is_not(translator: Translator):
    event = translator.read(events.unreadable(on_phone=True))
    assert isinstance(event, InboundMessage)
    assert (event.kind, event.details) == ("other", {"on_phone": True})
    assert translator.read(events.unreadable(hidden=True)) is None
