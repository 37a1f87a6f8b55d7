"""The first page of a new installation: what MILA is, that its studios are demos, and what to do next."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from config import weeks
from config.studios import platform_page
from tenants.models import Tenant

COOKIE = "welcomed"


def welcome(request: HttpRequest, studios: Iterable[Tenant]) -> Tenant | None:
    """The demo studio to look into first. None once this person put the card away or a studio of one's own exists."""
    if COOKIE in request.COOKIES:
        return None
    demos = list(studios)
    return demos[0] if demos and all(weeks.is_demo(studio) for studio in demos) else None


@platform_page
@require_POST
def put_away(_request: HttpRequest) -> HttpResponse:
    """In this browser the card shows no more."""
    response = redirect("admin:index")
    response.set_cookie(
        COOKIE,
        "1",
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
