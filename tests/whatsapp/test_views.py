"""The WhatsApp page and card: words for every state, a code that can be scanned, wishes by POST."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tenants.models import Membership, Tenant
from tests import factories
from whatsapp.models import WhatsAppAccount

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
    assert "Pair by phone number" in page


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
    assert "Unlink this number" in page


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
