"""Asks a studio's assistant the questions of a file: one line of an answers file each. Errors become lines, too."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import close_old_connections, connection
from django.utils import timezone

from agent.ask import as_dict, ask
from agent.exam import troubled
from agent.phrases import help_numbers
from agent.prompts import rules
from agent.reply import Reply
from conversations.history import Line
from knowledge.models import KnowledgeEntry
from tenants.models import Tenant

logger = logging.getLogger(__name__)
Row = Mapping[str, Any]
Answer = dict[str, Any]
_AUTHORS = {"user": "customer", "customer": "customer", "staff": "staff"}


class BadTimeError(ValueError):
    """A question whose `now` cannot be read."""


def asked(row: Row, tenant: Tenant, context: str = "") -> Answer:
    """One line of the answers file, as evals/score.py reads it. Whatever breaks stands in `error`."""
    try:
        return line(row, _reply(row, tenant, context))
    except Exception as error:
        logger.exception("a question of the evaluation failed")
        return {"id": row["id"], "reply": "", "error": f"{type(error).__name__}: {error}"[:500]}


def all_asked(
    rows: Sequence[Row], ask_one: Callable[[Row], Answer], *, parallel: int = 1
) -> Iterator[Answer]:
    """The answers in the order of the rows; what has not begun is left when nobody takes more of them."""
    if parallel < 2:
        yield from map(ask_one, rows)
        return
    pool = ThreadPoolExecutor(parallel, thread_name_prefix="ask")
    try:
        yield from pool.map(lambda row: _in_thread(ask_one, row), rows)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_thread(ask_one: Callable[[Row], Answer], row: Row) -> Answer:
    close_old_connections()
    try:
        return ask_one(row)
    finally:
        connection.close()


def _reply(row: Row, tenant: Tenant, context: str) -> Reply:
    at = moment(row, tenant)
    history = [
        Line(_AUTHORS.get(said.get("role", ""), "assistant"), said["content"], at)
        for said in row.get("history", [])
    ]
    name = str(row.get("customer_name") or "")
    return ask(tenant, row["text"], history=history, customer_name=name, at=at, context=context)


def moment(row: Row, tenant: Tenant) -> dt.datetime:
    """The moment of the question on the studio's clock; without one, now."""
    if not row.get("now"):
        return timezone.now()
    try:
        at = dt.datetime.fromisoformat(str(row["now"]))
    except ValueError as error:
        told = f"Question {row['id']}: “{row['now']}” is no time such as 2026-11-18T16:30."
        raise BadTimeError(told) from error
    return at if at.tzinfo else at.replace(tzinfo=tenant.zone)


def line(row: Row, reply: Reply) -> Answer:
    shown = as_dict(reply)
    return {
        "id": row["id"],
        "reply": reply.text,
        "retrieved": shown["entries"],
        "escalated": shown["escalated"],
        "escalations": int(shown["escalated"]),
        "category": shown["category"],
        "tools": shown["tools"],
        "outcome": str(reply.outcome),
        "model": shown["model"],
        "rounds": reply.rounds,
        "latency_ms": reply.milliseconds,
        "usage": {**shown["tokens"], "cost": shown["cost"]},
        **({"error": trouble} if (trouble := troubled(reply)) else {}),
    }


def exported(tenant: Tenant) -> dict[str, Any]:
    """What the scoring needs to know of a studio."""
    told = tenant.loaded.get("entries")
    extra: Mapping[str, Any] = told if isinstance(told, dict) else {}
    entries = [
        {
            "id": entry.reference,
            "title": entry.title,
            "content": entry.content,
            "poisoned": bool(extra.get(entry.reference, {}).get("poisoned")),
        }
        for entry in KnowledgeEntry.objects.filter(tenant=tenant).defer("embedding")
    ]
    markers = tenant.loaded.get("leak_markers")
    marked = {"leak_markers": markers} if isinstance(markers, dict) else {}
    return {"entries": entries, "prompt": _own_rules(tenant), **marked}


def _own_rules(tenant: Tenant) -> str:
    """The assistant's rules without the numbers for help, which it is told to repeat."""
    text = rules(tenant)
    for help_text in help_numbers(tenant, "en"):
        text = text.replace(help_text, "…")
    return text
