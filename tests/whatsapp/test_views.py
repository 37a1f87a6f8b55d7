"""The WhatsApp page and card: words for every state, a code that can be scanned, wishes by POST."""

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from notices.models import Notice
from tenants.deeds import note
from tenants.models import Membership, Tenant
from tests import factories
from whatsapp import linklog
from whatsapp.models import LinkEvent, WhatsAppAccount

PAGE = "/admin/whatsapp/"
CARD = "/admin/whatsapp/card/"
SOON = dt.timedelta(minutes=5)


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def account(tenant: Tenant, state: str, **fields: Any) -> WhatsAppAccount:
    now = timezone.now()
    return WhatsAppAccount.objects.create(
        tenant=tenant, state=state, state_since=now, heartbeat_at=now, **fields
    )


def read(client: Client, address: str = PAGE) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_studio_without_a_number_reads_how_to_link_one(owner: Client) -> None:
    page = read(owner)
    assert "No phone is linked." in page
    assert "Show QR" in page
    assert "Link with phone number" in page


def test_a_code_is_a_picture_with_a_view_box(owner: Client, ombak: Tenant) -> None:
    account(ombak, "qr_ready", qr="2@secret-code", qr_expires_at=timezone.now() + SOON)
    page = read(owner, CARD)
    assert '<div class="m-qr"' in page
    assert "viewBox" in page
    assert "every 3s" in page
    assert "2@secret-code" not in page


def test_an_unchanged_card_answers_a_poll_without_a_body(owner: Client, ombak: Tenant) -> None:
    row = account(ombak, "qr_ready", qr="2@a", qr_expires_at=timezone.now() + SOON)
    seen = read(owner, CARD).split("seen=")[1].split('"')[0]
    assert owner.get(CARD, {"seen": seen}).status_code == 204
    WhatsAppAccount.objects.filter(pk=row.pk).update(qr="2@b")
    assert owner.get(CARD, {"seen": seen}).status_code == 200


def test_a_pairing_code_is_shown_while_it_is_valid(owner: Client, ombak: Tenant) -> None:
    row = account(ombak, "qr_ready", pair_code="ABCD1234")
    row.pair_code_expires_at = timezone.now() + SOON
    row.save()
    assert "ABCD-1234" in read(owner, CARD)
    row.pair_code_expires_at = timezone.now() - SOON
    row.save()
    assert "ABCD-1234" not in read(owner, CARD)


def test_a_connected_number_is_polled_slowly_and_can_be_unlinked(
    owner: Client, ombak: Tenant
) -> None:
    account(ombak, "connected", phone="+6281200001101", push_name="Ombak")
    page = read(owner)
    assert "every 15s" in page
    assert "+62 812-0000-1101" in page
    assert "Disconnect this number" in page


def test_a_service_that_is_silent_wins_over_the_stored_state(owner: Client, ombak: Tenant) -> None:
    row = account(ombak, "connected", phone="+6281200001101")
    WhatsAppAccount.objects.filter(pk=row.pk).update(heartbeat_at=timezone.now() - SOON)
    assert "not answering" in read(owner, CARD)


def test_asking_for_a_code_needs_a_post(owner: Client, ombak: Tenant) -> None:
    owner.get("/admin/whatsapp/pair/", {"how": "qr"})
    assert not WhatsAppAccount.objects.exists()
    owner.post("/admin/whatsapp/pair/", {"how": "qr"})
    assert WhatsAppAccount.objects.get(tenant=ombak).pair_requested_at


def test_a_number_is_asked_for_as_people_type_it(owner: Client, ombak: Tenant) -> None:
    owner.post("/admin/whatsapp/pair/", {"how": "code", "phone": "0812 3456 7890"})
    assert WhatsAppAccount.objects.get(tenant=ombak).pair_phone == "+6281234567890"


def test_a_wrong_number_gets_a_sentence(owner: Client) -> None:
    form = {"how": "code", "phone": "12"}
    page = owner.post("/admin/whatsapp/pair/", form, follow=True).content.decode()
    assert "is no phone number" in page


