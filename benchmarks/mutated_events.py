"""Hostile events through journal, mover, translation and intake, and the account of what became of each:

    .venv/bin/python -m benchmarks.mutated_events [--events 100000] [--seed 1] [--engine sqlite|postgres]

A third are real events of every kind that WhatsApp's library knows, a third have fields with values that nobody
expects, a third have bytes changed. In the end everything that is due is answered. The exit code is 1 when an error
came out of a step, when an event was set aside for another reason than “these bytes are no event”, when the counts do
not add up, or when a message or a conversation waits for something that will never come.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(description="Feed mutated WhatsApp events to MILA.")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["sqlite", "postgres"], default="sqlite")
    chosen = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mila-mutated-")))
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'mila.sqlite3'}"
        if chosen.engine == "postgres":
            from tests.flows.engines import created
            from tests.postgres import cluster

            os.environ["DATABASE_URL"] = created(stack.enter_context(cluster()))
        return _run(folder, chosen.events, chosen.seed, chosen.engine)


def _run(folder: Path, events: int, seed: int, engine: str) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from tqdm import tqdm

    from conversations.models import Conversation, Customer, Message
    from tests.factories import studio
    from tests.whatsapp.mutations import Mutations, Ordeal
    from whatsapp.journal import Journal

    call_command("migrate", verbosity=0)
    ordeal = Ordeal(studio("ombak"), Journal(folder / "one.journal"))
    begun = time.perf_counter()
    with tqdm(total=events, unit="event") as bar:
        ordeal.feed(Mutations(seed).events(events), lambda done: bar.update(done - bar.n))
    seconds = time.perf_counter() - begun
    account, left, stuck = ordeal.account, ordeal.left_over(), ordeal.stuck()
    print(
        f"\n{events:,} events, seed {seed}, {engine}: {seconds:.0f} s, {events / seconds:,.0f} a second"
    )
    print(f"  the same once more     {account.again:>8,}")
    for name, count in account.became.most_common():
        print(f"  {name:<22} {count:>8,}")
    for name, count in account.unreadable.most_common():
        print(f"  set aside: {name:<11} {count:>8,}")
    print(
        f"  sum                    {account.again + account.became.total() + account.unreadable.total():>8,}"
    )
    print(
        f"rows: {Message.objects.count():,} messages of {Customer.objects.count():,} customers in {Conversation.objects.count():,} conversations; {account.answered:,} answered"
    )
    print(f"journal: {left['waiting']} wait, {left['set aside']:,} set aside")
    failed = {
        "uncaught errors": len(account.uncaught),
        "set aside for another reason": account.surprises,
        "events unaccounted for": 0 if account.adds_up and not left["waiting"] else 1,
        "stuck messages and conversations": len(stuck),
    }
    for name, count in failed.items():
        print(f"{name}: {count}")
    for line in [*account.uncaught[:5], *stuck[:5]]:
        print(f"  {line}")
    return int(any(failed.values()))


if __name__ == "__main__":
    sys.exit(main())
