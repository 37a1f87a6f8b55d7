"""`manage.py initmila`: what a new house needs: an admin and, in an empty database, two demo studios with their weeks."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import IntegrityError, transaction
from django.utils import timezone

import config
from config import weeks
from config.firstadmin import ensure_admin
from config.loading import load
from config.studiofile import StudioFileError, read
from tenants.models import Tenant

DEMO = Path(config.__file__).parent / "demo" / "studios.json"


class Command(BaseCommand):
    help = "Create the admin and the demo studios Ombak and Senja where they are missing. Safe to repeat."
    requires_system_checks = ("mila",)  # only the configuration: the rest costs half a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="create no demo studios")
        parser.add_argument(
            "--demo",
            action="store_true",
            help="make the demo studios' made-up conversations anew, up to this moment; no other studio gets any",
        )

    def handle(self, *, no_demo: bool, demo: bool, **_options: Any) -> None:
        made = [] if no_demo else [*demo_studios(), *(demo_weeks() if demo else [])]
        for sentence in [*made, *ensure_admin()]:
            self.stdout.write(sentence)


def demo_weeks() -> list[str]:
    """Three weeks of made-up conversations in each demo studio that no real customer has written to."""
    return [
        f"Demo studio {tenant.name}: {number} made-up messages of the last three weeks."
        for tenant in Tenant.objects.all()
        if (number := weeks.show(tenant, timezone.now()))
    ] or [
        "No demo studio is free for made-up conversations: real customers wrote, or it is linked."
    ]


def demo_studios() -> list[str]:
    """Load the demo into a database without studios. A second process that tries at once finds it done."""
    try:
        with transaction.atomic():
            if Tenant.objects.exists():
                return []
            loaded = load(read(DEMO))
            for one in loaded:
                weeks.show(one.tenant, timezone.now())
    except (IntegrityError, StudioFileError):
        if Tenant.objects.exists():
            return []
        raise
    return [f"Demo studio {one.tenant.name} created with {one.added} entries." for one in loaded]
