"""The supervisor: one line per linked account, the answering threads, and their chores.

It never loads WhatsApp's library. It ends when it is told to, and when one of its threads dies: its parent starts
it again, and its lines end with it.
"""

import datetime as dt
import logging
import os
import select
import sqlite3
import threading
import time
import uuid
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone

from agent.jobs import Jobs
from conversations.models import Conversation
from notices.rounds import Rounds, send_mail
from tenants.models import Tenant
from tenants.work import unit_of_work
from whatsapp import linklog, states, version
from whatsapp.children import LATELY, Child, Waits
from whatsapp.lease import held_elsewhere, host_of, locked
from whatsapp.models import WhatsAppAccount
from whatsapp.runner import Answering, Chores, forget_claims, warm_up
from whatsapp.store import store_of
from whatsapp.threads import Loop

log = logging.getLogger(__name__)
State = WhatsAppAccount.State

TICK = 0.2  # seconds between two looks at lines
LOOK = 1.0  # seconds between two looks at accounts
BEAT = 5.0
STOP_WITHIN = 11.0  # seconds that lines have to end by themselves
LOCK_WAIT = 20.0  # a supervisor that was killed may leave lines that still end
REPLACED_WAIT = dt.timedelta(minutes=5)
# Who took over from a frozen host may be thrown out once, by its last reflex when it comes back.
REFLEX, REFLEX_WAIT = 120.0, dt.timedelta(seconds=5)
LOADING = 2 * (os.cpu_count() or 2)  # lines that load at the same time
SILENT_LOOKS = 120  # a line says something every 10 s, whatever happens to database and network


