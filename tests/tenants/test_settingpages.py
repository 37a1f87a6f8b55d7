"""The settings in parts: keys never come out, wrong input stays typed, and two people who save lose nothing."""

import re
from html import escape, unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.translation import override

from agent.phrases import phrase
from tenants.deeds import told
from tenants.hours import DAYS
from tenants.models import Membership, Tenant
from tenants.settingtabs import TABS
from tests import factories
from tests.tenants.settingpages import address, save, send, shown

KEY = "sk-ant-very-secret-0123456789wxyz"


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


@pytest.fixture
def colleague(ombak: Tenant) -> Client:
    other = Client()
    other.force_login(factories.staff("wayan", ombak))
    return other


def text(client: Client, part: str) -> str:
    return unescape(client.get(address(part)).content.decode())


def test_every_part_opens_and_only_its_own_fields_are_there(owner: Client) -> None:
    for tab in TABS:
        page = text(owner, tab.key)
        assert f'aria-current="page">{tab.title}<' in page
        for other in TABS:
            for name in other.stored:
                here = re.search(f'name="{name}(-mon-0-opens)?"', page) is not None
                assert here == (name in tab.stored), (tab.key, name)
    assert owner.get(address("nothing")).status_code == 404


def test_the_settings_begin_with_the_studio(owner: Client) -> None:
    page = owner.get("/admin/studio/settings/").content.decode()
    assert "Settings | Ombak Yoga | MILA" in page
    assert 'name="address"' in page


def test_what_is_typed_is_stored(owner: Client, ombak: Tenant) -> None:
    saved = save(owner, ombak, "studio", address="Jl. Pantai 7", phone="0361 700 700")
    assert (saved.address, saved.phone) == ("Jl. Pantai 7", "+62361700700")
    saved = save(owner, ombak, "notices", quiet_from="22", quiet_until="6.30")
    assert (f"{saved.quiet_from:%H:%M}", f"{saved.quiet_until:%H:%M}") == ("22:00", "06:30")
    assert 'name="quiet_from" value="22:00"' in text(owner, "notices")
    saved = save(owner, ombak, "notices", quiet_from="", quiet_until="")
    assert (saved.quiet_from, saved.quiet_until) == (None, None)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"quiet_from": "late", "quiet_until": "6"}, "This is no time. Write it like 22:00."),
        ({"quiet_from": "22:00", "quiet_until": ""}, "Give both times, or none."),
    ],
)
def test_quiet_hours_that_cannot_be_kept_are_told(
    owner: Client, ombak: Tenant, typed: dict[str, str], told: str
) -> None:
    page = unescape(send(owner, "notices", **typed).content.decode())
    assert told in page
    assert f'value="{typed["quiet_from"]}"' in page
    assert Tenant.objects.get(pk=ombak.pk).quiet_from is None


def test_a_key_never_appears_on_the_page(owner: Client, ombak: Tenant) -> None:
    save(owner, ombak, "keys", anthropic_api_key=KEY)
    page = text(owner, "keys")
    assert "very-secret" not in page
    assert "…wxyz" in page


def test_a_key_does_not_come_back_with_a_form_that_has_an_error(
    owner: Client, ombak: Tenant
) -> None:
    page = send(owner, "keys", anthropic_api_key=KEY, openai_api_key="two words").content.decode()
    assert "This is no API key" in page
    assert "very-secret" not in page
    assert Tenant.objects.get(pk=ombak.pk).anthropic_api_key == ""


def test_an_empty_field_keeps_the_stored_key(owner: Client, ombak: Tenant) -> None:
    assert save(owner, ombak, "keys", anthropic_api_key=KEY).anthropic_api_key == KEY
    assert (
        save(owner, ombak, "keys", openai_api_key="sk-other-0123456789abcdef").anthropic_api_key
        == KEY
    )
    assert save(owner, ombak, "studio", city="Canggu").anthropic_api_key == KEY


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("anthropic_api_key", "halo123", "no Anthropic key"),
        ("anthropic_api_key", "sk-proj-0123456789abcdef0123", "no Anthropic key"),
        ("anthropic_api_key", "sk-ant-short", "no Anthropic key"),
        ("openai_api_key", "halo123", "too short for an OpenAI key"),
    ],
)
def test_what_can_be_no_key_is_refused_and_the_stored_one_stays(
    owner: Client, ombak: Tenant, name: str, typed: str, told: str
) -> None:
    save(owner, ombak, "keys", **{name: KEY})
    assert told in send(owner, "keys", **{name: typed}).content.decode()
    assert getattr(Tenant.objects.get(pk=ombak.pk), name) == KEY


def test_another_server_of_the_operator_takes_keys_of_its_own(
    owner: Client, ombak: Tenant, settings: Any
) -> None:
    settings.ANTHROPIC_BASE_URL = settings.OPENAI_BASE_URL = "http://127.0.0.1:9"
    saved = save(owner, ombak, "keys", anthropic_api_key="halo123", openai_api_key="local")
    assert (saved.anthropic_api_key, saved.openai_api_key) == ("halo123", "local")
    page = text(owner, "keys")
    assert "One is stored. Leave empty to keep it." in page
    assert "Stored: …." not in page


