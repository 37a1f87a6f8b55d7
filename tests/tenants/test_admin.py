"""Keys go in and never come out; owners keep their studio and their team, and no more."""

from html import escape, unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agent.phrases import phrase
from tenants.hours import DAYS
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


def test_hand_over_contacts_are_rows(owner: Client, ombak: Tenant) -> None:
    saved = save(owner, ombak, handover_contacts=["0812 3456 7890", "", "sari@ombak.example "])
    assert saved.handover_contacts == ["+6281234567890", "sari@ombak.example"]
    page = owner.get(f"/admin/tenants/tenant/{ombak.pk}/change/").content.decode()
    assert 'name="handover_contacts" value="+6281234567890"' in page
    assert 'name="handover_contacts" value=""' in page  # an empty row to write into
    assert save(owner, ombak, handover_contacts=[""]).handover_contacts == []


def test_a_contact_that_is_none_is_told_and_stays_typed(owner: Client, ombak: Tenant) -> None:
    address = f"/admin/tenants/tenant/{ombak.pk}/change/"
    page = owner.post(address, form_of(ombak, handover_contacts=["tell Budi"])).content.decode()
    assert "is no phone number" in page
    assert 'value="tell Budi"' in page


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


def hours(**days: str) -> dict[str, str]:
    """The fields of the hours' editor, filled as `mon="8-12 16-20"`."""
    fields = {}
    for day in DAYS:
        spans = [*days.get(day, "").split(), "-", "-"]
        for number, span in enumerate(spans[: max(2, len(spans) - 2)]):
            opens, _dash, closes = span.partition("-")
            fields[f"opening_hours-{day}-{number}-opens"] = opens
            fields[f"opening_hours-{day}-{number}-closes"] = closes
    return fields


def test_opening_hours_are_fields_by_day(owner: Client, ombak: Tenant) -> None:
    saved = save(owner, ombak, **hours(mon="8-12.00 1600-20:00", sun="09:00-24"))
    spans = {"mon": [["08:00", "12:00"], ["16:00", "20:00"]], "sun": [["09:00", "24:00"]]}
    assert saved.opening_hours == spans
    page = owner.get(f"/admin/tenants/tenant/{ombak.pk}/change/").content.decode()
    assert 'name="opening_hours-mon-1-closes" value="20:00"' in page
    assert save(owner, ombak, **hours()).opening_hours == {}


def test_a_day_of_three_spans_keeps_them(owner: Client, ombak: Tenant) -> None:
    three = [["06:00", "08:00"], ["10:00", "12:00"], ["17:00", "20:00"]]
    Tenant.objects.update(opening_hours={"tue": three})
    page = owner.get(f"/admin/tenants/tenant/{ombak.pk}/change/").content.decode()
    assert 'name="opening_hours-tue-2-opens" value="17:00"' in page
    saved = save(owner, ombak, **hours(tue="6-8 10-12 17-20"))
    assert saved.opening_hours == {"tue": three}


def test_a_form_without_the_hours_leaves_them(owner: Client, ombak: Tenant) -> None:
    Tenant.objects.update(opening_hours={"tue": [["06:00", "08:00"]]})
    assert save(owner, ombak, city="Ubud").opening_hours == {"tue": [["06:00", "08:00"]]}


@pytest.mark.parametrize("wrong", ["early-20", "8-", "20-8", "25-26", "8:99-9", "<b>-9"])
def test_hours_that_cannot_be_read_are_told_and_lose_nothing(
    owner: Client, ombak: Tenant, wrong: str
) -> None:
    address = f"/admin/tenants/tenant/{ombak.pk}/change/"
    page = owner.post(address, form_of(ombak, **hours(mon=wrong))).content.decode()
    assert "Monday: " in page
    assert f'opens" value="{escape(wrong.split("-")[0])}"' in page
    ombak.refresh_from_db()
    assert ombak.opening_hours == {}


def test_the_greeting_is_shown_as_customers_read_it(owner: Client, ombak: Tenant) -> None:
    address = f"/admin/tenants/tenant/{ombak.pk}/change/"
    assert phrase("hello", "id", ombak, factories.NOW) in owner.get(address).content.decode()
    Tenant.objects.update(default_language="en", greeting="")
    ombak.refresh_from_db()
    said = unescape(owner.get(address).content.decode())
    assert phrase("hello", "en", ombak, factories.NOW) in said


def test_owners_are_not_shown_what_only_the_platform_sets(owner: Client, ombak: Tenant) -> None:
    address = f"/admin/tenants/tenant/{ombak.pk}/change/"
    page = owner.get(address).content.decode()
    assert "Short name" not in page
    assert "Settings | Ombak Yoga | MILA" in page
    assert owner.get("/admin/tenants/tenant/").headers["Location"] == "/admin/studio/settings/"
    owner.force_login(factories.platform_admin())
    assert "Short name" in owner.get(address).content.decode()


def test_settings_that_changed_stand_in_the_change_log(owner: Client, ombak: Tenant) -> None:
    save(owner, ombak, city="Ubud", anthropic_api_key=KEY)
    deed = ombak.deeds.get()
    assert deed.who == "sari"
    assert deed.values == {"fields": "anthropic_api_key, city"}


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
