"""Staff try the assistant out: a conversation of their own, answered like a customer's, never sent, no escalation."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from conversations.models import Conversation, Message
from conversations.people import clean_text
from tenants.models import Tenant


def conversation_of(tenant: Tenant, user: User) -> Conversation:
    """This person's Playground in this studio; made when they first come."""
    conversation, _new = Conversation.objects.get_or_create(
        tenant=tenant, asked_by=user, channel=Conversation.Channel.PLAYGROUND
    )
    return conversation


@transaction.atomic
def ask(
    tenant: Tenant,
    user: User,
    text: str,
    at: dt.datetime,
    choice: Mapping[str, str] | None = None,
) -> Message:
    """Put a question into the mailbox of the assistant. ValidationError for an empty one.

    `choice` is what the person chose for it: the assistant reads it, and the page shows it.
    """
    text = clean_text(text).strip()
    if not text:
        raise ValidationError(_("Write a question first."))
    details: dict[str, Any] = {"as": dict(choice)} if choice else {}
    if len(text) > Message.LONGEST:
        details["cut_from"] = len(text)
    conversation = conversation_of(tenant, user)
    rows = Conversation.objects.select_for_update(no_key=True).filter(pk=conversation.pk)
    conversation = rows.get()
    message = Message.objects.create(
        tenant=tenant,
        conversation=conversation,
        author=Message.Author.CUSTOMER,
        text=text[: Message.LONGEST],
        state=Message.State.NEW,
        written_by=user,
        details=details,
        created_at=at,
    )
    rows.update(
        last_message_at=at,
        reply_due_at=at,
        waiting_since=conversation.waiting_since or at,
        waiting_version=F("waiting_version") + 1,
    )
    return message


@transaction.atomic
def clear(tenant: Tenant, user: User) -> None:
    """Begin anew: the questions and answers are gone, and one in the making is overtaken."""
    conversation = conversation_of(tenant, user)
    conversation.messages.all().delete()
    Conversation.objects.filter(pk=conversation.pk).update(
        reply_due_at=None,
        waiting_since=None,
        lease_owner="",
        lease_until=None,
        attempts=0,
        waiting_version=F("waiting_version") + 1,
    )
