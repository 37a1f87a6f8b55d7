"""`manage.py syncknowledge [SLUG] [--all|--check]`: bring the index in step with the entries."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from knowledge import sync
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Bring the search index in step with the knowledge entries."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", metavar="SLUG", help="one studio; all without it")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--all", action="store_true", help="index every entry anew")
        how.add_argument(
            "--check", action="store_true", help="only report; exit 1 when something differs"
        )

    def handle(self, *, slug: str | None, check: bool, **options: Any) -> None:
        tenants = self._tenants(slug)
        if check:
            self._check(tenants)
        else:
            self._sync(tenants, options["all"])

    def _tenants(self, slug: str | None) -> list[Tenant]:
        tenants = Tenant.objects.all()
        chosen = list(tenants.filter(slug=slug) if slug else tenants)
        if slug and not chosen:
            known = ", ".join(tenants.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no studio “{slug}”. Studios: {known}.", returncode=2)
        return chosen

    def _check(self, tenants: list[Tenant]) -> None:
        differences = [drift for tenant in tenants for drift in sync.check(tenant)]
        for drift in differences:
            self.stdout.write(f"{drift.tenant.slug}: {_sentence(drift)}")
        if any(drift.any for drift in differences):
            raise CommandError("Run `manage.py syncknowledge` to bring the index in step.")

    def _sync(self, tenants: list[Tenant], everything: bool) -> None:
        batches = sync.work(tenants, everything)
        total, failed = sum(len(ids) for _tenant, ids in batches), 0
        with tqdm(total=total, unit="entry", desc="Indexing") as bar:
            for tenant, ids in batches:
                failed += sync.sync_batch(tenant, ids)
                bar.update(len(ids))
        sync.bury_all()
        self.stdout.write(f"{total - failed} entries indexed, {failed} failed.")
        if failed:
            raise CommandError("Each entry says why. They are tried again by themselves.")


def _sentence(drift: sync.Drift) -> str:
    if drift.problem:
        return drift.problem
    if not drift.any:
        return "in step"
    return f"{drift.behind} entries not indexed, {drift.left_over} left over on the server"
