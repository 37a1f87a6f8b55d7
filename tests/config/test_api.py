"""The API as a program meets it: three ways to log in, every operation, and a sentence for every mistake."""

import base64
import datetime as dt
import json
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.test.client import MULTIPART_CONTENT, ClientHandler

from config.api import api
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tenants import updates
from tenants.models import ApiToken, Membership, StaffLogin, Tenant
from tests import factories
from whatsapp.models import WhatsAppAccount

NEW = {"title": "Harga", "category": "pricing & policies", "content": "Sekali datang Rp 150.000."}
PASSWORD = "correct horse battery"


def bearer(tenant: Tenant) -> dict[str, str]:
    return {"Authorization": f"Bearer {ApiToken.issue(tenant)[1]}"}


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


# One for all: each handler anew reads the list of static files.
HANDLER = ClientHandler(enforce_csrf_checks=True)


class Program:
    """A program with a login: `call("PUT", "/api/…", {…})`."""

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        self.client = Client()
        self.client.handler = HANDLER
        self.headers: dict[str, str] = headers or {}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.client.generic(method, path, *self._encoded(body), headers=self.headers)

    def _encoded(self, body: Any) -> tuple[Any, str]:
        if body is None or isinstance(body, bytes):
            return body or b"", "application/json"
        return json.dumps(body), "application/json"


@pytest.fixture
def program(ombak: Tenant) -> Program:
    return Program(bearer(ombak))


# Logging in --------------------------------------------------------------------------------------


@cache
def operations() -> list[tuple[str, str]]:
    paths = api.get_openapi_schema()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_every_promised_operation_is_described() -> None:
    named = {
        ("GET", "/api/whatsapp/status"),
        ("GET", "/api/whatsapp/qr"),
        ("POST", "/api/whatsapp/pair"),
        *((method, "/api/knowledge") for method in ("GET", "POST", "PUT", "DELETE")),
        *((method, "/api/knowledge/{id}") for method in ("PUT", "DELETE")),
        *((method, "/api/tenants") for method in ("GET", "POST", "PUT")),
        ("PUT", "/api/tenants/{id}"),
    }
    assert named <= set(operations())


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), operations())
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer mila_00000000_nonsense"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic " + base64.b64encode(b"sari:wrong").decode()},
        {"Authorization": "Basic " + base64.b64encode(b"a\x00b:\x00").decode()},
        {"Cookie": "sessionid=forged"},
    ],
    ids=lambda headers: str(headers)[:30],
)
def test_no_operation_answers_without_a_login(
    method: str, path: str, headers: dict[str, str], sari: User
) -> None:
    answer = Program(headers).call(method, path.replace("{id}", "ombak"), {})
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("Log in")


@pytest.mark.django_db
def test_a_customer_login_that_is_not_staff_is_refused(ombak: Tenant) -> None:
    user = factories.staff("exstaff", ombak)
    User.objects.filter(pk=user.pk).update(is_staff=False)
    assert Program(basic("exstaff")).call("GET", "/api/knowledge").status_code == 401
    session = Program()
    session.client.force_login(user)
    assert session.call("GET", "/api/knowledge").status_code == 401


@pytest.mark.django_db
def test_a_revoked_token_and_the_token_of_an_ended_studio_are_refused(ombak: Tenant) -> None:
    program = Program(bearer(ombak))
    ApiToken.objects.update(revoked_at=factories.NOW)
    assert program.call("GET", "/api/knowledge").status_code == 401
    program = Program(bearer(ombak))
    Tenant.objects.update(active=False)
    assert program.call("GET", "/api/knowledge").status_code == 401


@pytest.mark.django_db
def test_a_session_changes_nothing_without_the_csrf_token(sari: User) -> None:
    program = Program()
    program.client.force_login(sari)
    assert program.call("GET", "/api/knowledge").status_code == 200
    refused = program.call("POST", "/api/knowledge", NEW)
    assert refused.status_code == 403
    assert "X-CSRFToken" in refused.json()["detail"]
    assert not KnowledgeEntry.objects.exists()
    program.client.get("/api/docs")
    token = program.client.cookies["csrftoken"].value
    program.headers = {"X-CSRFToken": token}
    assert program.call("POST", "/api/knowledge", NEW).status_code == 201


@pytest.mark.django_db
def test_name_and_password_of_staff_open_the_api(sari: User) -> None:
    assert Program(basic("sari")).call("POST", "/api/knowledge", NEW).status_code == 201


