"""The staff site: the theme's, with our menu, our Home, and no page that forgets whose studio it shows."""

from typing import Any, cast

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from config.dashboard import home
from config.menu import menu
from tenants import sessions
from tenants.access import chosen_studio, is_platform_admin, is_staff, studios_of
from tenants.entering import EntryPage, days_left
from tenants.forms import LoginForm


class MilaSite(UnfoldAdminSite):  # type: ignore[misc]
    """Staff without a studio have no business here; only platform admins look at all studios."""

    enable_nav_sidebar = True

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Name and password, then the code. The status says it too when a name was guessed at too often."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        context = {
            **self.each_context(request),
            "title": _("Log in"),
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            "nobody_yet": not User.objects.exists(),
            **(extra_context or {}),
        }
        if REDIRECT_FIELD_NAME not in request.GET and REDIRECT_FIELD_NAME not in request.POST:
            context[REDIRECT_FIELD_NAME] = reverse("admin:index")
        response = EntryPage.as_view(
            extra_context=context,
            authentication_form=LoginForm,
            template_name="admin/login.html",
        )(request)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if form is not None and form.has_error(NON_FIELD_ERRORS, "locked"):
            response.status_code = 429
        return cast(HttpResponse, response)

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST":
            sessions.forget(request)
        response: HttpResponse = super().logout(request, extra_context)
        return response

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not is_staff(user):
            return False
        return is_platform_admin(user) or chosen_studio(request) is not None

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        if self.has_permission(request):
            context["studio"] = chosen_studio(request)
            context["studios"] = list(studios_of(request.user)[:100])
            context["factor_days"] = days_left(request)
        return context

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        return menu(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """No page shows Django's list of apps; making it asked for every right of every model."""
        return []

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        return home(request, {**self.each_context(request), **(extra_context or {})})

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The lists of an app are in the menu; a page that repeats them helps nobody."""
        return redirect("admin:index")

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The theme keeps results by person, not by studio: after a switch the former studio's would show."""
        raise Http404
