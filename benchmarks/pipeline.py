"""MILA's pipeline beside the bare loop, against one model server on loopback, in one run:

    .venv/bin/python -m benchmarks.pipeline [--messages 400] [--rounds 3]

bare      callback → the same calls → reply. Both SDKs as they come, no database, no search.
MILA      callback → journal → mover → rows → search → embedding and model calls → guard → outbox → sender → reply,
          in the threads that `runwhatsapp` uses (mover, finder, answering pool, sender), on SQLite.

Two paths: a plain question (the entries found are in the first request: one model call, one embedding), and a tool
round (the model asks for `knowledge_search` once: two model calls, and the search embeds its words too).

The bare loop sends MILA's own request bodies (recorded once for each path, all calls in order), so both make equal
requests, equally many. Each runs in a process of its own on core 0, the server on core 1; the runs alternate and
the median of the ratios counts. The quiet
time (a customer may still be typing) is set to 0 and the 90 messages a minute of one account to a million, since
both are waits and no work. What is not in it: WhatsApp's
own library, and the byte that wakes the other process.
"""

import argparse
import datetime as dt
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CUSTOMERS, ENTRIES, HISTORY = 200, 40, 20
WARM_UP = 100
LETTERS = "abcdefghij"
PATHS = {
    "plain": ("plain question", "Ada kelas untuk pemula? ref {}"),
    "tool": ("tool round", "Cari dulu: ada kelas untuk pemula? ref {}"),
}


def word(number: int) -> str:
    """A number in letters: the guard would rightly ask where digits come from."""
    return "".join(LETTERS[int(digit)] for digit in str(number))


