"""Small rules for every response."""

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware

TEXTS = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})
Handler = Callable[[HttpRequest], HttpResponse]

# unfold's Alpine build needs 'unsafe-eval' and inline styles; inline scripts stay forbidden.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'"
)


def content_security_policy(get_response: Handler) -> Handler:
    """Nothing on a page of ours comes from another host."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return handle


def smaller_files(get_response: Handler) -> Handler:
    """Scripts and styles travel compressed from a checkout, too; the image keeps compressed copies of its own."""
    zipped = GZipMiddleware(get_response)

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if request.path.startswith("/static/") and kind in TEXTS:
            return cast(HttpResponse, zipped.process_response(request, response))
        return response

    return handle


def fragments_of_ended_sessions(get_response: Handler) -> Handler:
    """A polling fragment whose login has ended sends the whole page to the login, not the login into a card."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        redirected = response.status_code in (301, 302)
        if redirected and request.headers.get("HX-Request") and not request.user.is_authenticated:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return response

    return handle
