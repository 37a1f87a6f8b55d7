"""Whether a wrong fact can leave, and how often a right answer is stopped, through the real SDK and a loopback model:

    .venv/bin/python -m benchmarks.corrupted_replies [--replies 1000] [--elsewhere 500] [--context full|search] [--seed 1] [--show]

corrupted   answers in which one fact is wrong and stands nowhere in the studio's knowledge: none may leave
elsewhere   answers in which one fact is wrong but true of something else (Tuesday for Monday), half of them exchanged for
            another fact of the studio's answers (the price of five classes for ten): at most 5 % may leave
correct     the same answers as they should be, in other spellings: at most 2 % may be stopped

Each is told for three sets: evals/true_replies.jsonl, with which the guard was built, evals/held_replies.jsonl, written before
it was tuned, and evals/late_replies.jsonl, written for studios of another kind when it was. The model repeats its answer when it is asked to repair it. How facts are written and spoilt stands in
benchmarks/spellings.py. The exit code is 1 when a promise is broken.
"""

import argparse
import datetime as dt
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
import zoneinfo
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "QDRANT_URL"):
    os.environ[name] = ""
os.environ |= {"ENV_FILE": os.devnull, "DATABASE_URL": "sqlite::memory:", "LOG_LEVEL": "ERROR"}
os.environ |= {"DATA_DIR": tempfile.mkdtemp(), "DJANGO_SETTINGS_MODULE": "config.settings"}
os.environ |= {"ANTHROPIC_API_KEY": "loopback"}

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from agent import facts  # noqa: E402
from agent.answering import answer  # noqa: E402
from agent.claude import model_for  # noqa: E402
from agent.form import whatsapp  # noqa: E402
from agent.guard import Sources, unsupported  # noqa: E402
from agent.reply import Question, Reply  # noqa: E402
from benchmarks.spellings import corrupted, spelled, words  # noqa: E402
from knowledge.entries import save_entry  # noqa: E402
from tenants.models import Tenant  # noqa: E402
from tests.model_server import ModelServer, text  # noqa: E402

FILES = [
    ROOT / f"evals/{name}.json"
    for name in ("studios", "own_studios", "fresh_studios", "held_studios", "late_studios")
]
REPLIES = {name: ROOT / f"evals/{name}_replies.jsonl" for name in ("true", "held", "late")}
NOW = dt.datetime(2026, 11, 18, 16, 30)  # noqa: DTZ001 - a Wednesday, on each studio's own clock
SLOT = re.compile(r"\[(\w+):([^\]]+)\]")
OPENINGS = ("", "", "", "Halo Kak! ", "Hi! ", "Siap Kak, ", "Baik Kak. ", "Sure! ")
CLOSINGS = (
    "",
    "",
    "",
    " 😊",
    " 🙏",
    " Ada lagi yang bisa dibantu?",
    " Anything else?",
    "\n\nSampai jumpa Kak!",
)


@dataclass(frozen=True)
class Case:
    row: dict[str, str]
    reply: str
    kind: str = ""  # of the fact that is wrong
    wrong: str = ""


