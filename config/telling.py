"""One made-up dialogue as it happens: each step moves the clock on and leaves its rows."""

import datetime as dt
import random
from decimal import Decimal
from typing import Any

from agent.models import Turn
from agent.pricing import Usage, card
from config.dialogues import Dialogue, Step
from conversations.models import Conversation, Escalation, Message

MODEL = "demo"  # what the turns name as their model
PRICED_LIKE = "claude-haiku-4-5"
_REACTS = 0.5
_PARTS = {
    "id": ("pagi", "siang", "sore", "malam"),
    "en": ("morning", "day", "afternoon", "evening"),
}
Author, Kind, State = Message.Author, Message.Kind, Message.State


class Telling:
    """What one dialogue leaves: messages, turns, tasks, and questions without an answer."""

    def __init__(
        self, chat: Conversation, dialogue: Dialogue, start: dt.datetime, chance: random.Random
    ):
        self.chat, self.dialogue, self.now, self.chance = chat, dialogue, start, chance
        self.messages: list[Message] = []
        self.turns: list[Turn] = []
        self.tasks: list[Escalation] = []
        self.unknown: list[tuple[str, Turn, list[Message]]] = []
        self.burst: list[Message] = []  # of the customer, not answered yet
        self.answered: list[Message] = []  # the burst that was answered last
        self.taken = False

    def tell(self) -> None:
        before = ""
        for step in self.dialogue.steps:
            getattr(self, f"_{step.kind}")(step, before)
            before = step.kind

    def _wait(self, least: float, most: float) -> None:
        self.now += dt.timedelta(seconds=self.chance.uniform(least, most))

    def _asks(self, step: Step, before: str) -> None:
        if before:
            self._wait(*((4, 25) if before == "asks" else (25, 160)))
        text, kind, details = _kind_of(self.chance.choice(step.texts))
        self.burst.append(self._message(Author.CUSTOMER, text, State.SEEN, kind, **details))

    def _answers(self, step: Step, before: str) -> None:
        milliseconds = int(min(14_000, 2_000 * self.chance.lognormvariate(0.25, 0.45)))
        self.now += dt.timedelta(milliseconds=milliseconds + 1500)
        self._settle()
        told: dict[str, Any] = {"language": self.dialogue.language}
        told |= {"answers": [each.whatsapp_id for each in self.answered]}
        reply = self._message(Author.ASSISTANT, self._words(step.texts[0]), self._seen(), **told)
        turn = self._turn(step, reply, milliseconds)
        reply.idempotency_key = f"turn:{turn.pk}"
        self.turns.append(turn)

    def _turn(self, step: Step, reply: Message, milliseconds: int) -> Turn:
        searched = bool(step.entries) and self.chance.random() < 0.4
        usage = Usage(
            input=self.chance.randint(500, 1300),
            output=60 + len(step.texts[0]) // 3,
            cache_read=self.chance.randint(10_500, 12_500),
        )
        return Turn(
            tenant=self.chat.tenant,
            conversation=self.chat,
            reply=reply,
            purpose=Turn.Purpose.CUSTOMER,
            outcome=Turn.Outcome.ANSWERED,
            model=MODEL,
            rounds=2 if searched else 1,
            tools=["knowledge_search"] if searched else [],
            entries=list(step.entries),
            language=self.dialogue.language,
            input_tokens=usage.input,
            output_tokens=usage.output,
            cache_read_tokens=usage.cache_read,
            cost=Decimal(card(PRICED_LIKE).cost(usage)),
            milliseconds=milliseconds,
            details={"context": "full", "demo": True},
        )

    def _hands_over(self, step: Step, before: str) -> None:
        turn, reply = self.turns[-1], self.messages[-1]
        turn.outcome, turn.tools = Turn.Outcome.HANDED_OVER, [*turn.tools, "escalate_to_human"]
        told = {"category": step.category, "urgency": step.urgency, "summary": step.texts[0]}
        reply.details = {**reply.details, "escalation": told}
        task = Escalation(tenant=self.chat.tenant, conversation=self.chat, **told)
        task.created_at = self.now
        self.tasks.append(task)

    def _unknown(self, step: Step, before: str) -> None:
        self.unknown.append((step.texts[0], self.turns[-1], self.answered))

    def _takes(self, step: Step, before: str) -> None:
        self.taken = True

    def _staff(self, step: Step, before: str) -> None:
        seconds = 60 * step.minutes
        self._wait(0.6 * seconds, 1.7 * seconds)
        self._settle()
        words = self._words(step.texts[0])
        self._message(Author.STAFF, words, self._seen(), from_phone=True, taken_over=self.taken)
        for task in self.tasks:
            if task.state == Escalation.State.OPEN:
                self.resolve(task, "answered")

    def resolve(self, task: Escalation, outcome: str) -> None:
        task.state, task.resolved_at = Escalation.State.RESOLVED, self.now
        task.outcome = outcome

    def _reacts(self, step: Step, before: str) -> None:
        answer = next(each for each in reversed(self.messages) if each.author != Author.CUSTOMER)
        if answer.author == Author.ASSISTANT and self.chance.random() < _REACTS:
            feedback = {"👍": "good", "👎": "bad"}[step.texts[0]]
            answer.details = {**answer.details, "reaction": step.texts[0], "feedback": feedback}

    def _settle(self) -> None:
        for message in self.burst:
            message.state = State.ANSWERED
        self.answered, self.burst = self.burst, []

    def _seen(self) -> Message.State:
        return State.READ if self.chance.random() < 0.85 else State.DELIVERED

    def _words(self, text: str) -> str:
        hour = self.chat.tenant.local(self.now).hour
        parts = _PARTS[self.dialogue.language]
        part = parts[0 if hour < 11 else 1 if hour < 15 else 2 if hour < 18 else 3]
        assert self.chat.customer is not None
        return text.replace("{name}", self.chat.customer.name.split()[0]).replace("{time}", part)

    def _message(
        self, author: str, text: str, state: Message.State, kind: str = Kind.TEXT, **details: Any
    ) -> Message:
        message = Message(
            tenant=self.chat.tenant,
            conversation=self.chat,
            author=author,
            kind=kind,
            text=text,
            state=state,
            from_me=author != Author.CUSTOMER,
            whatsapp_at=self.now,
            created_at=self.now,
            details={"demo": True} | details,
        )
        message.whatsapp_id = f"DEMO{message.public_id.hex}"
        self.messages.append(message)
        return message


def _kind_of(text: str) -> tuple[str, str, dict[str, Any]]:
    """“[photo] words” is a picture whose file nobody has, “[voice 9] words” a voice note that was written down."""
    if text.startswith("[photo]"):
        return text.removeprefix("[photo]").strip(), Kind.IMAGE, {}
    if text.startswith("[voice "):
        seconds, words = text.removeprefix("[voice ").split("] ", 1)
        return words, Kind.VOICE, {"seconds": int(seconds), "written_down_by": MODEL}
    return text, Kind.TEXT, {}
