"""One line: the process of one WhatsApp account. It ends with an exit code that tells its state.

WhatsApp's library can hang or abort in ways that Python cannot catch, so a line owns nothing but its account and
ends with os._exit; the supervisor starts the next one. Everything the library reports becomes a Change, and one
thread handles them in order.
"""

import contextlib
import datetime as dt
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from whatsapp import identity, states
from whatsapp.journal import Journal
from whatsapp.lease import Lease, host_of, locked
from whatsapp.models import WhatsAppAccount
from whatsapp.mover import Mover
from whatsapp.sender import Sender, settle
from whatsapp.session import Change, WhatsAppSession, open_session
from whatsapp.store import Me, Store, store_of
from whatsapp.threads import Loop, leave, limited
from whatsapp.translate import Translator
from whatsapp.wakeups import Wakeup

log = logging.getLogger(__name__)
State = WhatsAppAccount.State

BEAT = 5.0  # seconds between two heartbeats
LOOK = 1.0  # seconds between two looks at what staff want
DIAL_LIMIT = 90.0  # a dial that hangs longer never ends by itself
AWAY_LIMIT = 300.0  # a lost connection that lasts longer needs a new process
SYNC_LIMIT = 20.0  # the end of the backlog is not always announced
LOCK_WAIT = 15.0  # the line before this one may still be stopping
FIRST_CODE, NEXT_CODE = 60, 20  # seconds that a QR code lives


