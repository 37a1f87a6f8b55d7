"""Who calls the API, and which studios that opens: a login session, a studio's token, or name and password.

An operation never reads a studio from the request by itself: it asks its Caller, who knows only its own.
"""

import uuid
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import models
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.errors import HttpError
from ninja.security import HttpBasicAuth, HttpBearer, SessionAuth
from ninja.utils import check_csrf

from tenants import secondfactor
from tenants.access import RIGHTS, is_platform_admin, role_of, studios_of
from tenants.attempts import is_locked, locked
from tenants.deeds import named
from tenants.entering import days_left
from tenants.models import ApiToken, Tenant

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Caller:
    """The login or the token behind a request; exactly one of the two."""

    user: User | None = None
    token: ApiToken | None = None

    @property
    def is_platform(self) -> bool:
        return self.user is not None and is_platform_admin(self.user)

    @property
    def name(self) -> str:
        """Who this is in the change log."""
        return named(self.user) if self.user else f"{self.token} {self.token and self.token.name}"

    def studios(self) -> models.QuerySet[Tenant]:
        if self.token is not None:
            return Tenant.objects.active().filter(pk=self.token.tenant_id)
        return studios_of(self.user) if self.user else Tenant.objects.none()

    def may(self, tenant: Tenant, right: str) -> bool:
        """A token may everything in its studio; a person what their role includes."""
        if self.token is not None:
            return tenant.pk == self.token.tenant_id
        role = role_of(self.user, tenant) if self.user else None
        return role == "platform" or right in RIGHTS.get(role or "", frozenset())

    def require(self, tenant: Tenant, right: str) -> None:
        if not self.may(tenant, right):
            raise HttpError(403, _("Your role in this studio does not include this."))

    def studio(self, named: str, right: str) -> Tenant:
        """The studio meant by `tenant`, or the only one. Others do not exist for this caller: 404."""
        tenant = self.named(named) if named else self._only()
        self.require(tenant, right)
        return tenant

    def rows(self, rows: models.QuerySet[Row], named: str = "") -> models.QuerySet[Row]:
        """Those rows that belong to the caller's studios, or to the named one of them."""
        if named:
            return rows.filter(tenant=self.named(named))
        return rows.filter(tenant__in=self.studios())

    def named(self, named: str) -> Tenant:
        """The caller's studio with this slug or id; any other raises Http404."""
        pk = as_uuid(named)
        match = models.Q(slug=named) if pk is None else models.Q(slug=named) | models.Q(pk=pk)
        tenant = self.studios().filter(match).first() if "\x00" not in named else None
        if tenant is None:
            raise Http404(_("There is no such studio among yours."))
        return tenant

    def _only(self) -> Tenant:
        studios = list(self.studios().order_by("slug")[:50])
        if not studios:
            raise Http404(_("You work for no studio."))
        if len(studios) > 1:
            slugs = ", ".join(studio.slug for studio in studios)
            raise HttpError(
                400, _("Name the studio with ?tenant=, one of: %(slugs)s.") % {"slugs": slugs}
            )
        return studios[0]


def caller(request: HttpRequest) -> Caller:
    found = getattr(request, "auth", None)
    if not isinstance(found, Caller):  # an operation without login: refuse rather than guess
        raise HttpError(401, _("Log in first."))
    return found


def as_uuid(text: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None


class TokenLogin(HttpBearer):
    """`Authorization: Bearer mila_…`, made with `manage.py createtoken`."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        found = ApiToken.find(token)
        if found is None:
            return None
        found.used()
        return Caller(token=found)


class PasswordLogin(HttpBasicAuth):
    """HTTP Basic with the name and password of a staff login."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> Caller | None:
        if "\x00" in username + password:
            return None
        user = authenticate(request, username=username, password=password)
        if user is None and is_locked(request, username):
            raise HttpError(429, locked(request, username))
        if not isinstance(user, User) or not user.is_staff:
            return None
        if secondfactor.is_on(user) or secondfactor.is_overdue(user, timezone.now()):
            told = _("A login with a second factor does not open the API by password. Use a token.")
            raise HttpError(403, told)
        return Caller(user=user)


class SessionLogin(SessionAuth):
    """The login of the admin pages; changes need the CSRF token in the header X-CSRFToken."""

    def __call__(self, request: HttpRequest) -> Caller | None:
        user = request.user
        if "Authorization" in request.headers or not isinstance(user, User) or not user.is_staff:
            return None
        if check_csrf(request) is not None:
            raise HttpError(403, _("The CSRF token is missing or wrong. Send it as X-CSRFToken."))
        if days_left(request) == 0:
            raise HttpError(403, _("Turn on your second factor in the admin first."))
        return Caller(user=user)


# A header wins over the cookie: programs need no CSRF token, browsers always do.
LOGINS = [TokenLogin(), PasswordLogin(), SessionLogin()]