@pytest.mark.django_db
def test_the_docs_are_for_staff_and_need_no_other_host(client: Client, sari: User) -> None:
    assert client.get("/api/docs").status_code == 302
    client.force_login(sari)
    page = client.get("/api/docs").content.decode()
    assert "https://" not in page
    assert client.get("/static/ninja/swagger-ui-bundle.js").status_code == 200
    assert client.get("/api/openapi.json").json()["info"]["title"] == "MILA"


# Which studio ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_without_tenant_the_only_studio_is_meant(program: Program, senja: Tenant) -> None:
    assert program.call("POST", "/api/knowledge", NEW).status_code == 201
    assert KnowledgeEntry.objects.get().tenant.slug == "ombak"


@pytest.mark.django_db
def test_who_works_for_several_studios_is_told_their_names(sari: User, senja: Tenant) -> None:
    factories.studio("third")
    Membership.objects.create(user=sari, tenant=senja, role=Membership.Role.OWNER)
    program = Program(basic("sari"))
    answer = program.call("GET", "/api/whatsapp/status")
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Name the studio with ?tenant=, one of: ombak, senja."
    assert program.call("GET", f"/api/whatsapp/status?tenant={senja.pk}").status_code == 200
    assert program.call("GET", "/api/whatsapp/status?tenant=senja").status_code == 200
    assert program.call("GET", "/api/whatsapp/status?tenant=third").status_code == 404


@pytest.mark.django_db
def test_staff_without_a_studio_are_told_so() -> None:
    factories.staff("nobody", None)
    assert Program(basic("nobody")).call("GET", "/api/knowledge").status_code == 404
    assert Program(basic("nobody")).call("GET", "/api/tenants").json() == {"items": [], "count": 0}


# Knowledge ---------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_entry_is_made_read_changed_and_deleted(program: Program) -> None:
    made = program.call("POST", "/api/knowledge", NEW | {"keywords": ["harga", "drop-in"]})
    assert made.status_code == 201
    entry = made.json()
    assert entry["keywords"] == "harga, drop-in"
    assert (entry["status"], entry["language"], entry["external_id"]) == ("active", "id", None)
    changed = program.call("PUT", f"/api/knowledge/{entry['id']}", {"content": "Rp 160.000."})
    assert (changed.json()["title"], changed.json()["content"]) == ("Harga", "Rp 160.000.")
    assert program.call("GET", f"/api/knowledge/{entry['id']}").json()["content"] == "Rp 160.000."
    assert program.call("DELETE", f"/api/knowledge/{entry['id']}").status_code == 204
    assert not KnowledgeEntry.objects.exists()


@pytest.mark.django_db
def test_the_id_may_stand_in_path_body_or_query(program: Program, ombak: Tenant) -> None:
    entry = factories.entry(ombak)
    for path, body in [
        (f"/api/knowledge/{entry.pk}", {}),
        (f"/api/knowledge?id={entry.pk}", {}),
        ("/api/knowledge", {"id": str(entry.pk)}),
    ]:
        assert program.call("PUT", path, body | {"title": path[:30]}).json()["title"] == path[:30]
    deletions: list[tuple[str, Any]] = [
        (f"/api/knowledge?id={entry.pk}", None),
        ("/api/knowledge", {"id": str(factories.entry(ombak).pk)}),
    ]
    for path, named in deletions:
        assert program.call("DELETE", path, named).status_code == 204
    assert not KnowledgeEntry.objects.exists()


@pytest.mark.django_db
def test_two_ids_that_differ_change_nothing(program: Program, ombak: Tenant) -> None:
    one, other = factories.entry(ombak), factories.entry(ombak)
    answer = program.call("PUT", f"/api/knowledge/{one.pk}", {"id": str(other.pk), "title": "X"})
    assert answer.status_code == 422
    assert not KnowledgeEntry.objects.filter(title="X").exists()


@pytest.mark.django_db
def test_an_entry_as_it_came_can_be_sent_back(program: Program, ombak: Tenant) -> None:
    entry = factories.entry(ombak, valid_until=dt.date(2027, 1, 31), external_id="harga")
    shown = program.call("GET", f"/api/knowledge/{entry.pk}").json()
    again = program.call("PUT", "/api/knowledge", shown)
    assert again.status_code == 200
    assert {**again.json(), "updated_at": 0} == {**shown, "updated_at": 0}


