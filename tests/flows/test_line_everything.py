"""Everything that may come over a linked number, from the wire to what staff see."""

import contextlib
import itertools
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer, Number

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40
SOUND = b"OggS" + b"sound" * 2_000
PAPER = b"%PDF-1.7\n" + b"paper " * 1_000


@pytest.fixture(scope="module")
def service(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all of them: each test has a customer of its own."""
    folder = tmp_path_factory.mktemp("everything") / "data"
    shutil.copytree(installed, folder)
    with LocalRig() as rig:
        service = Service(rig, folder)
        service.start()
        yield service
        service.end()
        sys.stdout.write(service.logs())


@pytest.fixture(scope="module")
def studio(service: Service) -> Number:
    return service.pair(STUDIO)


@pytest.fixture
def anna(service: Service) -> Customer:
    return service.rig.customer(f"62811100{next(_numbers):04}", "Anna")


_numbers = itertools.count(1)


class Message:
    """A row as it stands, found by WhatsApp's id."""

    def __init__(self, service: Service, whatsapp_id: str, **wanted: Any):
        self._service, self._id = service, whatsapp_id
        self.row: Any
        self.row = until(lambda: self._fits(wanted), 20, f"{wanted} of {whatsapp_id}")

    def _fits(self, wanted: dict[str, Any]) -> dict[str, Any]:
        row = self.read()
        return row if wanted.items() <= row.items() else {}

    def read(self) -> dict[str, Any]:
        query = "SELECT id, kind, text, state, author, details FROM conversations_message WHERE whatsapp_id = ?"
        rows = self._service.rows(query, self._id)
        if not rows:
            return {}
        names = ("id", "kind", "text", "state", "author", "details")
        row = dict(zip(names, rows[0], strict=True))
        return {**row, "details": json.loads(row["details"])}

    def file(self, state: str = "stored") -> tuple[str, str, bytes]:
        """Type and problem of its file once it is in this state, and its bytes."""
        query = "SELECT state, content_type, problem, path FROM conversations_mediafile WHERE message_id = ?"

        def settled() -> Any:
            rows = self._service.rows(query, self.row["id"])
            return rows[0] if rows and rows[0][0] == state else None

        found: Any = until(settled, 20, f"a file that is {state}")
        _state, content_type, problem, path = found
        data = (self._service.folder / "media" / path).read_bytes() if path else b""
        return content_type, problem, data


def test_files_are_loaded_and_kept_for_staff(service: Service, studio: Number, anna: Customer):
    picture = anna.send(
        studio, file=PICTURE, kind="image", mimetype="image/jpeg", caption="ini kak"
    )
    sound = anna.send(studio, file=SOUND, kind="audio", mimetype="audio/ogg", PTT=True, seconds=3)
    paper = anna.send(
        studio, file=PAPER, kind="document", mimetype="application/pdf", fileName="bukti.pdf"
    )
    sticker = anna.send(studio, file=b"RIFF1234WEBP", kind="sticker", mimetype="image/webp")
    shown = Message(service, picture, kind="image", text="ini kak")
    assert shown.file() == ("image/jpeg", "", PICTURE)
    assert Message(service, sound, kind="voice").file() == ("audio/ogg", "", SOUND)
    document = Message(service, paper, kind="document")
    assert document.file() == ("application/pdf", "", PAPER)
    assert document.row["details"]["file_name"] == "bukti.pdf"
    assert Message(service, sticker, kind="sticker").file()[0] == "image/webp"
    kept = [path for path in (service.folder / "media").rglob("*") if path.is_file()]
    assert len(kept) >= 4
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)


def test_a_file_that_cannot_be_had_says_why(service: Service, studio: Number, anna: Customer):
    wrong = anna.send(studio, file=b"MZ program", kind="image", mimetype="image/jpeg")
    gone = anna.send(studio, json={"imageMessage": missing_file()})
    assert Message(service, wrong).file("failed")[1] == "wrong_kind"
    assert Message(service, gone).file("failed")[1] == "expired"


def missing_file() -> dict[str, Any]:
    """A pointer to a file that WhatsApp does not have any more, and to another host beside it."""
    key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    hashes = dict.fromkeys(("mediaKey", "fileSHA256", "fileEncSHA256"), key)
    places = {"URL": "https://evil.example/x", "directPath": "/v/none.enc"}
    return {**hashes, **places, "mimetype": "image/jpeg", "fileLength": 9}


def test_a_sender_cannot_lead_us_to_another_host(service: Service, studio: Number, anna: Customer):
    mark = service.rig.mark()
    gone = anna.send(studio, json={"imageMessage": missing_file()})
    Message(service, gone).file("failed")
    assert service.rig.events(mark, kind="blocked") == []