class Stopwatch:
    """When each message went in, and when its reply came out."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}
        self.seconds: dict[str, float] = {}
        self.wrong: list[str] = []
        self.came: dict[str, threading.Event] = {}

    def begin(self, reference: str) -> None:
        self.came[reference] = threading.Event()
        self.begun[reference] = time.perf_counter()

    def end(self, reference: str) -> None:
        if reference in self.seconds or reference not in self.begun:
            self.wrong.append(reference)
            return
        self.seconds[reference] = time.perf_counter() - self.begun[reference]
        self.came[reference].set()

    def wait(self, reference: str) -> None:
        if not self.came[reference].wait(timeout=30):
            raise SystemExit(f"no reply to {reference} within 30 s")


def measured(one: Callable[[int], None], watch: Stopwatch, messages: int, at_once: int) -> None:
    """Run `one` for every message, `at_once` at a time, and print the figures as JSON."""
    run(
        one, range(WARM_UP), at_once
    )  # every thread opens its connections and writes its statements
    watch.seconds.clear()
    began, cpu = time.perf_counter(), time.process_time()
    run(one, range(WARM_UP, WARM_UP + messages), at_once)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    times = sorted(watch.seconds.values())
    figures = {
        "messages": len(times),
        "wrong": len(watch.wrong),
        "cpu_ms": 1000 * cpu / messages,
        "per_second": messages / wall,
        "p50_ms": 1000 * statistics.median(times),
        "p99_ms": 1000 * times[int(0.99 * (len(times) - 1))],
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures), flush=True)
    sys.stdout.flush()
    os._exit(0 if len(times) == messages and not watch.wrong else 1)


def run(one: Callable[[int], None], numbers: Iterable[int], at_once: int) -> None:
    """Every number once, `at_once` at a time."""
    waiting, lock = iter(numbers), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                number = next(waiting, None)
            if number is None:
                return
            one(number)

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- the bare loop -----------------------------------------------------------------------------


def bare(messages: int, at_once: int, recorded: Path, question: str) -> None:
    import anthropic
    import httpx2
    import openai

    calls = [(kind, json.dumps(body)) for kind, body in json.loads(recorded.read_text())]
    limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=120)
    claude = anthropic.Anthropic(
        api_key="none",
        base_url=os.environ["ANTHROPIC_BASE_URL"],
        http_client=anthropic.DefaultHttpxClient(limits=limits),
    )
    embedder = openai.OpenAI(
        api_key="none",
        base_url=os.environ["OPENAI_BASE_URL"],
        http_client=openai.DefaultHttpxClient(limits=limits),
    )
    watch = Stopwatch()

    def one(number: int) -> None:
        reference = word(number)
        watch.begin(reference)
        words = [""]
        for kind, recorded_body in calls:
            body = json.loads(recorded_body.replace("ref zz", f"ref {reference}"))
            if kind == "embeddings":
                embedder.embeddings.create(model=body["model"], input=body["input"])
                continue
            # The SDK does not take a temperature, which older models want, as an argument of its own.
            extra = {"temperature": body.pop("temperature")} if "temperature" in body else None
            reply = claude.messages.create(**body, extra_body=extra)
            words = "".join(block.text for block in reply.content if block.type == "text").split()
        watch.end(words[-1])

    measured(one, watch, messages, at_once)


# --- MILA --------------------------------------------------------------------------------------


def mila(messages: int, at_once: int, recorded: Path, question: str) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from whatsapp import pace
    from whatsapp.journal import Journal
    from whatsapp.mover import Mover
    from whatsapp.runner import Answering
    from whatsapp.sender import Sender
    from whatsapp.store import Me
    from whatsapp.threads import Loop
    from whatsapp.translate import Translator

    pace.ANSWERS = 10**6
    tenant = prepared()
    watch, stopping = Stopwatch(), threading.Event()
    session = Recording(watch)
    journal = Journal(settings.DATA_DIR / "journal.sqlite3")
    sender = Sender(tenant.pk, session, timezone.now)
    mover = Mover(
        journal,
        Translator(tenant.pk, Me("6281200001101")),
        clock=timezone.now,
        told=lambda: loops["finder"].wake(),
    )
    answering = Answering(
        "bench",
        stopping=stopping,
        answered=lambda: loops["sender"].wake(),
        on_death=died,
        freed=lambda: loops["finder"].wake(),
    )
    steps = {"mover": mover.step, "finder": answering.find, "sender": sender.send_next}
    loops = {
        name: Loop(name, step, stopping=stopping, on_death=died, pause=0.2)
        for name, step in steps.items()
    }
    for loop in loops.values():
        loop.start()

    def ask(number: int, reference: str) -> None:
        watch.begin(reference)
        payload = incoming(number, question.format(reference))
        journal.add("message", f"M{number}", payload)  # what the library's callback does
        loops["mover"].wake()
        watch.wait(reference)

    if not recorded.exists():
        counted(os.environ["ANTHROPIC_BASE_URL"])
        ask(10**6, "zz")
        recorded.write_text(json.dumps(counted(os.environ["ANTHROPIC_BASE_URL"])["calls"]))
        os._exit(0)
    measured(lambda number: ask(number, word(number)), watch, messages, at_once)


def died(error: BaseException) -> None:
    print(f"a thread died: {error!r}", file=sys.stderr)
    os._exit(3)


class Recording:
    """A session that sends nothing and notes when it was asked to."""

    def __init__(self, watch: Stopwatch) -> None:
        self.watch, self.count = watch, 0

    def send_text(self, chat: str, text: str, **_options: Any) -> str:
        self.count += 1
        self.watch.end(text.split()[-1])
        return f"S{self.count}"

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_args, **_options: None  # read marks, typing


def prepared() -> Any:
    """A studio of 40 entries and 200 customers with 20 messages each, in a fresh database."""
    from django.core.management import call_command
    from django.utils import timezone

    from conversations.models import Conversation, Customer, Message
    from knowledge.models import KnowledgeEntry
    from knowledge.sync import sync_due
    from tenants.models import Tenant

    call_command("migrate", verbosity=0)
    call_command("initmila", verbosity=0, stdout=io.StringIO())
    tenant = Tenant.objects.get(slug="ombak")
    Tenant.objects.filter(pk=tenant.pk).update(messages_per_minute=32_000)
    missing = ENTRIES - KnowledgeEntry.objects.filter(tenant=tenant).count()
    for number in range(missing):
        content = "Kelas Hatha santai untuk pemula di aula utama. " * 8
        KnowledgeEntry.objects.create(
            tenant=tenant, title=f"Kelas {word(number)}", category="classes", content=content
        )
    while sync_due(timezone.now()):
        pass
    customers = Customer.objects.bulk_create(
        Customer(
            tenant=tenant,
            phone=f"+62811{number:07d}",
            lid=f"9{number:014d}",
            name="Rina",
            language="id",  # learnt from their twenty messages
        )
        for number in range(CUSTOMERS)
    )
    chats = Conversation.objects.bulk_create(
        Conversation(
            tenant=tenant,
            customer=customer,
            chat=f"{customer.lid}@lid",
            last_message_at=timezone.now(),
        )
        for customer in customers
    )
    authors = [Message.Author.CUSTOMER, Message.Author.ASSISTANT]
    Message.objects.bulk_create(
        Message(
            tenant=tenant,
            conversation=chat,
            author=authors[turn % 2],
            text="Berapa harga membership bulanan dan jam kelas? " * 3,
            state=[Message.State.ANSWERED, Message.State.SENT][turn % 2],
            created_at=timezone.now() - dt.timedelta(hours=3),  # this morning
        )
        for chat in chats
        for turn in range(HISTORY)
    )
    return tenant


def incoming(number: int, text: str) -> bytes:
    """A customer's message as WhatsApp's library gives it to the callback."""
    from tests.whatsapp import events

    lid, phone = f"9{number % CUSTOMERS:014d}@lid", f"62811{number % CUSTOMERS:07d}@s.whatsapp.net"
    where, now = events.source(lid, other=phone), dt.datetime.now(dt.UTC)
    content = events.body(conversation=text)
    return events.message(
        content, where, now, whatsapp_id=f"M{number}", at=now, Pushname="Rina"
    ).payload


# --- both, side by side ------------------------------------------------------------------------


@contextmanager
def model_server() -> Iterator[str]:
    core = "1" if (os.cpu_count() or 1) > 1 else "-1"
    command = [sys.executable, "-m", "benchmarks.model_server", "--core", core]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.terminate()


def child(
    what: str, path: str, address: str, recorded: Path, messages: int, at_once: int
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENV_FILE": os.devnull,
            "DATA_DIR": folder,
            "DATABASE_URL": "",
            "LOG_LEVEL": "ERROR",
            "ANTHROPIC_BASE_URL": address,
            "OPENAI_BASE_URL": f"{address}/v1",
            "AGENT_QUIET_SECONDS": "0",
        }
        command = [sys.executable, "-m", "benchmarks.pipeline", "--child", what, "--path", path]
        command += ["--recorded", str(recorded), "--messages", str(messages)]
        done = subprocess.run(
            [*command, "--at-once", str(at_once)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"{what} failed with exit code {done.returncode}: {done.stdout}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def counted(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}/_stats") as answer:  # noqa: S310
        figures: dict[str, Any] = json.load(answer)
    urllib.request.urlopen(f"{address}/_reset", data=b"{}").close()  # noqa: S310
    return figures


def side_by_side(
    path: str, address: str, recorded: Path, messages: int, rounds: int, at_once: int
) -> None:
    print(f"\n{PATHS[path][0]}, {at_once} at a time, {messages} messages, {rounds} rounds")
    line = "{:6} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12} {:>12}"
    heads = ("CPU ms", "msg/s", "p50 ms", "p99 ms", "RSS MB", "model calls", "embeddings")
    print(line.format("", *heads))
    pairs = []
    for _ in range(rounds):
        pair = {}
        for what in ("bare", "mila"):
            counted(address)
            pair[what] = figures = child(what, path, address, recorded, messages, at_once)
            counts, total = counted(address), messages + WARM_UP
            calls = [f"{counts[kind] / total:.2f}" for kind in ("messages", "embeddings")]
            numbers = [figures[key] for key in ("cpu_ms", "per_second", "p50_ms", "p99_ms")]
            shown = [f"{value:.2f}" for value in numbers]
            print(line.format(what, *shown, f"{figures['rss_mb']:.0f}", *calls))
        pairs.append(pair)

    def ratio(key: str) -> float:
        return statistics.median(pair["mila"][key] / pair["bare"][key] for pair in pairs)

    own = statistics.median(pair["mila"]["p50_ms"] - pair["bare"]["p50_ms"] for pair in pairs)
    print(
        f"MILA / bare: CPU {ratio('cpu_ms'):.2f} x, messages per second {ratio('per_second'):.2f} x, "
        f"p50 {ratio('p50_ms'):.2f} x; p50 above bare {own:.1f} ms"
    )


def start_ups() -> None:
    """Wall time of commands that call no model, and of runwhatsapp until it is ready; best of three."""
    print("\nstart-up (seconds, best of three)")
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"ENV_FILE": os.devnull, "DATA_DIR": folder, "DATABASE_URL": ""}
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
        subprocess.run(
            [*manage, "initmila"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )
        for command in (["check"], ["exportstudio", "ombak"], ["updatetenant", "ombak"]):
            print(
                f"  manage.py {' '.join(command):24} {best([*manage, *command], environment):.2f}"
            )
        print(f"  manage.py {'runwhatsapp, ready':24} {best_ready(environment):.2f}")


def best(command: list[str], environment: dict[str, str]) -> float:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return min(times)


def best_ready(environment: dict[str, str]) -> float:
    """Until runwhatsapp answers: a Playground question waits in the database before it starts."""
    code = (
        "import django; django.setup()\n"
        "from conversations.models import Message\n"
        "from conversations.playground import ask\n"
        "from django.contrib.auth.models import User\n"
        "from django.utils import timezone\n"
        "from tenants.models import Tenant\n"
        "import subprocess, sys, time\n"
        "ask(Tenant.objects.get(slug='ombak'), User.objects.get(), 'alamat studio dimana kak?', timezone.now())\n"
        "shown = Message.objects.filter(state='shown').exclude(author='customer'); before = shown.count()\n"
        "began = time.perf_counter()\n"
        "process = subprocess.Popen([sys.executable, 'manage.py', 'runwhatsapp'], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)\n"
        "while shown.count() == before: time.sleep(0.02)\n"
        "print(time.perf_counter() - began)\n"
        "process.terminate(); process.wait(20)\n"
    )
    environment = environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", code]
    times = []
    for _ in range(3):
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=90,
        )
        times.append(float(done.stdout))
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="leave out the start-up times")
    parser.add_argument("--child", choices=["bare", "mila"], help=argparse.SUPPRESS)
    parser.add_argument("--path", choices=sorted(PATHS), help="one path only")
    parser.add_argument("--recorded", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--at-once", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {0})
        loop = {"bare": bare, "mila": mila}[options.child]
        loop(options.messages, options.at_once, options.recorded, PATHS[options.path][1])
    with model_server() as address, tempfile.TemporaryDirectory() as folder:
        for path in [options.path] if options.path else PATHS:
            recorded = Path(folder) / f"{path}.json"
            child("mila", path, address, recorded, 0, 1)
            for at_once in (1, 16):
                side_by_side(path, address, recorded, options.messages, options.rounds, at_once)
    if not options.quick:
        start_ups()


if __name__ == "__main__":
    main()
