"""`manage.py loadstudio FILE.json [--replace] [--approve]`: studios with their knowledge from a file."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from config.loading import Loaded, load
from config.studiofile import StudioFileError, read
from knowledge.review import reasons

SHOWN = 20


class Command(BaseCommand):
    help = "Load studios with their knowledge from a JSON file: all of it, or nothing."
    requires_system_checks = ("mila",)  # only the configuration: the rest costs half a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.json", type=Path)
        parser.add_argument(
            "--replace",
            action="store_true",
            help="a studio that exists gets exactly the knowledge of the file; conversations stay",
        )

        parser.add_argument(
            "--approve",
            action="store_true",
            help="use also entries that would wait for review: you have read them",
        )

    def handle(self, *, file: Path, replace: bool, approve: bool, **_options: Any) -> None:
        try:
            loaded = load(read(file), replace=replace, approve=approve, progress=_bar)
        except StudioFileError as problem:
            raise CommandError(told(problem), returncode=2) from None
        for one in loaded:
            self.stdout.write(sentence(one))
            for line in waiting(one):
                self.stdout.write(line)


def _bar(entries: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """A progress bar where a person looks and the file is long."""
    bar: Iterable[dict[str, Any]] = tqdm(
        entries, unit="entry", disable=None if len(entries) > 100 else True
    )
    return bar


def told(problem: StudioFileError) -> str:
    more = len(problem.sentences) - SHOWN
    return "\n".join(
        [*problem.sentences[:SHOWN], *([f"… and {more} more problems."] if more > 0 else [])]
    )


def sentence(one: Loaded) -> str:
    if not one.replaced:
        return f"Studio {one.tenant.slug} ({one.tenant.name}) loaded: {one.added} entries, mode {one.tenant.mode}."
    return (
        f"Studio {one.tenant.slug} ({one.tenant.name}) replaced: {one.added} entries added, "
        f"{one.changed} changed, {one.removed} removed; conversations kept."
    )


def waiting(one: Loaded) -> list[str]:
    """Which entries are not used yet, why, and what to do."""
    if not one.waiting:
        return []
    told = [
        f"  {entry.reference[:60]}: {' '.join(reasons(entry))}" for entry in one.waiting[:SHOWN]
    ]
    more = len(one.waiting) - SHOWN
    return [
        f"{len(one.waiting)} of them wait for review and are not used until somebody approves them "
        "under Knowledge in the admin, or loads the file with --replace --approve:",
        *told,
        *([f"  … and {more} more."] if more > 0 else []),
    ]
