"""Guessing passwords and codes: failures are counted in rows, by name and address together.

Together, because a count by name alone would let a stranger lock the owner out, and one by address alone
would lock a whole studio out behind its one router. Django-axes does not see HTTP Basic; this does.

Codes of the second step are counted by name alone as well: who types them knew the password, so no stranger can lock
the owner out there, and a new address brings no new guesses.
"""

import datetime as dt
import ipaddress
import logging
import math
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.deeds import note_everywhere
from tenants.models import FailedLogin

LIMIT = 10
ANYWHERE = "code at any address"
MAIL = "asked for a link"
MAILS = 3  # links for one name, and five times as many from one address, in the same minutes
WINDOW = dt.timedelta(minutes=15)
logger = logging.getLogger("mila.logins")


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
            raise PermissionDenied
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:
            failed(request, username)
        return user


def is_locked(request: HttpRequest, username: str) -> bool:
    """Whether this name has failed too often from this address in the last minutes."""
    return _until(username, _place(request)) is not None


def is_code_locked(username: str) -> bool:
    """Whether too many wrong codes were typed for this name in the last minutes, wherever."""
    return _until(username, ANYWHERE) is not None


def _until(username: str, place: str) -> dt.datetime | None:
    """When this name may be tried again from this place; None when it may be now."""
    recent = FailedLogin.objects.filter(key=_key(username, place), at__gt=timezone.now() - WINDOW)
    decisive = recent.order_by("-at").values_list("at", flat=True)[LIMIT - 1 : LIMIT]
    return next((at + WINDOW for at in decisive), None)


def locked(request: HttpRequest, username: str) -> str:
    """The sentence for who is locked out, with what to do. The same for names that do not exist."""
    return _wait(_until(username, _place(request)))


def code_locked(username: str) -> str:
    return _wait(_until(username, ANYWHERE))


def _wait(until: dt.datetime | None) -> str:
    until = until or timezone.now()
    minutes = max(1, math.ceil((until - timezone.now()).total_seconds() / 60))
    waits = ngettext("Wait %(n)s minute", "Wait %(n)s minutes", minutes) % {"n": minutes}
    return _(
        "Too many failed logins for this name from your address. %(wait)s, then try again, "
        "or ask the owner of your studio to unlock you under “Team”."
    ) % {"wait": waits}


def failed(request: HttpRequest, username: str) -> None:
    """Count a wrong password or code, and tell the log when it was the last that is allowed."""
    FailedLogin.objects.filter(at__lt=timezone.now() - WINDOW).delete()
    if _count(username, _place(request)) == LIMIT:
        _tell(username, address(request))


def code_failed(request: HttpRequest, username: str) -> None:
    """Count a wrong code at this address and for the name alone."""
    failed(request, username)
    many = _count(username, ANYWHERE) == LIMIT
    if many and not is_locked(request, username):  # else it was told already
        _tell(username, address(request))


def _count(username: str, place: str) -> int:
    key = _key(username, place)
    FailedLogin.objects.create(key=key, name=_key(username), at=timezone.now())
    return FailedLogin.objects.filter(key=key).count()


def _tell(username: str, who: str) -> None:
    """Only a name that exists is written down: what else people type there may be their password."""
    user = User.objects.filter(username=username).first()
    logger.warning(
        "Login of %s from %s locked for %s minutes",
        user or "an unknown name",
        who,
        WINDOW.seconds // 60,
    )
    if user is not None:
        note_everywhere(user, "locked")


def locked_names(usernames: Iterable[str]) -> set[str]:
    """Those of the names that are locked at some address now. Asking for links by mail locks nobody."""
    by_key = {_key(name): name for name in usernames}
    asked = [_key(name, MAIL) for name in by_key.values()]  # for a link: no failure
    recent = FailedLogin.objects.filter(name__in=by_key, at__gt=timezone.now() - WINDOW)
    recent = recent.exclude(key__in=asked)
    counted = recent.values("name", "key").annotate(n=Count("pk")).filter(n__gte=LIMIT)
    return {by_key[row["name"]] for row in counted}


def unlock(user: User) -> None:
    """Forget the failures of this name, at every address."""
    name = user.get_username()
    FailedLogin.objects.filter(name=_key(name)).exclude(key=_key(name, MAIL)).delete()


def unlock_password(user: User) -> None:
    """Forget the failures of this name, but not its wrong codes: a new password buys no new guesses at those."""
    name = user.get_username()
    rows = FailedLogin.objects.filter(name=_key(name))
    rows.exclude(key__in=[_key(name, ANYWHERE), _key(name, MAIL)]).delete()


def may_be_mailed(request: HttpRequest, who: str) -> bool:
    """Whether a link may be sent now; counts the asking. A mailbox is not filled by strangers."""
    FailedLogin.objects.filter(at__lt=timezone.now() - WINDOW).delete()
    many = _count(who, MAIL), _count(MAIL, _place(request))
    return many[0] <= MAILS and many[1] <= 5 * MAILS


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


def _place(request: HttpRequest) -> str:
    """The address as it is counted: of IPv6 its network, because one person has all of its addresses."""
    who = address(request)
    try:
        ip = ipaddress.ip_address(who)
    except ValueError:
        return who
    if isinstance(ip, ipaddress.IPv4Address):
        return who
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip.packed[:8] + bytes(8), 64)))


def _key(username: str, place: str = "") -> str:
    """Hashed: people type their password into the name's field, and it must not lie in a table."""
    text = f"{username.strip().casefold()}|{place}"
    return salted_hmac("mila.failed-login", text, algorithm="sha256").hexdigest()
