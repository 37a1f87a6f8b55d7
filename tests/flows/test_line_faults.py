"""What WhatsApp does to a line, one thing after another: the state, the sentence that staff read, and the way back."""

import datetime as dt
import time

import pytest
from django.utils import translation

from tenants.models import Tenant
from tests.flows.conftest import ADDRESS, QUESTION, Service, until
from tests.whatsapp_server.client import Customer, Number
from whatsapp.models import WhatsAppAccount
from whatsapp.states import describe

pytestmark = pytest.mark.e2e
STUDIO, OTHER = "6281200001101", "6281200002202"
TRIED_AGAIN = 4  # seconds within which a line that is to rest would have dialled again


def said(service: Service, slug: str = "ombak") -> str:
    """The sentence and the next step that staff read now."""
    [(state, problem, phone, heartbeat)] = service.rows(
        "SELECT state, problem, phone, heartbeat_at FROM whatsapp_whatsappaccount WHERE id = ?",
        service.account(slug),
    )
    account = WhatsAppAccount(
        tenant=Tenant(whatsapp_number=phone),
        state=state,
        problem=problem,
        phone=phone,
        heartbeat_at=dt.datetime.fromisoformat(str(heartbeat)).replace(tzinfo=dt.UTC),
    )
    with translation.override("en"):
        status = describe(account, dt.datetime.now(dt.UTC))
    return f"{status.detail} {status.next_step}"


def until_state(service: Service, state: str, slug: str = "ombak", timeout: float = 30) -> None:
    until(lambda: service.state(slug) == state, timeout, f"{slug} {state}")


def until_rests(service: Service) -> None:
    """No line runs, and none is started again."""
    until(lambda: service.lines() == [], 20, "no line for nobody")
    mark = service.rig.mark()
    time.sleep(TRIED_AGAIN)
    assert service.rig.events(mark, kind="dial") == []
    assert service.lines() == []


def refused(studio: Number, **failure: int) -> None:
    """The connection is cut, and the next login gets this answer."""
    studio.fault("login_failure", **failure)
    studio.cut()


def pass_time(service: Service, column: str, slug: str = "ombak") -> None:
    """As if what this time stands for was ten minutes ago."""
    past = str(dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(minutes=10))
    service.rows(
        f"UPDATE whatsapp_whatsappaccount SET {column} = ? WHERE id = ?",  # noqa: S608  our own word
        past,
        service.account(slug),
    )


def answers(service: Service) -> list[tuple[str, str]]:
    """What was said to customers, by state."""
    query = "SELECT text, state FROM conversations_message WHERE author = 'assistant' ORDER BY id"
    return service.rows(query)


def until_answered_once(service: Service, customer: Customer) -> None:
    assert ADDRESS["ombak"] in customer.expect_reply(40)["text"]
    query = "SELECT count(*) FROM conversations_message WHERE state = 'delivered'"
    until(lambda: service.value(query) == len(answers(service)), 20, "all delivered")
    assert service.value("SELECT count(*) FROM conversations_message WHERE state = 'new'") == 0


# --- WhatsApp asks for another try: the line goes on by itself -------------------------------------


def test_restarts_of_the_server_are_survived_by_the_same_process(service: Service):
    studio = service.pair(STUDIO)
    [line] = service.lines()
    for count, code in enumerate(("515", "503", "500")):
        mark = service.rig.mark()
        customer = service.rig.customer(f"62811100001{count}", f"C{count}")
        if code == "500":
            refused(studio, reason=500)
        else:
            studio.stream_error(code)
        customer.send(studio, QUESTION)
        studio.wait_online(mark, 30)
        until_answered_once(service, customer)
        assert len(customer.inbox()) == 1
    until_state(service, "connected")
    assert service.lines() == [line]


@pytest.mark.parametrize("reason", [409, 415])
def test_a_refusal_without_a_name_is_shown_and_tried_again(
    service: Service, anna: Customer, reason: int
):
    studio = service.pair(STUDIO)
    [line] = service.lines()
    service.rig.fault("dial_status", status=503, times=2)
    refused(studio, reason=reason)
    until_state(service, "retrying")
    assert "WhatsApp cannot be reached. MILA keeps trying." in said(service)
    anna.send(studio, QUESTION)
    until_answered_once(service, anna)
    until_state(service, "connected")
    assert service.lines() != [line], "a refused client never dials again by itself"


