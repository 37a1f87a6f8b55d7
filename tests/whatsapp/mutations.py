"""Hostile events: real ones of every kind, with bytes and fields changed at random but always in the same way, and the
account of what became of them. Used by the tests (a few thousand) and by `benchmarks.mutated_events` (100,000)."""

import datetime as dt
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from conversations import intake, mailbox
from conversations.inbound import Event
from conversations.mailbox import Draft
from conversations.models import Conversation, Message
from tenants.models import Tenant
from tests.factories import NOW
from tests.whatsapp import events
from tests.whatsapp.events import STUDIO, STUDIO_LID, body, message, source
from tests.whatsapp.test_kinds import KINDS, holding
from whatsapp.journal import SET_ASIDE, WAITING, Journal, Raw
from whatsapp.mover import Mover
from whatsapp.session import parse
from whatsapp.session.callbacks import key_of
from whatsapp.store import Me
from whatsapp.translate import Translator

CUSTOMERS = 60
# Limits are over, then the silence after a message from the phone, then everything that may be due is.
LATER = tuple(dt.timedelta(minutes=minutes) for minutes in (5, 40, 480))
NASTY = (
    *(
        "\x00",
        "\u202e",
        "\ufeff",
        "\ud7ff",
        "﷽" * 50,
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
    ),
    *("' OR 1=1 --", "{{ 7*7 }}", "${jndi:ldap://x}", "../../etc/passwd", "%00%s%n", "\r\n\r\n"),
    *(
        "!test",
        "!ping",
        "!test \x00",
        "👩‍👩‍👧‍👧" * 30,
        "x" * 70_000,
        "",
        " ",
        "-",
        "+",
        "@",
        "\u2028",
    ),
)
NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**53, 2**63 - 1, -(2**63), 10**17)
FLOATS = (0.0, -0.0, float("nan"), float("inf"), float("-inf"), 1e308, 91.0)


class Mutations:
    """An endless and repeatable supply."""

    def __init__(self, seed: int):
        self._random, self._made = random.Random(seed), 0
        self._bases = list(_bases())
        self._sent: list[str] = []

    def events(self, count: int) -> Iterator[Raw]:
        for _each in range(count):
            yield self._next()

    def _next(self) -> Raw:
        """One event with an id of its own, of a known customer; then two in three are changed."""
        self._made += 1
        kind, base = self._random.choice(self._bases)
        event = parse(kind, base.SerializePartialToString())
        self._name(event)
        how = self._random.choice((self._as_it_is, self._with_other_fields, self._with_other_bytes))
        payload = how(event)
        received = NOW + dt.timedelta(seconds=self._made / 10)
        return Raw(kind, self._key(kind, payload), payload, received.timestamp())

    def _name(self, event: Any) -> None:
        info = getattr(event, "Info", None)
        if info is not None:
            info.ID = f"F{self._made}" if self._random.random() < 0.95 else f"F{self._made // 2}"
            info.Timestamp = int((NOW.timestamp() + self._made / 10) * 1000)
            self._sent.append(info.ID)
        if hasattr(event, "basicCallMeta"):
            event.basicCallMeta.callID = f"C{self._made // 20}"
        who = getattr(info or event, "MessageSource", None)
        if who is not None and who.Chat.Server == "lid" and who.Chat.User != STUDIO_LID:
            number = self._random.randrange(CUSTOMERS)
            (who.Chat if who.IsFromMe else who.Sender).User = f"{100_000_000_000_000 + number}"
            who.Chat.User = f"{100_000_000_000_000 + number}"
            (who.RecipientAlt if who.IsFromMe else who.SenderAlt).User = f"62811{number:08}"
        self._aim(event)

    def _aim(self, event: Any) -> None:
        """Changes, thumbs and receipts mean a message that was sent before."""
        target = self._random.choice(self._sent[-200:]) if self._sent else "F0"
        content = getattr(event, "Message", None)
        if content is not None:
            for name in ("protocolMessage", "reactionMessage"):
                if content.HasField(name) and getattr(content, name).HasField("key"):
                    getattr(content, name).key.ID = target
        elif hasattr(event, "MessageIDs") and event.MessageIDs:
            event.MessageIDs[0] = target

    def _as_it_is(self, event: Any) -> bytes:
        return bytes(event.SerializePartialToString())

    def _with_other_fields(self, event: Any) -> bytes:
        """Still an event, but with values that nobody expects."""
        for _change in range(self._random.randint(1, 4)):
            self._change_a_field(event)
        return bytes(event.SerializePartialToString())

    def _change_a_field(self, event: Any) -> None:
        for _depth in range(self._random.randint(0, 6)):
            inside = [value for field, value in event.ListFields() if _is_message(field, value)]
            if not inside:
                break
            event = self._random.choice(inside)
        field = self._random.choice(event.DESCRIPTOR.fields)
        if self._random.random() < 0.2:
            event.ClearField(field.name)
        elif not field.is_repeated:
            self._fill(event, field)

    def _fill(self, event: Any, field: Any) -> None:
        if field.cpp_type == field.CPPTYPE_MESSAGE:
            getattr(event, field.name).SetInParent()
        elif field.cpp_type == field.CPPTYPE_STRING:
            text = self._random.choice(NASTY)
            setattr(event, field.name, text.encode() if field.type == field.TYPE_BYTES else text)
        elif field.cpp_type == field.CPPTYPE_ENUM:
            value = self._random.choice(field.enum_type.values)
            setattr(event, field.name, value.number)
        elif field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
            setattr(event, field.name, self._random.choice(FLOATS))
        elif field.cpp_type == field.CPPTYPE_BOOL:
            setattr(event, field.name, not getattr(event, field.name))
        else:
            self._fill_number(event, field)

    def _fill_number(self, event: Any, field: Any) -> None:
        try:
            setattr(event, field.name, self._random.choice(NUMBERS))
        except ValueError:  # this field holds less
            setattr(event, field.name, 1)

    def _with_other_bytes(self, event: Any) -> bytes:
        data = bytearray(event.SerializePartialToString())
        for _change in range(self._random.choice((1, 1, 1, 2, 3, 8))):
            self._change_bytes(data)
        return bytes(data)

    def _change_bytes(self, data: bytearray) -> None:
        place = self._random.randrange(len(data) + 1)
        what = self._random.randrange(6)
        if what == 0 and place < len(data):
            data[place] ^= 1 << self._random.randrange(8)
        elif what == 1:
            data[place : place + self._random.randint(1, 8)] = b""
        elif what == 2:
            data[place:place] = self._random.randbytes(self._random.randint(1, 12))
        elif what == 3:
            data[place:place] = data[: self._random.randint(1, 40)]
        elif what == 4:
            data[place:place] = b"\xff" * 9 + b"\x01"  # the largest number there is
        else:
            del data[place:]

    def _key(self, kind: str, payload: bytes) -> str:
        """As the door makes it; what is no event at all never gets so far, and has a key of its own here."""
        try:
            return key_of(kind, parse(kind, payload))
        except Exception:  # noqa: BLE001  whatever it is
            return f"broken {self._made}"


