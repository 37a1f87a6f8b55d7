"""Studios, their people and their tokens, and the base of every list in the admin."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.paginator import InfinitePaginator

from tenants.access import StudioAdminMixin, allowed, chosen_studio, is_platform_admin
from tenants.deeds import note, told
from tenants.forms import StudioForm, TenantForm
from tenants.models import ApiToken, Deed, Tenant

# Fields that name another row have no words of their own.
LABELS = {"tenant": gettext_lazy("Studio"), "user": gettext_lazy("Person")}
Column = TypeVar("Column", bound=Callable[..., Any])


def pill(
    description: Promise, colours: dict[Any, str], ordering: str | None = None
) -> Callable[[Column], Column]:
    """A column of small coloured labels. The method returns the value and its words."""

    def decorate(column: Column) -> Column:
        made: Column = display(description=description, label=colours, ordering=ordering)(column)
        return made

    return decorate


class StudioModelAdmin(StudioAdminMixin, ModelAdmin):  # type: ignore[misc]
    """A list of rows of studios. Who looks at all studios sees whose each row is, and names it for a new one."""

    form = StudioForm
    change_form_before_template: str | None = "admin/of_studio.html"
    list_filter_sheet = True
    list_fullwidth = True
    warn_unsaved_form = True
    empty_text = gettext_lazy("Nothing here yet.")
    list_per_page = (
        30  # a row costs as much to draw as a small page: its headings are worked out anew
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Under the plural's name; “Select … to change” tells nobody where they are."""
        title = capfirst(self.opts.verbose_name_plural)
        view: HttpResponse = super().changelist_view(
            request, {"title": title, **(extra_context or {})}
        )
        return view

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        columns = list(super().get_list_display(request))
        return (
            columns if chosen_studio(request) or not self._has_tenant() else [*columns, "of_studio"]
        )

    def get_list_select_related(self, request: HttpRequest) -> Sequence[str]:
        """The studio only where its column is: a join to it hides from SQLite that the rows lie in order."""
        wanted = list(super().get_list_select_related(request) or [])
        shown = self._has_tenant() and chosen_studio(request) is None
        return [*wanted, "tenant"] if shown else wanted

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "of_studio"] if obj and self._has_tenant() else fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the studio on top for who looks at all of them, without it for everybody else."""
        fieldsets = super().get_fieldsets(request, obj)
        if chosen_studio(request) or not self._has_tenant():
            return fieldsets
        if any("tenant" in options["fields"] for _name, options in fieldsets):
            return fieldsets
        return [(None, {"fields": ["of_studio" if obj else "tenant"]}), *fieldsets]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.studio = chosen_studio(request)
        for name, label in LABELS.items():
            if name in form.base_fields:
                form.base_fields[name].label = label
        return form

    @admin.display(description=gettext_lazy("studio"), ordering="tenant__name")
    def of_studio(self, row: Any) -> str:
        return str(row.tenant)

    def _has_tenant(self) -> bool:
        return any(field.name == "tenant" for field in self.model._meta.fields)


class ReadOnlyAdmin(StudioModelAdmin):
    """Rows that MILA writes and people only read."""

    change_right = None


class PlatformAdminMixin(StudioAdminMixin):
    """Rows that belong to no studio: nobody but platform admins sees that they exist."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super(StudioAdminMixin, self).get_queryset(request)
        return rows if is_platform_admin(request.user) else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._platform(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._platform(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._platform(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._platform(request)

    def _platform(self, request: HttpRequest) -> bool:
        return is_platform_admin(request.user)


@admin.register(Tenant)
class TenantAdmin(StudioModelAdmin):
    """All studios, for the platform: it alone sets the name of the address, the number and the existence."""

    form = TenantForm  # type: ignore[assignment]
    change_form_before_template = None  # the studio itself; its keys are never repeated on a page
    list_display = ["name", "city", "mode", "whatsapp_number", "active"]
    list_filter = ["mode", "active"]
    search_fields = ["name", "slug", "whatsapp_number"]
    empty_text = gettext_lazy("There is no studio yet.")
    fieldsets = [
        (gettext_lazy("Studio"), {"fields": ["name", "slug", "city", "mode", "active"]}),
        (
            gettext_lazy("Times and place"),
            {
                "fields": [
                    *("whatsapp_number", "phone", "address", "timezone", "currency"),
                    "opening_hours",
                ]
            },
        ),
        (
            gettext_lazy("When a person is needed"),
            {"fields": ["handover_contacts", ("quiet_from", "quiet_until")]},
        ),
        (
            gettext_lazy("Assistant"),
            {
                "fields": [
                    "persona_name",
                    "persona_tone",
                    "default_language",
                    "greeting",
                    "handover_words",
                    "public_contacts",
                ]
            },
        ),
        (gettext_lazy("Privacy"), {"fields": [("keep_messages_days", "keep_files_days")]}),
        (
            gettext_lazy("Limits"),
            {
                "fields": [
                    "messages_per_minute",
                    "phone_silence_minutes",
                    "budget_day",
                    "budget_month",
                    "budget_customer_day",
                ]
            },
        ),
        (
            gettext_lazy("Own keys"),
            {"fields": ["anthropic_api_key", "openai_api_key", "remove_keys"]},
        ),
    ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An owner has one studio to set, so a list of it says nothing."""
        if is_platform_admin(request.user) or chosen_studio(request) is None:
            return super().changelist_view(request, extra_context)
        return redirect("studio-settings")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Everything of a studio on one page, for the platform; owners have it in parts (tenants/settingpages.py)."""
        if not is_platform_admin(request.user) and allowed(request, "studio"):
            return redirect("studio-settings")
        titled = {"title": _("Settings"), "subtitle": None, **(extra_context or {})}
        view: HttpResponse = super().change_view(request, object_id, form_url, titled)
        return view

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_platform_admin(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # it would take every message along; switch it to inactive instead

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            note(obj, request.user, "studio_made", studio=obj.name)
        elif form.changed_data:
            note(obj, request.user, "settings", fields=", ".join(sorted(form.changed_data)))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {"slug": ["name"]} if obj is None and is_platform_admin(request.user) else {}


@admin.register(Deed)
class DeedAdmin(ReadOnlyAdmin):
    """The change log of the studio; of all studios and the platform for who looks at all of them."""

    paginator = InfinitePaginator  # every reply of staff is a row: nobody reads how many there are
    show_full_result_count = False
    list_display = ["at", "who", "told"]
    list_display_links = None
    search_fields = ["who"]
    date_hierarchy = None
    empty_text = gettext_lazy("Nothing was changed yet.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("what"))
    def told(self, deed: Deed) -> str:
        return told(deed)


@admin.register(ApiToken)
class ApiTokenAdmin(StudioModelAdmin):
    """A token's text is shown once, when it is made; after that it can only be revoked."""

    list_display = ["token", "name", "made", "last_used", "revoked"]
    list_display_links = None
    fields = ["name"]
    actions = ["revoke"]
    empty_text = gettext_lazy("No program has a token. Add one to let a program use the API.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [(None, {"fields": ["name"] if chosen_studio(request) else ["tenant", "name"]})]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        token, text = ApiToken.issue(chosen_studio(request) or obj.tenant, obj.name)
        obj.key, obj.tenant = token.key, token.tenant
        shown = _("This is the token. Copy it now, it is not shown again: %(token)s")
        messages.warning(request, shown % {"token": text})
        note(token.tenant, request.user, "token_made", token=str(token))

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.response_post_save_add(request, obj)  # type: ignore[no-any-return]

    @admin.display(description=gettext_lazy("API token"))
    def token(self, token: ApiToken) -> str:
        return str(token)

    @admin.display(description=gettext_lazy("made"), ordering="created_at")
    def made(self, token: ApiToken) -> Any:
        return token.created_at

    @admin.display(description=gettext_lazy("last used"), ordering="last_used_at")
    def last_used(self, token: ApiToken) -> Any:
        return token.last_used_at

    @admin.display(description=gettext_lazy("revoked"), ordering="revoked_at")
    def revoked(self, token: ApiToken) -> Any:
        return token.revoked_at

    @admin.action(description=gettext_lazy("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        valid = list(rows.filter(revoked_at=None).select_related("tenant"))
        number = rows.filter(revoked_at=None).update(revoked_at=timezone.now())
        for token in valid:
            note(token.tenant, request.user, "token_revoked", token=str(token))
        messages.success(request, _("Revoked: %(number)s") % {"number": number})


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PeopleAdmin(PlatformAdminMixin, UserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "is_staff", "is_superuser", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    # Without Django's groups and permissions: they mean nothing here, a membership does.
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (gettext_lazy("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (gettext_lazy("Access"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
    ]
    filter_horizontal = ()
    empty_text = gettext_lazy("Nobody yet.")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        titled = {"title": gettext_lazy("Users"), **(extra_context or {})}
        view: HttpResponse = super().changelist_view(request, titled)
        return view

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Whoever is added may log in; what they see follows from their studio."""
        obj.is_staff = obj.is_staff or not change
        super().save_model(request, obj, form, change)
        if not change:
            messages.info(
                request,
                _("Now invite them into a studio, on its page “Team”: they join with this login."),
            )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._platform(request) and obj != request.user


@admin.register(Group)
class GroupsAdmin(PlatformAdminMixin, GroupAdmin, ModelAdmin):  # type: ignore[misc]
    empty_text = gettext_lazy("Roles of MILA do not need groups.")
