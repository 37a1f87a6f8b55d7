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


def form_of(tenant: Tenant, **changes: str | list[str]) -> dict[str, str | list[str]]:
    fields = ["name", "city", "mode", "timezone", "currency", "persona_name", "persona_tone"]
    fields += ["greeting", "default_language", "messages_per_minute", "phone_silence_minutes"]
    known = {name: str(getattr(tenant, name)) for name in fields}
    return {**known, **changes}


def save(client: Client, tenant: Tenant, **changes: str | list[str]) -> Tenant:
    address = f"/admin/tenants/tenant/{tenant.pk}/change/"
    response = client.post(address, form_of(tenant, **changes))
    assert response.status_code == 302, response.content.decode()
    return Tenant.objects.get(pk=tenant.pk)


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


def test_owners_are_sent_on_to_their_settings(owner: Client, ombak: Tenant) -> None:
    for address in ("", f"{ombak.pk}/change/"):
        answer = owner.get(f"/admin/tenants/tenant/{address}")
        assert answer.headers["Location"] == "/admin/studio/settings/"
    assert owner.get("/admin/tenants/tenant/add/").status_code == 403
    delete = f"/admin/tenants/tenant/{ombak.pk}/delete/"
    assert owner.post(delete, {"post": "yes"}).status_code == 403


@pytest.fixture
def platform(client: Client, db: None) -> Client:
    client.force_login(factories.platform_admin())
    return client


def test_a_key_never_appears_on_the_platforms_form(platform: Client, ombak: Tenant) -> None:
    ombak.anthropic_api_key = KEY
    ombak.save()
    page = platform.get(f"/admin/tenants/tenant/{ombak.pk}/change/").content.decode()
    assert "very-secret" not in page
    assert "…wxyz" in page


def test_the_platform_sets_what_owners_cannot(platform: Client, ombak: Tenant) -> None:
    saved = save(platform, ombak, whatsapp_number="+628999999999", slug="pantai", active="")
    assert (saved.whatsapp_number, saved.slug, saved.active) == ("+628999999999", "pantai", False)
    assert saved.deeds.get().values == {"fields": "active, slug, whatsapp_number"}


def test_a_form_without_the_hours_and_keys_leaves_them(platform: Client, ombak: Tenant) -> None:
    ombak.opening_hours, ombak.anthropic_api_key = {"tue": [["06:00", "08:00"]]}, KEY
    ombak.save()
    saved = save(platform, ombak, slug="ombak", active="on", city="Ubud")
    assert saved.opening_hours == {"tue": [["06:00", "08:00"]]}
    assert saved.anthropic_api_key == KEY


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
