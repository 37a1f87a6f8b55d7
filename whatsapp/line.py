"""One line: the process of one WhatsApp account. It ends with an exit code that tells its state.

WhatsApp's library can hang or abort in ways that Python cannot catch, so a line owns nothing but its account and
ends with os._exit; the supervisor starts the next one. Everything the library reports becomes a Change, and one
thread handles them in order.
"""

import contextlib
import datetime as dt
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from conversations import early, media
from tenants import crash
from tenants.work import unit_of_work
from whatsapp import memory, states
from whatsapp.connection import Connection
from whatsapp.courtesy import Courtesy, Ticks
from whatsapp.files import Files
from whatsapp.forgetting import forget_erased
from whatsapp.holes import LOOKS, Holes
from whatsapp.journal import Journal
from whatsapp.lease import Lease, hold, host_of
from whatsapp.models import WhatsAppAccount
from whatsapp.mover import Mover
from whatsapp.receipts import Receipts, hear_again
from whatsapp.sender import Sender, settle
from whatsapp.session import Change
from whatsapp.store import Me, Store, store_of
from whatsapp.threads import Loop, leave, limited
from whatsapp.translate import Translator
from whatsapp.wakeups import Wakeup

log = logging.getLogger(__name__)
State = WhatsAppAccount.State

LOOK = 1.0  # seconds between two looks at what staff want
SILENT = 15.0  # seconds without a word of the supervisor, which sends one every five


