"""`manage.py initmila`: what a new house needs: an admin and, in an empty database, two demo studios."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import IntegrityError, transaction

import config
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

    def handle(self, *, no_demo: bool, **_options: Any) -> None:
        demo = [] if no_demo else demo_studios()
        for sentence in [*demo, *ensure_admin()]:
            self.stdout.write(sentence)


def demo_studios() -> list[str]:
    """Load the demo into a database without studios. A second process that tries at once finds it done."""
    try:
        with transaction.atomic():
            if Tenant.objects.exists():
                return []
            loaded = load(read(DEMO))
    except (IntegrityError, StudioFileError):
        if Tenant.objects.exists():
            return []
        raise
    return [f"Demo studio {one.tenant.name} created with {one.added} entries." for one in loaded]