class Line:
    """The connection of one account, and the threads that carry its messages."""

    def __init__(self, account: WhatsAppAccount, store: Store, lease: Lease, wakeup: Wakeup):
        self.account, self.store, self.lease, self.wakeup = account, store, lease, wakeup
        self.session: WhatsAppSession = open_session(store.session)
        self.journal = Journal(store.journal)
        self.sender = Sender(account.tenant_id, self.session, timezone.now)
        self.mover = Mover(
            self.journal,
            Translator(account.tenant_id, store.me() or Me(""), store.phone_of),
            clock=timezone.now,
            told=wakeup.send,
            ours=self.sender.ids.__contains__,
        )
        self.stopping = threading.Event()
        self._changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
        self._truth: dict[str, Any] = {}  # what the row does not know yet
        self._code: int | None = None
        self._codes_shown = 0
        self._since = self._beat_at = self._alive_at = self._heard_at = time.monotonic()
        self._was_connected = self._told_to_stop = self._unlinked = False
        self._loops = [
            self._loop("mover", self.mover.step, 1.0),
            self._loop("sender", self._send_when_connected, 0.3),
            self._loop("chores", self._chore, 3600),
        ]

    def _loop(self, name: str, step: Callable[[], bool], pause: float) -> Loop:
        return Loop(name, step, stopping=self.stopping, on_death=self._died, pause=pause)

    # --- the story of a line -------------------------------------------------------------------

    @property
    def code(self) -> int | None:
        """The exit code, as soon as the line is to end."""
        return self._code

    def run(self) -> int:
        """Connect and work until the account ends, or until `ask_to_stop`. Returns the exit code."""
        self._begin()
        while self._code is None:
            with contextlib.suppress(queue.Empty):
                self._take(self._changes.get(timeout=LOOK))
            self.look()
        return self._finish(self._code)

    def ask_to_stop(self) -> None:
        """From a signal handler: stop in order, with everything that came already stored."""
        self._changes.put(Change("stop"))

    def _begin(self) -> None:
        settle(self.account.tenant_id, self.store, timezone.now())
        self._become(State.CONNECTING)
        for loop in self._loops:
            loop.start()
        self.wakeup.listen(self._loops[1].wake)
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        self.session.start(self._on_raw, self._changes.put)

    def _on_raw(self, kind: str, key: str, payload: bytes) -> None:
        """On the library's thread: keep it and return."""
        self.journal.add(kind, key, payload)
        self._heard_at = time.monotonic()
        self._loops[0].wake()

    def _send_when_connected(self) -> bool:
        return self.account.state == State.CONNECTED and self.sender.send_next()

    def _chore(self) -> bool:
        self.journal.prune()
        return False

    def _finish(self, code: int) -> int:
        """Stop sending, hang up, let the last events reach the journal and the database, give the lease back."""
        self.stopping.set()
        for loop in self._loops:
            loop.wake()
        self._loops[1].join(4)
        limited(self._hang_up, 5)
        self._loops[0].join(2)
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
            self.lease.release(**self._truth, **gone)
        except DatabaseError as error:
            log.warning("the last state was not stored: %s", error)

    # --- what happens ---------------------------------------------------------------------------

    def _take(self, change: Change) -> None:
        """What happened waits when the database is away; nothing is forgotten."""
        close_old_connections()
        try:
            self.handle(change)
        except DatabaseError as error:
            log.warning("%s waits for the database: %s", change.kind, error)
            self._changes.put(change)
            time.sleep(LOOK)

    def handle(self, change: Change) -> None:
        """A step: the state that follows from this change."""
        getattr(self, f"_on_{change.kind}")(change)

    def _on_stop(self, change: Change) -> None:
        self._told_to_stop = True
        self._end(states.exit_code(State.STOPPED))

    def _on_qr(self, change: Change) -> None:
        self._codes_shown += 1
        lives = FIRST_CODE if self._codes_shown == 1 else NEXT_CODE
        expires = timezone.now() + dt.timedelta(seconds=lives)
        self._become(State.QR_READY, qr=change.detail, qr_expires_at=expires)
        if self.account.pair_phone and self._codes_shown == 1:
            threading.Thread(target=self._ask_pair_code, daemon=True).start()

    def _ask_pair_code(self) -> None:
        try:
            code = self.session.pair_phone(self.account.pair_phone)
        except Exception as error:  # noqa: BLE001  the QR code is there all the same
            log.warning("no pairing code: %s", error)
        else:
            self._changes.put(Change("pair_code", code))

    def _on_pair_code(self, change: Change) -> None:
        expires = timezone.now() + dt.timedelta(seconds=FIRST_CODE + 4 * NEXT_CODE)
        self._note(pair_code=change.detail, pair_code_expires_at=expires)

    def _on_login(self, change: Change) -> None:
        """How the scanning ended; after anything but success the library's thread is stuck."""
        if change.detail == "success":
            return
        if change.detail.startswith("passkey"):
            self._end_as(State.PASSKEY_REQUIRED)
        elif change.detail == "timeout":
            self._end_as(State.QR_EXPIRED)
        elif change.detail == "err-client-outdated":
            self._end_as(State.OUTDATED)
        else:
            self._end_as(State.FAILED, f"({change.detail})")

    def _on_paired(self, change: Change) -> None:
        if change.detail:
            self._end_as(State.FAILED, f"({change.detail})")
        else:
            self._become(State.SYNCING, qr="", pair_code="", pair_requested_at=None, pair_phone="")

    def _on_connected(self, change: Change) -> None:
        me = self.session.me() or self.store.me() or Me("")
        self.mover.translator = Translator(self.account.tenant_id, me, self.store.phone_of)
        if identity.taken(self.account, me):
            self._refuse_number()
            return
        identity.fill_in(self.account, me)
        self._was_connected = True
        self._become(State.SYNCING, qr="", **identity.fields(me))
        limited(lambda: self.session.presence(False), 2)

    def _refuse_number(self) -> None:
        log.warning("the linked number belongs to another studio: unlinked again")
        limited(self.session.logout, 10)
        self._end_unlinked(State.NUMBER_IN_USE)

    def _on_synced(self, change: Change) -> None:
        if self.account.state == State.SYNCING:
            self._become(State.CONNECTED, connected_at=timezone.now(), retry_at=None)
            self._loops[1].wake()

    def _on_disconnected(self, change: Change) -> None:
        self._become(State.RETRYING)

    _on_failing = _on_disconnected

    def _on_restored(self, change: Change) -> None:
        self._become(State.SYNCING)

    def _on_replaced(self, change: Change) -> None:
        self._end_as(State.REPLACED)

    def _on_outdated(self, change: Change) -> None:
        self._end_as(State.OUTDATED)

    def _on_banned(self, change: Change) -> None:
        until = timezone.now() + dt.timedelta(seconds=change.seconds)
        self._end_as(State.BANNED, banned_until=until)

    def _on_logged_out(self, change: Change) -> None:
        """Removed on the phone; other reasons mean that WhatsApp locked the account."""
        locked_out = change.detail in ("MAIN_DEVICE_GONE", "UNKNOWN_LOGOUT", "TEMP_BANNED")
        self._end_unlinked(State.BANNED if locked_out else State.LOGGED_OUT)

    def _on_refused(self, change: Change) -> None:
        self._end(states.BROKEN, f"({change.detail})")

    def _on_ended(self, change: Change) -> None:
        if "TemporaryBan" in change.detail:
            self._end_as(State.BANNED)
        else:
            log.warning("the connection ended: %s", change.detail)
            self._end(states.BROKEN if self._was_connected else states.UNREACHABLE)

    def _on_died(self, change: Change) -> None:
        self._end(states.BROKEN, f"({change.detail})")

    # --- at every turn of the loop -----------------------------------------------------------------

    def look(self) -> None:
        """A step: store what is new, heed what staff want, notice what takes too long."""
        self._alive_at = now = time.monotonic()
        try:
            if now - self._beat_at >= BEAT or self._truth:
                self._beat(now)
            self._heed_wishes()
        except DatabaseError as error:  # the connection lives on without the database
            log.warning("the database does not answer: %s", error)
        self._heed_clocks(now)

    def _beat(self, now: float) -> None:
        truth, self._truth = self._truth, {}
        try:
            ours = self.lease.write(heartbeat_at=timezone.now(), **truth)
        except DatabaseError:
            self._truth = {**truth, **self._truth}
            raise
        self._beat_at = now
        if not ours:
            self._end(states.BUSY)

    def _heed_wishes(self) -> None:
        rows = WhatsAppAccount.objects.filter(pk=self.account.pk)
        asked_at = rows.values_list("logout_requested_at", flat=True).first()
        if asked_at is None or self._code is not None:
            return
        if self.account.state == State.CONNECTED:
            self._unlink(limited(self.session.logout, 10))
        elif timezone.now() - asked_at > dt.timedelta(seconds=30):
            self._unlink(
                False
            )  # WhatsApp cannot be told now: the link ends here, the phone shows it for a while

    def _unlink(self, told: bool) -> None:
        self._note(logout_requested_at=None)
        if told:
            self._end_unlinked(State.STOPPED)
        else:
            self._end_unlinked(State.LOGGED_OUT, states.STILL_ON_PHONE)

    def _end_unlinked(self, state: str, problem: str = "") -> None:
        """The keys are worth nothing any more; the next start begins with a code."""
        self._unlinked = True
        self._end_as(state, problem, **identity.fields(Me("")))

    def _heed_clocks(self, now: float) -> None:
        waited, state = now - self._since, self.account.state
        if state == State.SYNCING and waited > SYNC_LIMIT:
            self._on_synced(Change("synced"))
        elif (state == State.CONNECTING and waited > DIAL_LIMIT) or (
            state == State.RETRYING and waited > AWAY_LIMIT
        ):
            self._end(states.BROKEN if self._was_connected else states.UNREACHABLE)

    # --- state ---------------------------------------------------------------------------------------

    def _become(self, state: str, problem: str = "", **values: Any) -> None:
        """A new state: known here at once, in the row as soon as the database takes it."""
        if state != self.account.state or problem != self.account.problem:
            self._since = time.monotonic()
            values["state_since"] = timezone.now()
        self._note(state=state, problem=problem, **values)
        log.info("%s %s", state, problem)

    def _note(self, **values: Any) -> None:
        self._truth.update(values)
        for name, value in values.items():
            setattr(self.account, name, value)

    def _end_as(self, state: str, problem: str = "", **values: Any) -> None:
        self._become(state, problem, **values)
        self._end(states.exit_code(state))

    def _end(self, code: int, problem: str = "") -> None:
        if self._code is None:
            self._code = code
            if states.EXITS[code] != self.account.state:
                self._become(states.EXITS[code], problem)

    # --- watching ------------------------------------------------------------------------------------

    def _died(self, error: BaseException) -> None:
        self._changes.put(Change("died", type(error).__name__))

    def _watch(self) -> None:
        """Ends a process that hangs: calls into the library may never come back."""
        while not self.stopping.wait(10):
            answered = limited(self.session.online, 30)
            if not answered or time.monotonic() - self._alive_at > 60:
                log.critical("the line hangs and is ended")
                leave(states.BROKEN)


def open_line(account_id: Any, wakeup: Wakeup) -> Line | None:
    """The line of an account that this process holds now; None while another process does."""
    account = WhatsAppAccount.objects.select_related("tenant").get(pk=account_id)
    store = store_of(account_id)
    if locked(store.lock, LOCK_WAIT) is None:
        return None
    lease = Lease.take(account.pk, host_of(store.session.parent))
    return Line(account, store, lease, wakeup) if lease else None
