"""From the model's draft to a text that may leave: in WhatsApp's form, with facts that hold, or none at all."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from agent import guard, prompts
from agent.loop import Run
from agent.phrases import help_numbers, phrase
from agent.reply import Question

STOPPED = gettext_noop(
    "The model stated something that stands in no entry. The answer was stopped."
)
EMPTY = gettext_noop("The model gave no answer.")


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


def _sources(run: Run, question: Question, language: str) -> list[str]:
    """Everything whose facts an answer may repeat."""
    shown = [f"{entry.title}\n{entry.content}" for entry in run.context.shown]
    helps = [part for code in ("id", "en") for part in help_numbers(question.tenant, code)]
    promise = phrase("told", language, question.tenant, question.at)
    now = prompts.now_line(question.tenant, question.at)
    return [*shown, question.said, now, promise, question.tenant.name, *helps]