def test_stored_keys_are_removed_on_request_only(owner: Client, ombak: Tenant) -> None:
    save(owner, ombak, "keys", anthropic_api_key=KEY)
    assert save(owner, ombak, "keys", remove_keys="on").anthropic_api_key == ""


def test_hand_over_contacts_are_rows(owner: Client, ombak: Tenant) -> None:
    contacts = ["0812 3456 7890", "", "sari@ombak.example "]
    saved = save(owner, ombak, "notices", handover_contacts=contacts)
    assert saved.handover_contacts == ["+6281234567890", "sari@ombak.example"]
    page = text(owner, "notices")
    assert 'name="handover_contacts" value="+6281234567890"' in page
    assert 'name="handover_contacts" value=""' in page  # an empty row to write into
    assert save(owner, ombak, "notices", handover_contacts=[""]).handover_contacts == []


def test_a_contact_that_is_none_is_told_and_stays_typed(owner: Client) -> None:
    page = send(owner, "notices", handover_contacts=["tell Budi"]).content.decode()
    assert "is no phone number" in page
    assert 'value="tell Budi"' in page


def test_an_owner_changes_neither_number_nor_address_nor_existence(
    owner: Client, ombak: Tenant
) -> None:
    stolen = {"whatsapp_number": "+628999999999", "slug": "stolen", "active": ""}
    saved = save(owner, ombak, "studio", **stolen)
    assert (saved.whatsapp_number, saved.slug, saved.active) == ("+6281200001101", "ombak", True)
    change = f"/admin/tenants/tenant/{ombak.pk}/change/"
    for answer in (owner.get(change), owner.post(change, {"name": "Stolen"})):
        assert answer.headers["Location"] == "/admin/studio/settings/"
    ombak.refresh_from_db()
    assert ombak.name == "Ombak Yoga"


def test_only_owners_open_the_settings(client: Client, ombak: Tenant) -> None:
    for role in (Membership.Role.EDITOR, Membership.Role.FRONT_DESK):
        client.force_login(factories.staff(role, ombak, role))
        for tab in TABS:
            assert client.get(address(tab.key)).status_code == 403
            assert client.post(address(tab.key), {"name": "Stolen"}).status_code == 403


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
    saved = save(owner, ombak, "studio", **hours(mon="8-12.00 1600-20:00", sun="09:00-24"))
    spans = {"mon": [["08:00", "12:00"], ["16:00", "20:00"]], "sun": [["09:00", "24:00"]]}
    assert saved.opening_hours == spans
    assert 'name="opening_hours-mon-1-closes" value="20:00"' in text(owner, "studio")
    assert save(owner, ombak, "studio", **hours()).opening_hours == {}


def test_a_day_of_three_spans_keeps_them(owner: Client, ombak: Tenant) -> None:
    three = [["06:00", "08:00"], ["10:00", "12:00"], ["17:00", "20:00"]]
    Tenant.objects.update(opening_hours={"tue": three})
    assert 'name="opening_hours-tue-2-opens" value="17:00"' in text(owner, "studio")
    assert save(owner, ombak, "studio", city="Ubud").opening_hours == {"tue": three}


def test_hours_that_cannot_be_read_are_told_and_lose_nothing(owner: Client, ombak: Tenant) -> None:
    typed = {**shown(owner, "studio"), "city": "Ubud"}
    for wrong in ("early-20", "8-", "20-8", "25-26", "8:99-9", "<b>-9"):
        page = owner.post(address("studio"), {**typed, **hours(mon=wrong)}).content.decode()
        assert "Monday: " in page, wrong
        assert f'opens" value="{escape(wrong.split("-")[0])}"' in page, wrong
        assert 'value="Ubud"' in page, wrong
        ombak.refresh_from_db()
        assert (ombak.opening_hours, ombak.city) == ({}, ""), wrong


def test_the_greeting_is_shown_as_customers_read_it(owner: Client, ombak: Tenant) -> None:
    assert phrase("hello", "id", ombak, factories.NOW) in text(owner, "assistant")
    Tenant.objects.update(default_language="en", greeting="")
    ombak.refresh_from_db()
    assert phrase("hello", "en", ombak, factories.NOW) in text(owner, "assistant")


def test_settings_that_changed_stand_in_the_change_log(owner: Client, ombak: Tenant) -> None:
    save(owner, ombak, "studio", city="Ubud")
    deed = ombak.deeds.get()
    assert (deed.who, deed.values) == ("sari", {"fields": "city"})
    save(owner, ombak, "studio", city="Ubud")
    assert ombak.deeds.count() == 1
    save(owner, ombak, "assistant", persona_name="Dewi", greeting="Halo!")
    with override("id"):
        assert told(ombak.deeds.all()[0]) == "mengubah pengaturan: sapaan, nama asisten"


