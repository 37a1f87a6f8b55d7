"""How long Home and Reports take in a studio with many messages: `python -m benchmarks.pages`.

Makes a studio of 10,000 conversations with 100,000 messages over 90 days in a database of its own (SQLite, or
PostgreSQL with --postgres), opens each page many times through Django's client, and prints what the server needed.
"""

import argparse
import datetime as dt
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

DAYS = 90


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--chats", type=int, default=10_000)
    asked.add_argument("--messages", type=int, default=100_000)
    asked.add_argument("--times", type=int, default=40)
    asked.add_argument("--postgres", action="store_true")
    how = asked.parse_args()
    if how.postgres:  # in a process that begins with its database
        from tests.postgres import cluster

        rest = [word for word in sys.argv[1:] if word != "--postgres"]
        with cluster() as url:
            again = [sys.executable, "-m", "benchmarks.pages", *rest]
            sys.exit(
                subprocess.run(
                    again, env={**os.environ, "DATABASE_URL": f"{url}/postgres"}
                ).returncode
            )
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        measure(how)


def measure(how: argparse.Namespace) -> None:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from reports.days import catch_up
    from reports.figures import first_day
    from tenants.models import Membership, Tenant

    at = timezone.now()
    tenant = Tenant.objects.create(slug="large", name="Large", mode=Tenant.Mode.LIVE)
    began = time.monotonic()
    fill(tenant, how.chats, how.messages, at)
    print(
        f"{connection.vendor}: {how.chats:,} chats, {how.messages:,} messages in {time.monotonic() - began:.0f} s"
    )
    owner = User.objects.create_user("owner", is_staff=True)
    Membership.objects.create(user=owner, tenant=tenant, role=Membership.Role.OWNER)
    client = Client(HTTP_HOST="localhost")
    client.force_login(owner)
    timed(client, "/admin/", 3, "Home before its days are counted")
    began, steps = time.monotonic(), []
    while True:
        step = time.monotonic()
        progress = catch_up(tenant, first_day(tenant, DAYS, at), at)
        steps.append(time.monotonic() - step)
        if not progress.missing:
            break
    print(
        f"counting {DAYS} days: {time.monotonic() - began:.1f} s in {len(steps)} steps, the longest {1000 * max(steps):.0f} ms"
    )
    pages = {
        "Home": "/admin/",
        "Reports, 30 days": "/admin/reports/",
        "Reports, 90 days": "/admin/reports/?days=90",
    }
    pages |= {
        "Home, waiting list": "/admin/home/waiting/",
        "csv": "/admin/reports/volume.csv?days=90",
    }
    for name, address in pages.items():
        timed(client, address, how.times, name)


def timed(client: object, address: str, times: int, name: str) -> None:
    took, worked = [], []
    for _ in range(times):
        began, processor = time.perf_counter(), time.process_time()
        response = client.get(address)  # type: ignore[attr-defined]
        took.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - processor))
        if response.status_code != 200:
            sys.exit(f"{address}: {response.status_code}")
    p95 = sorted(took)[int(0.95 * (len(took) - 1))]
    print(
        f"{name}: median {statistics.median(took):.0f} ms, p95 {p95:.0f} ms; processor {statistics.median(worked):.0f} ms ({times} times)"
    )


def fill(tenant: object, chats: int, messages: int, at: dt.datetime) -> None:
    """Random talk of 90 days: bursts, answers with turns, staff, hand-overs, reactions."""
    from agent.models import Turn
    from conversations.models import Conversation, Customer, Escalation, Message

    chance = random.Random(1)
    people = [
        Customer(tenant=tenant, phone=f"+62811{number:08}", name=f"C{number}")
        for number in range(chats)
    ]
    Customer.objects.bulk_create(people, batch_size=2000)
    talks = [Conversation(tenant=tenant, customer=each, chat="x@lid") for each in people]
    said, turns, tasks = [], [], []
    entries = [f"entry-{number}" for number in range(60)]
    start = at - dt.timedelta(days=DAYS)
    while len(said) < messages:
        talk = chance.choice(talks)
        now = start + chance.random() * dt.timedelta(days=DAYS)
        for _ in range(chance.choice((1, 1, 2))):
            said.append(
                Message(
                    tenant=tenant,
                    conversation=talk,
                    author="customer",
                    text="berapa harganya kak? " * 3,
                    state="answered",
                    created_at=now,
                )
            )
            now += dt.timedelta(seconds=chance.uniform(2, 20))
        now += dt.timedelta(seconds=chance.lognormvariate(1.2, 0.5))
        marks = {"language": "id", "answers": ["x" * 20]}
        if chance.random() < 0.1:
            marks["escalation"] = {"category": "refund", "urgency": "normal", "summary": "x"}
            tasks.append(
                Escalation(
                    tenant=tenant,
                    conversation=talk,
                    category="refund",
                    summary="x",
                    created_at=now,
                    state="resolved",
                )
            )
        if chance.random() < 0.2:
            marks["feedback"] = chance.choice(("good", "good", "bad"))
        reply = Message(
            tenant=tenant,
            conversation=talk,
            author="assistant",
            text="Halo Kak! " * 12,
            state="read",
            created_at=now,
            whatsapp_at=now,
            details=marks,
        )
        said.append(reply)
        turns.append(
            Turn(
                tenant=tenant,
                conversation=talk,
                reply=reply,
                purpose="customer",
                outcome="answered",
                model="m",
                entries=chance.sample(entries, 3),
                cost="0.0026",
                input_tokens=900,
                output_tokens=80,
                cache_read_tokens=11000,
                milliseconds=3000,
                created_at=now,
            )
        )
        talk.last_message_at = max(talk.last_message_at or now, now)
        if chance.random() < 0.1:
            now += dt.timedelta(minutes=chance.uniform(2, 60))
            said.append(
                Message(
                    tenant=tenant,
                    conversation=talk,
                    author="staff",
                    text="Baik Kak",
                    state="read",
                    from_me=True,
                    created_at=now,
                )
            )
    for task in tasks[-30:]:
        task.state = "open"
    said.sort(key=lambda message: message.created_at)
    Conversation.objects.bulk_create(talks, batch_size=2000)
    Message.objects.bulk_create(said, batch_size=2000)
    Turn._meta.get_field("created_at").auto_now_add = False  # here the past is made
    Turn.objects.bulk_create(turns, batch_size=2000)
    once = {task.conversation_id: task for task in tasks if task.state == "open"}
    Escalation.objects.bulk_create([t for t in tasks if t.state != "open"] + list(once.values()))


if __name__ == "__main__":
    main()
