"""When answers leave, and when they do not, with the real WhatsApp client on a loopback WhatsApp:

    .venv/bin/python -m benchmarks.turns [--bursts 100] [--alone 40] [--takeovers 200]

bursts      ten messages of one customer within 2 s: one answer
alone       one question: seconds from the later of its quiet (1.5 s) and the model's answer to the customer's phone
take-overs  a person takes over at a random moment around a reply: nothing of the assistant's reaches the customer
            after that, but what was shown as on its way

The exit code is 1 when one of the promises is broken.
"""

import argparse
import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.flows.conftest import ROOT, Service, manage, settings_of, until
from tests.model_server import Body, ModelServer, text
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer, Number

STUDIO = "6281200001101"
QUIET = 1.5  # seconds, AGENT_QUIET_SECONDS
MODEL = 0.5  # seconds that the model takes
CROWD = 10  # customers at the same time
LONGEST = 20.0

TAKE_OVER = """
import json, sys, time
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from conversations import handling
from conversations.models import Conversation, Message
sari = User.objects.get_or_create(username="sari")[0]
print("ready", flush=True)
for phone in sys.stdin:
    chat = Conversation.objects.get(customer__phone=phone.strip())
    with transaction.atomic():
        handling.take_over(chat, sari, timezone.now())
        left = ("sending", "sent", "delivered", "read")
        rows = Message.objects.filter(conversation=chat, author="assistant", state__in=left)
        on_its_way = rows.count()
    print(json.dumps({"at": time.time(), "on_its_way": on_its_way}), flush=True)
"""


class Stage:
    """A service with one linked studio and a model that takes its time; `answered` is when it answered last."""

    def __init__(self, service: Service, model: ModelServer, studio: Number, quiet: float):
        self.service, self.model, self.studio, self.quiet = service, model, studio, quiet
        self._number = 0

    def customer(self) -> Customer:
        self._number += 1
        return self.service.rig.customer(f"62812{self._number:07}", f"Customer {self._number}")

    def replies(self, customer: Customer, since: int) -> list[dict[str, Any]]:
        events = self.service.rig.events(since, kind="reply", customer=customer.number)
        return list(events)


@contextlib.contextmanager
def stage(folder: Path, delay: float = MODEL, quiet: float = QUIET) -> Iterator[Stage]:
    """Everything that takes part, in a folder of its own."""
    folder.mkdir(mode=0o700)
    manage(folder, "migrate", "--verbosity", "0")
    manage(folder, "loadstudio", "evals/studios.json")
    said = text("Ada, Kak. Kelas pemula cocok untuk yang baru mulai.")

    def rules(_body: Body) -> Body:
        return said

    with (
        LocalRig() as rig,  # type: ignore[no-untyped-call]
        ModelServer(rules=rules, delay=delay) as model,
    ):
        service = Service(rig, folder)
        service.environment = {
            "ANTHROPIC_BASE_URL": model.url,
            "AGENT_THREADS": "32",
            "AGENT_QUIET_SECONDS": str(quiet),
        }
        service.rows("UPDATE tenants_tenant SET messages_per_minute = 1000")
        service.start()
        try:
            yield Stage(service, model, service.pair(STUDIO), quiet)
        finally:
            with contextlib.suppress(Exception):
                service.end()


def burst(stage: Stage, customer: Customer, messages: int = 10, within: float = 2.0) -> int:
    """Answers to many messages in a row."""
    mark = stage.service.rig.mark()
    began = time.monotonic()
    moments = sorted(random.uniform(0, within) for _ in range(messages))
    for number, moment in enumerate(moments):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        customer.send(stage.studio, f"ada kelas pemula? baris {number}")
    until(lambda: stage.replies(customer, mark), LONGEST, "an answer")
    time.sleep(stage.quiet + MODEL + 1.5)  # a second answer would come now
    replies = stage.replies(customer, mark)
    if len(replies) != 1:
        _explain(stage, customer, moments, replies)
    return len(replies)


