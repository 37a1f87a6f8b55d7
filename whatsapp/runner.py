"""The answering threads: one finder sees that conversations are due and hands them to a bounded pool."""

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from agent import claude
from agent.turns import answer_next
from conversations.mailbox import how_many_due
from conversations.models import Conversation
from knowledge import index
from knowledge.sync import check, sync_due
from tenants.models import Tenant

log = logging.getLogger(__name__)
CHECK_EVERY = 3600.0  # seconds


class Answering:
    """Answers what is due, several conversations at a time. `answered` is called after each reply."""

    def __init__(
        self,
        host: str,
        *,
        stopping: threading.Event,
        answered: Callable[[], None],
        on_death: Callable[[BaseException], None],
        answer: Callable[[str], bool] = answer_next,
    ):
        self._host, self._stopping = host, stopping
        self._answered, self._on_death, self._answer = answered, on_death, answer
        self._threads = settings.AGENT_THREADS
        self._free = threading.Semaphore(self._threads)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="answer")

    def find(self) -> bool:
        """A step: start as many turns as conversations are due, as far as threads are free."""
        due = how_many_due(timezone.now(), self._threads)
        started = 0
        while started < due and self._free.acquire(blocking=False):
            self._pool.submit(self._turn)
            started += 1
        return False  # the next look comes with the next message or after the pause

    def _turn(self) -> None:
        owner = f"{self._host}/{os.getpid()}/{threading.get_ident() % 10**6}"
        try:
            while not self._stopping.is_set() and self._one(owner):
                self._answered()
        except Exception:
            log.exception("a turn failed")
        except BaseException as error:  # noqa: BLE001  a dead thread is a silent stop
            self._on_death(error)
        finally:
            self._free.release()

    def _one(self, owner: str) -> bool:
        close_old_connections()
        return self._answer(owner)


def forget_claims(host: str) -> None:
    """At the start, with the supervisor's lock held: who claimed conversations in this folder's name is gone."""
    rows = Conversation.objects.filter(lease_owner__startswith=f"{host}/")
    rows.update(lease_owner="", lease_until=None)


class Chores:
    """What the service does beside answering: knowledge that waits for its index, and an hourly look for drift."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._check_at = clock, clock() + CHECK_EVERY

    def step(self) -> bool:
        if self._clock() >= self._check_at:
            self._check_at = self._clock() + CHECK_EVERY
            check()  # finds what changed without a signal; marked so that the next step repairs it
        return bool(sync_due(timezone.now()))


def warm_up() -> None:
    """Load in the background what the first question would wait for: a second or two on a small machine."""
    own_key = Tenant.objects.active().exclude(anthropic_api_key="").exists()
    model = own_key or settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL
    doors = [index.warm_up, *([claude.warm_up] if model else [])]
    threading.Thread(target=lambda: [load() for load in doors], name="warm-up", daemon=True).start()
