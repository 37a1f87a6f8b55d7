"""A question outside of any conversation: for the terminal, evaluations and exams. Only a Turn is stored."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from agent.answering import answer
from agent.claude import model_for
from agent.models import Turn
from agent.reply import Question, Reply
from agent.turns import record
from conversations.history import Line
from tenants.models import Tenant


def ask(
    tenant: Tenant,
    question: str,
    *,
    history: Sequence[Line] = (),
    customer_name: str = "",
    at: dt.datetime,
    purpose: str = Turn.Purpose.COMMAND,
    context: str = "",
) -> Reply:
    """What the assistant would answer now. Stores no conversation and no escalation."""
    asked = Question(tenant, question, at, history, customer_name)
    reply = answer(asked, model_for(tenant), context=context)
    record(reply, tenant, purpose)
    return reply


def as_dict(reply: Reply) -> dict[str, Any]:
    """The reply for programs, as `ask --json` prints it."""
    usage = reply.usage
    return {
        "reply": reply.text,
        "language": reply.language,
        "escalated": reply.escalation is not None,
        "category": reply.escalation.category if reply.escalation else None,
        "entries": list(reply.entries),
        "tools": list(reply.tools),
        "model": reply.model or None,
        "tokens": {
            "input": usage.input,
            "output": usage.output,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write,
        },
        "cost": float(reply.cost),
        "milliseconds": reply.milliseconds,
    }