class Line(Connection):
    """The connection of one account, and the threads that carry its messages."""

    def __init__(self, account: WhatsAppAccount, store: Store, lease: Lease, wakeup: Wakeup):
        super().__init__(account, store, lease)
        self.wakeup = wakeup
        self.journal = Journal(store.journal)
        receipts = Receipts()
        ticks = Ticks(self.session)
        self.sender = Sender(account.tenant_id, self.session, timezone.now, store, receipts, ticks)
        self.courtesy = Courtesy(account.tenant_id, self.session, ticks, timezone.now)
        self.mover = Mover(
            self.journal,
            Translator(account.tenant_id, store.me() or Me(""), store.phone_of),
            clock=timezone.now,
            told=self._told,
            ours=self.sender.ids.__contains__,
            receipts=receipts,
            filed=self._filed,
        )
        self.files = Files(account.tenant_id, timezone.now)
        self.holes = Holes(self.journal, store)
        self.stopping = threading.Event()
        self._asked_to_stop = False
        self._heard_at = self._supervised_at = self._looked_at = time.monotonic()
        self._moving = self._loop("mover", self.mover.step, 1.0, vital=True)
        self._sending = self._loop("sender", self._send_when_connected, 0.3, vital=True)
        self._courtesy = self._loop("courtesy", self._show_when_connected, 0.7)
        self._looking = self._loop("holes", self.holes.step, LOOKS)
        self._loops = [self._moving, self._sending, self._courtesy, self._looking]
        self._loading = self._loop("files", self.files.step, 30)
        self._loops += [self._loading, self._loop("chores", self._chore, 3600)]

    def _loop(
        self, name: str, step: Callable[[], bool], pause: float, *, vital: bool = False
    ) -> Loop:
        stopping, died = self.stopping, self._died
        return Loop(name, step, stopping=stopping, on_death=died, pause=pause, vital=vital)

    def run(self) -> int:
        """Connect and work until the account ends, or until `ask_to_stop`. Returns the exit code."""
        self._begin()
        while self._code is None:
            self.take_next()
            with unit_of_work():
                self.look()
            self._heed_supervisor(time.monotonic())
        return self._finish(self._code)

    def ask_to_stop(self) -> None:
        """From a signal handler: stop in order, with everything that came already stored."""
        self._asked_to_stop = True
        self._changes.put(Change("stop"))

    def take_next(self) -> None:
        """A step: what happened next. It waits when the database is away, and what came later waits behind it;
        nothing is forgotten, and only a stop does not wait."""
        with contextlib.suppress(queue.Empty):
            change = self._unheard or self._changes.get(timeout=LOOK)
            self._take(Change("stop") if self._asked_to_stop and self._unheard else change)

    def _take(self, change: Change) -> None:
        try:
            with unit_of_work():
                self.handle(change)
        except DatabaseError as error:
            log.warning("%s waits for the database: %s", change.kind, error)
            self._unheard = change
            time.sleep(LOOK)
        else:
            self._unheard = None

    def _begin(self) -> None:
        self._settle(timezone.now())
        self._become(State.CONNECTING)
        self._find_holes()
        for loop in self._loops:
            loop.start()
        self.wakeup.listen(self._wake_up)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        self.store.in_use()
        self.session.start(self._on_raw, self._changes.put)
        self.wakeup.send()  # the next line may load now

    def _settle(self, at: dt.datetime) -> None:
        """What the last line had begun to send. One of another machine that was frozen may still send it."""
        tenant_id = self.account.tenant_id
        settle(tenant_id, self.store, at, certain=not self.lease.haunted)
        hear_again(tenant_id, self.journal, self.mover.translator.read, at)

    def _find_holes(self) -> None:
        try:
            self.holes.at_start()
        except sqlite3.Error:
            log.exception("lost messages are looked for later")

    def _on_raw(self, kind: str, key: str, payload: bytes) -> None:
        """On the library's thread: keep it and return."""
        crash.point("C2")
        self.journal.add(kind, key, payload)
        self._heard_at = time.monotonic()
        self._moving.wake()

    def _send_when_connected(self) -> bool:
        self.sender.catch_up()
        connected = self.account.state == State.CONNECTED
        return connected and self.lease.sure and self.sender.send_next()

    def _wake_up(self) -> None:
        self._supervised_at = time.monotonic()
        self._sending.wake()

    def _heed_supervisor(self, now: float) -> None:
        """Nobody answers what a line without a living supervisor takes in: let another host have the account."""
        if now - self._looked_at > SILENT / 2:  # we were frozen, too
            self._supervised_at = now
        self._looked_at = now
        if self.wakeup.paired and now - self._supervised_at > SILENT:
            log.error("the supervisor does not answer: the line ends")
            self._end(states.BUSY)

    def _show_when_connected(self) -> bool:
        return self.account.state == State.CONNECTED and self.courtesy.step()

    def _told(self) -> None:
        self.courtesy.expect()
        self.wakeup.send()

    def _filed(self) -> None:
        self._loading.wake()

    def _chore(self) -> bool:
        self.journal.prune()
        forget_erased(self.account.tenant_id, self.journal, self.mover.translator.read)
        early.forget_old(timezone.now())
        media.sweep(timezone.now())
        return False

    def _finish(self, code: int) -> int:
        """Stop sending, hang up, let the last events reach the journal and the database, give the lease back."""
        self.stopping.set()
        for loop in self._loops:
            loop.wake()
        self._sending.join(4)
        limited(self._hang_up, 5)
        self._moving.join(2)
        limited(self.mover.step, 3)
        if self._unlinked:
            self.store.forget()
        self._last_words(code)
        return code

    def _hang_up(self) -> None:
        """`stop` throws away what is still on its way to us, so it comes after a moment of silence."""
        self.session.disconnect()
        while time.monotonic() - self._heard_at < 0.3:
            time.sleep(0.05)
        self.session.stop()

    def _last_words(self, code: int) -> None:
        state = states.EXITS.get(code, State.RETRYING)
        if state != self.account.state:
            self._become(state)
        gone = {
            "qr": "",
            "pair_code": "",
            "heartbeat_at": None if self._told_to_stop else timezone.now(),
        }
        try:
            self.lease.release(**(self._truth | gone))
        except DatabaseError as error:
            log.warning("the last state was not stored: %s", error)

    def _linked_as(self, me: Me) -> None:
        self.mover.translator = Translator(self.account.tenant_id, me, self.store.phone_of)

    def _ready(self) -> None:
        self._sending.wake()
        self.holes.ready()
        self._looking.wake()

    def _died(self, error: BaseException) -> None:
        self._changes.put(Change("died", type(error).__name__))

    def _watch(self) -> None:
        """Ends a process that hangs: calls into the library may never come back."""
        while not self.stopping.wait(10):
            answered = limited(self.session.online, 30)
            if not answered or time.monotonic() - self._alive_at > 60:
                log.critical("the line hangs and is ended")
                leave(states.BROKEN)
            self._heed_memory()
            self.wakeup.send()  # a supervisor ends a line that is silent for long

    def _heed_memory(self) -> None:
        if (size := memory.own()) > memory.LIMIT:
            self._changes.put(Change("grown", f"{size:.0f} MB"))


def open_line(account_id: Any, wakeup: Wakeup) -> Line | None:
    """The line of an account that this process holds now; None while another process does."""
    account = WhatsAppAccount.objects.select_related("tenant").get(pk=account_id)
    store = store_of(account_id)
    lease = hold(account, store.lock, host_of(settings.DATA_DIR))
    return Line(account, store, lease, wakeup) if lease else None
