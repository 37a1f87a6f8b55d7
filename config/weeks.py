"""Three made-up weeks of a demo studio, so that a newcomer sees a living product: conversations up to a moment ago.

Nothing of it was ever on WhatsApp, and nothing can get there: the address of these chats leads nowhere. No model
was asked, so no budget counts it. Only a demo studio without conversations of its own gets such weeks.
"""

import datetime as dt
import random
from pathlib import Path
from typing import Any

from django.db import transaction

import config
from agent.models import Turn
from agent.records import Gap, GapQuestion
from config.dialogues import Dialogue, Weeks, read
from config.telling import Telling
from conversations.madeup import CHAT, FIRST_PHONE, people
from conversations.madeup import shown as shown
from conversations.models import Conversation, Customer, Escalation, Message
from knowledge.models import KnowledgeEntry
from tenants.models import Tenant
from whatsapp.models import WhatsAppAccount

FOLDER = Path(config.__file__).parent / "demo" / "weeks"
DAYS = 21
# How many begin in each hour of the studio's day.
_HOURS = [0, 0, 0, 0, 0, 1, 4, 7, 8, 7, 6, 6, 7, 5, 4, 4, 5, 7, 8, 9, 8, 6, 3, 1]
_WEEKDAYS = [8, 7, 8, 8, 9, 11, 10]
_REST = dt.timedelta(days=2)  # until somebody writes again
_SETTLED = dt.timedelta(hours=20)  # older tasks are done


def is_demo(tenant: Tenant) -> bool:
    """Whether this studio is one of the demo's: by its entries, not by its name alone."""
    ours = KnowledgeEntry.objects.filter(tenant=tenant, external_id__startswith=f"{tenant.slug}-")
    return (FOLDER / f"{tenant.slug}.txt").exists() and ours.count() >= 10


def is_free(tenant: Tenant) -> bool:
    """Whether no real customer ever wrote here, and no number is linked."""
    chats = Conversation.objects.filter(tenant=tenant, channel=Conversation.Channel.WHATSAPP)
    linked = WhatsAppAccount.objects.filter(tenant=tenant).exclude(phone="")
    return not chats.exclude(chat__endswith=CHAT).exists() and not linked.exists()


@transaction.atomic
def forget(tenant: Tenant) -> None:
    """Take the made-up weeks out of the studio again, with everything that came of them."""
    Conversation.objects.filter(tenant=tenant, chat__endswith=CHAT).delete()
    people(tenant).delete()
    Gap.objects.filter(tenant=tenant, questions=None).delete()


@transaction.atomic
def show(tenant: Tenant, at: dt.datetime) -> int:
    """Make the weeks before `at` anew; how many messages they have. None in a studio with customers of its own."""
    if not is_demo(tenant) or not is_free(tenant):
        return 0
    forget(tenant)
    made = _Maker(tenant, read(FOLDER / f"{tenant.slug}.txt"), at)
    made.make()
    return made.store()


