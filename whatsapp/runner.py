"""The answering threads: one finder sees that conversations are due and hands them to a bounded pool."""

import datetime as dt
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.utils import timezone

from agent import claude, redflags
from agent.turns import answer_claim, take
from conversations import retention
from conversations.mailbox import Claim, release
from conversations.models import Conversation
from knowledge import attachments, index
from knowledge.sync import check, sync_due
from tenants.models import Tenant
from tenants.work import unit_of_work

log = logging.getLogger(__name__)
CHECK_EVERY = 3600.0  # seconds
TIDY_EVERY = 60.0  # between two looks whether a studio's old messages are due to go


class Answering:
    """Answers what is due, several conversations at a time. `answered` is called after each reply, `freed` when a
    thread is free again that was missing at the last look."""

    def __init__(
        self,
        host: str,
        *,
        stopping: threading.Event,
        answered: Callable[[], None],
        on_death: Callable[[BaseException], None],
        freed: Callable[[], None] = lambda: None,
        take: Callable[[str, int, dt.datetime], list[Claim]] = take,
        answer: Callable[[Claim], None] = answer_claim,
    ):
        self._owner, self._stopping = f"{host}/{os.getpid()}", stopping
        self._answered, self._on_death, self._freed = answered, on_death, freed
        self._take, self._answer = take, answer
        self._pool = ThreadPoolExecutor(settings.AGENT_THREADS, thread_name_prefix="answer")
        self._free, self._missed, self._lock = settings.AGENT_THREADS, False, threading.Lock()

    def find(self) -> bool:
        """A step: take as many conversations as are due and threads are free, and start their turns."""
        with self._lock:
            room, self._missed = self._free, self._free == 0
        claims = self._take(self._owner, room, timezone.now()) if room else []
        with self._lock:
            self._free -= len(claims)
        for claim in claims:
            self._pool.submit(self._turn, claim)
        return len(claims) > 1  # perhaps there are more; else the next look comes with a message

    def _turn(self, claim: Claim) -> None:
        try:
            with unit_of_work():
                if self._stopping.is_set():
                    release(claim)
                    return
                self._answer(claim)
            self._answered()
        except Exception:
            log.exception("a turn failed")
        except BaseException as error:  # noqa: BLE001  a dead thread is a silent stop
            self._on_death(error)
        finally:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._free += 1
            missed, self._missed = self._missed, False
        if missed:
            self._freed()


def forget_claims(host: str) -> None:
    """At the start, with the supervisor's lock held: who claimed conversations in this folder's name is gone."""
    rows = Conversation.objects.filter(lease_owner__startswith=f"{host}/")
    rows.update(lease_owner="", lease_until=None)


class Chores:
    """What the service does beside answering: knowledge that waits for its index, an hourly look for drift, and what is
    older than a studio keeps, portion by portion."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._check_at = clock, clock() + CHECK_EVERY
        self._tidy_at = clock() + TIDY_EVERY

    def step(self) -> bool:
        if self._clock() >= self._check_at:
            self._check_at = self._clock() + CHECK_EVERY
            check()  # finds what changed without a signal; marked so that the next step repairs it
            attachments.sweep()
        synced = bool(
            sync_due(timezone.now())
        )  # first: what customers are told waits for no tidying
        return self._tidied() or synced

    def _tidied(self) -> bool:
        if self._clock() < self._tidy_at:
            return False
        if retention.step(timezone.now()):
            return True
        self._tidy_at = self._clock() + TIDY_EVERY
        return False


def warm_up() -> None:
    """Load in the background what the first question would wait for: a second or two on a small machine."""
    own_key = Tenant.objects.active().exclude(anthropic_api_key="").exists()
    model = own_key or settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL
    doors: list[Callable[[], object]] = [
        index.warm_up,
        redflags.net,
        *([claude.warm_up] if model else []),
    ]
    threading.Thread(target=lambda: [load() for load in doors], name="warm-up", daemon=True).start()