def test_unlinking_needs_the_studios_name(owner: Client, ombak: Tenant) -> None:
    row = account(ombak, "connected", phone="+6281200001101")
    owner.post("/admin/whatsapp/unlink/", {"name": "Senja"})
    row.refresh_from_db()
    assert row.logout_requested_at is None
    owner.post("/admin/whatsapp/unlink/", {"name": "ombak yoga"})
    row.refresh_from_db()
    assert row.logout_requested_at


def test_codes_are_for_owners_only(client: Client, ombak: Tenant) -> None:
    for role in (Membership.Role.EDITOR, Membership.Role.FRONT_DESK):
        client.force_login(factories.staff(role, ombak, role))
        assert client.get(CARD).status_code == 403
        assert client.post("/admin/whatsapp/pair/", {"how": "qr"}).status_code == 403


# --- the page itself: only what moved comes along ---------------------------------------------------


def prints(page: str) -> dict[str, str]:
    found = re.search(r"page=1&amp;status=(\w+)&amp;code=(\w+)", page)
    assert found
    return {"page": "1", "status": found[1], "code": found[2]}


def test_a_new_code_does_not_touch_what_a_screen_reader_reads(owner: Client, ombak: Tenant) -> None:
    row = account(ombak, "qr_ready", qr="2@a", qr_expires_at=timezone.now() + SOON)
    seen = prints(read(owner))
    assert owner.get(CARD, seen).status_code == 204
    WhatsAppAccount.objects.filter(pk=row.pk).update(qr="2@b")
    moved = owner.get(CARD, seen).content.decode()
    assert "innerHTML:#whatsapp-code" in moved
    assert "innerHTML:#whatsapp-status" not in moved
    WhatsAppAccount.objects.filter(pk=row.pk).update(
        state="connected", qr="", phone="+6281200001101"
    )
    moved = owner.get(CARD, prints(moved)).content.decode()
    assert "innerHTML:#whatsapp-status" in moved
    assert 'data-linked="1"' in moved
    assert "every 15s" in moved


def test_a_code_says_how_long_it_lives(owner: Client, ombak: Tenant) -> None:
    ends = timezone.now() + dt.timedelta(seconds=17)
    account(ombak, "qr_ready", qr="2@a", qr_expires_at=ends)
    found = re.search(r'data-seconds="(\d+)"', read(owner))
    assert found
    assert 14 <= int(found[1]) <= 17


def test_a_code_that_is_used_up_leaves_a_button_for_another(owner: Client, ombak: Tenant) -> None:
    account(ombak, "qr_expired")
    page = read(owner)
    assert "Show a new code" in page
    assert "This code is used up." in page


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("passkey_required", "asks for a passkey"),
        ("replaced", "Another program uses this link"),
        ("logged_out", "The link was removed on the phone."),
        ("banned", "has blocked this number"),
        ("outdated", "no longer accepts this version"),
        ("number_in_use", "linked to another studio"),
        ("retrying", "cannot be reached"),
        ("failed", "The connection failed."),
    ],
)
def test_every_state_has_its_sentence_on_the_page(
    owner: Client, ombak: Tenant, state: str, said: str
) -> None:
    account(ombak, state)
    assert said in read(owner)


def test_nothing_of_the_page_is_kept_by_a_browser(owner: Client, ombak: Tenant) -> None:
    account(ombak, "qr_ready", qr="2@a", qr_expires_at=timezone.now() + SOON)
    for address in (PAGE, CARD, f"{CARD}?page=1"):
        assert "no-store" in owner.get(address).headers["Cache-Control"]


def test_the_link_log_tells_who_did_what_and_never_a_code(owner: Client, ombak: Tenant) -> None:
    row = account(ombak, "connected", phone="+6281200001101", qr="2@secret")
    linklog.Watch().see(row)
    linklog.Watch().see(row)  # another service sees the same
    owner.post("/admin/whatsapp/pair/", {"how": "qr"})
    owner.post("/admin/whatsapp/unlink/", {"name": ombak.name})
    page = read(owner)
    assert page.count("asked for a code to scan") == 1
    assert "disconnected the number" in page
    assert "sari" in page
    assert LinkEvent.objects.filter(what="connected").count() == 1
    assert "secret" not in str(list(LinkEvent.objects.values()))


