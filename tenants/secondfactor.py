"""The second factor of a login: a code of six digits from an app on the phone (RFC 6238), or a recovery code.

The secret is encrypted at rest, recovery codes are kept as hashes; each code opens once.
"""

import base64
import binascii
import datetime as dt
import secrets
from urllib.parse import quote

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django_otp.oath import TOTP

from tenants.models import Membership, StaffLogin

CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look like another
GRACE = dt.timedelta(days=7)


def login_of(user: User) -> StaffLogin:
    """The person's row; made when missing."""
    return StaffLogin.objects.get_or_create(user=user)[0]


def is_on(user: User) -> bool:
    return StaffLogin.objects.filter(user=user, confirmed_at__isnull=False).exists()


def wanted_by(user: User) -> dt.datetime | None:
    """Until when this person must have turned it on, by the setting SECOND_FACTOR; None when they need not."""
    if settings.SECOND_FACTOR == "off":
        return None
    owns = Membership.objects.filter(user=user, role=Membership.Role.OWNER)
    asked = user.is_superuser or (settings.SECOND_FACTOR == "owners" and owns.exists())
    return user.date_joined + GRACE if asked else None


def is_overdue(user: User, at: dt.datetime) -> bool:
    """Whether the setting asks for a factor that this person should have by now."""
    by = wanted_by(user)
    return by is not None and by <= at and not is_on(user)


def begin(user: User, *, anew: bool = False) -> StaffLogin:
    """A secret that waits for its first code; another one when `anew`, so that who saw an earlier one knows nothing.

    One that counts already is left alone.
    """
    login = login_of(user)
    if login.confirmed_at is None and (anew or not login.secret):
        made = base64.b32encode(secrets.token_bytes(20)).decode()
        StaffLogin.objects.filter(pk=login.pk, confirmed_at=None).update(secret=made)
        login.refresh_from_db()
    return login


def secret_in_groups(login: StaffLogin) -> str:
    """The secret as people type it: ABCD EFGH …"""
    return " ".join(login.secret[i : i + 4] for i in range(0, len(login.secret), 4))


def address(login: StaffLogin) -> str:
    """What the picture says to the app."""
    name = quote(f"MILA:{login.user.get_username()}")
    return f"otpauth://totp/{name}?secret={login.secret}&issuer=MILA"


def picture(login: StaffLogin) -> str:
    """The address as inline SVG; its viewBox lets a page choose the size."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=4)
    code.add_data(address(login))
    code.make(fit=True)
    image = code.make_image(image_factory=qrcode.image.svg.SvgPathImage)
    return str(image.to_string(encoding="unicode"))


def confirm(user: User, code: str, at: dt.datetime) -> list[str]:
    """Turn it on with the first right code; the recovery codes, or [] when the code is wrong."""
    with transaction.atomic():
        login = _held(user)
        if login is None or login.confirmed_at or not _right_step(login, code, at):
            return []
        login.confirmed_at = at
        codes = _new_codes(login)
        login.save()
    return codes


def check(user: User, typed: str, at: dt.datetime) -> str:
    """How `typed` opens the login: "code", "recovery", or "" when it does not. What opened is used up."""
    with transaction.atomic():
        login = _held(user)
        if login is None or login.confirmed_at is None:
            return ""
        how = "code" if _right_step(login, typed, at) else _recovered(login, typed)
        login.save()
    return how


def renew_codes(user: User) -> list[str]:
    with transaction.atomic():
        login = _held(user)
        if login is None or login.confirmed_at is None:
            return []
        codes = _new_codes(login)
        login.save()
    return codes


def switch_off(user: User) -> bool:
    """Take the factor away; False when there was none."""
    rows = StaffLogin.objects.filter(user=user, confirmed_at__isnull=False)
    return bool(rows.update(secret="", confirmed_at=None, recovery=[], last_step=0))


def _held(user: User) -> StaffLogin | None:
    return StaffLogin.objects.select_for_update(no_key=True).filter(user=user).first()


def _right_step(login: StaffLogin, typed: str, at: dt.datetime) -> bool:
    """The code of now, or of half a minute around it for phones whose clock is off; newer than the last one."""
    digits = "".join(typed.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return False
    try:
        clock = TOTP(base64.b32decode(login.secret))
    except binascii.Error:
        return False
    clock.time = at.timestamp()
    if not clock.verify(int(digits), tolerance=1, min_t=login.last_step + 1):
        return False
    login.last_step = clock.t()  # verify() left the drift with which the code fits
    return True


def _recovered(login: StaffLogin, typed: str) -> str:
    digest = _hashed(typed)
    left = [kept for kept in login.recovery if not constant_time_compare(kept, digest)]
    opened = len(left) < len(login.recovery)
    login.recovery = left
    return "recovery" if opened else ""


def _new_codes(login: StaffLogin) -> list[str]:
    made = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(CODES)]
    login.recovery = [_hashed(code) for code in made]
    return [f"{code[:5]}-{code[5:]}" for code in made]


def _hashed(code: str) -> str:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return salted_hmac("mila.recovery", plain, algorithm="sha256").hexdigest()
