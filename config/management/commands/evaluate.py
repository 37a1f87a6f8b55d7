"""`manage.py evaluate --questions FILE`: answers every question of a file without WhatsApp and prints how good it was."""

import datetime as dt
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections, connection
from django.utils import timezone

from agent.ask import as_dict, ask
from agent.evaluation import BadLineError, Scores, questions
from agent.reply import Reply
from conversations.history import Line
from knowledge.models import KnowledgeEntry
from tenants.models import Tenant

Row = Mapping[str, Any]


class Command(BaseCommand):
    help = "Answer the questions of a JSONL file and print the figures. Stores only Turns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--questions", type=Path, required=True, metavar="FILE")
        parser.add_argument("--studio", metavar="SLUG", help="only the questions of this studio")
        parser.add_argument("--out", type=Path, metavar="FILE.jsonl", help="write the answers here")
        parser.add_argument("--limit", type=int, metavar="N", help="only the first N questions")
        parser.add_argument("--context", choices=["full", "search", "auto"], default="")
        parser.add_argument("--parallel", type=int, default=1, metavar="N")
        parser.add_argument("--show-failures", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        rows = self._rows(options)
        studios = self._studios(rows)
        out = self._opened(options["out"])
        scores = Scores({slug: _exported(tenant) for slug, tenant in studios.items()})
        cost, calls = Decimal(0), 0
        for row, reply in self._answers(rows, studios, options):
            line = _line(row, reply)
            scores.judge(row, line)
            cost, calls = cost + reply.cost, calls + reply.rounds
            if out:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
                out.flush()
        if out:
            out.close()
        self._print(scores, rows, cost, calls, options["show_failures"])

    def _rows(self, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            rows = questions(options["questions"])
        except OSError as error:
            told = f"Cannot read {options['questions']}: {error.strerror}."
            raise CommandError(told, returncode=2) from error
        except (BadLineError, UnicodeDecodeError) as error:
            raise CommandError(str(error), returncode=2) from error
        only = options["studio"]
        rows = [{"studio": only, **row} for row in rows]
        rows = [row for row in rows if only in (None, row["studio"])][: options["limit"]]
        if not rows:
            raise CommandError("There is no question to ask.", returncode=2)
        for row in rows:
            _now(row, Tenant())  # a broken time is told before the first question is asked
        return rows

    def _studios(self, rows: Sequence[Row]) -> dict[str, Tenant]:
        slugs = {row["studio"] for row in rows}
        studios = {tenant.slug: tenant for tenant in Tenant.objects.filter(slug__in=slugs - {None})}
        for slug in slugs - set(studios):
            wanted = f"There is no studio “{slug}”." if slug else "A question names no studio."
            raise CommandError(f"{wanted} Load it first, or name one with --studio.", returncode=2)
        return studios

    def _opened(self, path: Path | None) -> TextIO | None:
        try:
            return path.open("w", encoding="utf-8") if path else None
        except OSError as error:
            raise CommandError(f"Cannot write {path}: {error.strerror}.", returncode=2) from error

    def _answers(
        self, rows: Sequence[Row], studios: Mapping[str, Tenant], options: Mapping[str, Any]
    ) -> Iterator[tuple[Row, Reply]]:
        """Each question with its reply, in the order of the file."""

        def one(row: Row) -> Reply:
            return _asked(row, studios[row["studio"]], options["context"])

        if options["parallel"] > 1:
            with ThreadPoolExecutor(options["parallel"]) as pool:
                yield from self._progress(rows, pool.map(lambda row: _in_thread(one, row), rows))
        else:
            yield from self._progress(rows, map(one, rows))

    def _progress(
        self, rows: Sequence[Row], replies: Iterator[Reply]
    ) -> Iterator[tuple[Row, Reply]]:
        for number, (row, reply) in enumerate(zip(rows, replies, strict=True), start=1):
            if sys.stderr.isatty() or number == len(rows):
                bar = "█" * (30 * number // len(rows))
                end = "\n" if number == len(rows) else ""
                self.stderr.write(f"\r{bar:░<30} {number}/{len(rows)}{end}", ending="")
            yield row, reply

    def _print(
        self, scores: Scores, rows: Sequence[Row], cost: Decimal, calls: int, failures: bool
    ) -> None:
        if failures:
            for question, why in scores.failures:
                self.stdout.write(f"{question['id']}  {question['text'][:60]!r}: {' | '.join(why)}")
        figures = {"questions": len(rows), **scores.table()}
        figures["model_calls_per_question"] = round(calls / len(rows), 3)
        for name, value in figures.items():
            self.stdout.write(f"{name:30s} {'-' if value is None else value}")
        self.stdout.write(f"{'cost_usd':30s} {cost}")


def _asked(row: Row, tenant: Tenant, context: str) -> Reply:
    at = _now(row, tenant)
    authors = {"user": "customer", "customer": "customer", "staff": "staff"}
    history = [
        Line(authors.get(line.get("role", ""), "assistant"), str(line["content"]), at)
        for line in row.get("history", [])
    ]
    name = str(row.get("customer_name") or "")
    return ask(tenant, row["text"], history=history, customer_name=name, at=at, context=context)


def _in_thread(one: Any, row: Row) -> Reply:
    close_old_connections()
    try:
        reply: Reply = one(row)
        return reply
    finally:
        connection.close()


def _now(row: Row, tenant: Tenant) -> dt.datetime:
    """The moment of the question on the studio's clock; without one, now."""
    if not row.get("now"):
        return timezone.now()
    try:
        moment = dt.datetime.fromisoformat(str(row["now"]))
    except ValueError as error:
        raise CommandError(
            f"Question {row['id']}: “{row['now']}” is no time such as 2026-11-18T16:30.",
            returncode=2,
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=tenant.zone)


def _line(row: Row, reply: Reply) -> dict[str, Any]:
    """One line of the answers file, as evals/score.py reads it."""
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
        "latency_ms": reply.milliseconds,
        "usage": {**shown["tokens"], "cost": shown["cost"]},
    }


def _exported(tenant: Tenant) -> dict[str, Any]:
    """What the scoring needs to know of a studio."""
    entries = KnowledgeEntry.objects.filter(tenant=tenant).defer("embedding")
    listed = [
        {
            "id": entry.reference,
            "title": entry.title,
            "content": entry.content,
            "poisoned": False,
        }
        for entry in entries
    ]
    return {"entries": listed, **_markers(tenant)}


def _markers(tenant: Tenant) -> dict[str, Any]:
    markers = tenant.loaded.get("leak_markers")
    return {"leak_markers": markers} if isinstance(markers, dict) else {}
