"""`manage.py createtoken SLUG`: a program's key to one studio, shown once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tenants.models import ApiToken, Tenant
from tenants.selection import studio_named


class Command(BaseCommand):
    help = "Create an API token of a studio and print it once; list or revoke tokens."
    requires_system_checks = ("mila",)  # only the configuration: the rest costs half a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", nargs="?", default="")
        parser.add_argument("--name", default="", help="what the token is for")
        parser.add_argument("--list", action="store_true", help="show the studio's tokens")
        parser.add_argument("--revoke", metavar="KEY", help="the 8 characters after mila_")

    def handle(self, *, slug: str, name: str, revoke: str | None, **options: Any) -> None:
        tenant = studio_named(slug)
        if options["list"]:
            self.list_tokens(tenant)
        elif revoke is not None:
            self.revoke(tenant, revoke)
        else:
            self.create(tenant, name)

    def create(self, tenant: Tenant, name: str) -> None:
        if len(name) > 80:
            raise CommandError("--name may have 80 characters at most.", returncode=2)
        token, text = ApiToken.issue(tenant, name)
        self.stderr.write(
            f"Token {token.key} of the studio {tenant.slug}; it is shown only now. Send it as: Authorization: Bearer …"
        )
        self.stdout.write(text)

    def list_tokens(self, tenant: Tenant) -> None:
        for token in tenant.tokens.all():
            used = f"{token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never"
            state = "revoked" if token.revoked_at else "valid"
            self.stdout.write(f"{token.key}  {state:8} last used {used:20} {token.name}".rstrip())

    def revoke(self, tenant: Tenant, key: str) -> None:
        key = key.removeprefix("mila_").partition("_")[0]
        token = tenant.tokens.filter(pk=key).first()
        if token is None:
            raise CommandError(
                f"The studio {tenant.slug} has no token {key[:20]}; see createtoken {tenant.slug} --list",
                returncode=2,
            )
        ApiToken.objects.filter(pk=key, revoked_at=None).update(revoked_at=timezone.now())
        self.stdout.write(f"Token {key} of the studio {tenant.slug} is revoked.")
