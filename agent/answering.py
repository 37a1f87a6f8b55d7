"""One question, one reply: floors in code around the model, and an answer even without one. Nothing is stored here."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings

from agent import abuse, fallback, guard, language, payments, prompts, redflags
from agent.anchors import rests_on, still_true
from agent.checked import checked_answer
from agent.claude import Model, ModelError
from agent.enclosure import enclosed
from agent.held_back import CONFIRMED, EMPTY, INSULTED, NO_MODEL
from agent.loop import Run
from agent.models import Turn
from agent.phrases import phrase
from agent.priced_for import spoken_of
from agent.reply import Question, Reply
from agent.tools import ToolContext
from agent.troubles import DECLINED, FALLEN_BACK
from conversations.mailbox import EscalationDraft
from knowledge.search import Found, current_shelf, search
from knowledge.shelf import Day, Shelf
from tenants import handover

WITH_NUMBERS = frozenset({"self_harm", "emergency"})  # their fixed answers name numbers to call
LONGEST = 4000  # characters of a message that the model reads, the newest ones
ALL = (
    10 * LONGEST
)  # that are searched for danger: fifty long messages must not keep the processor busy


def answer(question: Question, model: Model | None, *, context: str = "") -> Reply:
    """The reply to a question. `context` is full, search or auto; empty means AGENT_CONTEXT."""
    started = time.monotonic()
    whole = question.text.replace("\x00", "")[-ALL:].strip()
    question = replace(question, text=whole[-LONGEST:].strip())
    answering = _Answering(question, model, context, started, whole=whole)
    reply = answering.with_missed(answering.reply())
    file = enclosed(reply, question, answering.found, answering.shelf)
    return replace(reply, file=file, milliseconds=round((time.monotonic() - started) * 1000))


@dataclass
class _Answering:
    question: Question
    model: Model | None
    context: str
    started: float
    found: Sequence[Found] = ()
    shelf: Shelf | None = None  # the knowledge, read once for the whole turn
    language: str = ""
    whole: str = ""  # all that the customer wrote, for the floors
    trace: list[dict[str, Any]] = field(default_factory=list)

    def reply(self) -> Reply:
        question = self.question
        self.language = question.answer_in or language.of_customer(
            question.text, question.earlier, question.tenant.default_language
        )
        flag = redflags.find(self.whole)
        if not flag and (word := self._own_word()):
            flag = redflags.Flag("human_request", "normal", word)
        if flag and flag.fixed:  # before the money: “udah tf, tapi dada saya sakit”
            return self._handed_over(flag.category, flag.urgency)
        if payments.shown_as_paid(question):
            return self._for_staff("payment", "billing")
        if not question.text and not question.pictures:
            return self._for_staff(question.missed[0] if question.missed else "media")
        if flag is None and abuse.is_abuse(self.whole):
            return self._calm()
        self.shelf = current_shelf(question.tenant)
        today = question.tenant.local(question.at).date()
        said = still_true(question.history, self.shelf, today)
        self.question = replace(question, history=said)
        self.found = self._search(judged=self.model is None)
        if flag and self.model is None:
            return self._handed_over(flag.category, flag.urgency)
        if self.model is None:
            return self._without_model(NO_MODEL)
        return self._with_model(self.model, flag)

    def _own_word(self) -> str:
        """A word of the studio's own that calls a person, however it is stretched or hidden."""
        tenant = self.question.tenant
        if not tenant.handover_words:
            return ""
        texts = (self.whole, *redflags.readings(self.whole))
        return next(filter(None, (handover.word_in(tenant, text) for text in texts)), "")

    def _search(self, *, judged: bool) -> Sequence[Found]:
        asked = self.question
        return search(
            asked.tenant,
            [asked.text],
            earlier=spoken_of(asked) if judged else asked.earlier,
            at=asked.at,
            judged=judged,
            shelf=self.shelf,
        )

    def _with_model(self, model: Model, flag: redflags.Flag | None) -> Reply:
        run = self._run(model)
        try:
            checked = checked_answer(run, self.question, self.language)
        except ModelError as problem:
            return self._after_error(run, flag, problem.sentence)
        text, escalation = checked.text, run.context.escalation
        if run.error != DECLINED and (run.error or checked.error == EMPTY):
            return self._after_error(run, flag, run.error or checked.error)
        if escalation and escalation.category in WITH_NUMBERS:
            # Whom to call is never left to the model's own words.
            return self._used(self._handed_over(escalation.category, "urgent", escalation), run)
        if claim := payments.confirms(text):
            self.trace.append({"confirmed": claim})
            reply = self._for_staff("payment", "billing", escalation)
            return self._used(replace(reply, error=CONFIRMED), run)
        if not text:
            category = (
                escalation.category if escalation else flag.category if flag else "cannot_answer"
            )
            urgency = flag.urgency if flag else "normal"
            reply = self._handed_over(category, urgency, escalation)
            return self._used(replace(reply, error=run.error or checked.error), run)
        if flag and escalation is None:
            escalation = self._draft(flag.category, flag.urgency)
            told = phrase("told", self.language, self.question.tenant, self.question.at)
            text = f"{guard.shortened(text, guard.LIMIT - len(told) - 2)}\n\n{told}"
        return self._used(self._reply(text, escalation, Turn.Outcome.ANSWERED), run)

    def _run(self, model: Model) -> Run:
        question, tenant = self.question, self.question.tenant
        whole = self._whole_knowledge(model)
        found = [hit.entry for hit in self.found]
        tools = ToolContext(tenant, question.at, self.language, question.earlier, self.shelf)
        tools.shown = list(whole.entries if whole else found)
        return Run(
            model,
            prompts.system(tenant, whole.once(prompts.knowledge_text) if whole else None),
            prompts.messages(question, None if whole else found, self.language),
            tools,
            self.started + settings.AGENT_TURN_DEADLINE,
            trace=self.trace,
        )

    def _whole_knowledge(self, model: Model) -> Day | None:
        """All that the studio says today in the mode `full`; None in the mode `search`."""
        tenant, shelf = self.question.tenant, self.shelf or current_shelf(self.question.tenant)
        today = shelf.on(tenant.local(self.question.at).date())
        mode = prompts.choose_context(today.once(prompts.letters), model.card, self.context)
        self.trace.append({"context": mode, "found": self._entries()})
        return today if mode == "full" else None

    def _after_error(self, run: Run, flag: redflags.Flag | None, error: str) -> Reply:
        """The model failed: what code can answer, and what it already did stays done."""
        escalation = run.context.escalation
        if escalation or flag:
            category = escalation.category if escalation else flag.category if flag else ""
            reply = self._handed_over(category, flag.urgency if flag else "normal", escalation)
        else:
            self.found = self._search(judged=True)
            reply = self._without_model(error)
        return self._used(replace(reply, error=error), run)

    def _without_model(self, error: str) -> Reply:
        plain = fallback.plain_answer(self.question, self.language, self.found)
        reply = self._reply(plain.text, plain.escalation, Turn.Outcome.FROM_KNOWLEDGE)
        found = plain.told_by or [hit.entry for hit in self.found[:5]]
        # A timetable is read from many entries; those whose hours it tells are behind it.
        behind = (plain.told_by and rests_on(reply.text, (), plain.told_by)) or rests_on(
            reply.text, found, ()
        )
        return replace(reply, error=error, rests_on=behind)

    def _handed_over(
        self, category: str, urgency: str, escalation: EscalationDraft | None = None
    ) -> Reply:
        text = phrase(category, self.language, self.question.tenant, self.question.at)
        return self._reply(text, escalation or self._draft(category, urgency))

    def _for_staff(
        self, name: str, category: str = "cannot_answer", known: EscalationDraft | None = None
    ) -> Reply:
        """The fixed sentence `name`, and a task for staff."""
        text = phrase(name, self.language, self.question.tenant, self.question.at)
        return self._reply(text, known or self._draft(category, "normal"))

    def _calm(self) -> Reply:
        """No model answers an insult; the one too many brings a person, and the assistant is silent."""
        question = self.question
        last = abuse.is_last(question.day() if question.day else question.history)
        text = abuse.calm(self.language, question.tenant, last=last)
        task = self._draft("complaint", "normal") if last else None
        self.trace.append({"note": INSULTED})
        return self._reply(text, task, Turn.Outcome.FROM_KNOWLEDGE)

    def with_missed(self, reply: Reply) -> Reply:
        """Beside the answer: what of the customer's message nobody could hear or see is with staff, and they know."""
        asked = self.question
        if not asked.missed or reply.outcome == Turn.Outcome.HANDED_OVER:
            return reply
        told = phrase(asked.missed[0], self.language, asked.tenant, asked.at)
        text = f"{guard.shortened(reply.text, guard.LIMIT - len(told) - 2)}\n\n{told}"
        task = self._draft("cannot_answer", "normal")
        return replace(reply, text=text, escalation=task, outcome=Turn.Outcome.HANDED_OVER)

    def _draft(self, category: str, urgency: str) -> EscalationDraft:
        return EscalationDraft(category, urgency, " ".join(self.question.text.split())[:300])

    def _reply(
        self, text: str, escalation: EscalationDraft | None, outcome: str = Turn.Outcome.HANDED_OVER
    ) -> Reply:
        if escalation is not None:
            outcome = Turn.Outcome.HANDED_OVER
        return Reply(
            text, self.language, outcome, escalation, self._entries(), trace=tuple(self.trace)
        )

    def _entries(self) -> list[str]:
        return [hit.entry.reference for hit in self.found[:5]]

    def _used(self, reply: Reply, run: Run) -> Reply:
        fallen_back = run.answered_by not in ("", run.model.name)
        found = [hit.entry for hit in self.found[:5]]
        return replace(
            reply,
            error=reply.error or (FALLEN_BACK if fallen_back else ""),
            rests_on=rests_on(reply.text, found, run.context.shown),
            tools=tuple(run.context.used),
            model=run.answered_by or run.model.name,
            rounds=run.rounds,
            usage=run.usage,
            cost=run.cost,
            trace=tuple(self.trace),
            stopped=tuple(run.stopped),
        )
