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
from notices import contacts, customers, proving, trial
from notices.forms import OwnNoticesForm
from notices.models import Notice, OwnNotices
from tenants.access import allowed, chosen_studio, visible
from tenants.deeds import note
from tenants.models import Tenant
from tenants.pages import frame, staff_page, studio_page

RIGHT = "studio"  # of owners
INBOX = "inbox"
ON_A_PAGE = 30
CHANNELS = {"phone": Notice.Channel.WHATSAPP, "email": Notice.Channel.EMAIL}


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
    """Where this person wants to be told, beside the studio's contacts; a new way counts once its code came back."""
    tenant, user = chosen_studio(request), request.user
    assert isinstance(user, User)
    told = bool(tenant and user.memberships.filter(tenant=tenant).exists())
    told = told and allowed(request, INBOX)
    posted = told and request.method == "POST"
    if posted and tenant and request.POST.get("do"):
        return _with_code(request, tenant, user)
    row = OwnNotices.objects.filter(tenant=tenant, user=user).first()
    form = OwnNoticesForm(
        request.POST if posted else None, instance=row or OwnNotices(tenant=tenant, user=user)
    )
    if form.is_bound and tenant and form.is_valid():
        ways = {"phone": form.cleaned_data["phone"], "email": form.cleaned_data["email"]}
        _take(request, tenant, user, ways)
        return redirect("my-notices")
    context = {"form": form, "told": told, "email_is_on": contacts.email_is_on()}
    if tenant and told:
        at = timezone.now()
        context["proofs"] = [(p, proving.waits(p, at)) for p in proving.open_ones(tenant, user)]
    return frame(request, "notices/mine.html", _("My notices"), **context, tenant=tenant)


def _take(request: HttpRequest, tenant: Tenant, user: User, typed: dict[str, str]) -> None:
    """What is proven or needs no proof counts at once; the rest stays as it was until its code comes back."""
    before = _ways(tenant, user)
    new = {name for name, to in typed.items() if to != before[name]}
    open_to = {name for name in new if proving.needed(tenant, user, CHANNELS[name], typed[name])}
    for name in new - open_to:
        proving.forget(tenant, user, CHANNELS[name])
    _keep(tenant, user, **{n: before[n] if n in open_to else to for n, to in typed.items()})
    problems = [proving.ask(tenant, user, CHANNELS[n], typed[n], timezone.now()) for n in open_to]
    for problem in filter(None, problems):
        messages.error(request, problem)
    if not all(problems) or not problems:
        messages.success(request, _("Saved.") if not open_to else _("A code is on its way."))


def _with_code(request: HttpRequest, tenant: Tenant, user: User) -> HttpResponse:
    """A code that came back, or one that did not arrive."""
    at, what = timezone.now(), request.POST.get("do")
    rows = {proof.channel: proof for proof in proving.open_ones(tenant, user)}
    proof = rows.get(request.POST.get("channel", ""))
    if proof is None:
        messages.error(request, _("There is no code to confirm. Save the number or address first."))
    elif what == "forget":
        proving.forget(tenant, user, proof.channel)
    elif what == "again":
        problem = proving.ask(tenant, user, proof.channel, proof.to, at)
        messages.add_message(
            request,
            messages.ERROR if problem else messages.SUCCESS,
            problem or _("A code is on its way."),
        )
    elif problem := proving.confirm(proof, request.POST.get("code", ""), at):
        messages.error(request, problem)
    else:
        name = next(name for name, channel in CHANNELS.items() if channel == proof.channel)
        _keep(tenant, user, **(_ways(tenant, user) | {name: proof.to}))
        messages.success(request, _("Confirmed. From now on you are told there."))
    return redirect("my-notices")


def _ways(tenant: Tenant, user: User) -> dict[str, str]:
    row = OwnNotices.objects.filter(tenant=tenant, user=user).first()
    return {"phone": row.phone, "email": row.email} if row else dict.fromkeys(CHANNELS, "")


def _keep(tenant: Tenant, user: User, phone: str, email: str) -> None:
    """Where they want to be told gets customers' words from now on: the change log says so."""
    ways = {"phone": phone, "email": email}
    before = _ways(tenant, user)
    OwnNotices.objects.update_or_create(tenant=tenant, user=user, defaults=ways)
    if before != ways:
        number = f"{phone[:3]}…{phone[-4:]}" if phone else "-"
        note(tenant, user, "own_notices", phone=number, mail=email or "-")


@staff_page(INBOX)
def go_to(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """From a notice to the customer's chat."""
    escalation = get_object_or_404(visible(request, Escalation.objects.all()), pk=pk)
    return redirect("admin:conversations_conversation_change", escalation.conversation_id)
