"""`manage.py chat SLUG`: a chat with the assistant in the terminal. Nothing but Turns is stored; Ctrl-D ends it."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agent.ask import ask
from agent.management.commands.ask import checked, studio
from conversations.history import Line
from tenants.models import Tenant

REMEMBERED = 12  # lines, as in a real chat


class Command(BaseCommand):
    help = "Chat with a studio's assistant. Ctrl-D ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the studio's short name")

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant = studio(options["slug"])
        self.stderr.write(f"{tenant.persona_name}, {tenant}. Ctrl-D ends.")
        lines: list[Line] = []
        while (text := self._read()) is not None:
            lines = self._turn(tenant, lines, text)[-REMEMBERED:]

    def _read(self) -> str | None:
        prompt = "> " if sys.stdin.isatty() else ""
        try:
            return input(prompt)
        except (EOFError, KeyboardInterrupt):
            self.stderr.write("")
            return None

    def _turn(self, tenant: Tenant, lines: list[Line], text: str) -> list[Line]:
        try:
            text = checked(text)
        except CommandError as error:
            self.stderr.write(str(error))
            return lines
        at = timezone.now()
        reply = ask(tenant, text, history=lines, at=at)
        self.stdout.write(reply.text)
        if reply.escalation:
            self.stderr.write(f"(handed over: {reply.escalation.category})")
        return [*lines, Line("customer", text, at), Line("assistant", reply.text, at)]
