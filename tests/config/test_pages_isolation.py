"""Nobody reads or changes anything of another studio, on any address of the staff pages.

The addresses come from the resolver and the rows from the models: a new page or a new kind of row is walked without
being named here, and an address that cannot be filled in fails the first test.
"""

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import models, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from agent.models import Turn
from conversations.models import Conversation, Escalation
from tenants.access import StudioAdminMixin
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import Rows, changed, everything, one_of_everything, snapshot

WORD = "Rahasiasenja"
PART = WORD[1:-1]  # to search by: pages repeat what was typed
ROLES = [Membership.Role.OWNER, Membership.Role.EDITOR, Membership.Role.FRONT_DESK]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# Parts of an address that are no keys of rows, and what stands there.
WORDS = {
    "part": "hours",
    "key": "volume",
    "extra_context": "x",
    "secret": "x",
    "name": "x",
    "content_type_id": "1",
}
KEYS: dict[str, type[models.Model]] = {"why": Turn, "view_on_site": Conversation}
HOLE = re.compile(r"<(?:(\w+):)?(\w+)>")
NOT_WALKED = ("admin/auth/", "admin/logout/")  # accounts have a test of their own below


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Every address under /admin/ with its pattern, as the resolver knows them."""

    def walk(
        prefix: str, patterns: list[URLPattern | URLResolver]
    ) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(route, pattern.url_patterns)
            elif route.startswith("admin/") and "(?P" not in route:
                yield route, pattern

    yield from walk("", get_resolver().url_patterns)


def row_of(route: str, name: str, hole: str, rows: Rows) -> models.Model | None:
    """The row whose key belongs into this hole: named after the model, else that of the whole address."""
    for model, row in rows.items():
        if model._meta.model_name == hole:
            return row
    for model, row in rows.items():
        app, kind = model._meta.app_label, model._meta.model_name
        if name.startswith(f"{app}_{kind}_") or route.startswith(f"admin/{app}/{kind}/"):
            return row
    return rows[KEYS[name]] if name in KEYS else None


def fill(route: str, pattern: URLPattern, rows: Rows) -> str:
    """The address with these rows' keys in it."""
    name = pattern.name or ""

    def key(found: re.Match[str]) -> str:
        hole = found[2]
        if row := row_of(route, name, hole, rows) if hole not in WORDS else None:
            return str(row.pk)
        return WORDS.get(hole, found[0])

    return "/" + HOLE.sub(key, route)


def filled(rows: Rows) -> list[str]:
    """The addresses with the keys of these rows in them; all without a key too."""
    return [
        fill(route, pattern, rows)
        for route, pattern in addresses()
        if not route.startswith(NOT_WALKED)
    ]


def without_keys() -> set[str]:
    """The addresses that name no row: lists, pages of the studio, forms for something new."""
    return {f"/{route}" for route, _pattern in addresses() if not HOLE.search(route)}


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


def test_every_address_of_the_staff_pages_is_walked(theirs: Rows) -> None:
    """If this fails, a new address has a part that is no key of a row: say in WORDS or KEYS what belongs there."""
    assert not [address for address in filled(theirs) if "<" in address]


def test_the_walk_sees_the_pages_that_matter(theirs: Rows) -> None:
    walked = set(filled(theirs))
    chat = theirs[Conversation].pk
    for page in ("change", "news", "older", "reply", "take-over", "export", "delete", "history"):
        assert f"/admin/conversations/conversation/{chat}/{page}/" in walked
    assert f"/admin/playground/why/{theirs[Turn].pk}/" in walked
    assert f"/admin/conversations/escalation/{theirs[Escalation].pk}/resolve/" in walked
    assert {"/admin/", "/admin/playground/", "/admin/whatsapp/card/"} <= walked
    assert len(walked) > 70


FORM = {"post": "yes", "text": "hi", "outcome": "x", "name": "x", "do": "ignore", "title": "x"}


def told(client: Client, method: str, address: str, **form: str) -> bool:
    """Whether the answer says a word of the other studio."""
    data = form if method == "POST" else {}
    response = client.generic(method, address) if method != "POST" else client.post(address, data)
    shown = b"".join(response) if response.streaming else response.content
    return PART.encode() in shown or PART in str(response.headers)


def test_no_address_with_the_key_of_another_studios_row_shows_or_changes_it(
    client: Client, ombak: Tenant, senja: Tenant, theirs: Rows
) -> None:
    """The others, every role and every method: below, in `make pages`."""
    before = snapshot(senja)
    enter(client, ombak, Membership.Role.OWNER)
    keyed = [address for address in filled(theirs) if address not in without_keys()]
    assert len(keyed) > 50
    for address in keyed:
        assert not told(client, "GET", address), f"{address} shows another studio"
        assert not told(client, "POST", address, **FORM, tenant=str(senja.pk)), address
    assert changed(before, snapshot(senja)) == []