def test_places_people_and_answers_to_buttons(service: Service, studio: Number, anna: Customer):
    place = {"degreesLatitude": -8.65, "degreesLongitude": 115.13, "name": "Pantai"}
    where = Message(service, anna.send(studio, json={"locationMessage": place}), kind="location")
    assert where.row["text"] == "Pantai"
    assert where.row["details"] == {"latitude": -8.65, "longitude": 115.13}
    card = {"displayName": "Made", "vcard": "BEGIN:VCARD\nTEL:+62 811 22\nEND:VCARD"}
    who = Message(service, anna.send(studio, json={"contactMessage": card}), kind="contact")
    assert (who.row["text"], who.row["details"]["phones"]) == ("Made", ["+62 811 22"])
    button = {"selectedDisplayText": "Ya, ikut"}
    pressed = Message(service, anna.send(studio, json={"buttonsResponseMessage": button}))
    assert (pressed.row["kind"], pressed.row["text"]) == ("text", "Ya, ikut")
    chosen = {"title": "Yin, Sabtu 08:00"}
    listed = Message(service, anna.send(studio, json={"listResponseMessage": chosen}))
    assert listed.row["text"] == "Yin, Sabtu 08:00"


def test_what_is_to_be_seen_once_is_not_kept(service: Service, studio: Number, anna: Customer):
    inside = {"message": {"imageMessage": missing_file() | {"viewOnce": True}}}
    once = Message(service, anna.send(studio, json={"viewOnceMessageV2": inside}), kind="image")
    assert once.row["details"]["view_once"] is True
    files = "SELECT count(*) FROM conversations_mediafile WHERE message_id = ?"
    assert service.value(files, once.row["id"]) == 0


def test_texts_in_envelopes_and_those_that_came_from_an_ad(
    service: Service, studio: Number, anna: Customer
):
    ad = {"title": "Promo Yoga", "sourceURL": "https://fb.me/1"}
    context = {"externalAdReply": ad, "expiration": 86400}
    text = {"text": QUESTION, "contextInfo": context}
    vanishing = {"message": {"extendedTextMessage": text}}
    sent = anna.send(studio, json={"ephemeralMessage": vanishing})
    details = Message(service, sent, kind="text", text=QUESTION).row["details"]
    assert (details["ad"]["title"], details["disappears"]) == ("Promo Yoga", 86400)
    assert ADDRESS["ombak"] in anna.expect_reply(20)["text"]


def test_in_a_vanishing_chat_our_answers_vanish_too_until_it_is_switched_off(
    service: Service, studio: Number, anna: Customer
):
    def expires(reply: dict[str, Any]) -> int:
        extended = reply["content"].get("extendedTextMessage", {})
        return int(extended.get("contextInfo", {}).get("expiration", 0))

    anna.send(studio, json={"extendedTextMessage": {"text": QUESTION, "contextInfo": TIMER}})
    assert expires(anna.expect_reply(20)) == TIMER["expiration"]
    off = {"type": "EPHEMERAL_SETTING", "ephemeralExpiration": 0}
    anna.send(studio, json={"protocolMessage": off})
    timer = (
        "SELECT count(*) FROM conversations_conversation WHERE disappears_after = 0 AND id ="
        " (SELECT conversation_id FROM conversations_message WHERE whatsapp_id = ?)"
    )
    asked = anna.send(studio, QUESTION)
    assert expires(anna.expect_reply(20)) == 0
    assert service.value(timer, asked) == 1


TIMER = {"expiration": 86_400}


def test_an_edit_and_a_deletion_may_come_before_their_message(
    service: Service, studio: Number, anna: Customer
):
    edited, deleted = "3EB0EA51E000000001", "3EB0EA51E000000002"
    change = {"type": "MESSAGE_EDIT", "key": {"ID": edited}}
    text = {"editedMessage": {"conversation": QUESTION}}
    anna.send(studio, json={"protocolMessage": {**change, **text}})
    anna.send(studio, json={"protocolMessage": {"type": "REVOKE", "key": {"ID": deleted}}})
    anna.send(studio, "berapa harga drop in kak?", id=deleted)
    anna.send(studio, "makasih", id=edited)
    assert ADDRESS["ombak"] in anna.expect_reply(20)["text"]
    assert Message(service, edited, text=QUESTION).row["details"]["edits"][0]["text"] == "makasih"
    assert Message(service, deleted, text="").row["state"] == "seen"
    assert len(anna.inbox()) == 1