@pytest.mark.django_db
def test_entries_are_filtered_and_paged(program: Program, ombak: Tenant) -> None:
    KnowledgeCategory.objects.create(tenant=ombak, name="events")
    factories.entry(ombak, "Jadwal", category="schedules")
    factories.entry(ombak, "Harga", keywords="tarif, 100%")
    factories.entry(ombak, "Lama", status="archived", category="events")

    def titles(query: str) -> list[str]:
        return [
            entry["title"]
            for entry in program.call("GET", f"/api/knowledge?{query}").json()["items"]
        ]

    assert titles("") == ["Lama", "Harga", "Jadwal"]
    assert titles("category=schedules") == ["Jadwal"]
    assert titles("status=archived") == ["Lama"]
    assert titles("q=tarif%20harga") == ["Harga"]
    assert titles("q=%25") == ["Harga"]
    assert titles("q=%00tarif") == ["Harga"]
    assert titles("limit=1&offset=1") == ["Harga"]
    assert program.call("GET", "/api/knowledge?limit=1").json()["count"] == 3


@pytest.mark.django_db
def test_front_desk_reads_knowledge_and_changes_nothing(ombak: Tenant) -> None:
    factories.staff("desk", ombak, Membership.Role.FRONT_DESK)
    entry, program = factories.entry(ombak), Program(basic("desk"))
    assert program.call("GET", "/api/knowledge").json()["count"] == 1
    for method, path in [
        ("POST", "/api/knowledge"),
        ("PUT", f"/api/knowledge/{entry.pk}"),
        ("DELETE", f"/api/knowledge/{entry.pk}"),
        ("GET", "/api/whatsapp/qr"),
        ("POST", "/api/whatsapp/pair"),
        ("PUT", "/api/tenants/ombak"),
    ]:
        answer = program.call(method, path, NEW if method == "POST" and "know" in path else {})
        assert (answer.status_code, path) == (403, path)
        assert "role" in answer.json()["detail"]
    assert KnowledgeEntry.objects.get().title == "Harga"


# WhatsApp ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_account_that_was_never_linked_is_disconnected_and_has_no_code(program: Program) -> None:
    status = program.call("GET", "/api/whatsapp/status").json()
    assert status["status"] == "disconnected"
    assert status["detail"]
    assert program.call("GET", "/api/whatsapp/qr").json()["qr"] is None
    assert not WhatsAppAccount.objects.exists()  # asking changes nothing


@pytest.mark.django_db
def test_a_code_that_waits_is_given_as_a_picture(program: Program, ombak: Tenant) -> None:
    now = dt.datetime.now(dt.UTC)
    WhatsAppAccount.objects.create(
        tenant=ombak,
        state=WhatsAppAccount.State.QR_READY,
        qr="2@secret",
        qr_expires_at=now + dt.timedelta(seconds=20),
        heartbeat_at=now,
    )
    assert program.call("GET", "/api/whatsapp/status").json()["status"] == "qr_ready"
    answer = program.call("GET", "/api/whatsapp/qr")
    picture = base64.b64decode(answer.json()["qr"].removeprefix("data:image/png;base64,"))
    assert picture.startswith(b"\x89PNG")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_pairing_starts_by_code_or_by_phone(program: Program, ombak: Tenant) -> None:
    assert program.call("POST", "/api/whatsapp/pair?tenant=ombak").status_code == 200
    account = WhatsAppAccount.objects.get(tenant=ombak)
    assert account.pair_requested_at is not None
    assert account.pair_phone == ""
    assert (
        program.call("POST", "/api/whatsapp/pair", {"phone": "0812 3456 7890"}).status_code == 200
    )
    account.refresh_from_db()
    assert account.pair_phone == "+6281234567890"
    wrong = program.call("POST", "/api/whatsapp/pair?phone=12")
    assert wrong.status_code == 422
    assert "is no phone number" in wrong.json()["detail"]


@pytest.mark.django_db
def test_a_form_without_fields_also_starts_pairing(ombak: Tenant, client: Client) -> None:
    assert client.post("/api/whatsapp/pair", headers=bearer(ombak)).status_code == 200


# Studios -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_keys_go_in_and_never_come_out(program: Program, ombak: Tenant) -> None:
    answer = program.call(
        "PUT", f"/api/tenants/{ombak.pk}", {"api_keys": {"anthropic": "sk-ant-veryverysecret"}}
    )
    assert answer.status_code == 200
    ombak.refresh_from_db()
    assert ombak.anthropic_api_key == "sk-ant-veryverysecret"
    listed = program.call("GET", "/api/tenants")
    assert listed.json()["items"][0]["api_keys"] == {"anthropic": True, "openai": False}
    assert b"secret" not in answer.content + listed.content
    program.call("PUT", "/api/tenants", listed.json()["items"][0])  # sent back as it came
    ombak.refresh_from_db()
    assert ombak.anthropic_api_key == "sk-ant-veryverysecret"
    program.call("PUT", "/api/tenants/ombak", {"api_keys": {"anthropic": ""}})
    ombak.refresh_from_db()
    assert ombak.anthropic_api_key == ""


