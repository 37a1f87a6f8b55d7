"""The first login of a new house: no default password, and nobody locked out."""

import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from config.keys import kept


def ensure_admin() -> list[str]:
    """Create the platform admin where there is none; return what to tell the person at the terminal.

    ADMIN_PASS is their password until they have logged in once. Without it a random one is kept in
    DATA_DIR/first_password and told at each start until then.
    """
    user = User.objects.filter(username=settings.ADMIN_USER).first()
    if user is None:
        return _created() if _needed() else []
    if not user.is_superuser:
        return [
            f"The user {user.username} exists, but is no admin. Choose another name with ADMIN_USER, "
            "or run: manage.py createsuperuser"
        ]
    if user.last_login is not None:
        return _settled(user)
    return _waiting(user)


def _needed() -> bool:
    """Someone who renamed the first admin gets no second one, unless they ask with ADMIN_PASS."""
    others = User.objects.filter(is_superuser=True, is_active=True, last_login__isnull=False)
    return bool(settings.ADMIN_PASS) or not others.exists()


def _created() -> list[str]:
    name, password = settings.ADMIN_USER, settings.ADMIN_PASS or _first_password()
    try:
        with transaction.atomic():
            User.objects.create_superuser(name, password=password)
    except IntegrityError:  # another process was faster, with the same password
        return _first_login(name)
    return [f"Admin {name} created.", *_first_login(name)]


def _waiting(user: User) -> list[str]:
    """The admin never logged in: ADMIN_PASS counts, else the password that was printed before."""
    if settings.ADMIN_PASS:
        _forget_first_password()
        if not user.check_password(settings.ADMIN_PASS):
            user.set_password(settings.ADMIN_PASS)
            user.save(update_fields=["password"])
            return [f"Admin {user.username}: the password is now ADMIN_PASS.", *_weak()]
        return _weak()
    if _first_password_file().exists() and user.check_password(_first_password()):
        return _first_login(user.username)
    return [f"Admin {user.username}: log in with the password you chose. {_how_to_change(user)}"]


def _settled(user: User) -> list[str]:
    """Once somebody logged in, their password is theirs."""
    _forget_first_password()
    if settings.ADMIN_PASS and not user.check_password(settings.ADMIN_PASS):
        return [
            f"Admin {user.username} has logged in before and keeps their password; ADMIN_PASS is not used. "
            f"{_how_to_change(user)}"
        ]
    return []


def _how_to_change(user: User) -> str:
    return f"To change it: manage.py changepassword {user.username}"


def _first_login(name: str) -> list[str]:
    if settings.ADMIN_PASS:
        _forget_first_password()
        return [f"Log in as {name} with the password of ADMIN_PASS.", *_weak()]
    return [
        f"First login: user {name}, password {_first_password()} (shown until somebody has logged in with it)."
    ]


def _weak() -> list[str]:
    try:
        validate_password(settings.ADMIN_PASS)
    except ValidationError as error:
        return [f"ADMIN_PASS is weak: {' '.join(error.messages)}"]
    return []


def _first_password_file() -> Path:
    return Path(settings.DATA_DIR) / "first_password"


def _first_password() -> str:
    return kept(_first_password_file(), lambda: secrets.token_urlsafe(12))


def _forget_first_password() -> None:
    _first_password_file().unlink(missing_ok=True)
