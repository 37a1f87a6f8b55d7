"""From the model's draft to a text that may leave: in WhatsApp's form, with facts that hold, or none at all."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from agent import guard, prompts
from agent.loop import Run
from agent.phrases import help_numbers, phrase
from agent.reply import Question
from conversations.models import Message

STOPPED = gettext_noop(
    "The model stated something that stands in no entry. The answer was stopped."
)
EMPTY = gettext_noop("The model gave no answer.")

CUSTOMER = Message.Author.CUSTOMER


@dataclass(frozen=True)
class Checked:
    """What became of the draft. An empty text means that a person takes over; `error` tells staff why."""

    text: str
    error: str = ""


def checked_answer(run: Run, question: Question, language: str) -> Checked:
    """The model's answer, after at most one repair. What was stopped is kept in `run.stopped`. Raises ModelError."""
    text = guard.whatsapp(run.answer())
    missing = _missing(text, run, question, language)
    if missing:
        text = guard.whatsapp(run.repair(guard.complaint(missing), text))
        missing = _missing(text, run, question, language)
    if missing:
        return Checked("", STOPPED)
    return Checked(text, "" if text or run.context.escalation else EMPTY)


def _missing(text: str, run: Run, question: Question, language: str) -> list[str]:
    missing = guard.unsupported(text, _sources(run, question, language))
    if missing:
        run.stopped.append({"draft": text, "missing": missing})
        run.trace.append({"unsupported": missing, "draft": text})
    return missing


def _sources(run: Run, question: Question, language: str) -> guard.Sources:
    """Everything whose facts an answer may repeat. No other studio's: entries come from this studio's shelf only."""
    tenant, at = question.tenant, question.at
    history = question.history
    return guard.Sources(
        entries=tuple(f"{entry.title}\n{entry.content}" for entry in run.context.shown),
        studio=(
            *(line.text for line in history if line.author != CUSTOMER),
            prompts.now_line(tenant, at),
            phrase("told", language, tenant, at),
            tenant.name,
            *(part for code in ("id", "en") for part in help_numbers(tenant, code)),
        ),
        customer=(*(line.text for line in history if line.author == CUSTOMER), question.text),
        today=tenant.local(at).date(),
        currency=tenant.currency,
    )
