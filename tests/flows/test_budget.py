"""A studio's AI budget holds whatever runs beside each other, and whatever is killed: it shows at the model's server."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from agent.pricing import Usage, card
from agent.troubles import SPENT
from tests.flows.conftest import ROOT, manage, settings_of, until
from tests.flows.engines import Prepared, prepared
from tests.model_server import Body, ModelServer, text

pytestmark = pytest.mark.e2e

# One process with ten chats that ask until the money is gone. What the dead had set aside is waited for seconds only.
CHATS = """
import threading
from django.utils import timezone
from agent import budgets
from agent.ask import ask
from agent.troubles import SPENT
from tenants.models import Tenant
budgets.GRACE, budgets.WAIT = 2.0, 1.0
studio = Tenant.objects.get(slug="ombak")
def chat():
    while ask(studio, "kelas apa yang cocok buat pemula kak?", at=timezone.now()).error != SPENT:
        pass
threads = [threading.Thread(target=chat) for _ in range(10)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
LIMIT = 20_000  # IDR a day
RATE = 10_000  # IDR for a dollar
# More than anything in the request would let one expect.
BILL = {"input_tokens": 40_000, "output_tokens": 600}
PRICE = float(card("claude-haiku-4-5").cost(Usage(40_000, 600))) * RATE
KILLS = 4


class Studio:
    """A studio with a limit, whose chats can be killed; and what the model's server billed it."""

    def __init__(self, house: Prepared, model: ModelServer):
        self.house, self.model = house, model
        self.chats: list[subprocess.Popen[bytes]] = []
        more = {"ANTHROPIC_BASE_URL": model.url, "AGENT_TURN_DEADLINE": "6", "AGENT_THREADS": "10"}
        self._env = settings_of(
            house.folder, EXCHANGE_RATES=f"IDR:{RATE}", **house.settings, **more
        )
        set_limit = f"from tenants.models import Tenant; Tenant.objects.update(budget_day={LIMIT})"
        manage(house.folder, "shell", "--no-imports", "-c", set_limit, **house.settings)

    @property
    def billed(self) -> float:
        return len(self.model.requests) * PRICE

    def was_asked(self, times: float) -> bool:
        return len(self.model.requests) >= times

    def start(self) -> None:
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", CHATS]
        self.chats.append(subprocess.Popen(command, cwd=ROOT, env=self._env))

    def kill(self, number: int) -> None:
        self.chats[number].send_signal(signal.SIGKILL)
        self.chats.pop(number).wait()

    def close(self) -> None:
        for chats in self.chats:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chats.pid, signal.SIGKILL)
            chats.wait()


def expensive(wait: Callable[[float], object]) -> Callable[[Body], Body]:
    """A model that takes a moment, each time another one, and bills a lot."""
    moments = itertools.cycle((0.05, 0.3, 0.1, 0.2))

    def rules(_body: Body) -> Body:
        wait(next(moments))
        return text("Kelas pemula cocok, Kak.", "end_turn", **BILL)

    return rules


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_twenty_chats_and_kills_in_between_never_spend_more_than_the_limit_and_one_call(
    engine: str, tmp_path: Path
):
    with (
        prepared(engine, tmp_path / "data") as house,
        ModelServer(rules=expensive(threading.Event().wait)) as model,
    ):
        studio = Studio(house, model)
        try:
            studio.start()
            studio.start()
            for kill in range(KILLS):
                asked = (kill + 1) * LIMIT / PRICE / (KILLS + 2)
                until(partial(studio.was_asked, asked), 60, f"{asked:.0f} calls")
                studio.kill(kill % 2)
                studio.start()
            for chats in studio.chats:
                assert chats.wait(120) == 0
        finally:
            studio.close()
        assert LIMIT / 2 < studio.billed <= LIMIT + PRICE
        told = f"from agent.models import Turn; print(Turn.objects.filter(error={SPENT!r}).count())"
        assert (
            int(manage(house.folder, "shell", "--no-imports", "-c", told, **house.settings)) >= 20
        )
