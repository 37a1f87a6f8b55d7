"""What a line's journal holds of erased customers goes, too: the events stay as empty marks."""

import logging
import uuid
from collections.abc import Callable

from conversations import erasure
from whatsapp.journal import Journal, Raw

log = logging.getLogger(__name__)
KINDS = ("message", "undecryptable", "lost", "many_lost")  # those that name a message
MARK = "erased"


def forget_erased(tenant_id: uuid.UUID, journal: Journal, read: Callable[[Raw], object]) -> int:
    """Empty the events of messages that were erased since the last look. Returns how many."""
    newest, looked = erasure.newest(tenant_id), journal.mark(MARK)
    if newest <= (looked[0] if looked else 0):
        return 0
    marks, emptied = erasure.marks(tenant_id), 0
    for raw in journal.kept(KINDS):
        if raw.payload and is_erased(tenant_id, _read(raw, read), marks):
            journal.empty(raw)
            emptied += 1
    journal.set_mark(MARK, newest)
    return emptied


def is_erased(tenant_id: uuid.UUID, event: object, marks: frozenset[str]) -> bool:
    """Whether an event is, or changes, a message that was erased."""
    whatsapp_id = getattr(event, "whatsapp_id", "")
    return bool(whatsapp_id and marks) and erasure.mark(tenant_id, whatsapp_id) in marks


def _read(raw: Raw, read: Callable[[Raw], object]) -> object:
    try:
        return read(raw)
    except Exception as error:  # noqa: BLE001  what nobody can read names no message
        log.info("event %s of the journal: %s", raw.id, error)
        return None
