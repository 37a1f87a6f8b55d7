"""Retrieval without any key, in figures: recall at 1, 3 and 5, how sure clear answers are, milliseconds per search.

    .venv/bin/python benchmarks/retrieval.py [--show] [--studios FILE.json] [--questions FILE.jsonl]

Uses a database in memory; nothing of yours is read or written. `--show` prints what was not found and every clear answer.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "QDRANT_URL"):
    os.environ[name] = ""
os.environ |= {"ENV_FILE": os.devnull, "DATABASE_URL": "sqlite::memory:", "LOG_LEVEL": "ERROR"}
os.environ |= {"DATA_DIR": tempfile.mkdtemp(), "DJANGO_SETTINGS_MODULE": "config.settings"}

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from knowledge.entries import save_entry  # noqa: E402
from knowledge.search import best_passage, search  # noqa: E402
from tenants.models import Tenant  # noqa: E402


def load(path: Path) -> tuple[dict[str, Tenant], set[str]]:
    studios, poisoned = {}, set()
    for row in json.loads(path.read_text("utf-8"))["studios"]:
        tenant = Tenant.objects.create(slug=row["id"], name=row["name"], timezone=row["timezone"])
        for entry in row["entries"]:
            save_entry(tenant, entry | {"external_id": entry["id"]})
            poisoned |= {entry["id"]} if entry.get("poisoned") else set()
        studios[row["id"]] = tenant
    return studios, poisoned


def ask(tenant: Tenant, question: dict) -> tuple[list, float, float]:
    at = dt.datetime.fromisoformat(question["now"])
    at = at if at.tzinfo else at.replace(tzinfo=zoneinfo.ZoneInfo(tenant.timezone))
    earlier = [turn["content"] for turn in question["history"]]
    started, worked = time.perf_counter(), time.process_time()
    found = search(tenant, [question["text"]], earlier=earlier, at=at)
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    return found, seconds * 1000, cpu * 1000


def right(answer: str, question: dict, found: list) -> bool:
    """A clear answer is right when it comes from a right entry and holds at least one of the facts asked for."""
    if not found or found[0].entry.external_id not in question["gold"]:
        return False
    facts = [fact.lower().split("|") for fact in question["must_contain"]]
    plain = answer.lower().replace("*", "")
    return not facts or any(any(f in plain for f in fact) for fact in facts)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--show", action="store_true")
    options.add_argument("--studios", type=Path, default=ROOT / "evals/studios.json")
    options.add_argument("--questions", type=Path, default=ROOT / "evals/questions.jsonl")
    chosen = options.parse_args()
    call_command("migrate", verbosity=0)
    studios, poisoned = load(chosen.studios)
    lines = chosen.questions.read_text("utf-8").splitlines()
    questions = [json.loads(line) for line in lines if line.strip()]
    for question in questions[:8]:
        ask(studios[question["studio"]], question)  # the first search of a studio builds its index
    ranks, took, worked, clear = [], [], [], {"right": 0, "wrong": 0, "not": 0}
    for question in questions:
        found, milliseconds, cpu = ask(studios[question["studio"]], question)
        took.append(milliseconds)
        worked.append(cpu)
        names = [f.entry.external_id for f in found]
        gold = [g for g in question["gold"] if g not in poisoned]
        if question["kind"] in ("answerable", "followup") and gold:
            ranks.append(min((names.index(g) + 1 for g in gold if g in names), default=99))
            if chosen.show and ranks[-1] > 1:
                print(f"rank {ranks[-1]:2} {question['id']} {question['text']!r} {names[:3]}")
        if not found or not found[0].clear:
            clear["not"] += 1
            continue
        answer = best_passage(found[0], question["text"])
        verdict = "right" if right(answer, question, found) else "wrong"
        clear[verdict] += 1
        if chosen.show:
            print(f"clear, {verdict}: {question['id']} {question['text']!r} →\n    {answer!r}")
    count = len(ranks)
    for k in (1, 3, 5):
        print(f"recall@{k} {sum(rank <= k for rank in ranks) / count:.3f}", end="  ")
    print(f"({count} questions with a gold entry)")
    print(f"clear: right {clear['right']}, wrong {clear['wrong']}, not clear {clear['not']}")
    took.sort()
    p95 = took[int(len(took) * 0.95)]
    print(f"milliseconds per search: p50 {statistics.median(took):.1f}  p95 {p95:.1f}", end="  ")
    print(f"(processor p50 {statistics.median(worked):.1f})")


if __name__ == "__main__":
    main()
