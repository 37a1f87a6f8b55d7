"""`manage.py erasecustomer PHONE|ID [--studio SLUG] [--yes]`: a customer asks to be forgotten."""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from conversations.erasure import erase
from conversations.models import Customer
from tenants.phones import normalise
from tenants.selection import studio_named


class Command(BaseCommand):
    help = "Erase a customer of a studio with everything that was said. It cannot be undone."
    requires_system_checks = ("mila",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "who", metavar="PHONE|ID", help="0812…, +62812…, or the id in the address of their page"
        )
        parser.add_argument("--studio", default="", metavar="SLUG", help="not needed with one")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, who: str, studio: str, yes: bool, **_options: Any) -> None:
        tenant = studio_named(studio)
        customer = Customer.objects.filter(tenant=tenant, **_named(who)).first()
        if customer is None:
            raise CommandError(f"{tenant.name} has no customer “{who[:60]}”.")
        question = f"Erase {customer} of {tenant.name} with everything that was said? [y/N] "
        if not yes and input(question).strip().casefold() not in ("y", "yes"):
            raise CommandError("Nothing was erased.")
        count = erase(customer, timezone.now())
        self.stdout.write(f"Erased, with {count} messages. Backups hold them until they are gone.")


def _named(who: str) -> dict[str, Any]:
    try:
        return {"pk": uuid.UUID(who)}
    except ValueError:
        pass
    try:
        return {"phone": normalise(who)}
    except ValidationError as error:
        raise CommandError(error.messages[0], returncode=2) from error