def _is_message(field: Any, value: Any) -> bool:
    return (
        field.cpp_type == field.CPPTYPE_MESSAGE
        and not field.is_repeated
        and bool(value is not None)
    )


def _bases() -> Iterator[tuple[str, Any]]:
    """One valid event of every kind."""
    for raw in _raws():
        yield raw.kind, parse(raw.kind, raw.payload)


def _raws() -> Iterator[Raw]:
    for name, (value, _told) in KINDS.items():
        yield message(holding(name, value))
    text = body(conversation="halo kak, berapa?")
    for _often in range(20):
        yield message(text)
    quoted = {"stanzaID": "F1", "quotedMessage": {"conversation": "ini"}, "expiration": 86400}
    ad = {"externalAdReply": {"title": "Promo", "sourceURL": "https://fb.me/1"}}
    for context in (quoted, ad, {"isForwarded": True}):
        yield message(body(extendedTextMessage={"text": "yang ini?", "contextInfo": context}))
    edit = {"type": 14, "key": {"ID": "F1"}, "editedMessage": body(conversation="jam 5?")}
    for change in (edit, edit, {"type": 0, "key": {"ID": "F1"}}, {"type": 3}):
        yield message(body(protocolMessage=change))
    for thumb in ("👍", "👎", ""):
        yield message(body(reactionMessage={"text": thumb, "key": {"ID": "F1"}}))
    phone = source("1@lid", f"{STUDIO_LID}@lid", from_me=True)
    for where in (phone, source(f"{STUDIO_LID}@lid", from_me=True), source("1203@g.us")):
        yield message(text, where)
    for where in (source("status@broadcast"), source("123@newsletter"), source("13135550002@bot")):
        yield message(text, where)
    for kind in ("DELIVERED", "READ", "RETRY", "PLAYED"):
        yield events.receipt(kind, "F1", "F2")
    yield from (events.typing(), events.unreadable("F1"))
    for _often in range(3):
        yield from (events.call(), events.call("call_taken"), events.call("call_over"))


