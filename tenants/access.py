"""The only way rows reach a person: which studios somebody may see, and which one is chosen.

Studio and rights come from the login, never from what a request says. A superuser (platform admin) sees all.
"""

import uuid
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import ModelChoiceField
from django.http import HttpRequest

from tenants.models import Membership, Tenant

Row = TypeVar("Row", bound=models.Model)
SESSION_KEY = "studio"

# What each role may do; "view" and "change" of an area of the admin.
RIGHTS: dict[str, frozenset[str]] = {
    Membership.Role.OWNER: frozenset(
        {"studio", "knowledge", "knowledge.change", "inbox", "whatsapp", "reports", "playground"}
    ),
    Membership.Role.EDITOR: frozenset({"knowledge", "knowledge.change", "reports", "playground"}),
    Membership.Role.FRONT_DESK: frozenset({"knowledge", "inbox", "playground"}),
}


def studios_of(user: User | AnonymousUser) -> models.QuerySet[Tenant]:
    """Every studio that this person works for."""
    if not user.is_authenticated or not user.is_active or not user.is_staff:
        return Tenant.objects.none()
    if user.is_superuser:
        return Tenant.objects.all()
    return Tenant.objects.active().filter(memberships__user=user)


def chosen_studio(request: HttpRequest) -> Tenant | None:
    """The studio that this person looks at now: the one chosen in the session, else the only or first one.

    Checked against the memberships on every request. A platform admin who chose none sees all (None).
    """
    if not hasattr(request, "_studio"):
        studios = studios_of(request.user)
        chosen = request.session.get(SESSION_KEY)
        tenant = studios.filter(pk=chosen).first() if chosen else None
        if tenant is None and (not request.user.is_superuser or studios.count() == 1):
            tenant = studios.first()
        request._studio = tenant  # type: ignore[attr-defined]
    return request._studio  # type: ignore[attr-defined, no-any-return]


def choose_studio(request: HttpRequest, pk: uuid.UUID | str | None) -> None:
    """Remember the choice; a studio that is not theirs raises PermissionDenied."""
    if pk and not studios_of(request.user).filter(pk=pk).exists():
        raise PermissionDenied
    request.session[SESSION_KEY] = str(pk) if pk else None


def role_of(user: User | AnonymousUser, tenant: Tenant | None) -> str | None:
    """The person's role in the studio: one of Membership.Role, "platform" for a superuser, or None."""
    if not user.is_authenticated or not user.is_active:
        return None
    if user.is_superuser:
        return "platform"
    if tenant is None:
        return None
    return (
        Membership.objects.filter(user=user, tenant=tenant).values_list("role", flat=True).first()
    )


def allowed(request: HttpRequest, right: str) -> bool:
    """Whether the person's role in the chosen studio includes `right` (see RIGHTS)."""
    if request.user.is_superuser:
        return request.user.is_active
    tenant = chosen_studio(request)
    role = role_of(request.user, tenant)
    return role is not None and right in RIGHTS.get(role, frozenset())


def require(request: HttpRequest, right: str) -> None:
    if not allowed(request, right):
        raise PermissionDenied


def visible(request: HttpRequest, rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
    """Those rows that belong to the chosen studio (or to any, for a platform admin who chose none)."""
    tenant = chosen_studio(request)
    if tenant is None:
        return rows if request.user.is_superuser else rows.none()
    if rows.model is Tenant:
        return rows.filter(pk=tenant.pk)
    return rows.filter(tenant=tenant)


class StudioAdminMixin(admin.options.BaseModelAdmin):  # type: ignore[type-arg]
    """For every ModelAdmin and inline of rows with a `tenant`: lists, objects, choices and saving stay in the studio.

    `view_right` and `change_right` name rights of RIGHTS; `change_right = None` means nobody changes rows here.
    """

    view_right: str = "studio"
    change_right: str | None = "studio"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return visible(request, super().get_queryset(request))

    def _theirs(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return True
        pk = obj.pk if isinstance(obj, models.Model) else obj  # unfold passes raw ids
        if isinstance(obj, models.Model) and obj._state.adding:
            return True
        return self.get_queryset(request).filter(pk=pk).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return allowed(request, self.view_right)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return allowed(request, self.view_right) and self._theirs(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        right = self.change_right
        return right is not None and allowed(request, right) and self._theirs(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        right = self.change_right
        return right is not None and allowed(request, right)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        related = db_field.related_model
        if related is Tenant:
            kwargs["queryset"] = visible(request, Tenant.objects.all())
        elif any(field.name == "tenant" for field in related._meta.fields):
            kwargs["queryset"] = visible(request, related._default_manager.all())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody who looks at one studio sees a studio field; save_model fills it in."""
        exclude = list(super().get_exclude(request, obj) or [])
        return [*exclude, "tenant"] if chosen_studio(request) else exclude

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        tenant = chosen_studio(request)
        if tenant is not None and not change and hasattr(obj, "tenant_id"):
            obj.tenant = tenant
        super().save_model(request, obj, form, change)  # type: ignore[misc]
