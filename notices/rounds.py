"""What the WhatsApp service does for notices, step by step. The rows say what waits, so any number of services share it."""

import datetime as dt
import time
from collections.abc import Callable

from django.utils import timezone

from conversations import staffchats
from notices import contacts, following, planning, replanning, sending
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
        self._kept: dict[Tenant, contacts.Contacts] = {}

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
        return worked

    def _now_and_then(self, at: dt.datetime) -> None:
        now = self._clock()
        if now >= self._chats_at:
            self._chats_at = now + CHATS_EVERY
            self._keep_chats(at)
            following.close_pages(at)
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_EVERY
            self._kept.clear()  # all chats are looked at anew
            following.forget(at)

    def _keep_chats(self, at: dt.datetime) -> None:
        """A contact that staff add or remove is one, or none, within seconds."""
        known = contacts.of_all(Tenant.objects.active())
        changed = {each: ways for each, ways in known.items() if self._kept.get(each) != ways}
        for tenant, theirs in changed.items():
            staffchats.keep(tenant, theirs.all_phones)
        if changed:
            replanning.plan_anew(changed, at)
        self._kept |= changed


def send_mail() -> bool:
    """One look of the thread that mails: a mail server that hangs keeps no alert on WhatsApp waiting. One e-mail at most,
    so that each is claimed at its own time. True when one left."""
    at = timezone.now()
    sending.take_back(at)
    return bool(sending.send_due(at, sending.SLOWLY, most=1))