def test_what_does_not_fit_with_another_part_is_told_on_top(owner: Client, ombak: Tenant) -> None:
    Tenant.objects.update(budget_day=50_000)
    page = unescape(send(owner, "studio", currency="XYZ").content.decode())
    assert "There is no exchange rate for XYZ" in page


def options(page: str, name: str) -> dict[str, bool]:
    """What can be chosen, and what is."""
    field = re.search(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', page, re.DOTALL)
    assert field
    return {
        value: bool(chosen)
        for value, chosen in re.findall(r'<option value="([^"]*)"( selected)?', field[1])
    }


def test_zones_are_those_of_places_and_money_has_a_name(owner: Client, ombak: Tenant) -> None:
    page = text(owner, "studio")
    zones, money = options(page, "timezone"), options(page, "currency")
    assert list(zones)[:3] == ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]
    assert not zones.keys() & {"Zulu", "localtime", "ROK", "UTC", "Etc/UTC", "US/Pacific"}
    assert [name for name, chosen in zones.items() if chosen] == [ombak.timezone]
    assert [name for name, chosen in money.items() if chosen] == ["IDR"]
    with override("id"):
        assert "IDR · Rupiah Indonesia" in text_in_indonesian(owner)


def text_in_indonesian(owner: Client) -> str:
    owner.cookies["django_language"] = "id"
    return text(owner, "studio")


def test_what_is_stored_and_in_no_list_stays(owner: Client, ombak: Tenant) -> None:
    Tenant.objects.update(timezone="Etc/UTC", currency="XAU")
    page = text(owner, "studio")
    for name, stored in (("timezone", "Etc/UTC"), ("currency", "XAU")):
        assert options(page, name)[stored]
    saved = save(owner, ombak, "studio", city="Ubud")
    assert (saved.timezone, saved.currency) == ("Etc/UTC", "XAU")
    refused = send(owner, "studio", currency="Rp", timezone="Mars").content.decode()
    assert options(refused, "currency")["Rp"]
    assert options(refused, "timezone")["Mars"]


def both(owner: Client, colleague: Client, part: str, hers: Any, theirs: Any) -> Any:
    """The colleague saves while she is typing; then she does."""
    typed = {**shown(owner, part), **hers}
    assert send(colleague, part, **theirs).status_code == 302
    return owner.post(address(part), typed)


def test_two_people_who_change_different_fields_both_keep_theirs(
    owner: Client, colleague: Client, ombak: Tenant
) -> None:
    answer = both(owner, colleague, "assistant", {"greeting": "Halo!"}, {"persona_name": "Dewi"})
    assert answer.status_code == 302
    ombak.refresh_from_db()
    assert (ombak.greeting, ombak.persona_name) == ("Halo!", "Dewi")


def test_who_saves_second_is_told_who_was_first_and_loses_nothing(
    owner: Client, colleague: Client, ombak: Tenant
) -> None:
    answer = both(owner, colleague, "assistant", {"greeting": "Halo!"}, {"greeting": "Hai!"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "wayan changed this at" in page
    assert "It now says: “Hai!”." in page
    assert ">\nHalo!</textarea>" in page
    ombak.refresh_from_db()
    assert ombak.greeting == "Hai!"


def test_saving_again_replaces_what_was_shown(
    owner: Client, colleague: Client, ombak: Tenant
) -> None:
    both(owner, colleague, "assistant", {"greeting": "Halo!"}, {"greeting": "Hai!"})
    assert save(owner, ombak, "assistant", greeting="Halo!").greeting == "Halo!"


def test_two_people_who_type_the_same_are_not_bothered(
    owner: Client, colleague: Client, ombak: Tenant
) -> None:
    same = {"city": "Ubud", **hours(mon="8-20")}
    assert both(owner, colleague, "studio", same, same).status_code == 302


def test_a_colleagues_key_and_hours_are_not_shown_but_told(
    owner: Client, colleague: Client
) -> None:
    answer = both(
        *(owner, colleague, "keys"),
        {"openai_api_key": "sk-mine-0123456789abcdef"},
        {"openai_api_key": KEY},
    )
    page = answer.content.decode()
    assert "very-secret" not in page
    assert "Open this page in another tab" in page
    hers, theirs = hours(mon="8-20"), hours(mon="9-21")
    answer = both(owner, colleague, "studio", hers, theirs)
    assert "Open this page in another tab" in answer.content.decode()


def test_amounts_and_line_ends_that_look_otherwise_are_no_change(
    owner: Client, ombak: Tenant
) -> None:
    Tenant.objects.update(budget_day="50000.00", greeting="Halo\nKak")
    save(owner, ombak, "limits", budget_day="50000")
    save(owner, ombak, "assistant", greeting="Halo\r\nKak")
    assert not ombak.deeds.exists()


def test_a_form_without_its_marks_is_saved_as_it_is(owner: Client, ombak: Tenant) -> None:
    assert save(owner, ombak, "studio", city="Ubud", seen="[broken").city == "Ubud"
