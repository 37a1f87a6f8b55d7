"""The WhatsApp service. Both of its programs end with os._exit: nothing may keep them waiting."""

import logging
import os
import signal
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, Protocol

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management import BaseCommand, CommandError

from tenants import lifeline
from whatsapp.threads import leave

log = logging.getLogger(__name__)


class Service(Protocol):
    def run(self) -> int: ...
    def ask_to_stop(self) -> None: ...


class Command(BaseCommand):
    help = "Connect the studios' WhatsApp numbers and answer customers, until Ctrl-C."
    requires_migrations_checks = False
    requires_system_checks: list[str] = []  # each line would load every page for them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--line", metavar="ID", help="Run one account only (used internally).")

    def handle(self, *args: Any, line: str | None, **options: Any) -> None:
        os.umask(0o077)  # session files hold the keys of the account
        lifeline.exit_with_parent()
        service = _line(line) if line else _supervisor()
        if service is None:
            self.stderr.write("Another process already runs this part of MILA.")
            leave(22)
        _listen(service.ask_to_stop)
        leave(_run(service))


def _run(service: Service) -> int:
    try:
        return service.run()
    except Exception:
        log.exception("this part of MILA's WhatsApp service failed")
        return 21


def _listen(ask_to_stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ask_to_stop())


def _line(account_id: str) -> Service | None:
    from whatsapp.line import open_line
    from whatsapp.wakeups import Wakeup

    try:
        return open_line(account_id, Wakeup.inherited())
    except (
        ObjectDoesNotExist,
        ValidationError,
    ) as error:  # also when its studio was deleted just now
        raise CommandError(f"There is no WhatsApp account {account_id}.") from error


def _supervisor() -> Service | None:
    from whatsapp.supervisor import open_supervisor

    return open_supervisor()
