"""The account of a house that was killed on purpose: what customers wrote, what reached their phones, and what staff
can see of the rest. Nothing of MILA's own is asked but its rows."""

import itertools
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.flows.conftest import Installation
from tests.whatsapp_server.client import Customer, Number

ANSWERED, HOLE, STAFF, PERHAPS, LOST = "answered", "hole shown", "staff", "perhaps sent", "lost"


@dataclass(frozen=True)
class Row:
    """One message as the database has it."""

    id: int
    conversation: object
    whatsapp_id: str | None
    from_me: bool
    kind: str
    state: str
    text: str
    details: dict[str, Any]

    @classmethod
    def read(cls, *columns: Any) -> "Row":
        *plain, details = columns
        read = json.loads(details) if isinstance(details, str) else details  # SQLite keeps text
        return cls(*[*plain, read])


_ROWS = """SELECT id, conversation_id, whatsapp_id, from_me, kind, state, text, details
    FROM conversations_message ORDER BY id"""
# A message without its text waits a minute for it before it is due; staff see it all the while.
_MOVING = """SELECT count(*) FROM conversations_message
    WHERE state IN ('queued', 'sending', 'limited') OR (state = 'new' AND kind != 'unreadable')"""


@dataclass
class Account:
    """What became of each message, by its id; and of each answer that is on a phone."""

    fates: dict[str, str]
    doubled: list[str]  # messages with two answers, on a phone or in the database
    strangers: list[str]  # texts on phones that no row knows of
    unsettled: list[str]  # messages of whose answer nobody knows whether it arrived

    def count(self, fate: str) -> int:
        return Counter(self.fates.values())[fate]

    @property
    def lost(self) -> list[str]:
        return [id for id, fate in self.fates.items() if fate == LOST]


@dataclass
class Ledger:
    """Customers who write to the studios of one house. Safe to use from several threads."""

    home: Installation
    customers: dict[str, Customer] = field(default_factory=dict)  # by the id of their message
    sent_at: dict[str, float] = field(default_factory=dict)
    _numbers: Iterable[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def newcomer(self, **options: Any) -> Customer:
        with self._lock:
            number = next(iter(self._numbers))
        return self.home.rig.customer(f"62812{number:07}", f"Customer {number}", **options)

    def ask(self, customer: Customer, studio: Number, text: str) -> str:
        at = time.time()
        id = customer.send(studio, text)
        with self._lock:
            self.customers[id], self.sent_at[id] = customer, at
        return id

    def settled(self) -> bool:
        """Whether everything is stored and nothing is on its way any more."""
        stored = "SELECT count(*) FROM conversations_message WHERE NOT from_me"
        missing = len(self.customers) - int(self.home.value(stored))
        return missing <= 0 and int(self.home.value(_MOVING)) == 0

    def unsettled(self) -> str:
        """What is not settled yet, and in which state the lines are: for the report of a run that got stuck."""
        rows = [Row.read(*row) for row in self.home.rows(_ROWS)]
        stored = {row.whatsapp_id for row in rows if not row.from_me}
        moving = [
            f"{row.id} {row.kind} {row.state}"
            for row in rows
            if row.state in ("new", "queued", "sending", "limited")
        ]
        lines = self.home.rows("SELECT state, problem, retry_at FROM whatsapp_whatsappaccount")
        missing = {id: self.customers[id].number for id in self.customers if id not in stored}
        return f"not stored: {missing}; on their way: {moving}; lines: {lines}"

    def account(self) -> Account:
        rows = [Row.read(*row) for row in self.home.rows(_ROWS)]
        questions = {row.whatsapp_id: row for row in rows if not row.from_me}
        replies = _Replies([row for row in rows if row.from_me])
        on_phones, strangers = self._on_phones(questions, replies)
        doubled = {id for id, count in (on_phones | replies.decided).items() if count > 1}
        doubled |= {id for id, count in on_phones.items() if count > 1}
        fates = {
            id: ANSWERED if on_phones[id] else _fate(questions.get(id), replies)
            for id in self.customers
        }
        unsure = [row for row in rows if row.state == "unknown"]
        unsettled = [id for row in unsure for id in replies.answers(row)]
        return Account(fates, sorted(doubled), strangers, unsettled)

    def _on_phones(
        self, questions: dict[str | None, Row], replies: "_Replies"
    ) -> tuple[Counter[str], list[str]]:
        """How many messages on phones answer each question; and texts that nobody decided to send."""
        counted: Counter[str] = Counter()
        strangers = []
        theirs = {customer.number: id for id, customer in self.customers.items() if id in questions}
        customers = {customer.number: customer for customer in self.customers.values()}
        for number, customer in customers.items():
            chat = questions[theirs[number]].conversation if number in theirs else None
            for item in customer.inbox():
                row = replies.row_of(chat, item)
                if row is None:
                    strangers.append(item["text"])
                else:
                    counted.update(replies.answers(row))
        return counted, strangers


class _Replies:
    """What MILA said, found by WhatsApp's id or by its words."""

    def __init__(self, rows: list[Row]):
        self._rows = {row.id: row for row in rows}
        self._ids = {row.whatsapp_id: row for row in rows if row.whatsapp_id}
        self._words = {(row.conversation, row.text): row for row in rows}
        self.by_question: dict[str, list[Row]] = defaultdict(list)
        self.decided: Counter[str] = Counter()
        for row in rows:
            for id in self.answers(row):
                self.by_question[id].append(row)
            if "again" not in row.details:
                self.decided.update(self.answers(row))

    def row_of(self, chat: object, item: dict[str, Any]) -> Row | None:
        return self._ids.get(item["id"]) or self._words.get((chat, item["text"]))

    def answers(self, row: Row) -> list[str]:
        """The questions that a reply answers; a copy answers what its first did."""
        first = self._rows.get(row.details.get("again", 0))
        return self.answers(first) if first else list(row.details.get("answers", []))


def _fate(question: Row | None, replies: _Replies) -> str:
    """What staff see of a question whose answer is on no phone."""
    if question is None or question.whatsapp_id is None:
        return LOST
    if question.kind == "unreadable":
        return HOLE
    if question.state == "handed_over":
        return STAFF
    states = {row.state for row in replies.by_question[question.whatsapp_id]}
    return PERHAPS if states & {"unknown", "failed", "cancelled"} else LOST
