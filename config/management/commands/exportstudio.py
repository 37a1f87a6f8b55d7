"""`manage.py exportstudio SLUG [--out FILE]`: a studio in the form that loadstudio reads."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.exporting import studio_as_dict
from config.studiofile import MAX_BYTES
from tenants.selection import studio_named


class Command(BaseCommand):
    help = "Write a studio with its knowledge as JSON, without keys and conversations."
    requires_system_checks = ("mila",)  # only the configuration: the rest costs half a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", nargs="?", default="")
        parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")

        parser.add_argument(
            "--without-files",
            action="store_true",
            help="leave out the pictures and PDFs of the entries",
        )

    def handle(self, *, slug: str, out: Path | None, without_files: bool, **_options: Any) -> None:
        tenant = studio_named(slug)
        file = {"format": 1, "studios": [studio_as_dict(tenant, files=not without_files)]}
        text = json.dumps(file, ensure_ascii=False, indent=2)
        if len(text.encode()) > MAX_BYTES:
            self.stderr.write("This is too large for loadstudio; --without-files makes it small.")
        if out is None:
            self.stdout.write(text)
            return
        try:
            out.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"{out} cannot be written: {error.strerror}.", returncode=2
            ) from None
        entries = len(file["studios"][0]["entries"])  # type: ignore[index]
        self.stderr.write(f"Studio {tenant.slug} written to {out}: {entries} entries.")
