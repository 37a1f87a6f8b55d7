"""What the model is shown, in an order that keeps the front part equal byte for byte: rules, knowledge, then the chat."""

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal

from django.conf import settings
from django.template.loader import render_to_string

from agent import seeing
from agent.hours import is_open
from agent.phrases import day_name, help_numbers
from agent.pricing import ModelCard
from agent.reply import Question
from conversations.history import Line
from knowledge.models import KnowledgeEntry
from tenants.models import Tenant

# Above this, the whole knowledge costs attention and waiting time; the measured break-even with a cache is higher still.
FULL_AT_MOST = 15_000
# Tools and rules, which count towards the smallest prefix that a model caches.
AROUND_KNOWLEDGE = 2_400
ENTRY_FRAME = 60  # characters around one entry
_LANGUAGES = {"id": "Indonesian", "en": "English"}
_ID = attrgetter("id")
_CACHED = {"type": "ephemeral", "ttl": "1h"}


def letters(entries: Iterable[KnowledgeEntry]) -> int:
    """How long the whole knowledge is in a prompt, about."""
    return sum(len(entry.content) + len(entry.title) + ENTRY_FRAME for entry in entries)


def choose_context(letters: int, card: ModelCard, wanted: str = "") -> Literal["full", "search"]:
    """`auto` is full when the knowledge is small, and large enough to be cached by this model.

    Without a cache every message would pay for the whole knowledge, which costs more than the five entries of a search.
    """
    wanted = wanted or settings.AGENT_CONTEXT
    if wanted != "auto":
        return "full" if wanted == "full" else "search"
    size = card.tokens_of(letters)
    cached = card.cache_floor is not None and size + AROUND_KNOWLEDGE >= card.cache_floor
    return "full" if cached and 0 < size <= FULL_AT_MOST else "search"


def system(tenant: Tenant, knowledge: str | None) -> list[dict[str, Any]]:
    """The cached front part: the rules, then (mode full) the whole knowledge. The last block is the breakpoint."""
    blocks: list[dict[str, Any]] = [{"type": "text", "text": rules(tenant)}]
    if knowledge is not None:
        text = f"All knowledge of the studio:\n{knowledge}"
        blocks.append({"type": "text", "text": text})
    blocks[-1]["cache_control"] = _CACHED
    return blocks


def rules(tenant: Tenant) -> str:
    emergency, helpline = help_numbers(tenant, "en")
    return _rules(
        persona=tenant.persona_name,
        studio=tenant.name,
        city=tenant.city,
        address=" ".join(tenant.address.split()),
        phone=tenant.phone,
        tone=tenant.persona_tone,
        timezone=tenant.timezone,
        currency=tenant.currency,
        emergency=emergency,
        helpline=helpline,
        contacts=tenant.public_contacts.strip(),
    )


@lru_cache(maxsize=256)
def _rules(**facts: str) -> str:
    return render_to_string("agent/system.txt", facts).strip()


def knowledge_text(entries: Iterable[KnowledgeEntry]) -> str:
    """Entries in the order of their ids, so that equal knowledge is an equal text."""
    return "\n".join(entry_text(entry) for entry in sorted(entries, key=_ID))


def entry_text(entry: KnowledgeEntry) -> str:
    """One entry as data. Whatever it holds cannot end its own block."""
    return _entry_text(
        entry.reference, entry.title, entry.content, entry.file.name if entry.file else ""
    )


@lru_cache(maxsize=4096)
def _entry_text(reference: str, title: str, content: str, file: str) -> str:
    attached = f' file="{escaped(file)}"' if file else ""
    head = f'<entry id="{escaped(reference)}" title="{escaped(title)}"{attached}>'
    return f"{head}\n{escaped(content.strip())}\n</entry>"


def messages(
    question: Question, found: Sequence[KnowledgeEntry] | None, language: str
) -> list[dict[str, Any]]:
    """Earlier turns, then the message with everything that changes from one to the next."""
    turns = _alternating(question.history)
    last = user_turn(question, found, language)
    if turns and turns[-1]["role"] == "user":
        last = f"{turns.pop()['content']}\n{last}"
    if question.pictures:
        shown = [*question.pictures, {"type": "text", "text": last}]
        return [*turns, {"role": "user", "content": shown}]
    return [*turns, {"role": "user", "content": last}]


def user_turn(question: Question, found: Sequence[KnowledgeEntry] | None, language: str) -> str:
    name = clean_name(question.customer_name)
    parts = [f"<now>{now_line(question.tenant, question.at)}</now>"]
    if name:
        parts.append(f"<customer_name>{escaped(name)}</customer_name>")
    if found is not None:
        shown = "\n".join(entry_text(entry) for entry in found) or "(nothing found)"
        parts.append(f"Entries that may hold the answer, best first:\n{shown}")
    if question.pictures:
        parts.append(seeing.NOTE)
    if question.answer_in:
        parts.append(f"Answer in {_LANGUAGES[question.answer_in]}, whatever the message is in.")
    spoken = ' from="voice note, words may be misheard"' if question.heard else ""
    parts.append(f'<message language="{language}"{spoken}>\n{escaped(question.text)}\n</message>')
    return "\n".join(parts)


def now_line(tenant: Tenant, at: dt.datetime) -> str:
    """Date, weekday, time and zone of the studio, and whether its reception is open."""
    local = tenant.local(at)
    line = f"{day_name(local, 'en')} ({day_name(local, 'id')}), {local:%Y-%m-%d %H:%M}"
    reception = {True: ", reception is open", False: ", reception is closed", None: ""}
    return f"{line} {local:%Z} ({tenant.timezone}){reception[is_open(tenant, at)]}"


def clean_name(name: str) -> str:
    """A display name as harmless data: one line, no brackets or control characters, at most 40 characters."""
    kept = "".join(char for char in name if char.isprintable() and char not in "<>[]{}|`")
    return " ".join(kept.split())[:40]


def escaped(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


def _alternating(history: Sequence[Line]) -> list[dict[str, Any]]:
    """The chat as turns of user and assistant; what staff wrote is the studio's side and says so."""
    turns: list[dict[str, Any]] = []
    for line in history:
        role = "user" if line.author == "customer" else "assistant"
        text = escaped(line.text.strip())
        if line.author == "staff":
            text = f"(written by the studio's staff) {text}"
        if not text or (role == "assistant" and not turns):
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += f"\n{text}"
        else:
            turns.append({"role": role, "content": text})
    return turns
