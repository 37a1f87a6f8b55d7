"""A customer asks for a person, and the studio's people learn of it: on their phone, else by e-mail."""

import datetime as dt
import json
import shutil
import uuid
from pathlib import Path

import pytest

from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.flows.crashes import CrashHouse
from tests.flows.mailbox import Mailbox
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO, SARI = "6281200001101", "628129999001"
CALL = "mau ngomong sama admin dong kak"


def contacts(service: Service, *theirs: str) -> None:
    query = "UPDATE tenants_tenant SET handover_contacts = ? WHERE slug = 'ombak'"
    service.rows(query, json.dumps(theirs))


def state(service: Service, channel: str, step: int = 0) -> str:
    query = "SELECT state FROM notices_notice WHERE channel = ? AND step = ?"
    return str(service.value(query, channel, step))


def test_a_contact_of_the_studio_is_told_and_what_they_write_back_is_not_answered(
    idle_service: Service, anna: Customer
):
    service = idle_service
    contacts(service, f"+{SARI}")
    service.environment["PUBLIC_URL"] = "https://mila.example"
    service.start()
    studio = service.pair(STUDIO)
    sari = service.rig.customer(SARI, "Sari")
    anna.send(studio, CALL)
    anna.expect_reply(20)
    told = sari.expect_reply(20)["text"]
    escalation = service.value("SELECT id FROM conversations_escalation")
    assert "Anna" in told
    assert "Ombak" in told
    assert f"https://mila.example/admin/notices/open/{escalation}".replace("-", "") in told.replace(
        "-", ""
    )
    until(lambda: state(service, "whatsapp") == "delivered", 20, "the receipt")
    known = "SELECT lid FROM conversations_customer WHERE phone = ?"
    until(lambda: service.value(known, f"+{SARI}"), 20, "her hidden id")  # before she ever wrote

    sari.send(studio, "ok")
    stored = "SELECT state FROM conversations_message WHERE text = ?"
    until(lambda: service.value(stored, "ok") == "seen", 20, "her message")
    sari.send(studio, QUESTION)
    sari.send(studio, "!ping")
    assert sari.expect_reply(20)["text"] == "pong"
    sari.send(studio, f"!test {QUESTION}")
    assert ADDRESS["ombak"] in sari.expect_reply(20)["text"]
    assert len(sari.inbox()) == 3  # the notice, pong, and the answer that was asked for
    listed = "SELECT count(*) FROM conversations_conversation WHERE channel = 'whatsapp'"
    assert service.value(listed) == 1


def test_what_was_being_told_when_mila_was_killed_is_told_once(
    rig: LocalRig, installed: Path, tmp_path: Path, anna: Customer
):
    folder = tmp_path / "data"
    shutil.copytree(installed, folder)
    house = CrashHouse(rig, folder)
    try:
        contacts(house, f"+{SARI}")
        house.order.write_text("N1")  # claimed, and its message not yet in the outbox
        house.start()
        studio, sari = house.pair(STUDIO), rig.customer(SARI, "Sari")
        anna.send(studio, CALL)
        until(house.died, 30, "the kill")
        assert house.process
        house.process.wait(20)
        house.start()
        assert "Anna" in sari.expect_reply(40)["text"]
        until(lambda: state(house, "whatsapp") == "delivered", 20, "the receipt")
        assert len(sari.inbox()) == 1
    finally:
        house.close()


def test_while_the_line_is_down_the_notice_comes_by_e_mail(idle_service: Service, anna: Customer):
    service = idle_service
    contacts(service, f"+{SARI}", "owner@ombak.example")
    with Mailbox() as mailbox:
        service.environment |= {"EMAIL_URL": mailbox.url, "EMAIL_FROM": "mila@mila.example"}
        service.start()
        studio = service.pair(STUDIO)
        sari = service.rig.customer(SARI, "Sari")
        anna.send(studio, QUESTION)
        anna.expect_reply(20)
        service.rows("UPDATE whatsapp_whatsappaccount SET wanted = 0")
        until(lambda: not service.lines(), 20, "the line's end")
        wants_person(service)
        until(lambda: state(service, "whatsapp") == "queued", 20, "the notice")
        long_ago = "UPDATE notices_notice SET sent_at = ? WHERE channel = 'whatsapp' AND step = 0"
        minutes_ago = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=2)
        service.rows(long_ago, str(minutes_ago.replace(tzinfo=None)))  # nobody waits in a test
        until(lambda: mailbox.mails, 20, "the e-mail")
        [mail] = mailbox.mails
        assert (mail["to"], mail["from"]) == ("owner@ombak.example", "mila@mila.example")
        assert "Ombak" in mail["subject"]
        assert "Anna" in mail.get_content()
        assert sari.inbox() == []


def wants_person(service: Service) -> None:
    """The row that the assistant makes; with the line down, no customer can be heard."""
    chat, tenant = service.rows(
        "SELECT id, tenant_id FROM conversations_conversation WHERE channel = 'whatsapp'"
    )[0]
    now = str(dt.datetime.now(dt.UTC).replace(tzinfo=None))
    service.rows(
        "INSERT INTO conversations_escalation (id, tenant_id, conversation_id, category, urgency, summary, state,"
        " created_at, outcome) VALUES (?, ?, ?, 'human_request', 'normal', 'Please call me', 'open', ?, '')",
        uuid.uuid4().hex,
        tenant,
        chat,
        now,
    )
