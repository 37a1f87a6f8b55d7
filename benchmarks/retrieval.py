"""Retrieval and answers without any key, in figures: recall at 1, 3 and 5, answers right and wrong, milliseconds.

    .venv/bin/python benchmarks/retrieval.py [--show] [--studios FILE.json …] [--questions FILE.jsonl …] [--split NAME]
                                             [--entries N …]

Uses a database in memory; nothing of yours is read or written. `--show` prints what was not found and every answer
that is not as it should be, `--answers` every answer as the customer reads it; `--split` takes only the questions of
that half (dev, held). `--entries 40 300` also measures one search in studios of so many entries.
"""

import argparse
import datetime as dt
import json
import os
import statistics
import sys
import tempfile
import time
import zoneinfo
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "QDRANT_URL", "ANTHROPIC_API_KEY"):
    os.environ[name] = ""
os.environ |= {"ENV_FILE": os.devnull, "DATABASE_URL": "sqlite::memory:", "LOG_LEVEL": "ERROR"}
os.environ |= {"DATA_DIR": tempfile.mkdtemp(), "DJANGO_SETTINGS_MODULE": "config.settings"}

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from agent.answering import answer  # noqa: E402
from agent.evaluation import Scores, has_fact, language  # noqa: E402
from agent.facts import money  # noqa: E402
from agent.reply import Question  # noqa: E402
from conversations.history import Line  # noqa: E402
from knowledge.entries import save_entry  # noqa: E402
from knowledge.models import KnowledgeEntry  # noqa: E402
from knowledge.search import search  # noqa: E402
from tenants.models import Tenant  # noqa: E402

FILES = {"studios": ROOT / "evals/studios.json", "questions": ROOT / "evals/questions.jsonl"}


@dataclass
class Figures:
    """What was measured, question by question."""

    ranks: list[int] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    given: list[bool] = field(default_factory=list)  # answers: whether they hold what was asked
    wrong_prices: int = 0
    fixed: list[bool] = field(default_factory=list)  # our own sentences: in the right language

    def count(self, kind: str, verdict: str) -> None:
        self.verdicts.setdefault(kind, Counter())[verdict] += 1


def load(paths: list[Path]) -> tuple[dict[str, Tenant], dict[str, dict]]:
    """The studios by their name, as rows and as they stand in the files."""
    rows = {
        row["id"]: row for path in paths for row in json.loads(path.read_text("utf-8"))["studios"]
    }
    studios = {}
    for slug, row in rows.items():
        fields = {"timezone": row["timezone"], "default_language": row["default_language"]}
        studios[slug] = Tenant.objects.create(slug=slug, name=row["name"], **fields)
        for entry in row["entries"]:
            save_entry(studios[slug], entry | {"external_id": entry["id"]})
    return studios, rows


def moment(tenant: Tenant, question: dict) -> dt.datetime:
    at = dt.datetime.fromisoformat(question["now"])
    return at if at.tzinfo else at.replace(tzinfo=zoneinfo.ZoneInfo(tenant.timezone))


def names_found(tenant: Tenant, question: dict, figures: Figures) -> list[str]:
    said = [t["content"] for t in question["history"] if t.get("role") != "assistant"]
    at = moment(tenant, question)
    started, worked = time.perf_counter(), time.process_time()
    found = search(tenant, [question["text"]], earlier=said, at=at)
    figures.took.append((time.perf_counter() - started) * 1000)
    figures.worked.append((time.process_time() - worked) * 1000)
    return [hit.entry.external_id for hit in found]


def look_at(question: dict, text: str, how: str, figures: Figures) -> None:
    """Of what is answered: does it hold the facts, is an amount told that nobody asked for, is it well introduced."""
    answered = how != "handed over" and question["kind"] != "smalltalk"
    wanted = question["must_contain"]
    if answered and (wanted or question["kind"] == "unanswerable"):
        figures.given.append(how == "right")
        prices = [fact for fact in wanted if money(fact)]
        missed = prices and not any(has_fact(fact, text) for fact in prices)
        figures.wrong_prices += bool((missed or not wanted) and how != "right" and money(text))
    said = "" if answered and not wanted else text.split("\n\n")[0]
    quoted = answered and "\n\n" not in text and len(said) > 80
    if question["reply_language"] in ("id", "en") and said and not quoted:
        figures.fixed.append(language(said) in (question["reply_language"], "?"))


def reply_to(tenant: Tenant, question: dict) -> tuple[str, bool]:
    """What a customer would get without a model, and whether a person is asked."""
    at = moment(tenant, question)
    turns = question["history"]
    authors = ["assistant" if t.get("role") == "assistant" else "customer" for t in turns]
    history = [Line(who, turn["content"], at) for who, turn in zip(authors, turns, strict=True)]
    reply = answer(Question(tenant, question["text"], at, history), None)
    return reply.text, reply.escalation is not None