class Supervisor:
    """Keeps the lines of this host as staff want them."""

    def __init__(self, folder: Path):
        self._host = host_of(folder)
        self._stopping = threading.Event()
        self._dead: BaseException | None = None
        self._children: dict[uuid.UUID, Child] = {}
        self._waits: dict[uuid.UUID, Waits] = {}
        self._start_at: dict[uuid.UUID, float] = {}
        self._asked: dict[uuid.UUID, dt.datetime | None] = {}
        self._tried: set[uuid.UUID] = set()
        self._inherited: dict[uuid.UUID, float] = {}  # when an account came from another host
        self._looked = self._beat = 0.0
        self._watch_links = linklog.Watch()
        answering = Answering(
            self._host,
            stopping=self._stopping,
            answered=self._wake_lines,
            on_death=self._died,
            freed=lambda: self._finder.wake(),
        )
        self._finder = self._loop("finder", answering.find, 0.2)
        chores, beats = Chores().step, self._tell_lines
        self._loops = [self._finder, self._loop("chores", chores, 2.0)]
        self._loops.append(self._loop("beats", beats, BEAT))
        self._loops.append(self._loop("jobs", Jobs().step, 2.0))
        self._loops.append(self._loop("notices", Rounds(left=self._wake_lines).step, 1.0))
        self._loops.append(self._loop("mails", send_mail, 1.0))

    def _loop(self, name: str, step: object, pause: float) -> Loop:
        assert callable(step)
        return Loop(name, step, stopping=self._stopping, on_death=self._died, pause=pause)

    # --- life -------------------------------------------------------------------------------------

    def run(self) -> int:
        """Work until `ask_to_stop`; the exit code."""
        forget_claims(self._host)
        for loop in self._loops:
            loop.start()
        warm_up()
        log.info("the WhatsApp service runs")
        if old := version.warning(timezone.now()):
            log.warning("%s", old)
        while not self._stopping.is_set():
            self.step()
            self._listen(TICK)
        self._stop()
        return 1 if self._dead else 0

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def step(self) -> None:
        """See which lines ended, and start and stop lines as staff want."""
        try:
            with unit_of_work():
                for account_id, child in list(self._children.items()):
                    self._see(account_id, child)
                now = time.monotonic()
                if now - self._looked >= LOOK:
                    self._looked = now
                    self._look(timezone.now())
        except DatabaseError as error:
            log.warning("the database does not answer: %s", error)

    def _listen(self, seconds: float) -> None:
        """Until a line says that a message came, `seconds` at most."""
        ends = {child.wakeup: child for child in self._children.values()}
        heard, _, _ = select.select(ends, [], [], seconds)
        for end in heard:
            if end.drain():
                ends[end].heard()
                self._finder.wake()
            else:
                self._stopping.wait(seconds)  # the line is gone; its end is noticed by `_see`

    def _stop(self) -> None:
        """Every line at once, then the answering threads; what they had not finished is done again later."""
        deadline = time.monotonic() + STOP_WITHIN
        for child in self._children.values():
            child.ask_to_stop()
        while self._children and time.monotonic() < deadline:
            for account_id, child in list(self._children.items()):
                if child.ended() is not None:
                    del self._children[account_id]
            time.sleep(0.05)
        for child in self._children.values():
            child.kill()

    def _died(self, error: BaseException) -> None:
        self._dead = error
        self._stopping.set()

    def _wake_lines(self) -> None:
        for child in list(self._children.values()):
            child.wakeup.send()

    def _tell_lines(self) -> bool:
        """A step: tell lines that their supervisor lives, also while the database is away."""
        self._wake_lines()
        return False

    # --- accounts ---------------------------------------------------------------------------------

    def _look(self, at: dt.datetime) -> None:
        for tenant in Tenant.objects.active().filter(whatsapp=None):
            WhatsAppAccount.objects.get_or_create(tenant=tenant)
        for account in WhatsAppAccount.objects.select_related("tenant"):
            self._tend(account, at)
            self._watch_links.see(account)
        if time.monotonic() - self._beat >= BEAT:
            self._beat = time.monotonic()
            self._beat_for_idle(at)

    def _tend(self, account: WhatsAppAccount, at: dt.datetime) -> None:
        child = self._children.get(account.pk)
        wished = account.wanted or account.logout_requested_at is not None
        wanted = wished and account.tenant.active
        if child is not None:
            self._watch(child)
            if not wanted:
                child.ask_to_stop()
        elif wanted and not held_elsewhere(account, self._host, at):
            self._tend_idle(account, at)

    def _watch(self, child: Child) -> None:
        """A line hangs when it is silent for many looks of ours: the clock also runs while we are stopped."""
        child.silent += 1
        if child.silent > SILENT_LOOKS:
            log.critical("a line hangs and is ended")
            child.kill()

    def _tend_idle(self, account: WhatsAppAccount, at: dt.datetime) -> None:
        try:
            linked = store_of(account.pk).me() is not None
        except sqlite3.Error as error:
            log.warning("the session of account %s cannot be read now: %s", account.pk, error)
            if not self._was_elsewhere(account):
                return
            linked = True  # the frozen line of another host keeps it locked: ours ends that first
        asked = states.asked_for_code(account, at)
        if account.logout_requested_at and not linked:
            self._write(account, logout_requested_at=None)
        if asked and self._asked.get(account.pk) != account.pair_requested_at:
            self._asked[account.pk] = account.pair_requested_at
            self._start_at.pop(account.pk, None)  # who presses the button does not wait
            self._waits.pop(account.pk, None)
        if not linked and not asked:
            self._rest(account)
        elif self._may_start(account, at, asked=asked):
            self._start(account)

    def _may_start(self, account: WhatsAppAccount, at: dt.datetime, *, asked: bool) -> bool:
        """Not before its wait is over; after an end that only staff can change, when they ask."""
        if asked and account.state in states.ENDED:
            return True
        if account.state in states.ENDED and account.pk in self._tried:
            return False
        if account.state == State.BANNED and account.banned_until and account.banned_until > at:
            return False
        if account.state == State.REPLACED and account.pk in self._tried:
            since = account.state_since
            return since is None or at - since > self._replaced_wait(account)
        if sum(child.starting for child in self._children.values()) >= LOADING:
            return False
        return time.monotonic() >= self._start_at.get(account.pk, 0.0)

    def _replaced_wait(self, account: WhatsAppAccount) -> dt.timedelta:
        inherited = time.monotonic() - self._inherited.get(account.pk, float("-inf"))
        return REFLEX_WAIT if inherited < REFLEX else REPLACED_WAIT

    def _start(self, account: WhatsAppAccount) -> None:
        self._tried.add(account.pk)
        if self._was_elsewhere(account):
            self._inherit(account)
        self._children[account.pk] = Child(account.pk, settings.DATA_DIR / "logs")

    def _was_elsewhere(self, account: WhatsAppAccount) -> bool:
        return account.lease_owner not in ("", self._host)

    def _inherit(self, account: WhatsAppAccount) -> None:
        """What the host before us was answering is answered here: its own answers are overtaken."""
        log.warning("account %s is taken over from another host", account.pk)
        self._inherited[account.pk] = time.monotonic()
        theirs = Conversation.objects.filter(
            tenant=account.tenant_id, lease_owner__startswith=f"{account.lease_owner}/"
        )
        theirs.update(lease_owner="", lease_until=None)

    def _rest(self, account: WhatsAppAccount) -> None:
        """Nobody is linked and nobody asked for a code: no codes for nobody."""
        if account.state in (State.CONNECTING, State.QR_READY, State.SYNCING, State.RETRYING):
            self._write(account, state=State.STOPPED, problem="", qr="", retry_at=None)

    def _see(self, account_id: uuid.UUID, child: Child) -> None:
        """A line that ended: its state is stored, and when it starts again."""
        code = child.ended()
        if code is None:
            return
        account = WhatsAppAccount.objects.filter(pk=account_id).first()
        del self._children[account_id]
        child.wakeup.close()
        if account is None:
            return
        since = timezone.now() - dt.timedelta(seconds=child.lived)
        connected = account.connected_at is not None and account.connected_at >= since
        state = states.EXITS.get(code, State.RETRYING)
        log.info("a line ended with %s: %s", code, state)
        wait = 0.0
        if state == State.RETRYING:
            waits = self._waits.setdefault(account_id, Waits())
            lately = connected or _connected_lately(account)
            wait = waits.next(connected=connected, lived=child.lived, lately=lately)
        self._start_at[account_id] = time.monotonic() + wait
        if code == states.BUSY and self._was_elsewhere(account):
            return  # another host had it in the meantime, and said how it is
        changed = {"state": state, "state_since": timezone.now()} if state != account.state else {}
        self._write(account, qr="", retry_at=timezone.now() + dt.timedelta(seconds=wait), **changed)

    def _write(self, account: WhatsAppAccount, **values: object) -> None:
        self._ours().filter(pk=account.pk).update(**values)

    def _ours(self) -> "QuerySet[WhatsAppAccount]":
        """Accounts of this host, and those of nobody: of others we know nothing."""
        return WhatsAppAccount.objects.filter(Q(lease_owner=self._host) | Q(lease_until=None))

    def _beat_for_idle(self, at: dt.datetime) -> None:
        """Accounts without a line have nobody else to say that the service is there."""
        idle = self._ours().exclude(pk__in=list(self._children))
        idle.exclude(lease_until__gt=at).update(heartbeat_at=at)


def _connected_lately(account: WhatsAppAccount) -> bool:
    since = timezone.now() - dt.timedelta(seconds=LATELY)
    return account.connected_at is not None and account.connected_at >= since


def open_supervisor() -> Supervisor | None:
    """The supervisor of this host; None while another one runs."""
    folder: Path = settings.DATA_DIR
    if locked(folder / "supervisor.lock", LOCK_WAIT) is None:
        return None
    return Supervisor(folder)
