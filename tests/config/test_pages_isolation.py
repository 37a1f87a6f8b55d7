"""Nobody reads or changes anything of another studio, on any address of the staff pages."""

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from agent.models import Turn
from conversations.models import Conversation, Escalation, Message
from tenants.access import StudioAdminMixin
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import OWN, one_of_everything, snapshot

WORD = "Rahasiasenja"
PART = WORD[1:-1]  # to search by: pages repeat what was typed
ROLES = [Membership.Role.OWNER, Membership.Role.EDITOR, Membership.Role.FRONT_DESK]
Rows = dict[type[models.Model], models.Model]


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Every address under /admin/ with its pattern, as the resolver knows them."""

    def walk(
        prefix: str, patterns: list[URLPattern | URLResolver]
    ) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(route, pattern.url_patterns)
            elif route.startswith("admin/"):
                yield route, pattern

    yield from walk("", get_resolver().url_patterns)


def model_of(name: str) -> type[models.Model]:
    models_of_studios: list[type[models.Model]] = [*OWN, Tenant]
    for model in models_of_studios:
        if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            return model
    return Turn


def filled(rows: Rows) -> Iterator[str]:
    """The addresses with the keys of these rows in them; all without a key too."""
    for route, pattern in addresses():
        name = pattern.name or ""
        if "auth_" in name or "(?P" in route or route.endswith("logout/"):
            continue
        key = str(rows[model_of(name)].pk) if "<" in route else ""
        route = route.replace("<int:message>", str(rows[Message].pk))
        yield "/" + re.sub(r"<[^>]+>", key, route)


@pytest.fixture
def theirs(senja: Tenant) -> Rows:
    Tenant.objects.filter(pk=senja.pk).update(name=WORD, city=WORD)
    senja.refresh_from_db()
    return {**one_of_everything(senja, WORD), Tenant: senja}


@pytest.fixture
def ours(ombak: Tenant) -> Rows:
    return {**one_of_everything(ombak, "Milikombak"), Tenant: ombak}


def enter(client: Client, tenant: Tenant | None, role: str) -> None:
    client.force_login(factories.staff(f"walker-{role}", tenant, role))


def test_the_walk_sees_the_pages_that_matter(theirs: Rows) -> None:
    walked = set(filled(theirs))
    chat = theirs[Conversation].pk
    for page in ("change", "news", "older", "reply", "take-over", "export", "delete", "history"):
        assert f"/admin/conversations/conversation/{chat}/{page}/" in walked
    assert f"/admin/playground/why/{theirs[Turn].pk}/" in walked
    assert f"/admin/conversations/escalation/{theirs[Escalation].pk}/resolve/" in walked
    assert {"/admin/", "/admin/playground/", "/admin/whatsapp/card/"} <= walked
    assert len(walked) > 70


@pytest.mark.parametrize("role", ROLES)
def test_no_page_shows_a_word_of_another_studio(
    client: Client, ombak: Tenant, theirs: Rows, role: str
) -> None:
    enter(client, ombak, role)
    for address in filled(theirs):
        response = client.get(address)
        shown = b"".join(response) if response.streaming else response.content
        assert WORD not in shown.decode(), f"{address} shows another studio"
        assert WORD not in response.headers.get("Location", ""), address


def test_no_post_changes_a_row_of_another_studio(
    client: Client, ombak: Tenant, senja: Tenant, theirs: Rows
) -> None:
    before = snapshot(senja)
    enter(client, ombak, Membership.Role.OWNER)
    form = {"post": "yes", "text": "hi", "outcome": "x", "studio": str(senja.pk), "name": "x"}
    for address in filled(theirs):
        if "<" in address or address.endswith(("/mode/", "/unlink/")):
            continue
        response = client.post(address, form | {"tenant": str(senja.pk)})
        assert WORD not in response.content.decode(), address
    assert snapshot(senja)[:-1] == before[:-1]


def test_no_action_reaches_a_row_of_another_studio(
    client: Client, ombak: Tenant, senja: Tenant, theirs: Rows
) -> None:
    enter(client, ombak, Membership.Role.OWNER)
    before = snapshot(senja)
    for model, model_admin in admin.site._registry.items():
        if model not in theirs:
            continue
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for action in [*(model_admin.actions or []), "delete_selected"]:
            chosen = {"action": action, "_selected_action": [str(theirs[model].pk)], "post": "yes"}
            response = client.post(address, chosen)
            assert WORD not in response.content.decode(), (address, action)
    assert snapshot(senja)[:-1] == before[:-1]


def test_no_link_changes_anything(
    client: Client, ombak: Tenant, senja: Tenant, ours: Rows, theirs: Rows
) -> None:
    client.force_login(factories.platform_admin())
    client.post("/admin/studio/choose/", {"studio": str(ombak.pk)})
    before = snapshot(ombak, senja)
    for address in filled(ours):
        client.get(address)
        client.get(address, {"_selected_action": str(ombak.pk), "action": "archive", "mode": "off"})
    assert snapshot(ombak, senja) == before


def test_search_filters_and_choices_name_no_other_studio(
    client: Client, ombak: Tenant, theirs: Rows
) -> None:
    enter(client, ombak, Membership.Role.OWNER)
    for model in admin.site._registry:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for query in (
            {"q": PART},
            {"tenant": str(theirs[Tenant].pk)},
            {"tenant__name__icontains": PART},
        ):
            assert WORD not in client.get(address, query).content.decode(), (address, query)
    offered = client.get(
        "/admin/autocomplete/",
        {"app_label": "tenants", "model_name": "membership", "field_name": "user", "term": PART},
    )
    assert WORD not in offered.content.decode()


def test_a_forged_studio_in_a_form_is_not_used(
    client: Client, ombak: Tenant, senja: Tenant
) -> None:
    enter(client, ombak, Membership.Role.OWNER)
    client.post(
        "/admin/knowledge/knowledgecategory/add/", {"name": "Retreats", "tenant": str(senja.pk)}
    )
    assert not senja.categories.exists()
    assert ombak.categories.get().name == "Retreats"


def test_staff_without_a_studio_gets_nothing(client: Client, ombak: Tenant, ours: Rows) -> None:
    client.force_login(factories.staff("nobody", None))
    for address in filled(ours):
        response = client.get(address)
        assert "Milikombak" not in response.content.decode(), address
        public = address.endswith(("/login/", "/jsi18n/"))
        assert public or response.status_code in (302, 403, 404), address


def test_studio_staff_never_see_the_accounts_of_the_platform(client: Client, ombak: Tenant) -> None:
    enter(client, ombak, Membership.Role.OWNER)
    for address in ("user/", "user/add/", "group/", "group/add/"):
        assert client.get(f"/admin/auth/{address}").status_code == 403


def test_every_list_of_the_admin_stays_in_the_studio() -> None:
    for model, model_admin in admin.site._registry.items():
        assert isinstance(model_admin, StudioAdminMixin), model
        for inline in model_admin.inlines:
            assert issubclass(inline, StudioAdminMixin), inline
