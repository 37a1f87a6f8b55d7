"""What a run of the assistant gives back, and what it was asked."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from agent.pricing import Usage
from conversations.attachments import Enclosure
from conversations.history import Line
from conversations.mailbox import EscalationDraft
from tenants.models import Tenant


@dataclass(frozen=True)
class Question:
    """One or more messages of a customer that want one answer."""

    tenant: Tenant
    text: str
    at: dt.datetime
    history: Sequence[Line] = ()
    customer_name: str = ""
    heard: bool = False  # some of the words were spoken in a voice note
    with_file: bool = False  # a picture or document came with them
    pictures: Sequence[Mapping[str, Any]] = ()  # as the model gets them
    missed: Sequence[str] = ()  # what nobody could hear or see: voice, image
    # All that was written within the day, for the rare message that needs it; the history holds the last lines only.
    day: Callable[[], Sequence[Line]] | None = field(default=None, compare=False)
    answer_in: str = ""  # a language that staff chose in the Playground; else that of the text

    @property
    def earlier(self) -> list[str]:
        """What the customer said before, oldest first."""
        return [line.text for line in self.history if line.author == "customer"]

    @property
    def said(self) -> str:
        """Everything that was said in the chat, this message included."""
        return "\n".join([*(line.text for line in self.history), self.text])


@dataclass(frozen=True)
class Reply:
    """The answer and how it came about; nothing of it is stored yet."""

    text: str
    language: str
    outcome: str  # one of Turn.Outcome
    escalation: EscalationDraft | None = None
    entries: Sequence[str] = ()  # references, best first, at most five
    file: Enclosure | None = None  # follows the answer
    rests_on: Mapping[str, str] = field(default_factory=dict)  # reference → what it said
    tools: Sequence[str] = ()
    model: str = ""
    rounds: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: Decimal = Decimal(0)
    milliseconds: int = 0
    error: str = ""  # a sentence for staff
    trace: Sequence[Mapping[str, Any]] = field(default_factory=list)
    stopped: Sequence[Mapping[str, Any]] = ()  # drafts that the guard held back, and why
