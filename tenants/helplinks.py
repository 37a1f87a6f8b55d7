"""Links with which a colleague chooses a new password: each names who made it, and lives while they may still help."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from tenants.members import may_help


class HelpLinks(PasswordResetTokenGenerator):
    """Django's token, over the helper as well: `7.d0bt1k-…` was made by login 7."""

    def make(self, person: User, by: User) -> str:
        return f"{by.pk}.{_Signed(str(by.pk)).make_token(person)}"

    def check_token(self, user: AbstractBaseUser | None, token: str | None) -> bool:
        maker, _sep, signed = (token or "").partition(".")
        if not isinstance(user, User) or not _Signed(maker).check_token(user, signed):
            return False
        by = User.objects.filter(pk=maker, is_active=True).first()
        return by is not None and may_help(by, user)


class _Signed(PasswordResetTokenGenerator):
    def __init__(self, maker: str) -> None:
        super().__init__()
        self.maker = maker

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}|{self.maker}"


links = HelpLinks()
