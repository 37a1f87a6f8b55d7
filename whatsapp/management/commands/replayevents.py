"""`manage.py replayevents [--studio SLUG] [--since WHEN] [--dry-run]`: read kept WhatsApp events once more."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from tqdm import tqdm

from tenants.models import Tenant
from whatsapp.models import WhatsAppAccount
from whatsapp.replay import Replay, Summary, accounts


class Command(BaseCommand):
    help = (
        "Read the WhatsApp events of the last 30 days once more, those that were set aside too: after an upgrade that "
        "reads more kinds of messages. What is known stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--studio", metavar="SLUG", help="one studio; all without it")
        parser.add_argument(
            "--since", metavar="WHEN", help="such as 2026-11-20, or 2026-11-20T08:00 (UTC)"
        )
        parser.add_argument("--dry-run", action="store_true", help="only count; change nothing")

    def handle(
        self, *, studio: str | None, since: str | None, dry_run: bool, **_options: Any
    ) -> None:
        start = _moment(since) if since else None
        unread = 0
        for account in _accounts(studio):
            summary = self._replay(account, start, dry_run)
            self.stdout.write(f"{account.tenant.slug}: {_sentence(summary, dry_run)}")
            unread += summary.unread
        if unread:
            raise CommandError("What cannot be read stays set aside; the log says why.")

    def _replay(self, account: WhatsAppAccount, since: dt.datetime | None, dry: bool) -> Summary:
        replay = Replay(account, since)
        events = replay.run(timezone.now, dry=dry)
        for _event in tqdm(events, total=replay.size(), unit="event", desc=account.tenant.slug):
            pass
        return replay.summary


def _accounts(slug: str | None) -> list[WhatsAppAccount]:
    if slug and not Tenant.objects.filter(slug=slug).exists():
        known = ", ".join(Tenant.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no studio “{slug}”. Studios: {known}.", returncode=2)
    found = accounts([slug] if slug else [])
    if not found:
        raise CommandError("No WhatsApp number was ever linked here.", returncode=2)
    return found


def _moment(text: str) -> dt.datetime:
    try:
        day, moment = parse_date(text), parse_datetime(text)
    except ValueError:
        day = moment = None
    if moment is None and day is not None:
        moment = dt.datetime.combine(day, dt.time())
    if moment is None:
        raise CommandError(
            f"“{text}” is no date. Write it as 2026-11-20 or 2026-11-20T08:00.", returncode=2
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _sentence(found: Summary, dry: bool) -> str:
    return (
        f"{found.total} events {'would be ' if dry else ''}read again: {found.new} new messages, "
        f"{found.completed} completed, {found.known} known, {found.meaningless} without meaning, "
        f"{found.unread} unreadable; {found.rescued} that were set aside are read now."
    )
