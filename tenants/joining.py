"""The other end of a link: an invited person joins, and who forgot the password chooses a new one."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from tenants import attempts, helplinks, invitations, sessions
from tenants.access import choose_studio, is_staff
from tenants.account import fielded
from tenants.entering import ask_everywhere, welcome
from tenants.models import Invitation


class NewLoginForm(UserCreationForm):  # type: ignore[type-arg]
    """A name to log in with and a password that Django's rules accept."""

    class Meta:
        model = User
        fields = ["first_name", "username"]
        labels = {"first_name": gettext_lazy("Your name"), "username": gettext_lazy("Login name")}
        help_texts = {
            "username": gettext_lazy("Small letters without spaces are easiest on a phone.")
        }

    def save(self, commit: bool = True) -> Any:
        user = super().save(commit=False)
        user.is_staff = True
        user.save()
        return user


def narrow_page(
    request: HttpRequest, template: str, title: str, status: int = 200, **context: Any
) -> HttpResponse:
    """The theme's narrow page, as for the login."""
    known = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, template, known, status=status)


@never_cache
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Join as who is logged in, or with a new login."""
    invitation = invitations.find(secret, timezone.now())
    if invitation is None:
        return narrow_page(request, "admin/join_over.html", _("This link no longer works"), 410)
    if is_staff(request.user):
        return _join_as(request, invitation, request.user)
    form = fielded(NewLoginForm(request.POST or None))
    if request.method == "POST" and form.is_valid():
        return _join_new(request, invitation, form)
    context: dict[str, Any] = {"invitation": invitation, "form": form, "back": request.path}
    return narrow_page(request, "admin/join.html", _("Welcome to MILA"), **context)


def _join_as(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    if request.method != "POST":
        context: dict[str, Any] = {"invitation": invitation, "me": user, "back": request.path}
        return narrow_page(request, "admin/join.html", _("Welcome to MILA"), **context)
    try:
        invitations.accept(invitation, user, timezone.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("admin:index")
    ask_everywhere(user, request)
    return _arrived(request, invitation)


def _join_new(request: HttpRequest, invitation: Invitation, form: Any) -> HttpResponse:
    try:
        with transaction.atomic():
            user = form.save()
            invitations.accept(invitation, user, timezone.now())
    except ValidationError:  # somebody else was faster
        return narrow_page(request, "admin/join_over.html", _("This link no longer works"), 410)
    welcome(request, user, reverse("admin:index"))
    return _arrived(request, invitation)


def _arrived(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    choose_studio(request, invitation.tenant_id)
    told = _("Welcome to %(studio)s! Your role: %(role)s.")
    values = {"studio": invitation.tenant.name, "role": invitation.get_role_display()}
    messages.success(request, told % values)
    return redirect("admin:index")


class NewPassword(PasswordResetConfirmView):
    """Behind the link that an owner made on the Team page. Logged in elsewhere is logged out."""

    token_generator: PasswordResetTokenGenerator = helplinks.links
    template_name = "admin/new_password.html"
    success_url = reverse_lazy("admin:login")

    def get_form(self, form_class: Any = None) -> Any:
        return fielded(super().get_form(form_class))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}
        return {**known, "title": _("Choose a new password")}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        sessions.end(form.user)
        self.free(form.user)
        messages.success(self.request, _("The new password counts from now on. Log in with it."))
        return response

    def free(self, user: User) -> None:
        """Who was locked out may try again: an owner vouches for them."""
        attempts.unlock(user)
