"""The WhatsApp page and its card: status in words, QR or pairing code, link and unlink."""

import datetime as dt
import hashlib
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tenants.models import Tenant
from tenants.pages import frame, studio_page
from tenants.phones import readable
from whatsapp import pairing, version
from whatsapp.models import WhatsAppAccount
from whatsapp.states import describe

RIGHT = "whatsapp"


@studio_page(RIGHT)
def page(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    return frame(
        request, "whatsapp/page.html", _("WhatsApp"), **card(tenant, timezone.now()), tenant=tenant
    )


@studio_page(RIGHT)
def fragment(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The card as it is now; 204 when the page shows just that."""
    context = card(tenant, timezone.now())
    if request.GET.get("seen") == context["fingerprint"]:
        return HttpResponse(status=204)
    return render(request, "whatsapp/card.html", context)


@studio_page(RIGHT)
def pair(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Start linking: by QR, or by a code for the phone number that was typed."""
    if request.method == "POST":
        try:
            _pair(tenant, request.POST.get("how", "qr"), request.POST.get("phone", ""))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    return _back(request)


def _pair(tenant: Tenant, how: str, phone: str) -> None:
    at = timezone.now()
    if how == "code":
        pairing.request_code(tenant, phone, at)
    else:
        pairing.request_qr(tenant, at)


@studio_page(RIGHT)
def unlink(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Unlink the number; asks for the studio's name, as linking again needs the phone at hand."""
    if request.method == "POST":
        if request.POST.get("name", "").strip().casefold() == tenant.name.casefold():
            pairing.unlink(tenant, timezone.now())
            messages.success(request, _("The number is being unlinked."))
        else:
            messages.error(request, _("Nothing was unlinked: type the studio's name to confirm."))
    return redirect("whatsapp")


def _back(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else "whatsapp")


def card(tenant: Tenant, at: dt.datetime) -> dict[str, Any]:
    """What the card shows. Its fingerprint changes when, and only when, a reader would see a difference."""
    account = WhatsAppAccount.objects.filter(tenant=tenant).first()
    status = describe(account, at)
    qr = pairing.current_qr(account, at) if account else None
    code = _code(account, at)
    old = version.warning(at)
    shown = [status.state, status.detail, status.next_step, qr, code, old, get_language()]
    return {
        "account": account,
        "status": status,
        "linked_number": readable(account.phone) if account and account.phone else "",
        # Made by us from the code's dots: nothing of a customer is in it.
        "qr": mark_safe(pairing.qr_svg(qr)) if qr else "",  # noqa: S308
        "pair_code": code,
        "old": old,
        "linkable": status.word != "connected",
        "period": "15s" if status.word == "connected" else "3s",
        "fingerprint": hashlib.sha256(repr(shown).encode()).hexdigest()[:16],
    }


def _code(account: WhatsAppAccount | None, at: dt.datetime) -> str:
    """The pairing code in two groups, as the phone asks for it, while it is valid."""
    if account is None or not account.pair_code or not account.pair_code_expires_at:
        return ""
    if account.pair_code_expires_at <= at:
        return ""
    plain = account.pair_code.replace("-", "")
    return f"{plain[:4]}-{plain[4:]}"
