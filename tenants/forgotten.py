"""“Forgotten password”: a link by e-mail, where MILA can send any. It opens the password and never the second step.

Whoever asks reads the same sentence, whether there is such a login or not, and as soon.
"""

import datetime as dt

from django import forms
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, urlsafe_base64_encode
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from tenants import attempts
from tenants.addresses import link_for_others
from tenants.joining import NewPassword, narrow_page
from tenants.letters import send_beside
from tenants.models import StaffLogin

LIVES = dt.timedelta(hours=2)


class MailedLinks(PasswordResetTokenGenerator):
    """Django's token, but for hours only: a mailbox lies open longer than a message from the owner."""

    key_salt = "tenants.forgotten.MailedLinks"

    def check_token(self, user: AbstractBaseUser | None, token: str | None) -> bool:
        if not isinstance(user, User) or not token or not super().check_token(user, token):
            return False
        made = base36_to_int(token.partition("-")[0])
        return self._num_seconds(self._now()) - made <= LIVES.total_seconds()


links = MailedLinks()


class WhoForm(forms.Form):
    who = forms.CharField(
        label=gettext_lazy("Login name or e-mail address"),
        max_length=254,
        widget=forms.TextInput({"class": "m-field", "autocomplete": "username", "autofocus": True}),
    )


def is_possible() -> bool:
    """Whether MILA can send e-mail at all."""
    return bool(settings.EMAIL_URL)


@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for the link. The answer tells nothing about who has a login."""
    if not is_possible():
        raise Http404
    form = WhoForm(request.POST or None)
    sent = request.method == "POST" and form.is_valid()
    if sent:
        _help(request, form.cleaned_data["who"].strip())
    return narrow_page(
        request,
        "admin/forgotten.html",
        _("Forgotten password"),
        form=form,
        sent=sent,
        hours=LIVES.seconds // 3600,
    )


def _help(request: HttpRequest, who: str) -> None:
    if not attempts.may_be_mailed(request, who):
        return
    for user in people(who):
        _send(request, user)


def people(who: str) -> list[User]:
    """The logins with this name or address to which a link may go. One address may be of two people."""
    named = Q(username__iexact=who) | Q(email__iexact=who)
    return list(User.objects.filter(named, is_active=True, is_staff=True).exclude(email="")[:3])


def _send(request: HttpRequest, user: User) -> None:
    known = StaffLogin.objects.filter(user=user).values_list("language", flat=True).first()
    with override(known or get_language()):
        text = render_to_string(
            "admin/forgotten.txt",
            {
                "name": user.get_username(),
                "link": link(request, user),
                "hours": LIVES.seconds // 3600,
            },
        )
        subject = _("MILA: choose a new password")
    send_beside(subject, text, user.email)


def link(request: HttpRequest, user: User) -> str:
    key = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("forgotten-new", args=[key, links.make_token(user)])
    return link_for_others(request, path)


class MailedNewPassword(NewPassword):
    """Behind the link of the e-mail. Guesses at the second step stay counted: the link is no way around them."""

    token_generator = links
    mailed = True

    def free(self, user: User) -> None:
        attempts.unlock_password(user)
