"""`make run`: prepare the database, then run the pages and WhatsApp together until Ctrl-C."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import OperationalError, connections

from config.processes import Child, Parent
from config.starting import (
    EVERYWHERE,
    ORPHANS,
    Alone,
    CannotStartError,
    answers,
    migrate_if_needed,
    require_port,
)


class Command(BaseCommand):
    help = "Start MILA: the pages and the WhatsApp service under one parent, until Ctrl-C."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-parent",
            action="store_true",
            help="End when the program that started this one is gone (used by make run).",
        )

    def handle(self, *args: Any, with_parent: bool, **options: Any) -> None:
        alone = Alone(settings.DATA_DIR, self._address())
        try:
            with alone.held():
                require_port(settings.HOST, settings.PORT, ORPHANS if alone.after_a_kill else 0)
                migrate_if_needed(self._say)
                call_command("initmila", stdout=self.stdout, stderr=self.stderr)
                connections.close_all()
                self._parent(alone, with_parent).run()
        except CannotStartError as problem:
            raise CommandError(str(problem)) from problem
        except OperationalError as problem:
            raise CommandError(f"The database cannot be used: {problem}") from problem
        self._say("MILA has stopped.")

    def _parent(self, alone: Alone, with_parent: bool) -> Parent:
        base, python = settings.BASE_DIR, sys.executable
        web = [python, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]
        whatsapp = [python, "manage.py", "runwhatsapp"]
        children = [
            Child("The web process", web, self._say, base),
            Child("The WhatsApp service", whatsapp, self._say, base),
        ]
        return Parent(
            children,
            self._say,
            with_parent=with_parent,
            each=self._tell_when_served,
            stopping=alone.stopping,
        )

    _told = False

    def _tell_when_served(self) -> None:
        if self._told or not answers(settings.HOST, settings.PORT):
            return
        self._told, home = True, self._address()
        self._say(
            f"\nMILA runs at {home}\n"
            f"  Try the assistant:  {home}admin/playground/\n"
            f"  Link a WhatsApp number with the code on {home}admin/\n"
            "  Stop with Ctrl-C.\n"
        )

    def _address(self) -> str:
        host = "localhost" if settings.HOST in (*EVERYWHERE, "127.0.0.1") else settings.HOST
        return f"http://{host}:{settings.PORT}/"

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