def test_a_question_is_answered_quoted_edited_marked_and_deleted(
    service: Service, studio: Number, anna: Customer
):
    question = anna.send(studio, QUESTION)
    reply = anna.expect_reply(20)
    thumb = {"text": "👎", "key": {"ID": reply["id"], "fromMe": False}}
    anna.send(studio, json={"reactionMessage": thumb})
    answer = Message(service, reply["id"], author="assistant")
    until(lambda: answer.read()["details"].get("feedback") == "bad", 20, "feedback")

    context = {"stanzaID": reply["id"], "quotedMessage": {"conversation": "made up"}}
    asked = {"text": "yang ini apa kak?", "contextInfo": context}
    quoting = Message(service, anna.send(studio, json={"extendedTextMessage": asked}))
    assert quoting.row["details"]["quoted"]["text"] == answer.row["text"][:500]  # our words

    edit = {"conversation": "alamatnya dimana ya kak?"}
    change = {"type": "MESSAGE_EDIT", "key": {"ID": question}, "editedMessage": edit}
    anna.send(studio, json={"protocolMessage": change})
    changed = Message(service, question, text="alamatnya dimana ya kak?")
    assert changed.row["details"]["edits"][0]["text"] == QUESTION

    anna.send(studio, json={"protocolMessage": {"type": "REVOKE", "key": {"ID": question}}})
    gone = Message(service, question, text="")
    assert gone.row["details"]["revoked"]["text"] == "alamatnya dimana ya kak?"


def test_a_message_that_arrives_garbled_is_asked_for_again_and_is_one_message(
    service: Service, studio: Number, anna: Customer
):
    studio.fault("corrupt")
    garbled = anna.send(studio, QUESTION)
    Message(service, garbled, kind="text", text=QUESTION)
    assert ADDRESS["ombak"] in anna.expect_reply(20)["text"]
    rows = "SELECT count(*) FROM conversations_message WHERE whatsapp_id = ?"
    assert service.value(rows, garbled) == 1


def rings_in_vain(service: Service, studio: Number, customer: Customer) -> None:
    call = customer.call(studio)
    seen = "SELECT count(*) FROM conversations_message WHERE idempotency_key = ?"
    until(lambda: service.value(seen, f"call:{call}"), 20, "a call in the thread")
    customer.end_call(studio, call)


def test_who_rings_in_vain_is_asked_to_write_once(service: Service, studio: Number, anna: Customer):
    rings_in_vain(service, studio, anna)
    rings_in_vain(service, studio, anna)
    assert "telepon" in anna.expect_reply(20)["text"]
    anna.send(studio, QUESTION)  # the line lives
    assert ADDRESS["ombak"] in anna.expect_reply(20)["text"]
    assert len(anna.inbox()) == 2


@pytest.mark.parametrize("addressing", ["pn", "lid-only"])
def test_a_call_is_a_customers_however_they_are_addressed(
    service: Service, studio: Number, addressing: str
):
    budi = service.rig.customer(f"62811100{next(_numbers):04}", "Budi", addressing=addressing)
    rings_in_vain(service, studio, budi)
    assert "telepon" in budi.expect_reply(20)["text"]


def test_old_chats_that_the_phone_sends_do_not_become_messages(
    service: Service, studio: Number, anna: Customer
):
    past = [["halo kak", False, 1_700_000_000], ["halo juga", True, 1_700_000_100]]
    service.rig.call("history", number=STUDIO, chats={anna.number: past})
    asked = anna.send(studio, QUESTION)
    Message(service, asked, state="answered")
    old = "SELECT count(*) FROM conversations_message WHERE text LIKE 'halo%'"
    assert service.value(old) == 0
    with _journal(service) as journal:
        kept = journal.execute("SELECT length(payload) FROM events WHERE kind = 'history'")
        assert kept.fetchall() == [(0,)]


@contextlib.contextmanager
def _journal(service: Service) -> Iterator[Any]:
    (path,) = Path(service.folder, "whatsapp").glob("*.journal")
    with contextlib.closing(sqlite3.connect(path)) as journal:
        yield journal


def test_a_message_that_dies_inside_the_line_is_shown_as_unreadable(idle_service: Service):
    """WhatsApp counts it as delivered and will not send it again; only the library's notes know of it."""
    service, order = idle_service, idle_service.folder / "crash"
    anna = service.rig.customer("628111000001", "Anna")
    service.environment["MILA_CRASH_AT"] = str(order)
    service.start()
    studio = service.pair(STUDIO)
    anna.send(studio, QUESTION)
    assert ADDRESS["ombak"] in anna.expect_reply(20)["text"]
    on_its_way = "SELECT count(*) FROM conversations_message WHERE state = 'sent'"
    until(lambda: not service.value(on_its_way), 20)
    mark = service.rig.mark()
    order.write_text("C2")
    lost = [anna.send(studio, f"{QUESTION} {number}") for number in range(3)]
    studio.wait_online(mark, 20)
    seen = "SELECT whatsapp_id FROM conversations_message WHERE NOT from_me"
    until(
        lambda: {row[0] for row in service.rows(seen)} >= set(lost), 40, "every message has a row"
    )
    holes = "SELECT count(*) FROM conversations_message WHERE kind = 'unreadable' AND state = 'new'"
    assert 1 <= service.value(holes) <= 3
