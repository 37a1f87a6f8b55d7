"""`manage.py updatetenant [SLUG] --mode live …`: a studio's settings from the terminal."""

import datetime as dt
import json
import sys
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from tenants.models import Tenant
from tenants.secrets import hint
from tenants.selection import studio_named
from tenants.updates import BUDGETS, SECRET, SETTINGS, Change, amount, holder_of, store

TEXTS = {
    "--name": "name",
    "--city": "city",
    "--address": "address",
    "--phone": "phone",
    "--quiet-from": "quiet_from",
    "--quiet-until": "quiet_until",
    "--timezone": "timezone",
    "--currency": "currency",
    "--language": "default_language",
    "--persona-name": "persona_name",
    "--persona-tone": "persona_tone",
    "--greeting": "greeting",
}
# "" takes the value away: the installation's limit, kept for ever.
NUMBERS = {
    "--budget-day": ("budget_day", "AMOUNT", "in the studio's currency; 0 for no limit"),
    "--budget-month": ("budget_month", "AMOUNT", "the same for a month"),
    "--budget-customer-day": ("budget_customer_day", "AMOUNT", "the same for one customer"),
    "--keep-messages-days": ("keep_messages_days", "DAYS", 'older messages are deleted; "": never'),
    "--keep-files-days": ("keep_files_days", "DAYS", 'older pictures and files are; "": never'),
}
KEYS = {"--anthropic-key": "anthropic_api_key", "--openai-key": "openai_api_key"}


class Command(BaseCommand):
    help = "Change a studio's settings; without options show them. SLUG may be left out with one studio."
    requires_system_checks = ("mila",)  # only the configuration: the rest costs half a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", nargs="?", default="")
        parser.add_argument(
            "--create", action="store_true", help="create the studio SLUG; needs --name"
        )
        parser.add_argument(
            "--whatsapp",
            dest="whatsapp_number",
            metavar="NUMBER",
            help='0812…, 62812… or +62812…; "" for none',
        )
        for option, field in TEXTS.items():
            parser.add_argument(option, dest=field)
        parser.add_argument("--mode", choices=Tenant.Mode.values)
        for option in ("--messages-per-minute", "--phone-silence-minutes"):
            parser.add_argument(option, type=int)
        for option, (field, unit, told) in NUMBERS.items():
            parser.add_argument(option, dest=field, metavar=unit, help=told)
        parser.add_argument(
            "--handover-word",
            dest="handover_words",
            action="append",
            metavar="WORD",
            help='always reaches a person; repeat for several, "" for none',
        )
        parser.add_argument("--active", dest="active", action="store_true", default=None)
        parser.add_argument("--inactive", dest="active", action="store_false")
        parser.add_argument(
            "--contact",
            dest="handover_contacts",
            action="append",
            metavar="PHONE|E-MAIL",
            help='who gets escalations; repeat for several, "" for nobody',
        )
        parser.add_argument("--opening-hours", metavar="JSON", help='{"mon": [["08:00", "20:00"]]}')
        for option, field in KEYS.items():
            parser.add_argument(
                option,
                dest=field,
                metavar="FILE",
                help='a file with the key, - for standard input, "" to remove it',
            )

    def handle(self, *, slug: str, create: bool, **options: Any) -> None:
        tenant = new_studio(slug, options) if create else studio_named(slug)
        values = given(options)
        if not values:
            self.stdout.write(summary(tenant))
            return
        try:
            changes = store(tenant, values)
        except ValidationError as error:
            raise CommandError(told(tenant, error), returncode=2) from None
        if create:
            self.stdout.write(f"Studio {tenant.slug} ({tenant.name}) created, mode {tenant.mode}.")
            return
        for change in changes:
            self.stdout.write(f"Studio {tenant.slug}: {sentence(change)}")
        if not changes:
            self.stdout.write(f"Studio {tenant.slug} has these settings already; nothing changed.")


def new_studio(slug: str, options: dict[str, Any]) -> Tenant:
    if not slug or not options["name"]:
        raise CommandError(
            "A new studio needs a slug and a name: updatetenant SLUG --create --name NAME",
            returncode=2,
        )
    if Tenant.objects.filter(slug=slug).exists():
        raise CommandError(
            f"The studio {slug} exists already; leave out --create to change it.", returncode=2
        )
    return Tenant(slug=slug)


def given(options: dict[str, Any]) -> dict[str, Any]:
    """The fields that were named on the command line, with keys read from where they lie."""
    fields = ("name", "whatsapp_number", "active", *SETTINGS, *BUDGETS)
    values = {field: options[field] for field in fields if options.get(field) is not None}
    values |= {name: amount(values[name]) for name in BUDGETS if name in values}
    if "handover_words" in values:
        values["handover_words"] = "\n".join(values["handover_words"])
    if "opening_hours" in values:
        values["opening_hours"] = hours(values["opening_hours"])
    for option, field in KEYS.items():
        if options[field] is not None:
            values[field] = key(option, options[field])
    return values


def hours(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError as error:
        raise CommandError(f"--opening-hours is no JSON: {error}.", returncode=2) from None


def key(option: str, source: str) -> str:
    """The key itself never stands on the command line, where other users and the history see it."""
    if source == "":
        return ""
    if source == "-":
        return sys.stdin.readline().strip()
    try:
        return Path(source).read_text().strip()
    except (OSError, ValueError):
        raise CommandError(
            f"{option}: there is no such file to read the key from. Write {option} - and paste the key.",
            returncode=2,
        ) from None


def told(tenant: Tenant, error: ValidationError) -> str:
    """One sentence a field. At the terminal the holder of a number may be named."""
    fields = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    holder = holder_of(tenant.whatsapp_number, besides=tenant)
    if holder and "whatsapp_number" in fields:
        fields["whatsapp_number"] = [
            f"{tenant.whatsapp_number} belongs to the studio {holder.slug}."
        ]
    return "\n".join(
        f"{f}: {' '.join(messages)} Nothing was changed." for f, messages in fields.items()
    )


def sentence(change: Change) -> str:
    name = Tenant._meta.get_field(change.field).verbose_name  # type: ignore[union-attr]
    if change.field in SECRET:
        return f"{name} {'set, ' + hint(change.after) if change.after else 'removed'}."
    return f"{name}: {shown(change.before)} → {shown(change.after)}."


def shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return (
        str(value) if isinstance(value, str | bool | int) else json.dumps(value, ensure_ascii=False)
    )


def summary(tenant: Tenant) -> str:
    fields = ("slug", "name", "whatsapp_number", "active", *SETTINGS, *BUDGETS)
    lines = [f"{field}: {shown(getattr(tenant, field))}" for field in fields]
    return "\n".join(
        [*lines, *(f"{field}: {hint(getattr(tenant, field)) or 'none'}" for field in KEYS.values())]
    )
