"""Nothing of one studio reaches a caller of another, by any operation, id or login."""

import datetime as dt
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from knowledge.models import KnowledgeEntry
from tenants.models import ApiToken, Tenant
from tests import factories
from tests.config.test_api import Program, basic, bearer, operations
from whatsapp.models import WhatsAppAccount

pytestmark = pytest.mark.django_db


def by_session(user: User) -> Program:
    program = Program()
    program.client.force_login(user)
    program.client.get("/api/docs")  # sets the CSRF cookie
    program.headers = {"X-CSRFToken": program.client.cookies["csrftoken"].value}
    return program


LOGINS: dict[str, Callable[[User, Tenant], Program]] = {
    "token": lambda user, tenant: Program(bearer(tenant)),
    "password": lambda user, tenant: Program(basic(user.username)),
    "session": lambda user, tenant: by_session(user),
}


@pytest.fixture(params=LOGINS)
def foreigner(request: pytest.FixtureRequest, bayu: User, senja: Tenant) -> Program:
    """Senja's owner or program, who asks for what is Ombak's."""
    return LOGINS[request.param](bayu, senja)


@pytest.fixture
def secret(ombak: Tenant) -> KnowledgeEntry:
    """Ombak's house, full of things that nobody of Senja may see."""
    now = dt.datetime.now(dt.UTC)
    ombak.greeting = "Halo dari Pererenan"
    ombak.anthropic_api_key = "sk-ant-pererenan"
    ombak.save()
    WhatsAppAccount.objects.create(
        tenant=ombak,
        state=WhatsAppAccount.State.QR_READY,
        qr="2@pererenan",
        qr_expires_at=now + dt.timedelta(minutes=1),
        heartbeat_at=now,
        pair_code="ABCD-EFGH",
        pair_code_expires_at=now + dt.timedelta(minutes=1),
    )
    return factories.entry(ombak, "Pererenan", content="Pererenan", external_id="pererenan")


def everything() -> str:
    """All rows that an operation could change."""
    rows = [
        list(model.objects.order_by("pk").values())
        for model in (Tenant, KnowledgeEntry, WhatsAppAccount)
    ]
    return repr(rows)


BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/knowledge"): {"title": "X", "category": "classes", "content": "X"},
    ("PUT", "/api/knowledge"): {"title": "Taken over"},
    ("PUT", "/api/knowledge/{id}"): {"title": "Taken over"},
    ("POST", "/api/tenants"): {"name": "X", "slug": "x"},
    ("PUT", "/api/tenants"): {"name": "Taken over", "settings": {"mode": "off"}},
    ("PUT", "/api/tenants/{id}"): {"name": "Taken over", "settings": {"mode": "off"}},
}


@pytest.mark.parametrize(("method", "path"), operations())
def test_the_other_studio_does_not_exist(
    foreigner: Program, secret: KnowledgeEntry, method: str, path: str
) -> None:
    """Whether it is named by its slug or its id, and the row in the address or in the body."""
    before = everything()
    for studio, where in itertools.product(
        (secret.tenant.slug, str(secret.tenant.pk)), ("query", "body")
    ):
        answer = asked_for(foreigner, secret, method, path, studio, where)
        expected = 403 if (method, path) == ("POST", "/api/tenants") else 404
        assert answer.status_code == expected, (studio, where)
        assert b"ererenan" not in answer.content, (studio, where)
        assert b"mbak" not in answer.content, (studio, where)
        assert everything() == before, (studio, where)


def asked_for(
    foreigner: Program, secret: KnowledgeEntry, method: str, path: str, studio: str, where: str
) -> Any:
    """The operation on the other studio, or on its entry."""
    thing = str(secret.pk) if "knowledge" in path else studio
    body = BODIES.get((method, path), {})
    query = f"?tenant={studio}"
    if where == "query":
        query += f"&id={thing}"
    elif method in ("PUT", "DELETE"):
        body = body | {"id": thing}
    return foreigner.call(
        method, path.replace("{id}", thing) + query, None if method == "GET" else body
    )


NAMING_A_ROW = [
    (method, path) for method, path in operations() if method in ("PUT", "DELETE") or "{id}" in path
]


@pytest.mark.parametrize(("method", "path"), NAMING_A_ROW)
def test_the_id_alone_opens_nothing(
    foreigner: Program, secret: KnowledgeEntry, method: str, path: str
) -> None:
    """Own studio named (or none), foreign row asked for."""
    thing = str(secret.pk if "knowledge" in path else secret.tenant.pk)
    before = everything()
    for studio in ("", "?tenant=senja"):
        body = BODIES.get((method, path), {}) | ({} if "{id}" in path else {"id": thing})
        answer = foreigner.call(
            method, path.replace("{id}", thing) + studio, None if method == "GET" else body
        )
        assert answer.status_code == 404
    assert everything() == before


def test_lists_hold_only_what_is_theirs(
    foreigner: Program, secret: KnowledgeEntry, senja: Tenant
) -> None:
    factories.entry(senja, "Kemang")
    for path in (
        "/api/knowledge",
        "/api/knowledge?q=e",
        "/api/tenants",
        "/api/whatsapp/status",
        "/api/whatsapp/qr",
    ):
        answer = foreigner.call("GET", path)
        assert answer.status_code == 200
        assert b"ererenan" not in answer.content
        assert b"ABCD" not in answer.content
    assert foreigner.call("GET", "/api/knowledge").json()["count"] == 1
    assert [t["slug"] for t in foreigner.call("GET", "/api/tenants").json()["items"]] == ["senja"]


def test_an_external_id_may_exist_in_both(
    foreigner: Program, secret: KnowledgeEntry, senja: Tenant
) -> None:
    body = {"title": "X", "category": "classes", "content": "X", "external_id": "pererenan"}
    assert foreigner.call("POST", "/api/knowledge", body).status_code == 201
    assert KnowledgeEntry.objects.filter(external_id="pererenan").count() == 2


def test_a_studio_chosen_in_the_session_opens_nothing(bayu: User, secret: KnowledgeEntry) -> None:
    program = by_session(bayu)
    session = program.client.session
    session["studio"] = str(secret.tenant.pk)
    session.save()
    answer = program.call("GET", "/api/knowledge")
    assert answer.json() == {"items": [], "count": 0}


def test_a_token_opens_one_studio_even_for_a_platform_admin_who_is_logged_in(
    secret: KnowledgeEntry, senja: Tenant
) -> None:
    program = by_session(factories.platform_admin())
    assert program.call("GET", "/api/knowledge?tenant=ombak").json()["count"] == 1
    program.headers |= {"Authorization": f"Bearer {ApiToken.issue(senja)[1]}"}
    assert program.call("GET", "/api/knowledge?tenant=ombak").status_code == 404


def test_a_wrong_token_is_not_made_good_by_a_session(bayu: User, senja: Tenant) -> None:
    program = by_session(bayu)
    program.headers |= {"Authorization": "Bearer mila_00000000_x"}
    assert program.call("GET", "/api/knowledge").status_code == 401


def test_the_description_of_the_api_holds_no_studio(secret: KnowledgeEntry, bayu: User) -> None:
    program = by_session(bayu)
    described = json.dumps(program.call("GET", "/api/openapi.json").json())
    assert "ererenan" not in described
