"""Kill -9 of random processes while customers write, and the count of what became of every message:

    .venv/bin/python -m benchmarks.kill_storm [--kills 200] [--messages 5000] [--database sqlite|postgres]
    .venv/bin/python -m benchmarks.kill_storm --crash-points 50 [--database sqlite|postgres]

The whole house as `make run` starts it, linked by the real neonize to a WhatsApp on loopback, with a model on
loopback that takes 0.3 s. Customers write steadily, also while nobody is there, until the last kill. Each kill
takes the line, the supervisor, the web process, one of its workers, now and then the parent of all or everything
at once, and the next comes when a question that was asked after it is answered (or a page is served again). Then
everything settles, and phones and database are compared.

--crash-points kills so often at each named place of a message's way instead (docs/TESTING.md).

The exit code is 1 when a message was lost silently or answered twice.
"""

import argparse
import contextlib
import functools
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.flows.crashes import IN_THE_LINE, IN_THE_SUPERVISOR, Campaign, CrashHouse
from tests.flows.engines import prepared
from tests.flows.storm import fates, kept, storm
from tests.whatsapp_server.api import LocalRig


def crash_points(engine: str, kills: int) -> bool:
    """So many kills at each place, in two houses at once; whether nothing was lost or doubled."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-points-")))
        first = stack.enter_context(prepared(engine, folder / "first"))

        def campaign(name: str, points: tuple[str, ...], *slugs: str) -> Campaign:
            copy = first.copy(folder / name)
            rig = stack.enter_context(LocalRig(folder / f"{name}-rig"))
            house = CrashHouse(rig, copy.folder, **copy.settings)
            stack.callback(house.close)
            tell = functools.partial(print, flush=True)
            return Campaign(house, points, kills, slugs, tell)

        campaigns = [
            campaign("lines", IN_THE_LINE, "ombak", "senja"),
            campaign("supervisor", IN_THE_SUPERVISOR, "ombak"),
        ]
        with ThreadPoolExecutor() as pool:
            ledgers = list(pool.map(Campaign.run, campaigns))
        accounts = [ledger.account() for ledger in ledgers]
        for done, account in zip(campaigns, accounts, strict=True):
            print("\n" + ", ".join(f"{count} at {point}" for point, count in done.done.items()))
            print(f"messages sent          {len(account.fates)}")
            print("\n".join(fates(account)), flush=True)
        return all(kept(account) for account in accounts)


def main() -> None:
    words = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=words)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--crash-points", type=int, default=0, metavar="KILLS")
    options = parser.parse_args()
    if options.crash_points:
        good = crash_points(options.database, options.crash_points)
    else:
        say = functools.partial(print, flush=True)
        good = kept(storm(options.database, options.messages, options.kills, say)[1])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