@pytest.mark.django_db
def test_settings_are_one_object_and_change_one_by_one(ombak: Tenant) -> None:
    factories.platform_admin()
    program = Program(basic("root"))
    changed = program.call(
        "PUT",
        f"/api/tenants?id={ombak.pk}",
        {
            "name": "Ombak",
            "whatsapp_number": "0812 3456 7890",
            "settings": {"greeting": "Halo!", "mode": "off"},
        },
    ).json()
    assert (changed["name"], changed["whatsapp_number"]) == ("Ombak", "+6281234567890")
    assert changed["settings"]["greeting"] == "Halo!"
    assert changed["settings"]["mode"] == "off"
    assert changed["settings"]["timezone"] == "Asia/Makassar"
    cleared = program.call("PUT", "/api/tenants/ombak", {"whatsapp_number": None}).json()
    assert cleared["whatsapp_number"] is None
    for sent, kept in (("22:00", "22:00:00"), ("", None)):
        quiet = {"settings": {"quiet_from": sent, "quiet_until": sent}}
        answer = program.call("PUT", "/api/tenants/ombak", quiet).json()["settings"]
        assert (answer["quiet_from"], answer["quiet_until"]) == (kept, kept)


@pytest.mark.django_db
def test_budgets_are_settings_like_the_others(program: Program, ombak: Tenant) -> None:
    names = ("budget_day", "budget_month", "budget_customer_day")

    def put(**settings: Any) -> list[Any]:
        answer = program.call("PUT", "/api/tenants/ombak", {"settings": settings})
        assert answer.status_code == 200, answer.content
        return [answer.json()["settings"][name] for name in names]

    assert put() == [None, None, None]
    assert put(budget_day=50_000, budget_month="750000.50") == [50_000, 750_000.5, None]
    assert put(budget_customer_day=0.1) == [50_000, 750_000.5, 0.1]
    assert put(budget_day="", budget_customer_day=0) == [None, 750_000.5, 0]
    shown = program.call("GET", "/api/tenants").json()["items"][0]
    assert program.call("PUT", "/api/tenants", shown).json() == shown
    ombak.refresh_from_db()
    assert [getattr(ombak, name) for name in names] == [None, Decimal("750000.50"), Decimal(0)]


@pytest.mark.django_db
def test_how_long_things_are_kept_and_what_calls_a_person_are_settings(
    program: Program, ombak: Tenant
) -> None:
    names = ("handover_words", "keep_messages_days", "keep_files_days")

    def put(**settings: Any) -> list[Any]:
        answer = program.call("PUT", "/api/tenants/ombak", {"settings": settings})
        assert answer.status_code == 200, answer.content
        return [answer.json()["settings"][name] for name in names]

    assert put() == ["", None, None]
    assert put(keep_messages_days=90, keep_files_days="30") == ["", 90, 30]
    assert put(handover_words="komplain, refund\nkomplain") == ["komplain\nrefund", 90, 30]
    shown = program.call("GET", "/api/tenants").json()["items"][0]
    assert program.call("PUT", "/api/tenants", shown).json() == shown
    assert put(handover_words="", keep_messages_days="") == ["", None, 30]


@pytest.mark.django_db
def test_a_change_does_not_turn_back_the_knowledge_version(program: Program, ombak: Tenant) -> None:
    stale = Tenant.objects.get(pk=ombak.pk)
    Tenant.objects.update(knowledge_version=7)
    updates.store(stale, {"greeting": "Hai"})
    ombak.refresh_from_db()
    assert (ombak.knowledge_version, ombak.greeting) == (7, "Hai")


@pytest.mark.django_db
def test_only_owners_see_settings(ombak: Tenant) -> None:
    factories.staff("editor", ombak, Membership.Role.EDITOR)
    shown = Program(basic("editor")).call("GET", "/api/tenants").json()["items"][0]
    assert shown["slug"] == "ombak"
    assert shown["settings"] is None
    assert shown["api_keys"] is None


