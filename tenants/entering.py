"""Logging in: name and password, then the code when the login has a second factor. Nobody is half in.

Between the two steps the session holds only whose password was right; it opens no page.
"""

import datetime as dt
from contextlib import suppress
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from tenants import attempts, secondfactor, sessions
from tenants.access import is_staff
from tenants.deeds import note_everywhere
from tenants.models import StaffLogin

PENDING = "password_was_right"
ENROL_BY = "second_factor_by"
PATIENCE = dt.timedelta(minutes=10)
BACKEND = "tenants.attempts.CountedLogin"


class EntryPage(LoginView):
    """The login page; who has a second factor is asked for it next."""

    def form_valid(self, form: Any) -> HttpResponse:
        return enter(self.request, form.get_user(), self.get_success_url())


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=forms.TextInput(
            {
                "class": "m-field m-digits",
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
            }
        ),
    )


def enter(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """The password was right: in, or on to the code."""
    if not secondfactor.is_on(user):
        return welcome(request, user, target)
    request.session[PENDING] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "at": timezone.now().timestamp(),
        "next": target,
    }
    return redirect("login-code")


def welcome(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """Log in for good: a new session that the person can see and end, in their language."""
    login(request, user, backend=BACKEND)
    request.session.pop(PENDING, None)
    sessions.remember(request, user)
    _ask_for_factor(request, user)
    response = redirect(target)
    known = StaffLogin.objects.filter(user=user).first()
    if known and known.language:
        speak(response, known.language)
    return response


def speak(response: HttpResponse, language: str) -> None:
    """Keep the language of the pages in this browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _ask_for_factor(request: HttpRequest, user: User) -> None:
    by = secondfactor.wanted_by(user)
    if by is not None and not secondfactor.is_on(user):
        request.session[ENROL_BY] = by.timestamp()


def ask_everywhere(user: User, request: HttpRequest | None = None) -> None:
    """In every browser where the person is logged in already: their role or their factor has changed just now."""
    by = secondfactor.wanted_by(user)
    if by is None or secondfactor.is_on(user):
        return
    for row in sessions.open_of(user):
        store = SessionStore(row.session_key)
        store[ENROL_BY] = by.timestamp()
        with suppress(UpdateError):  # logged out at this moment
            store.save()
    if request is not None:  # this one is saved once more, at its end
        request.session[ENROL_BY] = by.timestamp()


def days_left(request: HttpRequest) -> int | None:
    """Days until the second factor must be on (0: it must be now); None when nothing is asked."""
    by = request.session.get(ENROL_BY)
    if by is None:
        return None
    if is_staff(request.user) and secondfactor.is_on(request.user):  # turned on in another browser
        del request.session[ENROL_BY]
        return None
    return max(0, (dt.datetime.fromtimestamp(by, dt.UTC) - timezone.now()).days)


@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """The second step: six digits, or a recovery code."""
    user, target = _pending(request)
    if user is None:
        messages.warning(request, _("Please log in again: the second step took too long."))
        return redirect("admin:login")
    form = CodeForm(request.POST or None)
    name, status = user.get_username(), 200
    if request.method == "POST" and attempts.is_code_locked(name):
        form.add_error(None, attempts.code_locked(name))
        status = 429
    elif request.method == "POST" and form.is_valid():
        how = secondfactor.check(user, form.cleaned_data["code"], timezone.now())
        if how:
            return _opened(request, user, target, how)
        attempts.code_failed(request, name)
        form.add_error("code", _("This code is not right, or was used already. Wait for the next."))
    context = {"form": form, "title": _("Second step")}
    return TemplateResponse(request, "admin/login_code.html", context, status=status)


def _pending(request: HttpRequest) -> tuple[User | None, str]:
    """Whose password was right a moment ago in this browser, and where they wanted to go."""
    kept = request.session.get(PENDING) or {}
    if timezone.now().timestamp() - kept.get("at", 0) > PATIENCE.total_seconds():
        return None, ""
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != kept["password"]:
        return None, ""
    return user, kept["next"]


def _opened(request: HttpRequest, user: User, target: str, how: str) -> HttpResponse:
    response = welcome(request, user, target)
    if how == "recovery":
        left = len(secondfactor.login_of(user).recovery)
        note_everywhere(user, "recovery_used")
        told = _("You used a recovery code. Left: %(left)s. New ones are under “My account”.")
        messages.warning(request, told % {"left": left})
    return response


def own_address(request: HttpRequest, target: str) -> str:
    """`target` when it lies on this house, else Home."""
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if safe else reverse("admin:index")
