"""Linking a phone: staff's wishes, written as rows that the supervisor and the line read, and the code as a picture."""

import base64
import datetime as dt
import io

import qrcode
import qrcode.image.svg

from tenants.models import Tenant
from tenants.phones import normalise
from whatsapp.models import WhatsAppAccount


def account_of(tenant: Tenant) -> WhatsAppAccount:
    """The studio's account; made when missing."""
    account, _made = WhatsAppAccount.objects.get_or_create(tenant=tenant)
    return account


def request_qr(tenant: Tenant, at: dt.datetime) -> WhatsAppAccount:
    """Show codes from now on. A number that is linked already just stays connected."""
    return _wish(tenant, wanted=True, pair_requested_at=at, pair_phone="")


def request_code(tenant: Tenant, phone: str, at: dt.datetime) -> WhatsAppAccount:
    """Show a code to type on this phone. ValidationError when it is no phone number."""
    return _wish(tenant, wanted=True, pair_requested_at=at, pair_phone=normalise(phone))


def unlink(tenant: Tenant, at: dt.datetime) -> WhatsAppAccount:
    """Give the number back: the link disappears on the phone and here."""
    return _wish(tenant, pair_requested_at=None, logout_requested_at=at)


def current_qr(account: WhatsAppAccount | None, at: dt.datetime) -> str | None:
    """The text of the code to scan now; None when there is none. A secret: never log it."""
    if account is None or account.state != WhatsAppAccount.State.QR_READY or not account.qr:
        return None
    fresh = account.qr_expires_at is not None and account.qr_expires_at > at
    return account.qr if fresh else None


def qr_png_data_url(text: str) -> str:
    picture = io.BytesIO()
    _code(text).make_image().save(picture)
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()


def qr_svg(text: str) -> str:
    """The code as inline SVG; its viewBox lets a page choose the size."""
    image = _code(text).make_image(image_factory=qrcode.image.svg.SvgPathImage)
    return str(image.to_string(encoding="unicode"))


def _code(text: str) -> qrcode.QRCode:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=4)
    code.add_data(text)
    code.make(fit=True)
    return code


def _wish(tenant: Tenant, **wishes: object) -> WhatsAppAccount:
    account = account_of(tenant)
    for name, value in wishes.items():
        setattr(account, name, value)
    account.save(update_fields=list(wishes))
    return account
