"""My account: language, name, password, second factor, and where one is logged in. For everybody of the staff."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
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
        "mail_form": MailForm({"email": user.email}, auto_id="mail-%s")
        if settings.EMAIL_URL
        else None,
        "sessions": sessions.open_of(user),
        "this_session": request.session.session_key,
    }
    return frame(request, "admin/account.html", _("My account"), **context | more)


class MailForm(forms.Form):
    """Where a link for a new password goes; empty is allowed, then none does."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        required=False,
        max_length=254,
        widget=forms.EmailInput({"class": "m-field", "autocomplete": "email"}),
    )


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


@staff_page(None)
@require_POST
def save_mail(request: HttpRequest) -> HttpResponse:
    """The address to which a link for a new password goes; so it asks for the password."""
    user, form = _me(request), MailForm(request.POST, auto_id="mail-%s")
    refused = _wrong_password(request, user)
    if refused:
        messages.error(request, refused)
        return redirect("account")
    if not form.is_valid():
        return _page(request, mail_form=form)
    user.email = form.cleaned_data["email"]
    user.save(update_fields=["email"])
    note_everywhere(user, "mail")
    messages.success(request, _("Saved."))
    return redirect("account")


def _wrong_password(request: HttpRequest, user: User) -> str:
    """What to tell who typed a wrong password, or too many; "" for the right one."""
    name = user.get_username()
    if attempts.is_locked(request, name):
        return attempts.locked(request, name)
    if user.check_password(request.POST.get("password", "")):
        return ""
    attempts.failed(request, name)
    return _("The password is not right. Nothing was changed.")


@never_cache
@staff_page(None)
def factor(request: HttpRequest) -> HttpResponse:
    """Turn the second factor on: scan, type the first code, keep the recovery codes."""
    user = _me(request)
    if secondfactor.is_on(user):
        return redirect("account")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = _confirmed(request, user, form)
        if codes:
            request.session.pop(ENROL_BY, None)
            note_everywhere(user, "factor_on")
            return _codes(request, codes)
    login = secondfactor.begin(user, anew=request.method == "GET")
    context = {
        "form": form,
        "picture": secondfactor.picture(login),
        "secret": secondfactor.secret_in_groups(login),
        "address": secondfactor.address(login),
    }
    return frame(request, "admin/second_factor.html", _("Second factor"), **context)


def _confirmed(request: HttpRequest, user: User, form: CodeForm) -> list[str]:
    """The recovery codes after the first right code; wrong ones are counted as at the login."""
    name = user.get_username()
    if attempts.is_code_locked(name):
        form.add_error(None, attempts.code_locked(name))
        return []
    codes = secondfactor.confirm(user, form.cleaned_data["code"], timezone.now())
    if not codes:
        attempts.code_failed(request, name)
        told = _("This code is not right. Is the clock of the phone set by itself?")
        form.add_error("code", told)
    return codes


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Shown once: only their hashes are kept."""
    return frame(request, "admin/recovery_codes.html", _("Recovery codes"), codes=codes)


@staff_page(None)
@require_POST
def change_factor(request: HttpRequest) -> HttpResponse:
    """New recovery codes, or no second factor any more; both ask for the password again."""
    user = _me(request)
    refused = _wrong_password(request, user)
    if refused:
        messages.error(request, refused)
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
