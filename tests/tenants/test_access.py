"""Staff reach the rows of their own studio, in their role, and nothing else."""

import uuid
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import RequestFactory

from conversations.models import Conversation, Customer
from knowledge.models import KnowledgeEntry
from tenants import access
from tenants.models import Membership, Tenant
from tests import factories

pytestmark = pytest.mark.django_db


def request_of(user: User | AnonymousUser, chosen: object = None) -> HttpRequest:
    request = RequestFactory().get("/admin/")
    request.user = user
    request.session = SessionStore()
    if chosen is not None:
        request.session[access.SESSION_KEY] = str(chosen)
    return request


class Entries(access.StudioAdminMixin, admin.ModelAdmin):
    view_right, change_right = "knowledge", "knowledge.change"
    list_filter = ["status", "tenant"]


class Conversations(access.StudioAdminMixin, admin.ModelAdmin):
    view_right, change_right = "inbox", "inbox"


class Studios(access.StudioAdminMixin, admin.ModelAdmin):
    pass


class EntriesOfStudio(access.StudioAdminMixin, admin.TabularInline):
    model = KnowledgeEntry
    view_right, change_right = "knowledge", "knowledge.change"


ENTRIES = Entries(KnowledgeEntry, admin.site)
CONVERSATIONS = Conversations(Conversation, admin.site)
STUDIOS = Studios(Tenant, admin.site)
INLINE = EntriesOfStudio(Tenant, admin.site)


# Who sees which studio ---------------------------------------------------------------------------


def test_a_member_sees_their_studio_and_no_other(sari: User, ombak: Tenant, senja: Tenant) -> None:
    assert list(access.studios_of(sari)) == [ombak]
    assert access.chosen_studio(request_of(sari)) == ombak


@pytest.mark.parametrize("lost", ["is_active", "is_staff"])
def test_who_is_no_longer_staff_sees_nothing(sari: User, ombak: Tenant, lost: str) -> None:
    setattr(sari, lost, False)
    request = request_of(sari)
    assert not access.studios_of(sari).exists()
    assert access.chosen_studio(request) is None
    assert access.role_of(sari, ombak) is None
    assert not access.allowed(request, "knowledge")
    assert not access.visible(request, Tenant.objects.all()).exists()


@pytest.mark.parametrize("lost", ["is_active", "is_staff"])
def test_a_superuser_who_is_no_longer_staff_sees_nothing(ombak: Tenant, lost: str) -> None:
    root = factories.platform_admin()
    setattr(root, lost, False)
    request = request_of(root)
    assert not access.allowed(request, "studio")
    assert not access.visible(request, Tenant.objects.all()).exists()
    assert access.role_of(root, ombak) is None


def test_an_ended_studio_is_closed_to_its_members_and_open_to_the_platform(
    sari: User, ombak: Tenant
) -> None:
    ombak.active = False
    ombak.save()
    assert not access.studios_of(sari).exists()
    assert access.role_of(sari, ombak) is None
    assert not access.allowed(request_of(sari, ombak.pk), "knowledge")
    assert access.studios_of(factories.platform_admin()).get() == ombak


def test_nobody_is_not_staff(ombak: Tenant) -> None:
    request = request_of(AnonymousUser(), ombak.pk)
    assert access.chosen_studio(request) is None
    assert not access.allowed(request, "knowledge")


# Choosing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("forged", ["foreign", "unknown", "garbage", "1' OR 1=1"])
def test_a_choice_in_the_session_that_is_not_theirs_counts_for_nothing(
    sari: User, ombak: Tenant, senja: Tenant, forged: str
) -> None:
    chosen = {"foreign": senja.pk, "unknown": uuid.uuid4()}.get(forged, forged)
    assert access.chosen_studio(request_of(sari, chosen)) == ombak


