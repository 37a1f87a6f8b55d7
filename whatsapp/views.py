"""The WhatsApp page and its card: status in words, QR or pairing code, link and unlink, and what happened to the link."""

import datetime as dt
import hashlib
import math
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from notices import contacts, trial
from tenants.deeds import note
from tenants.models import Tenant
from tenants.pages import frame, studio_page
from tenants.phones import readable
from whatsapp import linklog, pairing, version
from whatsapp.models import WhatsAppAccount
from whatsapp.states import ENDED, asked_for_code, describe

RIGHT = "whatsapp"
BY_NUMBER = "#by-number"
State = WhatsAppAccount.State
Mode = Tenant.Mode


@studio_page(RIGHT)
def page(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    at = timezone.now()
    results = trial.results(tenant, at)
    return frame(
        request,
        "whatsapp/page.html",
        _("WhatsApp"),
        **card(tenant, at),
        tenant=tenant,
        phones=[(phone, readable(phone)) for phone in contacts.of(tenant).all_phones],
        results=results,
        watching=bool(results) and not trial.is_over(results),
        log=linklog.latest(tenant),
        paused=tenant.mode == Tenant.Mode.OFF,
    )


@studio_page(RIGHT)
def fragment(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The card as it is now; 204 when the page shows just that. The page itself (`page`) gets only the parts that moved:
    a screen reader is told of a new state, not of every new code."""
    context, asked = card(tenant, timezone.now()), request.GET
    if "page" not in asked:
        if asked.get("seen") == context["fingerprint"]:
            return HttpResponse(status=204)
        return render(request, "whatsapp/card.html", context)
    moved = {name: asked.get(name) != context[f"{name}_print"] for name in ("status", "code")}
    if not any(moved.values()):
        return HttpResponse(status=204)
    return render(request, "whatsapp/moved.html", context | {"moved": moved, "tenant": tenant})


@studio_page(RIGHT)
def pair(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Start linking: by QR, or by a code for the phone number that was typed."""
    if request.method == "POST":
        try:
            _pair(request, tenant, request.POST.get("how", "qr"), request.POST.get("phone", ""))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    return _back(request)


def _pair(request: HttpRequest, tenant: Tenant, how: str, phone: str) -> None:
    at = timezone.now()
    if how == "code":
        pairing.request_code(tenant, phone, at)
    else:
        pairing.request_qr(tenant, at)
    linklog.did(tenant, request.user, "asked_number" if how == "code" else "asked_qr", at)


@studio_page(RIGHT)
def unlink(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Unlink the number; asks for the studio's name, as linking again needs the phone at hand."""
    if request.method == "POST":
        if request.POST.get("name", "").strip().casefold() == tenant.name.casefold():
            at = timezone.now()
            pairing.unlink(tenant, at)
            linklog.did(tenant, request.user, "asked_unlink", at)
            messages.success(request, _("The number is being unlinked."))
        else:
            messages.error(request, _("Nothing was unlinked: type the studio's name to confirm."))
    return redirect("whatsapp")


@studio_page(RIGHT)
@require_POST
def pause(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Stop the assistant for this studio, or bring it back as it was. The number stays linked."""
    seen, resumes = tenant.mode, request.POST.get("what") == "resume"
    if resumes == (seen == Mode.OFF):
        tenant.mode = mode = _mode_before(tenant) if resumes else Mode.OFF
        # Only from the mode that was seen: a page that is older than a colleague's change changes nothing.
        if Tenant.objects.filter(pk=tenant.pk, mode=seen).update(mode=mode):
            note(tenant, request.user, "mode", mode=mode, was=seen)
            what = "resumed" if resumes else "paused"
            linklog.did(tenant, request.user, what, timezone.now())
    messages.success(request, _mode_told(Mode(tenant.mode)))
    return redirect("whatsapp")


def _mode_before(tenant: Tenant) -> Mode:
    """What a pause of this page interrupted. Whoever turned the assistant off elsewhere gets it back in test mode: a
    studio goes live only by somebody's word."""
    changed = Q(what="mode") | Q(what="settings", values__fields__icontains="mode")
    last = tenant.deeds.filter(changed).first()
    paused = last is not None and last.values.get("mode") == Mode.OFF
    return Mode.LIVE if last and paused and last.values.get("was") == Mode.LIVE else Mode.TEST


def _mode_told(mode: Mode) -> str:
    if mode == Mode.OFF:
        return _("The assistant is paused. Customers' messages wait for you.")
    if mode == Mode.TEST:
        return _("The assistant is in test mode: it answers only messages that start with !test.")
    return _("The assistant answers customers again.")


@studio_page(RIGHT)
@require_POST
def test(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """A message from the studio's number to one of those who get its notices: to nobody else."""
    at, phone = timezone.now(), request.POST.get("to", "")
    if phone not in contacts.of(tenant).all_phones:
        messages.error(request, _("Choose one of the numbers that get notices."))
    elif trial.start(tenant, at, only=phone):
        linklog.did(tenant, request.user, "asked_test", at)
    else:
        messages.warning(request, trial.too_soon())
    return redirect("whatsapp")


def _back(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else "whatsapp")


def card(tenant: Tenant, at: dt.datetime) -> dict[str, Any]:
    """What the card shows. Its fingerprints change when, and only when, a reader would see a difference."""
    account = WhatsAppAccount.objects.filter(tenant=tenant).first()
    status = describe(account, at)
    qr = pairing.current_qr(account, at) if account else None
    code = _code(account, at)
    old = version.warning(at)
    number = readable(account.phone) if account and account.phone else ""
    told = [status.state, status.detail, status.next_step, old, number, get_language()]
    coming = account is not None and status.state == State.CONNECTING and _asked(account, at)
    return {
        "account": account,
        "status": status,
        "linked_number": number,
        "since": tenant.local(account.state_since) if account and account.state_since else None,
        # Made by us from the code's dots: nothing of a customer is in it.
        "qr": mark_safe(pairing.qr_svg(qr)) if qr else "",  # noqa: S308
        "qr_seconds": _seconds(account.qr_expires_at, at) if account and qr else 0,
        "pair_code": code,
        "code_comes": coming,
        "used_up": status.state == State.QR_EXPIRED,
        "old": old,
        "linkable": status.word != "connected",
        "linked": bool(number),
        "switched_off": account is not None and not account.wanted and bool(number),
        "period": "15s" if status.word == "connected" else "3s",
        "fingerprint": _print(*told, qr, code),
        "status_print": _print(*told),
        "code_print": _print(qr, code, coming, status.state in ENDED, get_language()),
    }


def _print(*shown: object) -> str:
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def _asked(account: WhatsAppAccount, at: dt.datetime) -> bool:
    return asked_for_code(account, at) and not account.phone


def _seconds(until: dt.datetime | None, at: dt.datetime) -> int:
    return max(math.ceil((until - at).total_seconds()), 0) if until else 0


def _code(account: WhatsAppAccount | None, at: dt.datetime) -> str:
    """The pairing code in two groups, as the phone asks for it, while it is valid."""
    if account is None or not account.pair_code or not account.pair_code_expires_at:
        return ""
    if account.pair_code_expires_at <= at:
        return ""
    plain = account.pair_code.replace("-", "")
    return f"{plain[:4]}-{plain[4:]}"