class House:
    """The studios, and what stands in their knowledge."""

    def __init__(self) -> None:
        call_command("migrate", verbosity=0)
        self.studios: dict[str, Tenant] = {}
        self.known: dict[str, str] = {}
        self.told: dict[str, dict[str, set[str]]] = {}  # facts of the answers, by studio and kind
        for path in FILES:
            for row in json.loads(path.read_text("utf-8"))["studios"]:
                self.add(row)

    def add(self, row: dict[str, Any]) -> None:
        fields = {
            name: row[name] for name in ("name", "city", "timezone", "currency", "default_language")
        }
        number = f"+{row['whatsapp_number']}"
        tenant = Tenant.objects.create(slug=row["id"], whatsapp_number=number, **fields)
        entries = [entry for entry in row["entries"] if not entry.get("poisoned")]
        for entry in entries:
            save_entry(tenant, entry | {"external_id": entry["id"]})
        self.studios[row["id"]] = tenant
        self.known[row["id"]] = "\n".join(f"{e['title']}\n{e['content']}" for e in entries).lower()

    def learn(self, rows: list[dict[str, str]]) -> None:
        """The facts of the answers, to exchange one for another."""
        for row in rows:
            told = self.told.setdefault(row["studio"], {})
            for slot in SLOT.finditer(row["reply"]):
                told.setdefault(slot[1], set()).add(slot[2])

    def stands(self, studio: str, kind: str, value: str) -> bool:
        """Whether the value stands anywhere in the studio's knowledge, judged apart from the guard."""
        known = self.known[studio]
        if kind in ("money", "total"):
            return (
                f"{float(value):g}"
                in {f"{float(a.partition(':')[2]):g}" for a in facts.money(known)}
                or value in known
            )
        if kind in ("time", "end", "limit"):
            hour, minute = (int(part) for part in value.split(":"))
            return hour * 60 + minute in facts.clock(known)
        if kind == "day":
            return True
        if kind in ("link", "mail", "phone", "code", "acct"):
            return value.lower() in known
        number = re.sub(r"\D", "", value.split("-")[-1] if kind == "date" else value)
        forms = {number.lstrip("0") or "0", words(int(number), "id"), words(int(number), "en")}
        return any(re.search(rf"(?<![\d.,:]){form}(?![\d:]|[.,]\d)", known) for form in forms)


def case(row: dict[str, str], house: House, choose: random.Random, wanted: str) -> Case | None:
    """One answer; `wanted` says whether one fact is wrong: no, nowhere, elsewhere."""
    slots = list(SLOT.finditer(row["reply"]))
    target, wrong = None, ""
    if wanted != "no":
        target = choose.choice(slots) if slots else None
        if target is None:
            return None
        wrong = corrupted(target[1], target[2], choose)
        stands = house.stands(row["studio"], target[1], wrong)
        same = wrong == target[2] or (
            target[1] in ("end", "limit", "total") and wanted == "elsewhere"
        )
        if same or stands != (wanted == "elsewhere") or f"[{target[1]}:{wrong}]" in row["reply"]:
            return None
    currency = house.studios[row["studio"]].currency

    shown = spelled(target[1], wrong, row["language"], currency, choose) if target else ""
    if re.fullmatch(r"jam \d{1,2}", shown):  # “jam 5” is how people write 17:00
        return None

    def write(match: re.Match[str]) -> str:
        if target and match.span() == target.span():
            return shown
        return spelled(match[1], match[2], row["language"], currency, choose)

    reply = choose.choice(OPENINGS) + SLOT.sub(write, row["reply"]) + choose.choice(CLOSINGS)
    return Case(row, reply, target[1] if target else "", wrong)


def exchanged(row: dict[str, str], house: House, choose: random.Random) -> Case | None:
    """One answer in which a fact is exchanged for another of the studio's facts of the same kind."""
    slots = list(SLOT.finditer(row["reply"]))
    target = choose.choice(slots) if slots else None
    if target is None or target[1] in ("end", "limit", "total"):
        return None
    here = {slot[2] for slot in slots if slot[1] == target[1]}
    others = sorted(house.told[row["studio"]][target[1]] - here)
    if not others:
        return None
    wrong, currency = choose.choice(others), house.studios[row["studio"]].currency

    def write(match: re.Match[str]) -> str:
        value = wrong if target and match.span() == target.span() else match[2]
        return spelled(match[1], value, row["language"], currency, choose)

    reply = choose.choice(OPENINGS) + SLOT.sub(write, row["reply"]) + choose.choice(CLOSINGS)
    return Case(row, reply, target[1], wrong)