def verdict(question: dict, text: str, handed_over: bool, studios: dict[str, dict]) -> str:
    """Right, wrong or handed over; an answer where none is to be had is wrong."""
    scores = Scores(studios)
    scores.judge(question, {"reply": text, "escalated": handed_over})
    if any(scores.lists[harm][0] for harm in ("forbidden", "leak", "unsupported")):
        return "HARMFUL"
    if handed_over:
        return "handed over"
    if question["kind"] == "unanswerable" and "answer" not in question["also_ok"]:
        return "wrong"
    facts = [has_fact(fact, text) for fact in question["must_contain"]]
    return "right" if all(facts) else "part" if any(facts) else "wrong"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--show", action="store_true")
    options.add_argument("--answers", action="store_true")
    options.add_argument("--split")
    options.add_argument("--entries", type=int, nargs="*", default=[])
    for name, default in FILES.items():
        options.add_argument(f"--{name}", type=Path, nargs="+", default=[default])
    chosen = options.parse_args()
    call_command("migrate", verbosity=0)
    studios, rows = load(chosen.studios)
    lines = [line for path in chosen.questions for line in path.read_text("utf-8").splitlines()]
    questions = [json.loads(line) for line in lines if line.strip()]
    questions = [q for q in questions if chosen.split in (None, q["split"])]
    for question in questions:  # the first search of a studio builds its index
        names_found(studios[question["studio"]], question, Figures())
    figures, scores = Figures(), Scores(rows)
    for question in questions:
        measure(question, studios, rows, figures, scores, chosen)
    report(figures, scores)
    for count in chosen.entries:
        report_size(count, studios, questions)


def measure(
    question: dict,
    studios: dict[str, Tenant],
    rows: dict[str, dict],
    figures: Figures,
    scores: Scores,
    chosen: argparse.Namespace,
) -> None:
    tenant = studios[question["studio"]]
    poisoned = {e["id"] for e in rows[tenant.slug]["entries"] if e.get("poisoned")}
    names = names_found(tenant, question, figures)
    gold = [entry for entry in question["gold"] if entry not in poisoned]
    rank = min((names.index(entry) + 1 for entry in gold if entry in names), default=99)
    if question["kind"] in ("answerable", "followup") and gold:
        figures.ranks.append(rank)
    text, handed_over = reply_to(tenant, question)
    how = verdict(question, text, handed_over, rows)
    figures.count(question["kind"], how)
    look_at(question, text, how, figures)
    scores.judge(question, {"reply": text, "escalated": handed_over, "retrieved": names})
    if chosen.answers:
        print(f"\n> {question['text']}   [{how}, rank {rank}, {question['id']}]\n{text}")
    elif chosen.show and (how != "right" or rank > 1):
        print(f"{how}, rank {rank}: {question['id']} {question['text']!r} {names[:3]}")
        if not handed_over:
            print(f"    {text!r}")


def report(figures: Figures, scores: Scores) -> None:
    count = len(figures.ranks) or 1
    for k in (1, 3, 5):
        print(f"recall@{k} {sum(rank <= k for rank in figures.ranks) / count:.3f}", end="  ")
    print(f"({len(figures.ranks)} questions with a gold entry)")
    print("without a model:")
    for kind, verdicts in figures.verdicts.items():
        told = ", ".join(f"{how} {n}" for how, n in sorted(verdicts.items()))
        print(f"  {kind:12} {told}")
    table = scores.table()
    given = sum(figures.given) / (len(figures.given) or 1)
    print(f"of {len(figures.given)} answers given hold what was asked {given:.3f}", end="  ")
    print(f"wrong prices {figures.wrong_prices}", end="  ")
    print(f"own sentences in the right language {sum(figures.fixed)} of {len(figures.fixed)}")
    names = ("fact_score", "forbidden_count", "leak_count", "escalation_recall", "language_match")
    print("  ".join(f"{name} {table[name]}" for name in names))
    print("milliseconds per search:", milliseconds(figures))


def milliseconds(figures: Figures) -> str:
    took = sorted(figures.took)
    p50, p95 = statistics.median(took), took[int(len(took) * 0.95)]
    return f"p50 {p50:.1f}  p95 {p95:.1f}  (processor p50 {statistics.median(figures.worked):.1f})"


def report_size(count: int, studios: dict[str, Tenant], questions: list[dict]) -> None:
    """One search in a studio of `count` entries: those of all studios, again and again with other words."""
    size = Tenant.objects.create(slug=f"size-{count}", name=f"Studio of {count}")
    texts = list(KnowledgeEntry.objects.filter(tenant__in=list(studios.values())).order_by("pk"))
    for number in range(count):
        text = texts[number % len(texts)]
        other = f" Nr{number // len(texts)}" if number >= len(texts) else ""
        fields = {"title": text.title + other, "category": text.category, "keywords": text.keywords}
        save_entry(size, fields | {"content": text.content, "language": text.language})
    figures = Figures()
    for question in [questions[0], *questions]:
        names_found(size, question, figures)
    del figures.took[0], figures.worked[0]  # builds the index
    print(f"milliseconds per search in {count} entries:", milliseconds(figures))


if __name__ == "__main__":
    main()