@pytest.mark.pages
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("role", ROLES)
def test_no_role_reaches_another_studio_by_any_method(
    client: Client, ombak: Tenant, senja: Tenant, theirs: Rows, ours: Rows, role: str, method: str
) -> None:
    """Also with the keys of both studios in one address, each in either place."""
    before = snapshot(senja)
    enter(client, ombak, role)
    form = FORM | {"tenant": str(senja.pk), "studio": str(senja.pk), "pk": str(senja.pk)}
    mixed: Rows = {**theirs}
    mixed[Conversation] = ours[Conversation]
    for address in dict.fromkeys([*filled(theirs), *filled(mixed)]):
        assert not told(client, method, address, **form), f"{method} {address}"
    assert changed(before, snapshot(senja)) == []


@pytest.mark.pages
def test_the_same_walk_by_their_own_owner_finds_and_changes_much(
    client: Client, senja: Tenant, theirs: Rows
) -> None:
    """Else the walks above would prove nothing."""
    enter(client, senja, Membership.Role.OWNER)
    walked, changes = filled(theirs), 0
    shows = sum(told(client, "GET", address) for address in walked)
    before = snapshot(senja)
    for address in walked:
        with transaction.atomic():
            told(client, "POST", address, **FORM)
            changes += bool(changed(before, snapshot(senja)))
            transaction.set_rollback(True)
    assert shows > len(walked) / 3
    assert changes > 12


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
            name = action if isinstance(action, str) else action.__name__
            chosen = {"action": name, "_selected_action": str(theirs[model].pk), "post": "yes"}
            assert not told(client, "POST", address, **chosen), (address, name)
    assert changed(before, snapshot(senja)) == []


def test_no_address_of_ours_changes_anything_when_it_is_opened(
    client: Client, ombak: Tenant, ours: Rows
) -> None:
    own = [address for address in filled(ours) if address not in forms_of_the_admin(ours)]
    assert len(own) > 70
    nothing_changes(client, ombak, own)


@pytest.mark.pages
def test_no_address_changes_anything_when_it_is_opened(
    client: Client, ombak: Tenant, ours: Rows
) -> None:
    nothing_changes(client, ombak, filled(ours))


def forms_of_the_admin(rows: Rows) -> set[str]:
    """Lists and forms that Django itself brings for each kind of row."""
    its = re.compile(r"_(changelist|add|history|delete|change)$")
    found = [(route, each) for route, each in addresses() if its.search(each.name or "None")]
    return {fill(route, each, rows) for route, each in found}


def nothing_changes(client: Client, tenant: Tenant, walked: list[str]) -> None:
    client.force_login(factories.platform_admin())
    client.post("/admin/studio/choose/", {"studio": str(tenant.pk)})
    client.get("/admin/")
    before = everything()
    asks = {"_selected_action": str(tenant.pk), "action": "archive", "mode": "off", "do": "ignore"}
    for address in walked:
        client.get(address, asks)
    assert changed(before, everything()) == []


LINK = re.compile(r'(?:href|hx-get|src)="(/admin/[^"#]*|\?[^"#]*)"')


@pytest.mark.pages
@pytest.mark.parametrize("person", ["owner", "platform"])
def test_no_link_on_any_page_changes_anything(
    client: Client, ombak: Tenant, senja: Tenant, ours: Rows, theirs: Rows, person: str
) -> None:
    """Every link and every part that asks for itself, wherever they lead: each address with each of its names once."""
    if person == "owner":
        enter(client, ombak, Membership.Role.OWNER)
    else:
        client.force_login(factories.platform_admin())
        client.post("/admin/studio/choose/", {"studio": str(ombak.pk)})
    client.get("/admin/")
    before = everything()
    opened: set[tuple[str, str]] = set()
    todo = ["/admin/", *filled(ours)]
    while todo:
        address = todo.pop(0)
        path, _mark, query = address.partition("?")
        parts = {(path, part.partition("=")[0]) for part in query.split("&")}
        if parts <= opened or address.startswith("/admin/logout"):
            continue
        opened |= parts
        page = client.get(address)
        if page.status_code == 200 and not page.streaming and b"<a " in page.content:
            found = LINK.findall(page.content.decode().replace("&amp;", "&"))
            here = address.partition("?")[0]
            todo += [here + link if link.startswith("?") else link for link in found]
    assert len(opened) > len(filled(ours))
    assert changed(before, everything()) == []


def test_a_search_finds_nothing_of_the_studio_that_was_left(
    client: Client, ombak: Tenant, senja: Tenant, theirs: Rows
) -> None:
    cache.clear()
    Tenant.objects.filter(pk=senja.pk).update(name="Lain", city="")  # the switch names it
    person = factories.staff("both", senja)
    Membership.objects.create(user=person, tenant=ombak, role=Membership.Role.OWNER)
    client.force_login(person)
    client.post("/admin/studio/choose/", {"studio": str(senja.pk)})
    lists = [f"/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry]
    asks = [*((address, {"q": PART}) for address in lists), *COMMANDS]
    assert any(WORD in client.get(*ask).content.decode() for ask in asks)
    client.post("/admin/studio/choose/", {"studio": str(ombak.pk)})
    for ask in asks:
        assert WORD not in client.get(*ask).content.decode(), ask


COMMANDS = [("/admin/search/", {"s": PART}), ("/admin/search/", {"s": PART, "extended": "1"})]


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
