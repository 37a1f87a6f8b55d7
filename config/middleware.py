"""Small rules for every response."""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.translation import gettext as _

TEXTS = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})
Handler = Callable[[HttpRequest], HttpResponse]

# unfold's Alpine build needs 'unsafe-eval' and inline styles; inline scripts stay forbidden.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'"
)


def no_larger_than_a_file(get_response: Handler) -> Handler:
    """A body larger than every file that MILA takes is refused before it is read: anybody could fill the disk with
    it, because files are kept in /tmp while they arrive. A body of no told length is empty for Django."""

    def handle(request: HttpRequest) -> HttpResponse:
        told = request.META.get("CONTENT_LENGTH") or ""
        if told.isdecimal() and int(told[:20]) > settings.LARGEST_BODY:
            return _too_large(request)
        return get_response(request)

    return handle


def _too_large(request: HttpRequest) -> HttpResponse:
    with translation.override(translation.get_language_from_request(request)):
        most = settings.LARGEST_BODY // 2**20
        sentence = _("This is too large: a file and its form may have %(most)s MB together.")
        told = sentence % {"most": most}
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": told}, status=413)
    return HttpResponse(told, status=413, content_type="text/plain; charset=utf-8")


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
