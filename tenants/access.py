"""The only way rows reach a person: which studios somebody may see, and which one is chosen.

Studio and rights come from the login, never from what a request says. A superuser (platform admin) sees all.
"""

import uuid
from typing import Any, TypeGuard, TypeVar

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db import models
from django.forms import ModelChoiceField, ModelMultipleChoiceField
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


def is_staff(user: User | AnonymousUser) -> TypeGuard[User]:
    return user.is_authenticated and user.is_active and user.is_staff


def is_platform_admin(user: User | AnonymousUser) -> bool:
    """Whoever runs the installation: every studio, every right."""
    return is_staff(user) and user.is_superuser


def studios_of(user: User | AnonymousUser) -> models.QuerySet[Tenant]:
    """Every studio that this person works for."""
    if not is_staff(user):
        return Tenant.objects.none()
    if is_platform_admin(user):
        return Tenant.objects.all()
    return Tenant.objects.active().filter(memberships__user=user)


def chosen_studio(request: HttpRequest) -> Tenant | None:
    """The studio that this person looks at now: the one chosen in the session, else the only or first one.

    Checked against the memberships on every request. A platform admin who chose none sees all (None).
    """
    user = request.user
    looked_up = getattr(request, "_studio", None)
    if looked_up is None or looked_up[0] != user.pk:  # a login within the request starts anew
        looked_up = (user.pk, _studio_of_session(request))
        request._studio = looked_up  # type: ignore[attr-defined]
    tenant: Tenant | None = looked_up[1]
    return tenant


def _studio_of_session(request: HttpRequest) -> Tenant | None:
    studios = studios_of(request.user)
    chosen = _uuid(request.session.get(SESSION_KEY))
    tenant = studios.filter(pk=chosen).first() if chosen else None
    if tenant is None and (not is_platform_admin(request.user) or studios.count() == 1):
        return studios.first()
    return tenant


def _uuid(text: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None


def choose_studio(request: HttpRequest, pk: uuid.UUID | str | None) -> None:
    """Remember the choice; a studio that is not theirs raises PermissionDenied."""
    chosen = _uuid(pk) if pk else None
    if pk and (chosen is None or not studios_of(request.user).filter(pk=chosen).exists()):
        raise PermissionDenied
    request.session[SESSION_KEY] = str(chosen) if chosen else None
    request._studio = None  # type: ignore[attr-defined]


def role_of(user: User | AnonymousUser, tenant: Tenant | None) -> str | None:
    """The person's role in the studio: one of Membership.Role, "platform" for a superuser, or None."""
    if not is_staff(user):
        return None
    if is_platform_admin(user):
        return "platform"
    if tenant is None or not tenant.active:
        return None
    return (
        Membership.objects.filter(user=user, tenant=tenant).values_list("role", flat=True).first()
    )


def allowed(request: HttpRequest, right: str) -> bool:
    """Whether the person's role in the chosen studio includes `right` (see RIGHTS)."""
    if is_platform_admin(request.user):
        return True
    role = _role_here(request)
    return role is not None and right in RIGHTS.get(role, frozenset())


def _role_here(request: HttpRequest) -> str | None:
    """The role in the chosen studio, looked up once a request: a page asks dozens of times."""
    tenant = chosen_studio(request)
    key = (request.user.pk, tenant and tenant.pk)
    looked_up = getattr(request, "_role", None)
    if looked_up is None or looked_up[0] != key:
        looked_up = (key, role_of(request.user, tenant))
        request._role = looked_up  # type: ignore[attr-defined]
    role: str | None = looked_up[1]
    return role


def require(request: HttpRequest, right: str) -> None:
    if not allowed(request, right):
        raise PermissionDenied


def visible(request: HttpRequest, rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
    """Those rows that belong to the chosen studio (or to any, for a platform admin who chose none)."""
    tenant = chosen_studio(request)
    if tenant is None:
        return rows if is_platform_admin(request.user) else rows.none()
    if rows.model is Tenant:
        return rows.filter(pk=tenant.pk)
    return rows.filter(tenant=tenant)


def visible_people(request: HttpRequest) -> models.QuerySet[User]:
    """The colleagues in the chosen studio; logins of other studios stay unknown."""
    if is_platform_admin(request.user) and chosen_studio(request) is None:
        return User.objects.all()
    return User.objects.filter(memberships__tenant=chosen_studio(request))


class StudioAdminMixin(admin.options.BaseModelAdmin):  # type: ignore[type-arg]
    """For every ModelAdmin and inline of rows with a `tenant`: lists, objects, choices and saving stay in the studio.

    `view_right` and `change_right` name rights of RIGHTS; `change_right = None` means nobody changes rows here.
    """

    view_right: str = "studio"
    change_right: str | None = "studio"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return visible(request, super().get_queryset(request))

    def _theirs(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None or (isinstance(obj, models.Model) and obj._state.adding):
            return True
        if isinstance(obj, models.Model) and not isinstance(obj, self.model):
            parents = type(obj)._default_manager.filter(
                pk=obj.pk
            )  # an inline is asked with its parent
            return visible(request, parents).exists()
        pk = obj.pk if isinstance(obj, models.Model) else obj  # unfold passes raw ids
        try:
            return self.get_queryset(request).filter(pk=pk).exists()
        except (ValidationError, ValueError):
            return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return allowed(request, self.view_right)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return allowed(request, self.view_right) and self._theirs(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        right = self.change_right
        return right is not None and allowed(request, right) and self._theirs(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if self.model is Tenant and not is_platform_admin(request.user):
            return False
        right = self.change_right
        return right is not None and allowed(request, right) and self._theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if self.model is Tenant and not is_platform_admin(request.user):
            return False
        return self.has_change_permission(request, obj)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        self._limit_choices(db_field, request, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "ModelMultipleChoiceField[Any] | None":
        self._limit_choices(db_field, request, kwargs)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _limit_choices(self, db_field: Any, request: HttpRequest, kwargs: dict[str, Any]) -> None:
        """A narrower queryset that the admin class itself chose is narrowed further, never widened."""
        related = db_field.related_model
        rows = kwargs.get("queryset", related._default_manager.all())
        if related is User:
            kwargs["queryset"] = rows.filter(pk__in=visible_people(request).values("pk"))
        elif related is Tenant or any(field.name == "tenant" for field in related._meta.fields):
            kwargs["queryset"] = visible(request, rows)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """A plain filter by a related row offers only what occurs in the rows seen, not all studios' names."""
        filters = super().get_list_filter(request)  # type: ignore[misc]
        return [self._own_choices(item) for item in filters]

    def _own_choices(self, item: Any) -> Any:
        if not isinstance(item, str) or "__" in item:
            return item
        try:
            related = self.opts.get_field(item).is_relation
        except FieldDoesNotExist:
            return item
        return (item, admin.RelatedOnlyFieldListFilter) if related else item

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody who looks at one studio sees a studio field; save_model fills it in."""
        exclude = list(super().get_exclude(request, obj) or [])
        return [*exclude, "tenant"] if chosen_studio(request) else exclude

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        tenant = chosen_studio(request)
        if tenant is not None and hasattr(obj, "tenant_id"):
            if not change:
                obj.tenant = tenant
            elif obj.tenant_id != tenant.pk:
                raise PermissionDenied
        super().save_model(request, obj, form, change)  # type: ignore[misc]