def cases(
    rows: list[dict[str, str]], house: House, choose: random.Random, wanted: str, many: int
) -> list[Case]:
    found: list[Case] = []
    while len(found) < many:
        row = choose.choice(rows)
        swap = wanted == "elsewhere" and len(found) % 2
        one = exchanged(row, house, choose) if swap else case(row, house, choose, wanted)
        if one is not None:
            found.append(one)
    return found


def asked(one: Case, house: House, server: ModelServer, context: str) -> Reply:
    tenant = house.studios[one.row["studio"]]
    server.rules = lambda _body: text(one.reply)
    at = NOW.replace(tzinfo=zoneinfo.ZoneInfo(tenant.timezone))
    return answer(Question(tenant, one.row["question"], at), model_for(tenant), context=context)


def run(
    name: str, found: list[Case], house: House, server: ModelServer, options: argparse.Namespace
) -> int:
    """Answers that left."""
    left, kinds, gone = 0, Counter[str](), Counter[str]()
    for one in found:
        reply = asked(one, house, server, options.context)
        kinds[one.kind] += 1
        passed = whatsapp(one.reply) == reply.text
        left += passed
        gone[one.kind] += passed
        if options.show and passed == bool(one.kind):
            why = (
                f"[{one.kind}:{one.wrong}]"
                if one.kind
                else str([s["missing"] for s in reply.stopped][:1])
            )
            print(f"  {name} {one.row['id']} {why} {one.reply!r}")
    print(f"{name}: {left} of {len(found)} left")
    if found[0].kind:
        print(
            "   left by kind: "
            + ", ".join(f"{kind} {gone[kind]}/{kinds[kind]}" for kind in sorted(kinds))
        )
    return left


def milliseconds(house: House, found: list[Case]) -> tuple[float, float]:
    """Median and p95 of one check against the whole knowledge, entries read before."""
    took = []
    for one in found[:300]:
        entries = tuple(house.known[one.row["studio"]].split("\n\n"))
        sources = Sources(entries, (), (one.row["question"],), NOW.date())
        unsupported("Rp 1", sources)
        began = time.thread_time()
        unsupported(f"{one.reply} ", sources)  # as it was not read before
        took.append((time.thread_time() - began) * 1000)
    return statistics.median(took), sorted(took)[int(len(took) * 0.95)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Corrupted and correct answers against the guard.")
    parser.add_argument("--replies", type=int, default=1000)
    parser.add_argument("--elsewhere", type=int, default=500)
    parser.add_argument("--context", default="full", choices=["full", "search", "auto"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    house, choose = House(), random.Random(options.seed)
    broken = False
    with ModelServer() as server:
        settings.ANTHROPIC_BASE_URL = server.url
        for name, path in REPLIES.items():
            rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            print(
                f"{name}: context {options.context}, seed {options.seed}, {len(rows)} answers of {len({row['studio'] for row in rows})} studios"
            )
            house.learn(rows)
            broken |= measured(rows, house, choose, server, options)
    return int(broken)


def measured(
    rows: list[dict[str, str]],
    house: House,
    choose: random.Random,
    server: ModelServer,
    options: argparse.Namespace,
) -> bool:
    """Whether a promise is broken with these answers."""
    wrong = cases(rows, house, choose, "nowhere", options.replies)
    right = cases(rows, house, choose, "no", options.replies)
    leaked = run("corrupted", wrong, house, server, options)
    strayed = run(
        "elsewhere",
        cases(rows, house, choose, "elsewhere", options.elsewhere),
        house,
        server,
        options,
    )
    stopped = options.replies - run("correct", right, house, server, options)
    middle, late = milliseconds(house, right)
    print(
        f"correct answers stopped: {stopped / options.replies:.1%}; a check takes {middle:.2f} ms, p95 {late:.2f} ms"
    )
    # In the mode `search` a fact of an entry that was not found is stopped with reason: the model cannot know it.
    full = options.context == "full"
    return leaked > 0 or (
        full and (stopped > options.replies * 0.02 or strayed > options.elsewhere * 0.05)
    )


if __name__ == "__main__":
    sys.exit(main())