def test_silence_is_noticed_and_what_was_held_back_is_answered_once(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    [line] = service.lines()
    studio.condition(mute=True)
    anna.send(studio, QUESTION)
    until_state(service, "retrying", timeout=80)
    assert "WhatsApp cannot be reached" in said(service)
    assert anna.inbox() == []
    studio.condition(mute=False)
    until_answered_once(service, anna)
    until_state(service, "connected")
    assert len(anna.inbox()) == 1
    assert service.lines() == [line]


def test_a_dial_that_is_never_answered_ends_the_process_and_the_next_one_connects(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    [line] = service.lines()
    service.rig.fault("dial_hang")
    studio.cut()
    until_state(service, "retrying")
    anna.send(studio, QUESTION)
    until(lambda: service.lines() not in ([], [line]), 90, "another process")
    until_answered_once(service, anna)
    until_state(service, "connected")


# --- WhatsApp says no: the line rests until a person, or time, changes it --------------------------


def test_who_is_replaced_says_so_does_not_fight_and_comes_back_after_minutes(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    studio.stream_error(conflict="replaced")
    until_state(service, "replaced")
    assert "Another program uses this link to WhatsApp. Stop the other program" in said(service)
    until_rests(service)
    anna.send(studio, QUESTION)
    pass_time(service, "state_since")
    until_answered_once(service, anna)
    until_state(service, "connected")


def test_a_link_removed_while_away_is_told_and_a_new_code_leads_back(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    refused(studio, reason=401)
    until_state(service, "logged_out")
    assert "The link was removed on the phone. Press “Show QR”" in said(service)
    until_rests(service)
    service.pair(STUDIO)
    anna.send(studio, QUESTION)
    until_answered_once(service, anna)


def test_locked_accounts_are_told_from_removed_links(service: Service):
    studios = {"ombak": service.pair(STUDIO, "ombak"), "senja": service.pair(OTHER, "senja")}
    for slug, reason in (("ombak", 403), ("senja", 406)):
        refused(studios[slug], reason=reason)
        until_state(service, "banned", slug)
        assert "WhatsApp has blocked this number for now." in said(service, slug)
        assert "Open WhatsApp on the phone" in said(service, slug)
    until_rests(service)


def test_a_ban_is_waited_for_also_one_of_a_kind_that_the_library_cannot_name(
    service: Service, anna: Customer
):
    studios = {"ombak": service.pair(STUDIO, "ombak"), "senja": service.pair(OTHER, "senja")}
    for slug, code in (("ombak", 101), ("senja", 199)):
        refused(studios[slug], reason=402, code=code, expire=3600)
        until_state(service, "banned", slug)
        assert "WhatsApp has blocked this number for now." in said(service, slug)
    until_rests(service)
    anna.send(studios["ombak"], QUESTION)
    for slug in studios:
        pass_time(service, "banned_until", slug)
        until_state(service, "connected", slug)
    until_answered_once(service, anna)


def test_too_old_a_client_stays_away_until_the_service_is_started_again(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    refused(studio, reason=405)
    until_state(service, "outdated")
    assert "WhatsApp no longer accepts this version of MILA." in said(service)
    until_rests(service)
    anna.send(studio, QUESTION)
    service.end()
    service.start()  # as after an upgrade
    until_answered_once(service, anna)
    until_state(service, "connected")


# --- messages that come twice, in disorder, late, or not at all ------------------------------------


def test_a_message_under_number_and_hidden_id_is_one_message_of_one_customer(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    ben = service.rig.customer("628111000002", "Ben", addressing="pn")
    for customer in (anna, ben):
        for mode in ("other-address", "resend", "stanza"):
            studio.fault("duplicate", mode=mode)
            customer.send(studio, QUESTION if mode == "stanza" else f"halo ({mode})")
        customer.expect_reply(30)
    received = "SELECT count(*) FROM conversations_message WHERE author = 'customer'"
    until(lambda: service.value(received) == 6, 10, "each message once")
    query = "SELECT phone FROM conversations_customer ORDER BY phone"
    assert service.rows(query) == [("+628111000001",), ("+628111000002",)]
    assert service.value("SELECT count(*) FROM conversations_conversation") == 2
    assert [len(customer.inbox()) for customer in (anna, ben)] == [1, 1]


def test_messages_in_disorder_are_all_kept_and_get_one_answer(service: Service, anna: Customer):
    studio = service.pair(STUDIO)
    words = ["halo", "kak", "mau tanya", "dong", QUESTION]
    studio.fault("reorder", count=len(words), seed=3)
    sent = [anna.send(studio, word) for word in words]
    until_answered_once(service, anna)
    kept = "SELECT whatsapp_id, text FROM conversations_message WHERE author = 'customer'"
    assert sorted(service.rows(kept)) == sorted(zip(sent, words, strict=True))
    assert len(anna.inbox()) == 1


def test_slow_acknowledgements_delay_and_double_nothing(service: Service):
    studio = service.pair(STUDIO)
    everybody = [service.rig.customer(f"62811100002{place}", f"C{place}") for place in range(4)]
    studio.condition(ack_delay=3)
    for customer in everybody:
        customer.send(studio, QUESTION)
    for customer in everybody:
        customer.expect(1, 40)
    arrived = "SELECT count(*) FROM conversations_message WHERE state IN ('sent', 'delivered')"
    until(lambda: service.value(arrived) == len(everybody), 20, "all acknowledged")
    for customer in everybody:
        [reply] = customer.inbox()
        customer.reads(studio, reply["id"])
    read = "SELECT count(*) FROM conversations_message WHERE state = 'read'"
    until(lambda: service.value(read) == len(everybody), 20, "all read")
    assert [len(customer.inbox()) for customer in everybody] == [1] * len(everybody)
    assert service.state() == "connected"


def test_a_refused_answer_is_shown_as_not_sent_and_the_next_one_goes_out(
    service: Service, anna: Customer
):
    studio = service.pair(STUDIO)
    ben = service.rig.customer("628111000002", "Ben")
    studio.fault("send_error", error=463)
    anna.send(studio, QUESTION)
    until(lambda: [state for _text, state in answers(service)] == ["failed"], 30, "not sent")
    why = service.value("SELECT error FROM conversations_message WHERE state = 'failed'")
    assert "has not written to this number lately" in why
    ben.send(studio, QUESTION)
    assert ADDRESS["ombak"] in ben.expect_reply(30)["text"]
    assert anna.inbox() == []
    assert service.state() == "connected"


def test_a_bad_message_is_tried_once_more_half_a_minute_later(service: Service, anna: Customer):
    studio = service.pair(STUDIO)
    studio.fault("send_error", error=479)
    anna.send(studio, QUESTION)
    until(lambda: [state for _text, state in answers(service)] == ["queued"], 30, "refused")
    assert ADDRESS["ombak"] in anna.expect_reply(60)["text"]
    assert service.state() == "connected"