def _explain(
    stage: Stage, customer: Customer, moments: list[float], replies: list[dict[str, Any]]
) -> None:
    """What the database knows of a burst that went wrong."""
    query = """SELECT m.author, m.state, m.created_at, m.text FROM conversations_message m
        JOIN conversations_conversation c ON c.id = m.conversation_id
        JOIN conversations_customer p ON p.id = c.customer_id WHERE p.phone = ? ORDER BY m.id"""
    print(f"{len(replies)} answers; sent at {[round(moment, 2) for moment in moments]}")
    for row in stage.service.rows(query, f"+{customer.number}"):
        print("   ", *row)


def alone(stage: Stage, customer: Customer) -> float:
    """Seconds from the moment at which the answer may leave until it is on the customer's phone."""
    mark = stage.service.rig.mark()
    asked = time.time()
    customer.send(stage.studio, "ada kelas pemula kak?")
    until(lambda: stage.replies(customer, mark), LONGEST, "an answer")
    ready = stage.model.requests[-1].at + stage.model.delay
    return float(stage.replies(customer, mark)[0]["t"]) - max(asked + stage.quiet, ready)


class Desk:
    """A person at the admin: the same functions in a process of its own."""

    def __init__(self, folder: Path):
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", TAKE_OVER],
            cwd=ROOT,
            env=settings_of(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        assert self._line() == "ready"

    def take_over(self, phone: str) -> dict[str, Any]:
        with self._lock:
            assert self._process.stdin
            self._process.stdin.write(f"{phone}\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._line())
            return answer

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def takeover(stage: Stage, desk: Desk, customer: Customer) -> tuple[str, bool]:
    """Whether the answer came before the person, was on its way, or stayed away; and whether one came too late."""
    mark = stage.service.rig.mark()
    customer.send(stage.studio, "ada kelas pemula kak?")
    stored = "SELECT count(*) FROM conversations_customer WHERE phone = ?"
    phone = f"+{customer.number}"
    until(lambda: stage.service.value(stored, phone), LONGEST, "the question")
    time.sleep(random.uniform(stage.quiet - 0.3, stage.quiet + 0.4))
    taken = desk.take_over(phone)
    time.sleep(3)
    late = [event for event in stage.replies(customer, mark) if event["t"] > taken["at"]]
    if not stage.replies(customer, mark):
        return "stayed away", False
    if not late:
        return "came before", False
    return "on its way", len(late) > taken["on_its_way"]


def crowd(
    one: Callable[[Customer], Any], stage: Stage, count: int, told: Callable[[int], None]
) -> list[Any]:
    """`one` for so many customers, some at a time."""
    results = []
    with ThreadPoolExecutor(CROWD) as pool:
        for result in pool.map(one, [stage.customer() for _ in range(count)]):
            results.append(result)
            told(len(results))
    return results


def _told(what: str, count: int) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if sys.stderr.isatty() or done % 20 == 0 or done == count:
            print(f"{what}: {done} of {count}", file=sys.stderr, flush=True)

    return tell


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--bursts", type=int, default=100)
    parser.add_argument("--alone", type=int, default=40)
    parser.add_argument("--takeovers", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, stage(Path(temporary) / "data") as place:
        told = _told("bursts", options.bursts)
        answers = crowd(lambda who: burst(place, who), place, options.bursts, told)
        singles = [answers.count(1), len(answers)]
        print(
            f"bursts of ten messages in 2 s with exactly one answer: {singles[0]} of {singles[1]}"
        )
        waits = sorted(alone(place, place.customer()) for _ in range(options.alone))
        if waits:
            print(
                f"one question alone, after the later of quiet and model: p50 {1000 * statistics.median(waits):.0f} ms, "
                f"longest {1000 * waits[-1]:.0f} ms ({len(waits)} questions)"
            )
        desk = Desk(place.service.folder)
        told = _told("take-overs", options.takeovers)
        outcomes = crowd(lambda who: takeover(place, desk, who), place, options.takeovers, told)
        desk.close()
    late = sum(too_late for _outcome, too_late in outcomes)
    counts = {name: sum(o == name for o, _late in outcomes) for name, _late in outcomes}
    print(
        f"take-overs around a reply: {len(outcomes)} {counts}; answers that left after one: {late}"
    )
    return int(singles[0] != singles[1] or late > 0)


if __name__ == "__main__":
    sys.exit(main())