@pytest.mark.parametrize("forged", ["foreign", "unknown", "garbage", "a\x00"])
def test_choosing_a_studio_that_is_not_theirs_is_refused(
    sari: User, senja: Tenant, forged: str
) -> None:
    request = request_of(sari)
    with pytest.raises(PermissionDenied):
        access.choose_studio(
            request, str({"foreign": senja.pk, "unknown": uuid.uuid4()}.get(forged, forged))
        )
    assert access.SESSION_KEY not in request.session


def test_a_choice_counts_at_once(sari: User, ombak: Tenant, senja: Tenant) -> None:
    Membership.objects.create(user=sari, tenant=senja)
    request = request_of(sari)
    assert access.chosen_studio(request) == ombak
    access.choose_studio(request, senja.pk)
    assert access.chosen_studio(request) == senja


def test_a_choice_ends_with_the_membership(sari: User, ombak: Tenant, senja: Tenant) -> None:
    membership = Membership.objects.create(user=sari, tenant=senja)
    assert access.chosen_studio(request_of(sari, senja.pk)) == senja
    membership.delete()
    assert access.chosen_studio(request_of(sari, senja.pk)) == ombak


def test_another_login_in_the_same_request_starts_anew(sari: User, bayu: User) -> None:
    request = request_of(sari)
    assert str(access.chosen_studio(request)) == "Ombak Yoga"
    request.user = bayu
    assert str(access.chosen_studio(request)) == "Studio Senja"


def test_a_platform_admin_without_a_choice_sees_all_and_with_one_only_that(
    ombak: Tenant, senja: Tenant
) -> None:
    root = factories.platform_admin()
    factories.entry(ombak), factories.entry(senja)
    rows = KnowledgeEntry.objects.all()
    assert access.chosen_studio(request_of(root)) is None
    assert access.visible(request_of(root), rows).count() == 2
    assert access.visible(request_of(root, senja.pk), rows).get().tenant == senja


# Roles -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (
            "owner",
            {
                "studio",
                "knowledge",
                "knowledge.change",
                "inbox",
                "whatsapp",
                "reports",
                "playground",
            },
        ),
        ("editor", {"knowledge", "knowledge.change", "reports", "playground"}),
        ("front_desk", {"knowledge", "inbox", "playground"}),
    ],
)
def test_each_role_has_its_rights_and_no_more(ombak: Tenant, role: str, rights: set[str]) -> None:
    request = request_of(factories.staff("someone", ombak, role))
    every = set().union(*access.RIGHTS.values()) | {"nonsense"}
    assert {right for right in every if access.allowed(request, right)} == rights


def test_the_role_is_that_of_the_chosen_studio(sari: User, senja: Tenant) -> None:
    Membership.objects.create(user=sari, tenant=senja, role=Membership.Role.FRONT_DESK)
    assert access.allowed(request_of(sari), "knowledge.change")
    assert not access.allowed(request_of(sari, senja.pk), "knowledge.change")
    with pytest.raises(PermissionDenied):
        access.require(request_of(sari, senja.pk), "knowledge.change")


# The admin ---------------------------------------------------------------------------------------


def test_lists_and_objects_of_another_studio_do_not_exist(
    sari: User, ombak: Tenant, senja: Tenant
) -> None:
    request, mine, theirs = request_of(sari), factories.entry(ombak), factories.entry(senja)
    assert list(ENTRIES.get_queryset(request)) == [mine]
    for permission in ("view", "change", "delete"):
        has = getattr(ENTRIES, f"has_{permission}_permission")
        assert has(request, mine)
        assert not has(request, theirs)
        assert not has(request, str(theirs.pk))  # unfold passes raw ids
        assert not has(request, "garbage")


def test_an_inline_asks_about_its_parent(sari: User, ombak: Tenant, senja: Tenant) -> None:
    request = request_of(sari)
    for permission in ("view", "change", "delete", "add"):
        has = getattr(INLINE, f"has_{permission}_permission")
        assert has(request, ombak)
        assert not has(request, senja)


