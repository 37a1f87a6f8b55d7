"""My account: language, name, password, second factor, and where one is logged in. For everybody of the staff."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tenants import attempts, secondfactor, sessions
from tenants.access import is_staff
from tenants.deeds import note_everywhere
from tenants.entering import ENROL_BY, CodeForm, ask_everywhere, speak
from tenants.models import Language
from tenants.pages import frame, staff_page


def _me(request: HttpRequest) -> User:
    assert is_staff(request.user)  # staff_page lets nobody else in
    return request.user


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    user = _me(request)
    login = secondfactor.login_of(user)
    context = {
        "me": user,
        "login": login,
        "languages": Language.choices,
        "password_form": fielded(PasswordChangeForm(user)),
        "sessions": sessions.open_of(user),
        "this_session": request.session.session_key,
    }
    return frame(request, "admin/account.html", _("My account"), **context | more)


def fielded(form: Any) -> Any:
    """The form with our fields: large enough for a thumb, and without a zoom on focus."""
    for field in form.fields.values():
        field.widget.attrs.setdefault("class", "m-field")
        field.widget.attrs.pop("autofocus", None)
    return form


@staff_page(None)
def account(request: HttpRequest) -> HttpResponse:
    return _page(request)


@staff_page(None)
@require_POST
def save_person(request: HttpRequest) -> HttpResponse:
    """The own name and the language of the pages, in this browser and at the next login."""
    user, login = _me(request), secondfactor.login_of(_me(request))
    language = request.POST.get("language", "")
    user.first_name = request.POST.get("name", "").replace("\x00", "").strip()[:150]
    user.last_name = ""
    user.save(update_fields=["first_name", "last_name"])
    response = redirect("account")
    if language in Language.values:
        login.language = language
        login.save(update_fields=["language"])
        speak(response, language)
    with override(login.language or get_language()):
        messages.success(request, _("Saved."))
    return response


@staff_page(None)
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """A new password ends every other login of this person."""
    user = _me(request)
    form = fielded(PasswordChangeForm(user, request.POST))
    if attempts.is_locked(request, user.get_username()):
        messages.error(request, attempts.locked(request, user.get_username()))
        return redirect("account")
    if not form.is_valid():
        if "old_password" in form.errors:
            attempts.failed(request, user.get_username())
        return _page(request, password_form=form)
    form.save()
    sessions.end(user, besides=request.session.session_key)
    sessions.forget(request)
    update_session_auth_hash(request, user)  # with a new key
    sessions.remember(request, user)
    note_everywhere(user, "password")
    messages.success(request, _("The password is changed. Other browsers are logged out."))
    return redirect("account")


@never_cache
@staff_page(None)
def factor(request: HttpRequest) -> HttpResponse:
    """Turn the second factor on: scan, type the first code, keep the recovery codes."""
    user = _me(request)
    if secondfactor.is_on(user):
        return redirect("account")
    form, codes = CodeForm(request.POST or None), []
    if request.method == "POST" and form.is_valid():
        codes = secondfactor.confirm(user, form.cleaned_data["code"], timezone.now())
        if codes:
            request.session.pop(ENROL_BY, None)
            note_everywhere(user, "factor_on")
            return _codes(request, codes)
        form.add_error(
            "code", _("This code is not right. Is the clock of the phone set by itself?")
        )
    login = secondfactor.begin(user, anew=request.method == "GET")
    context = {
        "form": form,
        "picture": secondfactor.picture(login),
        "secret": secondfactor.secret_in_groups(login),
        "address": secondfactor.address(login),
    }
    return frame(request, "admin/second_factor.html", _("Second factor"), **context)


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Shown once: only their hashes are kept."""
    return frame(request, "admin/recovery_codes.html", _("Recovery codes"), codes=codes)


@staff_page(None)
@require_POST
def change_factor(request: HttpRequest) -> HttpResponse:
    """New recovery codes, or no second factor any more; both ask for the password again."""
    user = _me(request)
    name = user.get_username()
    if attempts.is_locked(request, name):
        messages.error(request, attempts.locked(request, name))
        return redirect("account")
    if not user.check_password(request.POST.get("password", "")):
        attempts.failed(request, name)
        messages.error(request, _("The password is not right. Nothing was changed."))
        return redirect("account")
    if request.POST.get("what") == "codes":
        note_everywhere(user, "new_codes")
        return _codes(request, secondfactor.renew_codes(user))
    if secondfactor.switch_off(user):
        note_everywhere(user, "factor_off")
        ask_everywhere(user, request)
    messages.success(request, _("The second factor is off."))
    return redirect("account")


@staff_page(None)
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Log out elsewhere: in one other browser or in all."""
    one = request.POST.get("one", "")
    ended = sessions.end(
        _me(request),
        besides=request.session.session_key,
        only=int(one) if one.isascii() and one.isdigit() else None,
    )
    messages.success(request, _("Logged out elsewhere: %(number)s") % {"number": ended})
    return redirect("account")
