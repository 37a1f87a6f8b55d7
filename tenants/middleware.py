"""Staff see times on their studio's clock."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tenants.access import chosen_studio

Handler = Callable[[HttpRequest], HttpResponse]


def current_studio(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponse:
        tenant = None
        if request.user.is_authenticated and request.path.startswith("/admin/"):
            tenant = chosen_studio(request)
        if tenant is None:
            return get_response(request)
        with timezone.override(tenant.zone):
            return get_response(request)

    return handle
