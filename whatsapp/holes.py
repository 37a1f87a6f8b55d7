"""Known holes: messages that WhatsApp delivered, and that died before they reached the journal.

WhatsApp's library notes each message that it decrypts before it hands it to us, and WhatsApp sends none a second
time. So what stands in the library's notes and not in the journal is lost, and it is told: staff see a message that
nobody can read. The notes carry no time, and old chats that a phone sends after linking stand there as well:
they are the baseline, which closes when the link is ready, and opens for a minute when more of them are announced.
"""

import logging

from whatsapp.journal import Journal
from whatsapp.store import Received, Store, bare

log = logging.getLogger(__name__)
LOOKS = 60.0  # seconds between two looks
HISTORY_LASTS = 60.0  # seconds in which announced old chats arrive
# More at once were no accident of single messages: staff are told, but nobody is asked to write again.
FEW = 3


class Holes:
    """One line's comparison of the library's notes with its journal."""

    def __init__(self, journal: Journal, store: Store):
        self._journal, self._store = journal, store
        self._ready = False
        self._upto = 0  # newer notes may still be on their way to the journal

    def ready(self) -> None:
        """The link is ready: what the library knows by the next step is the baseline, if there is none yet."""
        self._ready = True

    def at_start(self) -> bool:
        """Before the line connects, all that an earlier process received has either arrived or is lost."""
        self._upto = self._store.newest_place()
        return self.step()

    def step(self) -> bool:
        """Look at what was new at the last look: whatever is not in the journal by now is a hole."""
        device, upto, self._upto = self._store.device(), self._upto, self._store.newest_place()
        mark = self._journal.mark(device) if device else None
        if device and self._ready and (mark is None or self._upto < mark[0]):
            self._journal.set_mark(device, self._upto)
        elif mark is not None:
            if upto > mark[0] and not self._filled_by_history(mark[1]):
                self._tell(self._holes(mark[0], upto))
            self._journal.set_mark(device, max(upto, mark[0]))
        return False

    def _filled_by_history(self, last_look: float) -> bool:
        """Whether old chats may be among what came since the notes of the last look, which were a minute old."""
        return self._journal.latest("history") > last_look - LOOKS - HISTORY_LASTS

    def _holes(self, after: int, upto: int) -> list[Received]:
        me = self._store.me()
        ours = {me.phone, me.lid} if me else set()
        return [
            each
            for each in self._store.received(after, upto)
            if _private(each) and bare(each.sender) not in ours
            if not self._journal.knows(each.whatsapp_id)
        ]

    def _tell(self, holes: list[Received]) -> None:
        kind = "lost" if len(holes) <= FEW else "many_lost"
        for each in holes:
            address = f"{bare(each.chat)}@{each.chat.partition('@')[2]}"
            self._journal.add(kind, f"{each.whatsapp_id}:0:", address.encode())
        if holes:
            log.warning("%s messages were delivered and are lost: staff see them", len(holes))


def _private(received: Received) -> bool:
    return received.chat.partition("@")[2] in ("lid", "s.whatsapp.net")
