"""The browsers in which somebody is logged in: shown under “My account”, ended one by one or all at once."""

import datetime as dt
import re

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tenants.attempts import address
from tenants.models import LoginSession

BROWSERS = [("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet")]
BROWSERS += [("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")]
SYSTEMS = [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")]
SYSTEMS += [("Mac OS", "Mac"), ("Linux", "Linux")]


def remember(request: HttpRequest, user: User) -> None:
    """Note the session of this login, and forget those that have ended by themselves."""
    now = timezone.now()
    over = now - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    LoginSession.objects.filter(at__lt=over).delete()
    LoginSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": user,
            "browser": browser(request),
            "address": address(request),
            "at": now,
        },
    )


def browser(request: HttpRequest) -> str:
    """“Chrome · Android”, as far as the browser tells."""
    said = request.headers.get("User-Agent", "")
    found = [
        next((name for mark, name in known if re.search(mark, said)), "")
        for known in (BROWSERS, SYSTEMS)
    ]
    return " · ".join(filter(None, found)) or "?"


def open_of(user: User) -> QuerySet[LoginSession]:
    """Those that still open a page."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return LoginSession.objects.filter(user=user, session_key__in=alive)


def end(user: User, *, besides: str | None = None, only: int | None = None) -> int:
    """Log out in the user's other browsers, or in one of them. How many were ended."""
    rows = LoginSession.objects.filter(user=user).exclude(session_key=besides or "")
    if only is not None:
        rows = rows.filter(pk=only)
    keys = list(rows.values_list("session_key", flat=True))
    ended, _kinds = Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    return ended


def forget(request: HttpRequest) -> None:
    """This browser's line of the list goes with its logout."""
    LoginSession.objects.filter(session_key=request.session.session_key or "").delete()