@dataclass
class Account:
    """What became of the events."""

    fed: int = 0
    again: int = 0  # the same event once more
    became: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)  # why events were set aside
    uncaught: list[str] = field(default_factory=list)
    answered: int = 0

    @property
    def surprises(self) -> int:
        """Errors other than: these bytes are no event."""
        return sum(n for name, n in self.unreadable.items() if name != DecodeError.__name__)

    @property
    def adds_up(self) -> bool:
        return self.fed == self.again + self.became.total() + self.unreadable.total()


class Ordeal:
    """One studio's journal and mover, fed with what nobody sends."""

    def __init__(self, tenant: Tenant, journal: Journal):
        self.account, self._tenant, self._journal = Account(), tenant, journal
        translator = Translator(tenant.pk, Me(STUDIO, STUDIO_LID))
        self._now = NOW
        self._mover = Mover(journal, translator, clock=lambda: self._now, told=lambda: None)

    def feed(
        self, raws: Iterator[Raw], report: Callable[[int], object] = lambda done: None
    ) -> None:
        """Take in all of them, then answer everything that is due."""
        with _watched(self.account):
            for number, raw in enumerate(raws):
                self._take(raw)
                if number % 40 == 39:
                    self._move()
                    self._answer()
                    report(number + 1)
            self._move()
            for later in LATER:
                self._answer(later)

    def _take(self, raw: Raw) -> None:
        self.account.fed += 1
        self.account.again += self._journal.holds(raw.kind, raw.key)
        self._now = dt.datetime.fromtimestamp(raw.received_at, dt.UTC)
        self._journal._clock = lambda: raw.received_at
        self._journal.add(raw.kind, raw.key, raw.payload)

    def _move(self) -> None:
        for _look in range(20):
            try:
                self._mover.step()
            except Exception as error:  # noqa: BLE001  that is what is counted
                self.account.uncaught.append(f"{type(error).__name__}: {error}")
            if not self._journal.waiting(1):
                return

    def _answer(self, later: dt.timedelta = dt.timedelta(0)) -> None:
        """As an assistant without a model would, whatever is due by then."""
        at = self._now + later
        while claim := mailbox.claim_next("ordeal", at, 30):
            self.account.answered += len(claim.messages)
            mailbox.decide(claim, Draft("Ya kak", None, f"turn:{claim.upto}"), at=at)

    def stuck(self) -> list[str]:
        """Messages and conversations that wait although nothing will ever come for them."""
        waiting = Message.objects.filter(tenant=self._tenant, state__in=("new", "limited"))
        due = Conversation.objects.filter(tenant=self._tenant).exclude(reply_due_at=None)
        leased = Conversation.objects.filter(tenant=self._tenant).exclude(lease_owner="")
        return [f"{row!r} {row.pk}" for rows in (waiting, due, leased) for row in rows]

    def left_over(self) -> dict[str, int]:
        """Events by their state in the journal."""
        rows = self._journal._file.execute("SELECT state, count(*) FROM events GROUP BY state")
        counts = dict(rows.fetchall())
        return {"waiting": counts.get(WAITING, 0), "set aside": counts.get(SET_ASIDE, 0)}


@contextmanager
def _watched(account: Account) -> Iterator[None]:
    """Counts, while it is open, what the mover receives and what it sets aside."""
    receive, take = intake.receive, Mover._receive

    def received(event: Event, *, at: dt.datetime) -> Message | None:
        done = receive(event, at=at)
        account.became[type(event).__name__] += 1
        return done

    def taken(mover: Mover, raw: Raw) -> None:
        before = account.became.total()
        take(mover, raw)
        if account.became.total() == before:
            account.became["nothing, or a receipt"] += 1

    log, handler = logging.getLogger("whatsapp.mover"), _SetAside(account)
    with (
        patch("whatsapp.mover.receive", received),
        patch.object(Mover, "_receive", taken),
        patch.object(log, "propagate", False),
    ):
        log.addHandler(handler)
        try:
            yield
        finally:
            log.removeHandler(handler)


class _SetAside(logging.Handler):
    """An event is set aside after its third error: the last one says why."""

    def __init__(self, account: Account):
        super().__init__(logging.ERROR)
        self._account, self._last = account, ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            self._last = type(error).__name__
            if not isinstance(error, DecodeError):
                self._last = f"{self._last}: {error}"[:120]
        else:
            self._account.unreadable[self._last] += 1
