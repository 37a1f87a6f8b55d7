"""A conversation that somebody took from the mailbox: what was read, and how to tell that it was overtaken."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from conversations.models import Conversation, Message, MessageQuerySet


@dataclass(frozen=True)
class EscalationDraft:
    category: str
    urgency: str
    summary: str


@dataclass(frozen=True)
class Draft:
    """A reply before it is decided. `details` goes to the message; its "language" is learned for the customer."""

    text: str
    escalation: EscalationDraft | None
    turn_key: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """A conversation that is ours to answer, as it was when we took it."""

    conversation: Conversation
    owner: str  # the name of this very claim, not only of who made it
    mode_version: int
    upto: int  # the newest message that was read
    messages: list[Message]
    waiting_version: int = 0
    late: bool = False  # who writes the answer begins it with an apology
    test_only: bool = False  # the studio is in test mode: only `!test` questions

    def ours(self) -> "QuerySet[Conversation]":
        """The conversation, as long as the lease is ours."""
        return Conversation.objects.filter(pk=self.conversation.pk, lease_owner=self.owner)

    def current(self) -> "QuerySet[Conversation]":
        """Our lease, the same hands, and nothing newer: columns of one row, so one UPDATE can check and act."""
        return self.ours().filter(
            mode_version=self.mode_version,
            waiting_version=self.waiting_version,
            handled_by=Conversation.Handler.ASSISTANT,
        )

    def read(self) -> MessageQuerySet:
        """The messages that this claim answers."""
        return waiting(self.conversation, self.test_only).filter(pk__lte=self.upto)


def waiting(conversation: Conversation, test_only: bool) -> MessageQuerySet:
    rows = conversation.messages.filter(state=Message.State.NEW)
    return rows.filter(details__test=True) if test_only else rows
