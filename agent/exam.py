"""Forty questions that every studio gets: what its own knowledge answers, what a person must, and which entries are missing.

Nothing here knows the right answers of a studio. An entry counts as holding a topic when one of its passages speaks of
it and tells what such a passage must (an amount, a time, a street); an answer counts when it does the same.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from agent.held_back import CONFIRMED, NO_MODEL, STOPPED
from agent.reply import Reply
from agent.topics import Topic, sheet, topics
from agent.unknown import says_unknown
from knowledge import passages
from knowledge.models import KnowledgeEntry
from knowledge.search import everything
from tenants.models import Tenant

LONGEST_TALK = 400  # characters of an answer to “hi”


class Verdict(StrEnum):
    ANSWERED = "answered"  # from an entry that tells it
    HANDED_OVER = "handed_over"  # to a person, as it should be
    RIGHT = "right"  # small talk, or politely declined
    PARTLY = "partly"  # one of two things asked
    NOT_USED = "not_used"  # an entry tells it, but the customer was not told
    MISSING = "missing"  # no entry tells all of it, and a person was called
    BESIDE = "beside"  # answered with something else
    WRONG = "wrong"  # a person was needed, or something was said that must never be said
    FAILED = "failed"  # no answer came about


# No failure of the model's server: there is no model, or a floor in code held an answer back.
EXPECTED = frozenset({NO_MODEL, CONFIRMED, STOPPED})
GOOD = frozenset({Verdict.ANSWERED, Verdict.HANDED_OVER, Verdict.RIGHT})


@dataclass(frozen=True)
class ExamQuestion:
    number: int
    texts: Mapping[str, str]
    want: str  # answer, person, either, talk or decline
    topics: tuple[Topic, ...]
    categories: frozenset[str]
    never: re.Pattern[str] | None
    urgent: bool

    def text(self, language: str) -> str:
        return self.texts["id" if language.startswith("id") else "en"]


@dataclass(frozen=True)
class Judged:
    """What became of one question."""

    verdict: Verdict
    entries: Sequence[KnowledgeEntry] = ()  # that tell what was asked
    missing: Sequence[Topic] = ()  # that no entry tells


@cache
def exam_questions() -> tuple[ExamQuestion, ...]:
    return tuple(map(_question, sheet()["questions"]))


def _question(row: Mapping[str, Any]) -> ExamQuestion:
    return ExamQuestion(
        number=row["number"],
        texts={"en": row["en"], "id": row["id"]},
        want=row["want"],
        topics=tuple(topics()[key] for key in row["topics"]),
        categories=frozenset(row.get("categories", ())),
        never=re.compile(row["never"], re.IGNORECASE) if "never" in row else None,
        urgent=row.get("urgent", False),
    )


def tells(entry: KnowledgeEntry, topic: Topic) -> bool:
    """Whether a passage of the entry tells the topic; title and keywords stand above each of them."""
    above = f"{entry.title}\n{entry.keywords}"
    blocks = passages.blocks(entry.content)
    return any(topic.told_by(block.text, above) for block in blocks)


def holders(tenant: Tenant, topic: Topic, at: dt.datetime) -> list[KnowledgeEntry]:
    """The entries of today that tell the topic; those that name it in their title first."""
    found = [entry for entry in everything(tenant, at=at) if tells(entry, topic)]
    return sorted(found, key=lambda entry: not topic.named_in(entry.title))


def judge(question: ExamQuestion, reply: Reply, tenant: Tenant, at: dt.datetime) -> Judged:
    """What became of the question: judged by the reply, and by what the studio's entries hold."""
    if reply.error and not reply.text:
        return Judged(Verdict.FAILED)
    held = {topic.key: holders(tenant, topic, at) for topic in question.topics}
    missing = [topic for topic in question.topics if not held[topic.key]]
    shown = _shown(question, held, reply)
    if question.never and question.never.search(reply.text):
        return Judged(Verdict.WRONG, shown, missing)
    return Judged(_verdict(question, reply, held, missing), shown, missing)


Held = Mapping[str, Sequence[KnowledgeEntry]]


def _verdict(question: ExamQuestion, reply: Reply, held: Held, missing: Sequence[Topic]) -> Verdict:
    if question.want in ("talk", "decline"):
        return _small(question, reply)
    if question.want == "person":
        return _called(question, reply)
    if len(missing) == len(question.topics):
        silent = reply.escalation is not None or says_unknown(reply.text)
        return Verdict.MISSING if silent else Verdict.BESIDE
    if reply.escalation is not None:
        held_all = Verdict.HANDED_OVER if question.want == "either" else Verdict.NOT_USED
        return Verdict.MISSING if missing else held_all
    told = [t for t in question.topics if any(_told(reply, t, entry) for entry in held[t.key])]
    if told:
        return Verdict.ANSWERED if len(told) == len(question.topics) else Verdict.PARTLY
    named = any(topic.named_in(reply.text) for topic in question.topics)
    return Verdict.NOT_USED if named or says_unknown(reply.text) else Verdict.BESIDE


def _told(reply: Reply, topic: Topic, entry: KnowledgeEntry) -> bool:
    """Whether the answer tells the topic: in words of its own, or in those of the entry.

    It need not repeat the word that was asked for: “Rp 150.000 ya Kak” tells a price.
    """
    if topic.tells_in(reply.text) and (topic.tells or topic.named_in(reply.text)):
        return True
    above = f"{entry.title}\n{entry.keywords}"
    blocks = [block.text for block in passages.blocks(entry.content)]
    return any(topic.told_by(text, above) and text in reply.text for text in blocks)


def _small(question: ExamQuestion, reply: Reply) -> Verdict:
    calm = reply.escalation is None or question.want == "decline"
    fits = bool(reply.text) and len(reply.text) <= LONGEST_TALK
    return Verdict.RIGHT if calm and fits else Verdict.WRONG


def _called(question: ExamQuestion, reply: Reply) -> Verdict:
    task = reply.escalation
    if task is None or (question.categories and task.category not in question.categories):
        return Verdict.WRONG
    if question.urgent and task.urgency != "urgent":
        return Verdict.WRONG
    return Verdict.HANDED_OVER


def _shown(question: ExamQuestion, held: Held, reply: Reply) -> list[KnowledgeEntry]:
    """Of the entries that tell it, one for each topic: rather the first that the answer was given."""
    given = {reference: place for place, reference in enumerate(reply.entries)}
    shown: dict[str, KnowledgeEntry] = {}
    for topic in question.topics:
        for entry in sorted(held[topic.key], key=lambda e: given.get(e.reference, 99))[:1]:
            shown.setdefault(entry.reference, entry)
    return list(shown.values())


def troubled(reply: Reply) -> str:
    """The sentence for staff when the model failed; empty when all went as it should."""
    return "" if reply.error in EXPECTED else reply.error


def score(verdicts: Sequence[str]) -> float:
    """The share of questions that ended well."""
    return round(sum(v in GOOD for v in verdicts) / len(verdicts), 3) if verdicts else 0.0
