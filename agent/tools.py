"""The two tools of the model. Studio and conversation come from here, never from what the model says."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.completions import ToolCall
from agent.phrases import phrase
from agent.prompts import entry_text
from conversations.mailbox import EscalationDraft
from conversations.models import Escalation
from knowledge.models import KnowledgeEntry
from knowledge.search import search
from knowledge.shelf import Shelf
from tenants.models import Tenant

MAX_SEARCHES = 4
SEARCH = "knowledge_search"
ESCALATE = "escalate_to_human"
# Urgent whatever the model says of the urgency.
GRAVE = (
    Escalation.Category.SELF_HARM,
    Escalation.Category.EMERGENCY,
    Escalation.Category.SAFEGUARDING,
)

_SCHEMAS: list[dict[str, Any]] = [
    {
        "name": SEARCH,
        "description": "Searches the studio's knowledge. Use it when the entries that you were given do not hold the "
        "answer. Write one to three short queries: each thing once in Indonesian and once in English.",
        "input_schema": {
            "type": "object",
            "properties": {"queries": {"type": "array", "items": {"type": "string"}}},
            "required": ["queries"],
            "additionalProperties": False,
        },
    },
    {
        "name": ESCALATE,
        "description": "Calls a person of the studio's team into this chat. Use it once, for the reasons in your rules.",
        "input_schema": {
            "type": "object",
            "properties": {
                "category": {"type": "string", "enum": list(Escalation.Category.values)},
                "urgency": {"type": "string", "enum": list(Escalation.Urgency.values)},
                "summary": {
                    "type": "string",
                    "description": "Two lines for staff: who needs what, and what was said.",
                },
            },
            "required": ["category", "urgency", "summary"],
            "additionalProperties": False,
        },
    },
]


def schemas() -> list[dict[str, Any]]:
    """Both tools, in a fixed order."""
    return _SCHEMAS


@dataclass
class ToolContext:
    """What the tools of one turn act on, and what they did."""

    tenant: Tenant
    at: dt.datetime
    language: str
    earlier: Sequence[str] = ()
    shelf: Shelf | None = None  # the knowledge as this turn read it
    shown: list[KnowledgeEntry] = field(default_factory=list)  # everything that the model has seen
    escalation: EscalationDraft | None = None
    searches: int = 0
    used: list[str] = field(default_factory=list)

    def run(self, call: ToolCall) -> dict[str, Any]:
        """The `tool_result` block of one call. What goes wrong is told to the model, never raised."""
        self.used.append(call.name)
        tool = _TOOLS.get(call.name)
        try:
            if tool is None:
                raise ToolError(f"There is no tool {call.name[:40]}.")
            result, failed = tool(self, call.arguments), False
        except ToolError as error:
            result, failed = str(error), True
        block = {"type": "tool_result", "tool_use_id": call.id, "content": result}
        return {**block, "is_error": True} if failed else block


class ToolError(Exception):
    """The model used a tool wrongly; the text tells it how."""


def _search(context: ToolContext, arguments: Mapping[str, Any]) -> str:
    queries = _queries(arguments)
    context.searches += 1
    if context.searches > MAX_SEARCHES:
        raise ToolError("No more searches in this turn. Answer with what you have.")
    earlier, at = context.earlier, context.at
    found = search(
        context.tenant, queries, earlier=earlier, at=at, judged=False, shelf=context.shelf
    )
    entries = [hit.entry for hit in found]
    known = {entry.id for entry in context.shown}
    context.shown += [entry for entry in entries if entry.id not in known]
    return "\n".join(entry_text(entry) for entry in entries) or "Nothing found."


def _queries(arguments: Mapping[str, Any]) -> list[str]:
    given = arguments.get("queries")
    if not isinstance(given, list):
        raise ToolError("queries must be a list of one to three texts.")
    queries = [query.strip()[:300] for query in given if isinstance(query, str) and query.strip()]
    if not queries:
        raise ToolError("queries must hold at least one text.")
    return queries[:3]


def _escalate(context: ToolContext, arguments: Mapping[str, Any]) -> str:
    category = arguments.get("category")
    if category not in Escalation.Category.values:
        raise ToolError(f"category must be one of {', '.join(Escalation.Category.values)}.")
    urgency = arguments.get("urgency")
    if category in GRAVE:
        urgency = Escalation.Urgency.URGENT
    elif urgency not in Escalation.Urgency.values:
        urgency = Escalation.Urgency.NORMAL
    if context.escalation is None:
        summary = str(arguments.get("summary") or "")[:1000]
        context.escalation = EscalationDraft(str(category), str(urgency), summary)
    promise = phrase("account_change", context.language, context.tenant, context.at)
    return f"The team knows. You may promise no more than this: {promise}"


_TOOLS: dict[str, Callable[[ToolContext, Mapping[str, Any]], str]] = {
    SEARCH: _search,
    ESCALATE: _escalate,
}