@pytest.mark.django_db
def test_only_the_platform_admin_creates_studios(sari: User, program: Program) -> None:
    new = {"name": "Pagi", "slug": "pagi"}
    for other in (program, Program(basic("sari"))):
        assert other.call("POST", "/api/tenants", new).status_code == 403
    factories.platform_admin()
    root = Program(basic("root"))
    made = root.call("POST", "/api/tenants", new | {"settings": {"timezone": "Asia/Jakarta"}})
    assert made.status_code == 201
    assert made.json()["settings"]["mode"] == "test"
    again = root.call("POST", "/api/tenants", new)
    assert again.status_code == 422
    assert "“pagi” already" in again.json()["detail"]


@pytest.mark.django_db
def test_the_number_of_another_studio_is_refused_without_naming_it(
    ombak: Tenant, senja: Tenant
) -> None:
    factories.platform_admin()
    program = Program(basic("root"))
    answer = program.call("PUT", "/api/tenants/ombak", {"whatsapp_number": senja.whatsapp_number})
    assert answer.status_code == 422
    assert (
        answer.json()["detail"]
        == "whatsapp_number: +6281200002202 belongs to another studio already."
    )
    assert b"enja" not in answer.content


# Mistakes ----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b'{"title": ', 400, "line 1, column 11"),
        (b'{"title": "\xff"}', 400, "no JSON in UTF-8"),
        (b"[" * 100_000, 400, "no JSON"),
        (b"[1]", 422, "Expected an object."),
        (b"null", 422, "Expected an object."),
        (b'"x"', 422, "Expected an object."),
        ({}, 422, "title"),
        ({"title": 3}, 422, "title: Expected a text."),
        (NEW | {"tenant": "senja"}, 422, "tenant: There is no such field."),
        (NEW | {"category": "food"}, 422, "category: “food” is no category"),
        (NEW | {"valid_from": "tomorrow"}, 422, "valid_from"),
        (NEW | {"title": "x" * 201}, 422, "title"),
        (NEW | {"content": "x" * 100_000}, 422, "content"),
        (NEW | {"status": None}, 422, "status"),
        (NEW | {"keywords": [1]}, 422, "keywords"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_body_gets_a_sentence_and_changes_nothing(
    program: Program, body: Any, status: int, sentence: str
) -> None:
    answer = program.call("POST", "/api/knowledge", body)
    assert answer.status_code == status
    assert sentence in answer.json()["detail"]
    assert not KnowledgeEntry.objects.exists()


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_refused(program: Program) -> None:
    answer = program.call("POST", "/api/knowledge", NEW | {"content": "x" * 6_000_000})
    assert answer.status_code == 413
    assert "5 MB" in answer.json()["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize("id", ["nonsense", "%00", "..%2f..", "1", "🙂", "0" * 500])
def test_an_id_that_is_none_is_not_found(program: Program, id: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        body: Any = None if method == "GET" else {}
        assert program.call(method, f"/api/knowledge/{id}", body).status_code == 404
    assert program.call("PUT", f"/api/tenants/{id}", {}).status_code == 404
    assert program.call("GET", f"/api/whatsapp/status?tenant={id}").status_code == 404
    assert program.call("DELETE", "/api/knowledge", {"id": "nonsense"}).status_code == 404


@pytest.mark.django_db
def test_a_change_that_names_no_row_says_so(program: Program) -> None:
    for method in ("PUT", "DELETE"):
        answer = program.call(method, "/api/knowledge", {})
        assert answer.status_code == 422
        assert "id" in answer.json()["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"settings": {"timezone": "Mars/Olympus"}}, "timezone"),
        ({"settings": {"mode": "loud"}}, "mode"),
        ({"settings": {"opening_hours": {"funday": []}}}, "opening_hours"),
        ({"settings": {"opening_hours": {"mon": [["8", "9"]]}}}, "opening_hours"),
        ({"settings": {"handover_contacts": ["not a phone"]}}, "handover_contacts"),
        ({"settings": {"messages_per_minute": -1}}, "messages_per_minute"),
        ({"settings": {"messages_per_minute": 10**30}}, "messages_per_minute"),
        ({"settings": {"colour": "red"}}, "settings.colour"),
        ({"settings": {"greeting": "x" * 601}}, "greeting"),
        ({"settings": {"currency": "rupiah"}}, "currency"),
        ({"settings": {"keep_messages_days": 5}}, "keep_messages_days"),
        ({"settings": {"keep_files_days": "soon"}}, "keep_files_days"),
        ({"settings": {"handover_words": "a"}}, "handover_words"),
        ({"settings": {"budget_day": -1}}, "budget_day"),
        ({"settings": {"budget_day": "much"}}, "budget_day"),
        ({"settings": {"budget_month": 1.005}}, "budget_month"),
        ({"settings": {"budget_month": 10**30}}, "budget_month"),
        ({"settings": {"budget_customer_day": "NaN"}}, "budget_customer_day"),
        ({"settings": {"budget_day": 5, "currency": "XAU"}}, "budget_day"),
        ({"api_keys": {"anthropic": "sk-ant-…"}}, "anthropic_api_key"),
        ({"slug": "two words"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"whatsapp_number": "12"}, "whatsapp_number"),
        ({"knowledge_version": 3}, "knowledge_version"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_wrong_setting_is_named_and_changes_nothing(
    ombak: Tenant, change: dict[str, Any], field: str
) -> None:
    factories.platform_admin()
    program = Program(basic("root"))
    answer = program.call("PUT", "/api/tenants/ombak", change)
    assert answer.status_code == 422, answer.content
    assert field in answer.json()["fields"]
    before = {f.attname: getattr(ombak, f.attname) for f in Tenant._meta.fields}
    ombak.refresh_from_db()
    assert before == {f.attname: getattr(ombak, f.attname) for f in Tenant._meta.fields}


def test_a_token_does_not_switch_its_own_studio_off(program: Any, ombak: Tenant) -> None:
    answer = program.call("PUT", "/api/tenants/ombak", {"active": False, "name": "X"})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "Only the platform's admin changes: active."
    ombak.refresh_from_db()
    assert (ombak.active, ombak.name) == (True, "Ombak Yoga")
    same = {"active": True, "name": "Ombak"}  # what GET gave, sent back
    assert program.call("PUT", "/api/tenants/ombak", same).status_code == 200


@pytest.mark.parametrize("change", [{"slug": "mine"}, {"whatsapp_number": "+6281299990000"}])
def test_what_names_a_studio_to_others_is_the_platforms(
    program: Any, sari: User, ombak: Tenant, change: dict[str, str]
) -> None:
    for theirs in (program, Program(basic("sari"))):
        answer = theirs.call("PUT", "/api/tenants/ombak", {**change, "name": "X"})
        assert answer.status_code == 403
        [field] = change
        assert answer.json()["detail"] == f"Only the platform's admin changes: {field}."
    ombak.refresh_from_db()
    assert (ombak.slug, ombak.whatsapp_number, ombak.name) == (
        "ombak",
        "+6281200001101",
        "Ombak Yoga",
    )
    same = {"slug": "ombak", "whatsapp_number": "0812 0000 1101"}  # the same in another spelling
    assert program.call("PUT", "/api/tenants/ombak", same).status_code == 200


def test_a_wrong_method_is_told_in_json(program: Any) -> None:
    for address in ("/api/tenants", "/api/knowledge", "/api/whatsapp/status"):
        answer = program.call("PATCH", address, {})
        assert answer.status_code == 405
        assert "GET" in answer.json()["detail"]
        assert "GET" in answer.headers["Allow"]


def test_a_wrong_address_is_told_in_json(program: Any) -> None:
    assert program.call("GET", "/api/nonsense").status_code == 404
    assert "/api/docs" in program.call("GET", "/api/nonsense").json()["detail"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_is_refused_with_what_to_send_instead(
    program: Any, ombak: Tenant, kind: str
) -> None:
    body: Any = NEW if kind.startswith("multi") else "title=Harga&category=classes&content=x"
    kind = MULTIPART_CONTENT if kind.startswith("multi") else kind
    answer = program.client.post("/api/knowledge", body, kind, headers=program.headers)
    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.json()["detail"]
    assert not KnowledgeEntry.objects.exists()


def test_a_login_with_a_second_factor_does_not_open_the_api_by_password(sari: User) -> None:
    StaffLogin.objects.create(user=sari, secret="A", confirmed_at=factories.NOW)
    answer = Program(basic("sari")).call("GET", "/api/knowledge")
    assert answer.status_code == 403
    assert "Use a token" in answer.json()["detail"]
    assert Program(basic("sari", "wrong")).call("GET", "/api/knowledge").status_code == 401


def test_changes_by_a_program_stand_in_the_change_log(program: Any, ombak: Tenant) -> None:
    program.call("PUT", "/api/tenants/ombak", {"name": "Ombak", "settings": {"city": "Ubud"}})
    deed = ombak.deeds.get()
    assert deed.who.startswith("mila_")
    assert deed.values == {"fields": "city, name"}