class _Maker:
    """Thinks the weeks out, in the order of time, and stores them at once."""

    def __init__(self, tenant: Tenant, weeks: Weeks, at: dt.datetime):
        self.tenant, self.weeks, self.at = tenant, weeks, at
        self.chance = random.Random(f"the weeks of {tenant.slug}")  # noqa: S311  the same each time
        self.people = list(self._people())
        self.free_from: dict[Any, dt.datetime] = {}
        self.heard: set[tuple[Any, str]] = set()
        self.messages: list[Message] = []
        self.turns: list[Turn] = []
        self.tasks: list[Escalation] = []
        self.gaps: dict[str, Gap] = {}
        self.questions: list[GapQuestion] = []

    def _people(self) -> Any:
        number = int(FIRST_PHONE)
        for language, names in self.weeks.names.items():
            for name in names:
                number += 1
                customer = Customer(
                    tenant=self.tenant, phone=f"+{number}", name=name, language=language
                )
                yield Conversation(tenant=self.tenant, customer=customer, chat=f"{number}{CHAT}")

    def make(self) -> None:
        for start in self._starts():
            hour = self.tenant.local(start).hour
            usual = [d for d in self.weeks.dialogues if d.recent is None and _fits(d, hour)]
            dialogue = self.chance.choices(usual, [each.weight for each in usual])[0]
            self._tell(dialogue, start)
        for dialogue in self.weeks.dialogues:
            if dialogue.recent is not None:
                self._tell(dialogue, self.at - dt.timedelta(minutes=dialogue.recent), latest=True)

    def _starts(self) -> list[dt.datetime]:
        midnight = self.tenant.local(self.at).replace(hour=0, minute=0, second=0, microsecond=0)
        starts = []
        for back in range(DAYS - 1, -1, -1):
            day = midnight - dt.timedelta(days=back)
            number = _WEEKDAYS[day.weekday()] + self.chance.randint(-2, 2) + (DAYS - back) // 7
            for hour in self.chance.choices(range(24), _HOURS, k=number):
                after = dt.timedelta(hours=hour, seconds=self.chance.randrange(3600))
                starts.append((day + after).astimezone(dt.UTC))
        return sorted(starts)

    def _tell(self, dialogue: Dialogue, start: dt.datetime, latest: bool = False) -> None:
        """One dialogue with somebody who has not written lately; none that would go on after now."""
        free = [
            each
            for each in self.people
            if each.customer.language == dialogue.language
            and self.free_from.get(each.pk, start) <= start
            and (each.pk, dialogue.title) not in self.heard
        ]
        if not free:
            return
        told = Telling(self.chance.choice(free), dialogue, start, self.chance)
        told.tell()
        if told.now <= self.at or latest:
            self._keep(told, latest)
            self.free_from[told.chat.pk] = told.now + _REST
            self.heard.add((told.chat.pk, dialogue.title))

    def _keep(self, told: Telling, latest: bool) -> None:
        """It happened: its rows join those of the weeks, and the chat is left as it ends."""
        self.messages += told.messages
        self.turns += told.turns
        self.tasks += told.tasks
        for task in told.tasks:
            if task.state == Escalation.State.OPEN and self.at - task.created_at > _SETTLED:
                told.resolve(task, "not_needed")
        for key, turn, asked in told.unknown:
            self._keep_unknown(key, turn, asked)
        told.chat.last_message_at = told.messages[-1].created_at
        if latest:
            _leave_waiting(told)

    def _keep_unknown(self, key: str, turn: Turn, asked: list[Message]) -> None:
        tenant, at = self.tenant, asked[0].created_at
        new = Gap(tenant=tenant, first_at=at, last_at=at, seen_version=tenant.knowledge_version)
        gap = self.gaps.setdefault(key, new)
        gap.last_at = max(gap.last_at, at)
        self.questions.append(
            GapQuestion(
                gap=gap,
                tenant=tenant,
                conversation=turn.conversation,
                message=asked[0],
                turn=turn,
                text="\n".join(each.text for each in asked),
                language=turn.language,
                asked_at=at,
            )
        )

    def store(self) -> int:
        """Everything at once. Times that are set on the way in are put right after."""
        chats = [each for each in self.people if each.pk in self.free_from]
        self.messages.sort(key=lambda message: message.created_at)
        Customer.objects.bulk_create(each.customer for each in chats)
        Conversation.objects.bulk_create(chats)
        Message.objects.bulk_create(self.messages, batch_size=400)
        Turn.objects.bulk_create(self.turns, batch_size=400)
        Escalation.objects.bulk_create(self.tasks)
        Gap.objects.bulk_create(self.gaps.values())
        GapQuestion.objects.bulk_create(self.questions)
        self._date(chats)
        return len(self.messages)

    def _date(self, chats: list[Conversation]) -> None:
        first: dict[Any, dt.datetime] = {}
        for message in self.messages:
            first.setdefault(message.conversation_id, message.created_at)
        for chat in chats:
            chat.created_at = first[chat.pk]
            assert chat.customer is not None
            chat.customer.created_at = first[chat.pk]
        for turn in self.turns:
            assert turn.reply is not None
            turn.created_at = turn.reply.created_at
        Customer.objects.bulk_update([c.customer for c in chats if c.customer], ["created_at"])
        Conversation.objects.bulk_update(chats, ["created_at"])
        Turn.objects.bulk_update(self.turns, ["created_at"], batch_size=200)


def _leave_waiting(told: Telling) -> None:
    """Somebody waits for staff now: unread, and in staff hands where the reason silences the assistant."""
    if told.tasks:
        told.chat.unread = len(told.burst) or 1
    if {task.category for task in told.tasks} & Escalation.SILENCING:
        told.chat.handled_by, told.chat.handled_since = Conversation.Handler.STAFF, told.now
        for message in told.burst:
            message.state = Message.State.HANDED_OVER


def _fits(dialogue: Dialogue, hour: int) -> bool:
    """Nobody of the staff answers at night."""
    awake = 7 <= hour < 20
    return awake or all(step.kind not in ("staff", "takes") for step in dialogue.steps)
