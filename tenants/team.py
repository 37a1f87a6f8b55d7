"""The Team page: who works for the studio, in which role, who was invited, and help for who cannot log in."""

from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tenants import attempts, helplinks, invitations, members
from tenants.access import is_staff
from tenants.addresses import link_for_others, opens_only_here
from tenants.deeds import named, note, told
from tenants.models import Invitation, Membership, Tenant
from tenants.pages import frame, studio_page

# What a role may, in the words of the page; the rights themselves stand in tenants/access.py.
ROLES = [
    (
        Membership.Role.OWNER,
        gettext_lazy("Everything of this studio: settings, team, WhatsApp, customers, knowledge."),
    ),
    (
        Membership.Role.EDITOR,
        gettext_lazy("Knowledge, unanswered questions, Playground and reports. No customers."),
    ),
    (
        Membership.Role.FRONT_DESK,
        gettext_lazy("Inbox and escalations; reads the knowledge, asks in the Playground."),
    ),
]
Act = Callable[[Membership, User], None]
# Apps above say here which people (their ids) they tell when a customer of a studio needs somebody.
who_is_told: list[Callable[[Tenant], Collection[int]]] = []


def _me(request: HttpRequest) -> User:
    assert is_staff(request.user)  # studio_page lets nobody else in
    return request.user


@never_cache
@studio_page("studio")
def team(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    return _page(request, tenant)


def _page(request: HttpRequest, tenant: Tenant, **more: Any) -> HttpResponse:
    people = list(members.team_of(tenant))
    locked = attempts.locked_names(member.user.get_username() for member in people)
    told_ids = {pk for ask in who_is_told for pk in ask(tenant)}
    context = {
        "members": [
            _shown(request, member, locked) | {"is_told": _is_told(member, tenant, told_ids)}
            for member in people
        ],
        "roles": [(role.value, role.label, about) for role, about in ROLES],
        "pending": invitations.pending(tenant, timezone.now()),
        "deeds": [(deed, told(deed)) for deed in tenant.deeds.all()[:10]],
    }
    return frame(request, "admin/team.html", _("Team"), **context | more)


def _is_told(member: Membership, tenant: Tenant, told_ids: set[int]) -> bool:
    """Whether this person gets escalations: by their own choice, or as one of the studio's contacts."""
    mail = member.user.email.casefold()
    contacts = {contact.casefold() for contact in tenant.handover_contacts}
    return member.user_id in told_ids or bool(mail and mail in contacts)


def _shown(request: HttpRequest, member: Membership, locked: set[str]) -> dict[str, Any]:
    login = getattr(member.user, "staff_login", None)
    is_locked = member.user.get_username() in locked
    return {
        "member": member,
        "name": named(member.user),
        "me": member.user_id == request.user.pk,
        "second_factor": bool(login and login.confirmed_at),
        "locked": is_locked,
        "may_unlock": is_locked and members.may_help(_me(request), member.user),
    }


@never_cache
@studio_page("studio")
@require_POST
def invite(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The link is in this answer and nowhere else."""
    try:
        made, secret = invitations.invite(
            tenant,
            request.POST.get("role", ""),
            _me(request),
            timezone.now(),
            request.POST.get("name", ""),
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("team")
    return _page(request, tenant, **link_to_send(request, made, secret))


def link_to_send(request: HttpRequest, made: Invitation, secret: str) -> dict[str, Any]:
    """An invitation with what to write to the invited person."""
    link = link_for_others(request, reverse("join", args=[secret]))
    text = _("You are invited to %(studio)s on MILA. Open this link within three days: %(link)s")
    return _new_link(link, text % {"studio": made.tenant.name, "link": link}, made.name)


def _new_link(link: str, text: str, whom: str) -> dict[str, Any]:
    """`whom`: a name or an e-mail address, as it was typed."""
    return {
        "new_link": link,
        "only_here": opens_only_here(link),
        "by_whatsapp": f"https://wa.me/?text={quote(text)}",
        "by_mail": f"mailto:{_address(whom)}?subject={quote('MILA')}&body={quote(text)}",
    }


def _address(typed: str) -> str:
    try:
        validate_email(typed)
    except ValidationError:
        return ""
    return quote(typed, safe="@")


@studio_page("studio")
@require_POST
def revoke(request: HttpRequest, tenant: Tenant, pk: Any) -> HttpResponse:
    row = get_object_or_404(Invitation, pk=pk, tenant=tenant)
    invitations.revoke(row, _me(request), timezone.now())
    messages.success(request, _("The invitation is withdrawn; its link opens nothing any more."))
    return redirect("team")


def _act(request: HttpRequest, tenant: Tenant, pk: Any, act: Act, done: str) -> HttpResponse:
    """One change of one member, or the sentence why not."""
    member = get_object_or_404(Membership.objects.select_related("user"), pk=pk, tenant=tenant)
    try:
        act(member, _me(request))
        messages.success(request, done % {"whom": named(member.user)})
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect("team")


@studio_page("studio")
@require_POST
def role(request: HttpRequest, tenant: Tenant, pk: Any) -> HttpResponse:
    wanted = request.POST.get("role", "")
    done = _("The role of %(whom)s is changed.")
    return _act(request, tenant, pk, lambda m, me: members.change_role(m, wanted, me), done)


@studio_page("studio")
@require_POST
def remove(request: HttpRequest, tenant: Tenant, pk: Any) -> HttpResponse:
    return _act(request, tenant, pk, members.remove, _("%(whom)s no longer works here."))


@studio_page("studio")
@require_POST
def unlock(request: HttpRequest, tenant: Tenant, pk: Any) -> HttpResponse:
    return _act(request, tenant, pk, members.unlock, _("%(whom)s can log in again."))


@studio_page("studio")
@require_POST
def reset_factor(request: HttpRequest, tenant: Tenant, pk: Any) -> HttpResponse:
    done = _("%(whom)s now logs in with the password alone, and should turn the factor on again.")
    return _act(request, tenant, pk, members.reset_factor, done)


@never_cache
@studio_page("studio")
@require_POST
def password_link(request: HttpRequest, tenant: Tenant, pk: Any) -> HttpResponse:
    """A link with which a colleague chooses a new password; shown once, dead after its use or when we may not help
    any more."""
    member = get_object_or_404(Membership.objects.select_related("user"), pk=pk, tenant=tenant)
    user = member.user
    try:
        members.require_help(_me(request), user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("team")
    key = urlsafe_base64_encode(force_bytes(user.pk))
    token = helplinks.links.make(user, by=_me(request))
    link = link_for_others(request, reverse("new-password", args=[key, token]))
    note(tenant, _me(request), "password_link", whom=named(user))
    text = _("Choose a new password for MILA with this link, within three days: %(link)s")
    return _page(request, tenant, **_new_link(link, text % {"link": link}, user.email))
