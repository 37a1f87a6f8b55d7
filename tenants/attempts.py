"""Guessing passwords: failed logins are counted in rows, by name and address together.

Together, because a count by name alone would let a stranger lock the owner out, and one by address alone
would lock a whole studio out behind its one router.
"""

import datetime as dt
import hashlib
import ipaddress
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from tenants.models import FailedLogin

LIMIT = 10
WINDOW = dt.timedelta(minutes=15)
LOCKED = gettext_lazy(
    "Too many failed logins for this name from your address. Wait 15 minutes, then try again."
)


class CountedLogin(ModelBackend):
    """Django's login by name and password, which after LIMIT failures refuses without looking at the password."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if request is None or not username:
            return super().authenticate(request, username, password, **kwargs)
        if is_locked(request, username):
            raise PermissionDenied(LOCKED)
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:
            _note(_key(username, address(request)), timezone.now())
        return user


def is_locked(request: HttpRequest, username: str) -> bool:
    """Whether this name has failed too often from this address in the last minutes."""
    failed = FailedLogin.objects.filter(key=_key(username, address(request)))
    return failed.filter(at__gt=timezone.now() - WINDOW).count() >= LIMIT


def _note(key: str, at: dt.datetime) -> None:
    FailedLogin.objects.filter(at__lt=at - WINDOW).delete()
    FailedLogin.objects.create(key=key, at=at)


def address(request: HttpRequest) -> str:
    """Who asks. What a proxy says is believed only of our own proxies, and of their words only the last."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    trusted = {part.strip() for part in settings.FORWARDED_ALLOW_IPS.split(",")}
    told = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    if peer not in trusted and "*" not in trusted:
        return peer
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return peer


def _key(username: str, address: str) -> str:
    """Hashed: people type their password into the name's field, and it must not lie in a table."""
    return hashlib.sha256(f"{username.strip().casefold()}|{address}".encode()).hexdigest()