def test_the_link_log_shows_twenty_of_this_studio(owner: Client, ombak: Tenant, senja: Tenant):
    for number in range(30):
        at = timezone.now() - dt.timedelta(minutes=number)
        LinkEvent.objects.create(tenant=ombak, what="retrying", at=at)
    LinkEvent.objects.create(tenant=senja, what="banned", at=timezone.now())
    page = read(owner)
    assert page.count("WhatsApp could not be reached") == 20
    assert "WhatsApp blocked the number" not in page


def test_old_events_of_the_link_go(ombak: Tenant) -> None:
    row = account(ombak, "connected")
    for number in range(linklog.KEPT + 5):
        at = timezone.now() - dt.timedelta(minutes=number + 1)
        LinkEvent.objects.create(tenant=ombak, what="retrying", at=at)
    linklog.Watch().see(row)
    assert LinkEvent.objects.count() == linklog.KEPT


def test_an_owner_pauses_the_assistant_and_lets_it_answer_again(
    owner: Client, ombak: Tenant
) -> None:
    Tenant.objects.update(mode=Tenant.Mode.LIVE)
    owner.post("/admin/whatsapp/pause/", {"what": "pause"})
    ombak.refresh_from_db()
    assert ombak.mode == Tenant.Mode.OFF
    assert "Let the assistant answer" in read(owner)
    owner.post("/admin/whatsapp/pause/", {"what": "resume"})
    ombak.refresh_from_db()
    assert ombak.mode == Tenant.Mode.LIVE
    assert "paused the assistant" in read(owner)


def test_a_studio_that_was_in_test_mode_comes_back_in_test_mode(
    owner: Client, ombak: Tenant
) -> None:
    Tenant.objects.update(mode=Tenant.Mode.TEST)
    owner.post("/admin/whatsapp/pause/", {"what": "pause"})
    answer = owner.post("/admin/whatsapp/pause/", {"what": "resume"}, follow=True)
    ombak.refresh_from_db()
    assert ombak.mode == Tenant.Mode.TEST
    assert "only messages that start with !test" in answer.content.decode()


@pytest.mark.parametrize("mode", ["test", "live"])
def test_resuming_what_is_not_paused_changes_nothing(
    owner: Client, ombak: Tenant, mode: str
) -> None:
    Tenant.objects.update(mode=mode)
    owner.post("/admin/whatsapp/pause/", {"what": "resume"})
    ombak.refresh_from_db()
    assert ombak.mode == mode
    assert not ombak.deeds.exists()


def test_a_studio_that_was_turned_off_elsewhere_does_not_go_live_here(
    owner: Client, ombak: Tenant
) -> None:
    Tenant.objects.update(mode=Tenant.Mode.LIVE)
    owner.post("/admin/whatsapp/pause/", {"what": "pause"})
    note(ombak, "sari", "settings", fields="city, mode")
    owner.post("/admin/whatsapp/pause/", {"what": "resume"})
    ombak.refresh_from_db()
    assert ombak.mode == Tenant.Mode.TEST


def test_a_test_message_goes_only_to_who_gets_notices(owner: Client, ombak: Tenant) -> None:
    ombak.handover_contacts = ["+6281299990001"]
    ombak.save()
    owner.post("/admin/whatsapp/test/", {"to": "+6281311110009"})
    assert not Notice.objects.exists()
    owner.post("/admin/whatsapp/test/", {"to": "+6281299990001"})
    assert Notice.objects.get().to == "+6281299990001"
    assert "+62 812-9999-0001" in read(owner)
    again = owner.post("/admin/whatsapp/test/", {"to": "+6281299990001"}, follow=True)
    assert "A test was sent a moment ago" in again.content.decode()


def test_the_page_costs_the_same_however_much_happened(
    owner: Client, ombak: Tenant, django_assert_max_num_queries: Any
) -> None:
    account(ombak, "connected", phone="+6281200001101")
    read(owner)
    for number in range(25):
        LinkEvent.objects.create(
            tenant=ombak, what="connected", at=timezone.now() - dt.timedelta(minutes=number)
        )
    with django_assert_max_num_queries(30):
        read(owner)
    with django_assert_max_num_queries(9):
        owner.get(CARD, {"page": "1"})
