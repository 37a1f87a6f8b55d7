"""A conversation that somebody took from the mailbox: what was read, and how to tell that it was overtaken."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from conversations.models import Conversation, Message, MessageQuerySet
from tenants.prepared import PreparedUpdate, id_slot, number_slot, text_slot, time_slot

NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


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
        """Our lease, the same hands, and nothing newer."""
        return _current(**self._names())

    def still_current(self, changes: Mapping[str, Any], quiet_by: dt.datetime = NEVER) -> bool:
        """Check and act in one UPDATE, as all of it is columns of one row. False: nothing was changed.

        With `quiet_by` also false while the customer still writes at that time.
        """
        return _CURRENT(changes, quiet_by=quiet_by, **self._names()) == 1

    def _names(self) -> dict[str, Any]:
        versions = {"mode_version": self.mode_version, "waiting_version": self.waiting_version}
        return {"pk": self.conversation.pk, "owner": self.owner, **versions}

    def settle(self, state: str) -> None:
        """The messages that this claim answers wait no more."""
        if self.test_only:
            read = waiting(self.conversation, self.test_only).filter(pk__lte=self.upto)
            read.update(state=state)
        else:
            _READ({"state": state}, conversation=self.conversation.pk, upto=self.upto)


def _current(
    pk: Any, owner: Any, mode_version: Any, waiting_version: Any
) -> "QuerySet[Conversation]":
    return Conversation.objects.filter(
        pk=pk,
        lease_owner=owner,
        mode_version=mode_version,
        waiting_version=waiting_version,
        handled_by=Conversation.Handler.ASSISTANT,
    )


_CURRENT = PreparedUpdate(
    lambda: _current(
        id_slot("pk"),
        text_slot("owner"),
        number_slot("mode_version"),
        number_slot("waiting_version"),
    ).filter(Q(quiet_until=None) | Q(quiet_until__lte=time_slot("quiet_by")))
)
_READ = PreparedUpdate(
    lambda: Message.objects.filter(
        conversation=id_slot("conversation"), state=Message.State.NEW, pk__lte=number_slot("upto")
    ).order_by()
)


def waiting(conversation: Conversation, test_only: bool) -> MessageQuerySet:
    rows = conversation.messages.filter(state=Message.State.NEW)
    return rows.filter(details__test=True) if test_only else rows
