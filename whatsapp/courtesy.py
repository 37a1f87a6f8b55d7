"""What customers see while an answer is in the making: blue ticks and “typing…”.

Typing is only shown while the account is *available*, and then the owner's phone does not ring: so it is available
for a few seconds at a time.
"""

import datetime as dt
import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence

from conversations import mailbox
from whatsapp.session import WhatsAppSession

log = logging.getLogger(__name__)

RENEW = dt.timedelta(seconds=8)  # phones hide “typing…” after ten seconds or more
AVAILABLE_FOR = dt.timedelta(seconds=10)  # after the last typing
EXPECT_FOR = dt.timedelta(seconds=90)  # after a message came; a turn is over by then
REMEMBERED = 1000  # ids


class Ticks:
    """Blue ticks, each message once."""

    def __init__(self, session: WhatsAppSession) -> None:
        self._session = session
        self._given: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def give(self, chat: str, ids: Sequence[str]) -> None:
        """Mark messages of a chat as read. They are a courtesy: what goes wrong is only noted."""
        with self._lock:
            new = [each for each in ids if each and each not in self._given]
            self._given.update(dict.fromkeys(new))
            while len(self._given) > REMEMBERED:
                self._given.popitem(last=False)
        try:
            if new:
                self._session.mark_read(chat, chat, new)
        except Exception as error:  # noqa: BLE001
            log.info("read marks: %s", error)


class Courtesy:
    """Looks which conversations of one studio have an answer in the making, while one may."""

    def __init__(
        self,
        tenant_id: uuid.UUID,
        session: WhatsAppSession,
        ticks: Ticks,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._tenant_id, self._session, self._ticks, self._clock = tenant_id, session, ticks, clock
        self._until = self._available_until = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._typing: dict[str, dt.datetime] = {}  # chat → when it was shown last
        self._available = False

    def expect(self) -> None:
        """A message came: an answer may be in the making soon."""
        self._until = self._clock() + EXPECT_FOR

    def step(self) -> bool:
        """Show what is going on now."""
        at = self._clock()
        try:
            self._show(at)
        except Exception as error:  # noqa: BLE001  WhatsApp's library says no in many ways
            log.info("typing: %s", error)
        return False

    def _show(self, at: dt.datetime) -> None:
        turns = mailbox.in_the_making(self._tenant_id, at) if at < self._until else []
        for turn in turns:
            self._ticks.give(turn.chat, turn.whatsapp_ids)
            if at - self._typing.get(turn.chat, at - RENEW) >= RENEW:
                self._appear(at)
                self._session.typing(turn.chat, True)
                self._typing[turn.chat] = at
        for chat in self._typing.keys() - {turn.chat for turn in turns}:
            del self._typing[chat]
            self._session.typing(chat, False)
        if self._available and not self._typing and at >= self._available_until:
            self._available = False
            self._session.presence(False)

    def _appear(self, at: dt.datetime) -> None:
        self._available_until = at + AVAILABLE_FOR
        if not self._available:
            self._session.presence(True)
            self._available = True
