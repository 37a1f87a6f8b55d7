"""The pages of notices: who is told and what was told, the test alert, and where each person wants to be told."""

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from conversations.models import Escalation
from notices import contacts, customers, trial
from notices.forms import OwnNoticesForm
from notices.models import Notice, OwnNotices
from tenants.access import allowed, chosen_studio, visible
from tenants.deeds import note
from tenants.models import Tenant
from tenants.pages import frame, staff_page, studio_page

RIGHT = "studio"  # of owners
INBOX = "inbox"
ON_A_PAGE = 30


@staff_page(RIGHT)
def page(request: HttpRequest) -> HttpResponse:
    """Who is told, whether it works, and what was told. Whoever runs MILA sees what nobody accepted for half an hour."""
    tenant, at = chosen_studio(request), timezone.now()
    found = Paginator(_listed(request, tenant), ON_A_PAGE)
    context: dict[str, Any] = {"rows": found.get_page(request.GET.get("page")), "tenant": tenant}
    context["later"] = _later(request)
    if tenant:
        context |= {"known": (known := contacts.of(tenant)), "email_is_on": contacts.email_is_on()}
        context |= {"customers": customers.among(tenant, known.all_phones)}
        context |= _results(tenant, at)
    return frame(request, "notices/page.html", _("Notices"), **context)


def _listed(request: HttpRequest, tenant: Tenant | None) -> QuerySet[Notice]:
    rows = visible(request, Notice.objects.all())
    told = rows.filter(escalation__isnull=False, sent_at__isnull=False)
    if tenant is None:
        told = told.filter(channel=Notice.Channel.PLATFORM)
    told = told.exclude(state=Notice.State.SKIPPED)
    related = ("tenant", "escalation__conversation__customer")
    return told.select_related(*related).order_by("-sent_at", "channel", "to")


def _later(request: HttpRequest) -> int:
    """How many messages wait for their step."""
    rows = visible(request, Notice.objects.filter(state=Notice.State.WAITING))
    return rows.exclude(channel=Notice.Channel.PAGE).count()


def _results(tenant: Tenant, at: dt.datetime) -> dict[str, Any]:
    results = trial.results(tenant, at)
    return {"results": results, "watching": bool(results) and not trial.is_over(results)}


@studio_page(RIGHT)
@require_POST
def test(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    if not contacts.of(tenant).all_phones and not contacts.of(tenant).emails:
        messages.error(request, _("There is nobody to tell yet. Add a contact in the settings."))
    elif trial.start(tenant, timezone.now()):
        messages.success(request, _("A test alert is on its way to everybody below."))
    else:
        messages.warning(request, trial.too_soon())
    return redirect("notices")


@studio_page(RIGHT)
def results(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """How the test alert fares."""
    return render(request, "notices/results.html", _results(tenant, timezone.now()))


@staff_page(None)
def mine(request: HttpRequest) -> HttpResponse:
    """Where this person wants to be told, beside the studio's contacts."""
    tenant, user = chosen_studio(request), request.user
    assert isinstance(user, User)
    told = bool(tenant and user.memberships.filter(tenant=tenant).exists())
    told = told and allowed(request, INBOX)
    row = OwnNotices.objects.filter(tenant=tenant, user=user).first()
    form = OwnNoticesForm(
        request.POST if told and request.method == "POST" else None,
        instance=row or OwnNotices(tenant=tenant, user=user),
    )
    if form.is_bound and tenant and form.is_valid():
        _keep(tenant, user, form.cleaned_data["phone"], form.cleaned_data["email"])
        messages.success(request, _("Saved."))
        return redirect("my-notices")
    context = {"form": form, "told": told, "email_is_on": contacts.email_is_on()}
    return frame(request, "notices/mine.html", _("My notices"), **context, tenant=tenant)


def _keep(tenant: Tenant, user: User, phone: str, email: str) -> None:
    """Where they want to be told gets customers' words from now on: the change log says so."""
    ways = {"phone": phone, "email": email}
    before = OwnNotices.objects.filter(tenant=tenant, user=user).values(*ways).first()
    OwnNotices.objects.update_or_create(tenant=tenant, user=user, defaults=ways)
    if (before or dict.fromkeys(ways, "")) != ways:
        number = f"{phone[:3]}…{phone[-4:]}" if phone else "-"
        note(tenant, user, "own_notices", phone=number, mail=email or "-")


@staff_page(INBOX)
def go_to(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """From a notice to the customer's chat."""
    escalation = get_object_or_404(visible(request, Escalation.objects.all()), pk=pk)
    return redirect("admin:conversations_conversation_change", escalation.conversation_id)
