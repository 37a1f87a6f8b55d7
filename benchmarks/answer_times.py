"""From the customer's message on the wire to the answer on the wire, and what it costs, for the three contexts:

    .venv/bin/python -m benchmarks.answer_times [--questions 60]

The real WhatsApp client on a loopback WhatsApp, and a model on loopback that takes half a second and then writes 60
tokens a second, answers from what it is shown, and bills as Anthropic does: a front part that it saw within the run is
read from its cache. Tokens are estimated from characters. The questions are the answerable ones of the evaluation file;
each customer asks two, a few customers at the same time. The quiet (1.5 s) is in the times, as customers wait it.

The exit code is 1 when answers take too long (p50 2.8 s, p95 4.5 s) or plain questions need more than 1.1 model calls.
"""

import argparse
import contextlib
import html
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from agent.pricing import card
from tests.flows.conftest import ROOT, Service, manage, until
from tests.model_server import Body, ModelServer, PromptCache, Request, text
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer, Number

NUMBERS = {"ombak": "6281200001101", "senja": "6281200002202"}
MODEL = "claude-haiku-4-5"
FIRST, PER_SECOND = 0.5, 60  # seconds to the first token, tokens a second from then on
P50, P95, CALLS = 2.8, 4.5, 1.1
AT_ONCE = 4  # customers
LONGEST = 30.0


class Model(ModelServer):
    """Takes as long as a real one for its answer, and bills like one."""

    def __init__(self) -> None:
        super().__init__()
        row = card(MODEL)
        self.cache = PromptCache(row.cache_floor or 0, row.tokens_per_character)

    def reply_to(self, request: Request) -> Body:
        self.requests.append(request)
        said = from_what_is_shown(request.body)
        usage = self.cache.usage(request.body, said)
        time.sleep(FIRST + usage["output_tokens"] / PER_SECOND)
        return text(said, "end_turn", **usage)


def from_what_is_shown(request: Body) -> str:
    """Two sentences of the entry that shares most words with the question: as long as answers are."""
    asked = str(request["messages"][-1]["content"])
    question = set(re.findall(r"\w+", asked.rpartition("<message")[2].lower()))
    shown = "\n".join(block["text"] for block in request["system"]) + asked
    entries = re.findall(r"<entry [^>]*>\n(.*?)\n</entry>", shown, re.DOTALL)
    best = max(entries, key=lambda entry: _shared(entry, question), default="Maaf Kak.")
    sentences = re.split(r"(?<=[.!?])\s+", html.unescape(best).strip())
    return " ".join(sentences[:2])[:400]


def _shared(entry: str, question: set[str]) -> int:
    return len(question & set(re.findall(r"\w+", entry.lower())))


@dataclass(frozen=True)
class Figures:
    """What one context needs."""

    seconds: Sequence[float]
    calls: float
    tokens: dict[str, float]
    cost: float
    outcomes: dict[str, int]

    def at(self, share: float) -> float:
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))]

    @property
    def holds(self) -> bool:
        return self.at(0.5) <= P50 and self.at(0.95) <= P95 and self.calls <= CALLS


def questions(studio: str, most: int) -> list[str]:
    rows = map(json.loads, (ROOT / "evals" / "questions.jsonl").read_text().splitlines())
    found = [row["text"] for row in rows if row["studio"] == studio and row["kind"] == "answerable"]
    return (found * (most // len(found) + 1))[:most]


@contextlib.contextmanager
def service(folder: Path, context: str, rig: LocalRig, model: Model) -> Iterator[Service]:
    folder.mkdir(mode=0o700)
    manage(folder, "migrate", "--verbosity", "0")
    manage(folder, "loadstudio", "evals/studios.json")
    house = Service(rig, folder)
    house.environment = {
        "ANTHROPIC_BASE_URL": model.url,
        "AGENT_MODEL": MODEL,
        "AGENT_CONTEXT": context,
        "AGENT_THREADS": "16",
    }
    house.rows("UPDATE tenants_tenant SET messages_per_minute = 1000")
    house.start()
    try:
        yield house
    finally:
        with contextlib.suppress(Exception):
            house.end()


def seconds_of(house: Service, studio: Number, customer: Customer, question: str) -> float:
    """From sending the question until the answer is on the customer's phone, by the WhatsApp server's clock."""
    mark, asked = house.rig.mark(), time.time()
    customer.send(studio, question)

    def replies() -> list[dict[str, float]]:
        return list(house.rig.events(mark, kind="reply", customer=customer.number))

    until(replies, LONGEST, f"an answer to {question}")
    return float(replies()[0]["t"]) - asked


def measured(context: str, count: int, folder: Path) -> Figures:
    with LocalRig() as rig, Model() as model, service(folder, context, rig, model) as house:  # type: ignore[no-untyped-call]
        phones = {slug: house.pair(number, slug) for slug, number in NUMBERS.items()}
        seconds: list[float] = []
        lock = threading.Lock()

        def two_questions(number: int, slug: str, asked: Sequence[str]) -> None:
            customer = house.rig.customer(f"62812{number:07}", f"Customer {number}")
            for question in asked:
                took = seconds_of(house, phones[slug], customer, question)
                with lock:
                    seconds.append(took)

        pairs = []
        for slug in phones:
            asked = questions(slug, count // 2)
            pairs += [(slug, asked[n : n + 2]) for n in range(0, len(asked), 2)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            jobs = [pool.submit(two_questions, n, *pair) for n, pair in enumerate(pairs)]
            for job in jobs:
                job.result()
        return figures(house, seconds)


def figures(house: Service, seconds: Sequence[float]) -> Figures:
    names = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "cost")
    sums = ", ".join(f"avg({name})" for name in ("rounds", *names))
    # A wish for a person, pain and the like never reach the model; that is no plain question.
    query = f"SELECT {sums} FROM agent_turn WHERE outcome != 'overtaken' AND rounds > 0"  # noqa: S608
    calls, *rest = (float(value) for value in house.rows(query)[0])
    outcomes = house.rows("SELECT outcome, count(*) FROM agent_turn GROUP BY outcome")
    return Figures(
        seconds, calls, dict(zip(names[:-1], rest, strict=False)), rest[-1], dict(outcomes)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--contexts", default="full,search,auto")
    options = parser.parse_args()
    good = True
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {MODEL}", flush=True)
    for context in options.contexts.split(","):
        with tempfile.TemporaryDirectory() as temporary:
            found = measured(context, options.questions, Path(temporary) / "data")
        tokens = ", ".join(f"{name[:-7]} {value:.0f}" for name, value in found.tokens.items())
        print(
            f"{context:7} p50 {found.at(0.5):.2f} s, p95 {found.at(0.95):.2f} s, longest {max(found.seconds):.2f} s; "
            f"model calls {found.calls:.2f}; tokens {tokens}; USD {found.cost:.5f} an answer; {found.outcomes}; "
            f"load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        good = good and found.holds
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
