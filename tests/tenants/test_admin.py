"""Keys go in and never come out; owners keep their studio and their team, and no more."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tenants.models import ApiToken, Tenant
from tests import factories

KEY = "sk-ant-very-secret-0123456789wxyz"


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def form_of(tenant: Tenant, **changes: str) -> dict[str, str]:
    fields = ["name", "city", "mode", "timezone", "currency", "persona_name", "persona_tone"]
    fields += ["greeting", "default_language", "messages_per_minute", "phone_silence_minutes"]
    known = {name: str(getattr(tenant, name)) for name in fields}
    return {**known, "opening_hours": "", "handover_contacts": "", **changes}


def save(client: Client, tenant: Tenant, **changes: str) -> Tenant:
    address = f"/admin/tenants/tenant/{tenant.pk}/change/"
    response = client.post(address, form_of(tenant, **changes))
    assert response.status_code == 302, response.content.decode()
    return Tenant.objects.get(pk=tenant.pk)


def test_a_key_never_appears_on_the_page(owner: Client, ombak: Tenant) -> None:
    ombak.anthropic_api_key = KEY
    ombak.save()
    page = owner.get(f"/admin/tenants/tenant/{ombak.pk}/change/").content.decode()
    assert "very-secret" not in page
    assert "…wxyz" in page


def test_a_key_does_not_come_back_with_a_form_that_has_an_error(
    owner: Client, ombak: Tenant
) -> None:
    address = f"/admin/tenants/tenant/{ombak.pk}/change/"
    sent = form_of(ombak, anthropic_api_key=KEY, timezone="Mars/Olympus")
    page = owner.post(address, sent).content.decode()
    assert "is no time zone" in page
    assert "very-secret" not in page


def test_an_empty_field_keeps_the_stored_key(owner: Client, ombak: Tenant) -> None:
    assert save(owner, ombak, anthropic_api_key=KEY).anthropic_api_key == KEY
    assert save(owner, ombak, anthropic_api_key="", city="Canggu").anthropic_api_key == KEY


def test_stored_keys_are_removed_on_request_only(owner: Client, ombak: Tenant) -> None:
    save(owner, ombak, anthropic_api_key=KEY)
    assert save(owner, ombak, remove_keys="on").anthropic_api_key == ""


def test_hand_over_contacts_are_lines(owner: Client, ombak: Tenant) -> None:
    saved = save(owner, ombak, handover_contacts="+6281234567890\n\nsari@ombak.example ")
    assert saved.handover_contacts == ["+6281234567890", "sari@ombak.example"]
    page = owner.get(f"/admin/tenants/tenant/{ombak.pk}/change/").content.decode()
    assert "+6281234567890\nsari@ombak.example" in page


def test_an_owner_changes_neither_number_nor_address_nor_existence(
    owner: Client, ombak: Tenant
) -> None:
    saved = save(owner, ombak, whatsapp_number="+628999999999", slug="stolen", active="")
    assert (saved.whatsapp_number, saved.slug, saved.active) == ("+6281200001101", "ombak", True)
    assert (
        owner.post(f"/admin/tenants/tenant/{ombak.pk}/delete/", {"post": "yes"}).status_code == 403
    )
    assert owner.get("/admin/tenants/tenant/add/").status_code == 403


def test_a_token_is_shown_once_and_works(owner: Client, ombak: Tenant) -> None:
    page = owner.post("/admin/tenants/apitoken/add/", {"name": "Website"}, follow=True)
    shown = page.content.decode()
    text = next(word for word in shown.split() if word.startswith("mila_") and len(word) > 30)
    found = ApiToken.find(text)
    assert found is not None
    assert (found.tenant, found.name) == (ombak, "Website")
    again = owner.get("/admin/tenants/apitoken/").content.decode()
    assert text not in again
    assert f"mila_{found.key}_…" in again


def test_a_token_is_revoked_by_post(owner: Client, ombak: Tenant) -> None:
    token, text = ApiToken.issue(ombak)
    action = {"action": "revoke", "_selected_action": [token.pk]}
    owner.get("/admin/tenants/apitoken/", action)
    assert ApiToken.find(text) is not None
    owner.post("/admin/tenants/apitoken/", action)
    assert ApiToken.find(text) is None


def test_the_settings_lead_to_the_chosen_studio(owner: Client, ombak: Tenant) -> None:
    response = owner.get("/admin/studio/settings/")
    assert response.headers["Location"] == f"/admin/tenants/tenant/{ombak.pk}/change/"


def test_opening_hours_are_written_as_lines(owner: Client, ombak: Tenant) -> None:
    lines = "Mon 8:00-12.00, 16:00 - 20:00\nsun 09:00-10:30"
    saved = save(owner, ombak, opening_hours=lines)
    spans = {"mon": [["08:00", "12:00"], ["16:00", "20:00"]], "sun": [["09:00", "10:30"]]}
    assert saved.opening_hours == spans
    page = owner.get(f"/admin/tenants/tenant/{ombak.pk}/change/").content.decode()
    assert "mon 08:00-12:00, 16:00-20:00\nsun 09:00-10:30" in page


@pytest.mark.parametrize("line", ["someday 08:00-20:00", "mon early", "mon", "mon 20:00-08:00"])
def test_hours_that_cannot_be_read_are_told_and_lose_nothing(
    owner: Client, ombak: Tenant, line: str
) -> None:
    address = f"/admin/tenants/tenant/{ombak.pk}/change/"
    page = owner.post(address, form_of(ombak, opening_hours=line)).content.decode()
    assert line in page
    ombak.refresh_from_db()
    assert ombak.opening_hours == {}


def test_a_person_who_is_added_may_log_in_and_is_told_what_comes_next(
    client: Client, db: None
) -> None:
    client.force_login(factories.platform_admin())
    form = {"username": "wayan", "usable_password": "true"}
    secret = {"password1": "kelapa muda 77", "password2": "kelapa muda 77"}
    answer = client.post("/admin/auth/user/add/", form | secret, follow=True)
    page = answer.content.decode()
    assert User.objects.get(username="wayan").is_staff
    assert "Now invite them into a studio" in page
    assert "user_permissions" not in page
    assert 'name="groups"' not in page


def test_a_person_who_was_barred_stays_barred_when_saved(client: Client, sari: User) -> None:
    client.force_login(factories.platform_admin())
    client.post(f"/admin/auth/user/{sari.pk}/change/", {"username": "sari", "is_active": "on"})
    sari.refresh_from_db()
    assert not sari.is_staff
