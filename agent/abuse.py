"""Insults at the assistant or the staff get one calm sentence, and after some of them a person has the chat. No model quarrels.

The words stand in abuse.toml, with messages that are only insults and messages that are not.
"""

import datetime as dt
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent import redflags
from conversations.history import EPISODE, Line
from conversations.models import Conversation, Message
from tenants.models import Tenant

WORDS = Path(__file__).with_name("abuse.toml")
PATIENCE = 3  # insults within a day; with the last of them the chat goes to staff
MOST = 500  # messages of a day that are looked through
_NO_WORD = re.compile(r"[^\w']+")
LONGEST = 20  # words; who writes more than that has something to say
_TEXTS = {
    "id": (
        "Saya mengerti Kakak sedang kesal; tulis saja apa yang bisa saya bantu, atau tulis *admin* untuk bicara dengan tim {studio}.",
        "Percakapan ini saya serahkan ke tim {studio}; mereka yang akan melanjutkan.",
    ),
    "en": (
        "I understand that you are upset; tell me what I can help with, or write *admin* to reach the {studio} team.",
        "I am leaving this conversation to the {studio} team; they will go on from here.",
    ),
}


@dataclass(frozen=True)
class _Words:
    insults: re.Pattern[str]
    at_somebody: re.Pattern[str]
    somebody: re.Pattern[str]
    oneself: re.Pattern[str]
    around: re.Pattern[str]


def is_abuse(text: str) -> bool:
    """Whether the message insults, and says nothing else. What is quoted may be somebody else's."""
    words = text.split()
    if ">" in words or text.startswith(">"):
        return False
    return len(words) <= LONGEST and any(map(_only_insults, redflags.readings(" ".join(words))))


def is_last(before: Iterable[Line]) -> bool:
    """Whether this insult is the one too many. `before` is what was written within the day; it is counted from anew when
    people of the studio wrote, or were given the chat."""
    insults = 0
    for line in before:
        if line.author == Message.Author.STAFF or _gave_up(line):
            insults = 0
        elif line.author == Message.Author.CUSTOMER:
            insults += is_abuse(line.text)
    return insults + 1 >= PATIENCE


def _gave_up(line: Line) -> bool:
    last = (texts[True].partition("{")[0] for texts in _TEXTS.values())
    return line.author == Message.Author.ASSISTANT and any(words in line.text for words in last)


def written_today(conversation: Conversation, before: int, at: dt.datetime) -> list[Line]:
    """What was written within the day before the row `before`, without what the customer wrote to staff who held the chat."""
    rows = conversation.messages.filter(pk__lt=before, created_at__gt=at - EPISODE)
    rows = rows.exclude(author=Message.Author.CUSTOMER, state=Message.State.HANDED_OVER)
    told = rows.order_by("-pk").values_list("author", "text", "created_at")[:MOST]
    return [Line(author, text, when) for author, text, when in reversed(told)]


def calm(language: str, tenant: Tenant, *, last: bool) -> str:
    """The sentence for it; the last one says that a person goes on."""
    return _TEXTS[language][last].format(studio=tenant.name)


def _only_insults(text: str) -> bool:
    words = _words()
    rest, insults = words.insults.subn(" ", _NO_WORD.sub(" ", text))
    if words.oneself.search(rest):
        return False
    if words.somebody.search(rest):
        rest, more = words.at_somebody.subn(" ", words.somebody.sub(" ", rest))
        insults += more
    return insults > 0 and not words.around.sub(" ", rest).strip()


@cache
def _words() -> _Words:
    """Read and compiled when somebody first needs it."""
    told = tomllib.loads(WORDS.read_text("utf-8"))
    return _Words(**{name: _any(told[name]) for name in _Words.__dataclass_fields__})


def _any(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b")
