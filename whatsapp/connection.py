"""What the states of one account follow from: each change that WhatsApp's library reports, what staff want, and
how long things take. No threads here: a line calls these steps in order."""

import datetime as dt
import logging
import queue
import threading
import time
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from whatsapp import identity, states
from whatsapp.lease import Lease
from whatsapp.models import WhatsAppAccount
from whatsapp.session import Change, WhatsAppSession, open_session
from whatsapp.store import Me, Store
from whatsapp.threads import limited

log = logging.getLogger(__name__)
State = WhatsAppAccount.State

BEAT = 5.0  # seconds between two heartbeats
DIAL_LIMIT = 90.0  # a dial that hangs longer never ends by itself
AWAY_LIMIT = 300.0  # a lost connection that lasts longer needs a new process
UNKNOWN_BAN = dt.timedelta(hours=6)
SYNC_LIMIT = 20.0  # the end of the backlog is not always announced
FIRST_CODE, NEXT_CODE = 60, 20  # seconds that a QR code lives
CODES_LAST = dt.timedelta(seconds=FIRST_CODE + 5 * NEXT_CODE)  # then WhatsApp's library hangs up


class Connection:
    """The state of one account. What is new is known here at once, and in the row as soon as the database takes it."""

    def __init__(self, account: WhatsAppAccount, store: Store, lease: Lease):
        self.account, self.store, self.lease = account, store, lease
        self.session: WhatsAppSession = open_session(store.session)
        self._changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
        self._unheard: Change | None = None  # what waits for the database
        self._truth: dict[str, Any] = {}  # what the row does not know yet
        self._code: int | None = None
        self._codes_shown = 0
        self._codes_until: dt.datetime | None = None
        self._since = self._beat_at = self._alive_at = time.monotonic()
        self._was_connected = self._told_to_stop = self._unlinked = False
        self._online = self._synced_early = self._had_backlog = False

    @property
    def code(self) -> int | None:
        """The exit code, as soon as the line is to end."""
        return self._code

    def _linked_as(self, me: Me) -> None:
        """Whose account this is, is known now."""

    def _ready(self) -> None:
        """Messages may be sent from now on."""

    # --- what happens ---------------------------------------------------------------------------

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
        problem = self.account.problem if self.account.state == State.QR_READY else ""
        self._become(State.QR_READY, problem, qr=change.detail, qr_expires_at=expires)
        if self._codes_shown == 1:
            self._codes_until = timezone.now() + CODES_LAST
            self._ask_pair_code()

    def _ask_pair_code(self) -> None:
        """For the phone that staff named, if they did: WhatsApp is asked on a thread of its own."""
        if phone := self.account.pair_phone:
            threading.Thread(target=self._fetch_pair_code, args=(phone,), daemon=True).start()

    def _fetch_pair_code(self, phone: str) -> None:
        try:
            code = self.session.pair_phone(phone)
        except Exception as error:  # noqa: BLE001  the QR code is there all the same
            log.warning("no pairing code: %s", error)
            self._changes.put(Change("no_pair_code"))
        else:
            self._changes.put(Change("pair_code", code))

    def _on_pair_code(self, change: Change) -> None:
        if self.account.pair_phone and self.account.state == State.QR_READY:
            self._note(pair_code=change.detail, pair_code_expires_at=self._codes_until)

    def _on_no_pair_code(self, change: Change) -> None:
        if self.account.state == State.QR_READY:
            self._become(State.QR_READY, states.NO_PAIR_CODE)

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
        me = self.session.me() or Me("")
        self._linked_as(me)
        if identity.taken(self.account, me):
            self._refuse_number()
            return
        identity.fill_in(self.account, me)
        self._was_connected = True
        self._online = True
        self._become(State.SYNCING, qr="", **identity.fields(me))
        if self._synced_early:
            self._now_connected()
        limited(lambda: self.session.presence(False), 2)

    def _refuse_number(self) -> None:
        log.warning("the linked number belongs to another studio: unlinked again")
        limited(self.session.logout, 10)
        self._end_unlinked(State.NUMBER_IN_USE)

    def _on_synced(self, change: Change) -> None:
        """The backlog is in. WhatsApp's library reports it on a thread of its own, so it may come before “connected”."""
        if self._online and self.account.state == State.SYNCING:
            self._now_connected()
        else:
            self._synced_early = True

    def _now_connected(self) -> None:
        self._synced_early = False
        self._become(State.CONNECTED, connected_at=timezone.now(), retry_at=None)
        self._ready()

    def _on_disconnected(self, change: Change) -> None:
        self._online = self._synced_early = self._had_backlog = False
        self._become(State.RETRYING)

    def _on_failing(self, change: Change) -> None:
        """WhatsApp is silent on a connection that still stands."""
        had_backlog = self._had_backlog or self.account.state == State.CONNECTED
        self._on_disconnected(change)
        self._had_backlog = had_backlog

    def _on_restored(self, change: Change) -> None:
        """It speaks again, on the same connection: no backlog is announced a second time."""
        self._online = True
        self._become(State.SYNCING)
        if self._had_backlog:
            self._now_connected()

    def _on_replaced(self, change: Change) -> None:
        self._end_as(State.REPLACED)

    def _on_outdated(self, change: Change) -> None:
        self._end_as(State.OUTDATED)

    def _on_banned(self, change: Change) -> None:
        """Not tried again before its end; where WhatsApp tells none, not for hours."""
        lasts = dt.timedelta(seconds=change.seconds) or UNKNOWN_BAN
        self._end_as(State.BANNED, banned_until=timezone.now() + lasts)

    def _on_logged_out(self, change: Change) -> None:
        """Removed on the phone; other reasons mean that WhatsApp locked the account."""
        locked_out = change.detail in ("MAIN_DEVICE_GONE", "UNKNOWN_LOGOUT", "TEMP_BANNED")
        self._end_unlinked(State.BANNED if locked_out else State.LOGGED_OUT)

    def _on_refused(self, change: Change) -> None:
        self._end(states.BROKEN, f"({change.detail})")

    def _on_ended(self, change: Change) -> None:
        if "TemporaryBan" in change.detail:  # of a kind that the library cannot name
            self._on_banned(Change("banned"))
        else:
            log.warning("the connection ended: %s", change.detail)
            self._end(states.BROKEN if self._was_connected else states.UNREACHABLE)

    def _on_grown(self, change: Change) -> None:
        """Too much memory: in order, and back within a second."""
        log.warning("the line has grown to %s and is started anew", change.detail)
        self._end(states.BROKEN)

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
        wishes = rows.values_list("logout_requested_at", "pair_requested_at", "pair_phone").first()
        if wishes is None or self._code is not None:
            return
        asked_at, pair_at, phone = wishes
        if self.account.state == State.QR_READY and pair_at != self.account.pair_requested_at:
            self._link_otherwise(pair_at, phone)
        if asked_at is None:
            return
        if self.account.state == State.CONNECTED:
            self._unlink(limited(self.session.logout, 10))
        elif timezone.now() - asked_at > dt.timedelta(seconds=30):
            self._unlink(
                False
            )  # WhatsApp cannot be told now: the link ends here, the phone shows it for a while

    def _link_otherwise(self, at: dt.datetime | None, phone: str) -> None:
        """While codes are shown, staff chose the other way of linking, or another phone."""
        self.account.pair_requested_at, self.account.pair_phone = at, phone
        self._become(State.QR_READY, pair_code="")
        self._ask_pair_code()

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
        if self._unheard:  # more has happened than the state tells
            return
        waited, state = now - self._since, self.account.state
        if state == State.SYNCING and waited > SYNC_LIMIT:
            self._now_connected()
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
