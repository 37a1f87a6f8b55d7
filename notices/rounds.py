"""What the WhatsApp service does for notices, step by step. The rows say what waits, so any number of services share it."""

import datetime as dt
import time
from collections.abc import Callable

from django.utils import timezone

from conversations import staffchats
from notices import contacts, following, planning, sending
from tenants.models import Tenant

CHATS_EVERY, TIDY_EVERY = 3.0, 3600.0  # seconds


class Rounds:
    """Steps of one thread. `left` is called after something went into an outbox."""

    def __init__(
        self,
        left: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._left, self._clock = left, clock
        self._chats_at = self._tidy_at = clock()
        self._kept: dict[Tenant, tuple[str, ...]] = {}

    def step(self) -> bool:
        """One look. True when there was work."""
        at = timezone.now()
        self._now_and_then(at)
        worked = planning.plan_new(at)
        planning.hasten(at)
        if sending.send_due(at, sending.AT_ONCE):
            self._left()
            worked = True
        following.follow(at)
        sending.take_back(at)
        return bool(sending.send_due(at, sending.SLOWLY)) or worked

    def _now_and_then(self, at: dt.datetime) -> None:
        now = self._clock()
        if now >= self._chats_at:
            self._chats_at = now + CHATS_EVERY
            self._keep_chats()
            following.close_pages(at)
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_EVERY
            self._kept.clear()  # all chats are looked at anew
            following.forget(at)

    def _keep_chats(self) -> None:
        """A contact that staff add or remove is one, or none, within seconds."""
        known = contacts.of_all(Tenant.objects.active())
        for tenant, theirs in known.items():
            phones = tuple(sorted(set(theirs.all_phones)))
            if self._kept.get(tenant) != phones:
                staffchats.keep(tenant, phones)
                self._kept[tenant] = phones
