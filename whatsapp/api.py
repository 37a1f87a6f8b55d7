"""/api/whatsapp: the state of the studio's line, and linking a phone."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from tenants.answers import ERRORS, Input, Problem
from tenants.callers import caller
from tenants.models import Tenant
from whatsapp.models import WhatsAppAccount
from whatsapp.pairing import current_qr, qr_png_data_url, request_code, request_qr
from whatsapp.states import describe

router = Router(tags=["whatsapp"])


class StatusOut(Schema):
    """`status` is connected, qr_ready or disconnected; `detail` says more in a sentence."""

    status: str
    detail: str
    next_step: str


class QrOut(Schema):
    """The code to scan as a picture, or null and a sentence why there is none."""

    qr: str | None
    pair_code: str | None
    detail: str


class PairIn(Input):
    phone: str | None = None


@router.get("/status", response={200: StatusOut, ERRORS: Problem}, summary="State of the line")
def status(request: HttpRequest, tenant: str = "") -> dict[str, Any]:
    return _status(caller(request).studio(tenant, "knowledge"))


@router.get("/qr", response={200: QrOut, ERRORS: Problem}, summary="The code to scan")
def qr(request: HttpRequest, tenant: str = "") -> dict[str, Any]:
    studio = caller(request).studio(tenant, "whatsapp")
    now, account = timezone.now(), _account(studio)
    text, said = current_qr(account, now), describe(account, now)
    fresh = (
        account is not None and account.pair_code_expires_at and account.pair_code_expires_at > now
    )
    return {
        "qr": qr_png_data_url(text) if text else None,
        "pair_code": account.pair_code or None if account and fresh else None,
        "detail": f"{said.detail} {said.next_step}",
    }


@router.post("/pair", response={200: StatusOut, ERRORS: Problem}, summary="Start linking a phone")
def pair(
    request: HttpRequest,
    body: PairIn | None = None,
    tenant: str = "",
    phone: str = "",
) -> dict[str, Any]:
    """With `phone` a code to type on that phone, without it a QR code; both appear in GET /api/whatsapp/qr."""
    studio = caller(request).studio(tenant, "whatsapp")
    number = phone or (body.phone if body else None)
    if number:
        request_code(studio, number, timezone.now())
    else:
        request_qr(studio, timezone.now())
    return _status(studio)


def _account(studio: Tenant) -> WhatsAppAccount | None:
    return WhatsAppAccount.objects.filter(tenant=studio).first()


def _status(studio: Tenant) -> dict[str, Any]:
    said = describe(_account(studio), timezone.now())
    return {"status": said.word, "detail": said.detail, "next_step": said.next_step}
