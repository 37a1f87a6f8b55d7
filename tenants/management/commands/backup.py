"""`manage.py backup [--out DIR]`: one file with everything but the encryption key."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tenants.backups import KEEP, Backup, BackupError, make, verify


class Command(BaseCommand):
    help = "Back up the database, the WhatsApp sessions and the media into one file, and read it through."
    requires_system_checks = ("mila",)  # only the configuration: the rest costs half a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, metavar="DIR", help="default: DATA_DIR/backups")
        parser.add_argument(
            "--verify", type=Path, metavar="FILE", help="only read this backup through"
        )

    def handle(self, *, out: Path | None, verify: Path | None, **_options: Any) -> None:
        try:
            if verify is not None:
                self.stdout.write(f"{verify} is whole: {contents(read(verify))}.")
                return
            made = make(out or Path(settings.DATA_DIR) / "backups", timezone.now())
        except BackupError as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(f"Backup {made.path} written and read through: {contents(made)}.")
        self.stdout.write(
            f"The encryption key is not in it. Keep {Path(settings.DATA_DIR) / 'encryption_key'} (or ENCRYPTION_KEYS) "
            f"in another place: without it the studios' own API keys cannot be opened. The newest {KEEP} backups are kept."
        )


read = verify


def contents(backup: Backup) -> str:
    rows = ", ".join(f"{count} {name.split('.')[1]}" for name, count in backup.counts.items())
    return f"{backup.files} files, {backup.size / 1e6:.1f} MB, {rows}"
