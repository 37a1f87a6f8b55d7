"""Reading what the journal keeps once more, after the reader of WhatsApp's messages was mended.

Whatever is known stays as it is, so it may be done as often as one likes, also while the line runs.
"""

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from django.db import DatabaseError, InterfaceError, transaction

from conversations.erasure import marks
from conversations.inbound import Event, InboundMessage, Receipt, Typing
from conversations.intake import receive
from conversations.models import Message
from whatsapp.forgetting import is_erased
from whatsapp.journal import MOVED, SET_ASIDE, Journal, Raw
from whatsapp.models import WhatsAppAccount
from whatsapp.store import Me, Store, store_of
from whatsapp.translate import LATE, LOST, Translator

log = logging.getLogger(__name__)
# Receipts and typing were of a moment; a call is answered when it rings.
KINDS = ("message", "undecryptable", *LOST)


@dataclass
class Summary:
    """What became of the events that were read again."""

    new: int = 0  # messages that nobody had seen
    completed: int = 0  # messages and chats that say more now
    known: int = 0
    meaningless: int = 0  # groups, housekeeping between phones
    unread: int = 0  # still cannot be read: stay set aside
    rescued: int = 0  # of those that were set aside, now read

    @property
    def total(self) -> int:
        return self.new + self.completed + self.known + self.meaningless + self.unread


class Replay:
    """The journal of one studio's account, read from a moment on."""

    def __init__(self, account: WhatsAppAccount, since: dt.datetime | None = None):
        self._account, self._since = account, since.timestamp() if since else 0.0
        self._store = store_of(account.pk)
        self._marks = marks(account.tenant_id)
        self.summary = Summary()

    def size(self) -> int:
        """How many events there are to read."""
        if not self._store.journal.exists():
            return 0
        with closing(Journal(self._store.journal)) as journal:
            return journal.count_kept(KINDS, self._since)

    def run(self, clock: Callable[[], dt.datetime], *, dry: bool) -> Iterator[Raw]:
        """Read each event; it is given back when that is done. With `dry` nothing is changed."""
        if not self._store.journal.exists():
            return
        translator = _translator(self._account, self._store)
        with closing(Journal(self._store.journal)) as journal:
            for raw in journal.kept(KINDS, self._since):
                if self._read(raw, translator, journal, clock(), dry) and not dry:
                    journal.moved(raw)
                yield raw

    def _read(
        self, raw: Raw, translator: Translator, journal: Journal, at: dt.datetime, dry: bool
    ) -> bool:
        """Whether an event that was set aside is read now."""
        try:
            event = self._event(raw, translator, journal)
            changed = _received(event, at, dry) if event else None
        except (DatabaseError, InterfaceError):
            raise  # nothing more can be said about any of them
        except Exception:
            log.exception("event %s of the journal (%s) cannot be read", raw.id, raw.kind)
            self.summary.unread += 1
            return False
        self._count(event, changed, at)
        self.summary.rescued += raw.state == SET_ASIDE
        return raw.state != MOVED

    def _event(self, raw: Raw, translator: Translator, journal: Journal) -> Event | None:
        if raw.kind != "message" and journal.holds("message", raw.key):
            return None  # its text came
        event = translator.read(raw) if raw.payload else None
        if is_erased(self._account.tenant_id, event, self._marks):
            return None  # staff do not want it back
        return None if isinstance(event, Receipt | Typing) else event

    def _count(self, event: Event | None, changed: Message | None, at: dt.datetime) -> None:
        if event is None:
            self.summary.meaningless += 1
        elif changed is None:
            self.summary.known += 1
        elif changed.created_at == at:
            self.summary.new += 1
        else:
            self.summary.completed += 1


@transaction.atomic
def _received(event: Event, at: dt.datetime, dry: bool) -> Message | None:
    message = receive(_as_backlog(event, at), at=at)
    if dry:
        transaction.set_rollback(True)
    return message


def _translator(account: WhatsAppAccount, store: Store) -> Translator:
    me = store.me() or Me(account.phone.lstrip("+"), account.lid)
    return Translator(account.tenant_id, me, store.phone_of)


def accounts(slugs: Collection[str] = ()) -> list[WhatsAppAccount]:
    rows = WhatsAppAccount.objects.select_related("tenant").order_by("tenant__slug")
    return list(rows.filter(tenant__slug__in=slugs) if slugs else rows)


def _as_backlog(event: Event, at: dt.datetime) -> Event:
    """What is old is no burst of messages, and is answered only as far as old messages are."""
    if isinstance(event, InboundMessage) and at - event.sent_at > LATE:
        return replace(event, backlog=True)
    return event
