"""Staff see times on their studio's clock; a form of another studio asks first, a page of another studio says so."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.access import chosen_studio
from tenants.elsewhere import of_another_studio
from tenants.entering import days_left
from tenants.pages import frame
from tenants.tabs import held_back

Handler = Callable[[HttpRequest], HttpResponse]
# What stays open to somebody who must turn on the second factor first.
ALWAYS_OPEN = ("second-factor", "account", "account-person", "admin:logout", "admin:jsi18n")


def current_studio(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or not request.path.startswith("/admin/"):
            return get_response(request)
        if _factor_is_due(request):
            return redirect("second-factor")
        if question := held_back(request):
            return question
        tenant = chosen_studio(request)
        if tenant is None:
            return get_response(request)
        with timezone.override(tenant.zone):
            response = get_response(request)
            elsewhere = of_another_studio(request, response)
            return _elsewhere(request, elsewhere) if elsewhere else response

    return handle


def _factor_is_due(request: HttpRequest) -> bool:
    if days_left(request) != 0:
        return False
    return request.path not in {reverse(name) for name in ALWAYS_OPEN}


def _elsewhere(request: HttpRequest, studio: object) -> HttpResponse:
    list(messages.get_messages(request))  # “it does not exist” would not be true
    title = _("This belongs to another studio")
    response = frame(request, "admin/elsewhere.html", title, elsewhere=studio)
    response.status_code = 409
    return response.render()  # type: ignore[attr-defined, no-any-return]
