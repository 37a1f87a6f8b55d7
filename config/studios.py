"""The platform's page: every studio with its line, people, use and cost; a new one with an owner's invitation."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from config.overviews import overview
from tenants import invitations
from tenants.access import is_platform_admin
from tenants.account import fielded
from tenants.deeds import note
from tenants.models import Membership, Tenant
from tenants.pages import Page, frame, staff_page
from tenants.places import ZONES
from tenants.team import link_to_send
from tenants.updates import store
from tenants.widgets import LongSelect


class NewStudioForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the studio"), max_length=120)
    city = forms.CharField(label=gettext_lazy("City"), max_length=120, required=False)
    timezone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=ZONES, widget=LongSelect)
    slug = forms.SlugField(
        label=gettext_lazy("Short name"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("For programs and commands. Empty: made of the name."),
    )
    owner = forms.CharField(
        label=gettext_lazy("Who will own it (only for the list)"), max_length=80, required=False
    )


def platform_page(view: Page) -> Page:
    """For platform admins only, whichever studio they look at."""

    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_platform_admin(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return staff_page(None)(page)


@never_cache
@platform_page
def studios(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, form: Any = None, **more: Any) -> HttpResponse:
    at = timezone.now()
    rows = overview(Tenant.objects.all(), at)
    context = {
        "rows": rows,
        "cost": sum((row["cost"] for row in rows), Decimal(0)),
        "answers": sum(row["answers"] for row in rows),
        "form": fielded(form or NewStudioForm(initial={"timezone": "Asia/Makassar"})),
        "open_form": form is not None or not rows or "new" in request.GET,
    }
    return frame(request, "admin/studios.html", _("Studios"), **context | more)


@never_cache
@platform_page
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """A studio in test mode, and the link with which its owner joins."""
    form = NewStudioForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    values, me = form.cleaned_data, request.user
    assert isinstance(me, User)  # platform_page lets nobody else in
    studio = Tenant(slug=values["slug"] or slugify(values["name"])[:60])
    try:
        with transaction.atomic():
            store(studio, {name: values[name] for name in ("name", "city", "timezone")})
            note(studio, me, "studio_made", studio=studio.name)
            invitation, secret = invitations.invite(
                studio, Membership.Role.OWNER, me, timezone.now(), values["owner"]
            )
    except ValidationError as error:
        for field, sentences in error.message_dict.items():
            form.add_error(field if field in form.fields else None, sentences)
        return _page(request, form)
    return _page(request, **link_to_send(request, invitation, secret), made=studio)


@platform_page
@require_POST
def suspend(request: HttpRequest, pk: Any) -> HttpResponse:
    """Archive a studio, or open it again. Nothing is ever deleted here: it would take every message along."""
    studio = get_object_or_404(Tenant, pk=pk)
    studio.active = request.POST.get("active") == "yes"
    studio.save(update_fields=["active"])
    note(studio, request.user, "resumed" if studio.active else "suspended")
    opened = _("%(studio)s is open again.")
    closed = _(
        "%(studio)s is archived: its people cannot log in, and the assistant answers nobody. Nothing is deleted."
    )
    messages.success(request, (opened if studio.active else closed) % {"studio": studio.name})
    return redirect("platform")
