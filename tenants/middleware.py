"""Staff see times on their studio's clock, and a form of another studio than the chosen one asks first."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants.access import chosen_studio
from tenants.tabs import held_back

Handler = Callable[[HttpRequest], HttpResponse]


def current_studio(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or not request.path.startswith("/admin/"):
            return get_response(request)
        if question := held_back(request):
            return question
        tenant = chosen_studio(request)
        if tenant is None:
            return get_response(request)
        with timezone.override(tenant.zone):
            return get_response(request)

    return handle
