"""`manage.py ask SLUG "question"`: one answer of the assistant in the terminal. Stores no conversation."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agent.answering import LONGEST
from agent.ask import as_dict, ask
from agent.reply import Reply
from conversations.history import Line, history
from conversations.models import Conversation
from tenants.models import Tenant
from tenants.phones import normalise

NEWEST = 2**62  # every stored message comes before this one


def studio(slug: str) -> Tenant:
    """The studio of a short name, or an error that names those that exist (exit 2)."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        known = ", ".join(Tenant.objects.values_list("slug", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no studio “{slug}”. Studios here: {known}.", returncode=2)
    return tenant


def checked(question: str) -> str:
    """The question, or why it cannot be asked (exit 2)."""
    text = question.strip()
    if not text:
        raise CommandError(
            "The question is empty. Write it in quotes after the studio.", returncode=2
        )
    if len(text) > LONGEST:
        raise CommandError(
            f"The question has {len(text):,} characters; at most {LONGEST:,} can be asked.",
            returncode=2,
        )
    return text


class Command(BaseCommand):
    help = "Ask a studio's assistant one question. Stores no conversation and no escalation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the studio's short name")
        parser.add_argument("question")
        parser.add_argument(
            "--customer", metavar="PHONE", help="take this customer's chat as what was said before"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--trace", action="store_true", help="show how the answer came about")

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant, text = studio(options["slug"]), checked(options["question"])
        at = timezone.now()
        conversation = self._conversation(tenant, options["customer"])
        lines: list[Line] = history(conversation, NEWEST, at) if conversation else []
        customer = conversation.customer if conversation else None
        reply = ask(
            tenant, text, history=lines, customer_name=customer.name if customer else "", at=at
        )
        if options["json"]:
            shown = as_dict(reply) | ({"trace": list(reply.trace)} if options["trace"] else {})
            self.stdout.write(json.dumps(shown, ensure_ascii=False))
            return
        self.stdout.write(reply.text)
        if options["trace"]:
            self.trace(reply)

    def _conversation(self, tenant: Tenant, phone: str | None) -> Conversation | None:
        if not phone:
            return None
        try:
            number = normalise(phone)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        chats = Conversation.objects.filter(
            tenant=tenant, customer__phone=number, channel=Conversation.Channel.WHATSAPP
        )
        found = chats.select_related("customer").first()
        if found is None:
            self.stderr.write(f"{number} has not written to {tenant} yet; asking without a chat.")
        return found

    def trace(self, reply: Reply) -> None:
        write = self.stderr.write
        category = f" ({reply.escalation.category})" if reply.escalation else ""
        write(f"\noutcome   {reply.outcome}{category}")
        write(f"language  {reply.language}")
        write(f"entries   {', '.join(reply.entries) or '-'}")
        write(f"tools     {', '.join(reply.tools) or '-'}")
        write(f"model     {reply.model or '-'}, {reply.rounds} calls")
        write(f"tokens    {as_dict(reply)['tokens']}, {reply.cost} USD")
        write(f"time      {reply.milliseconds} ms")
        if reply.error:
            write(f"problem   {reply.error}")
        for step in reply.trace:
            write(f"  {json.dumps(step, ensure_ascii=False, default=str)}")