def test_front_desk_sees_knowledge_and_cannot_change_it(ombak: Tenant) -> None:
    request = request_of(factories.staff("desk", ombak, Membership.Role.FRONT_DESK))
    entry = factories.entry(ombak)
    assert ENTRIES.has_view_permission(request, entry)
    assert not ENTRIES.has_change_permission(request, entry)
    assert not ENTRIES.has_add_permission(request)
    assert not ENTRIES.has_delete_permission(request, entry)


def test_owners_change_their_studio_and_neither_add_nor_delete_one(
    sari: User, ombak: Tenant
) -> None:
    request, root = request_of(sari), request_of(factories.platform_admin())
    assert STUDIOS.has_change_permission(request, ombak)
    assert not STUDIOS.has_add_permission(request)
    assert not STUDIOS.has_delete_permission(request, ombak)
    assert STUDIOS.has_add_permission(root)
    assert STUDIOS.has_delete_permission(root, ombak)


def choices(model_admin: Any, field: str, request: HttpRequest) -> set[str]:
    form_field = model_admin.formfield_for_dbfield(
        model_admin.model._meta.get_field(field), request
    )
    return {str(row) for row in form_field.queryset}


def test_choices_in_forms_name_nobody_of_another_studio(
    sari: User, bayu: User, ombak: Tenant, senja: Tenant
) -> None:
    Customer.objects.create(tenant=ombak, name="Rina")
    Customer.objects.create(tenant=senja, name="Anton")
    request = request_of(sari)
    assert choices(CONVERSATIONS, "customer", request) == {"Rina"}
    assert choices(CONVERSATIONS, "tenant", request) == {"Ombak Yoga"}
    assert choices(CONVERSATIONS, "handler", request) == {"sari"}


def test_a_narrower_choice_of_a_page_is_narrowed_and_never_widened(
    sari: User, ombak: Tenant, senja: Tenant
) -> None:
    field = Conversation._meta.get_field("customer")
    for tenant, name in ((ombak, "Rina"), (senja, "Anton")):
        Customer.objects.create(tenant=tenant, name=name)
    form_field = CONVERSATIONS.formfield_for_foreignkey(
        field, request_of(sari), queryset=Customer.objects.exclude(name="Rina")
    )
    assert form_field is not None
    assert form_field.queryset is not None
    assert not form_field.queryset.exists()


def test_a_filter_by_a_related_row_offers_only_what_occurs(sari: User) -> None:
    assert ENTRIES.get_list_filter(request_of(sari)) == [
        "status",
        ("tenant", admin.RelatedOnlyFieldListFilter),
    ]


def test_no_list_filter_of_any_page_offers_rows_of_other_studios(sari: User) -> None:
    for model_admin in admin.site._registry.values():
        if not isinstance(model_admin, access.StudioAdminMixin):
            continue
        for item in model_admin.get_list_filter(request_of(sari)):
            kind = item[1] if isinstance(item, tuple) else item
            open_to_all = isinstance(kind, type) and issubclass(kind, admin.RelatedFieldListFilter)
            assert not open_to_all or issubclass(kind, admin.RelatedOnlyFieldListFilter), (
                model_admin
            )


def test_a_new_row_belongs_to_the_chosen_studio_whatever_was_posted(
    sari: User, ombak: Tenant, senja: Tenant
) -> None:
    request = request_of(sari)
    assert "tenant" in ENTRIES.get_exclude(request)
    forged = KnowledgeEntry(tenant=senja, title="X", category="classes", content="X")
    ENTRIES.save_model(request, forged, None, change=False)
    assert KnowledgeEntry.objects.get().tenant == ombak


def test_a_row_is_not_moved_to_another_studio(sari: User, ombak: Tenant, senja: Tenant) -> None:
    entry = factories.entry(ombak)
    entry.tenant = senja
    with pytest.raises(PermissionDenied):
        ENTRIES.save_model(request_of(sari), entry, None, change=True)
    entry.refresh_from_db()
    assert entry.tenant == ombak
