"""Answers without a model: the passage that answers when one clearly does, else a kind hand-over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.guard import LIMIT, shortened, whatsapp
from agent.language import of_customer
from agent.language import words as listed
from agent.leads import asks_opening_hours, lead, opening_hours
from agent.phrases import phrase
from agent.priced_for import fits
from agent.reply import Question
from agent.timetable import Day, day_asked, of_the_moment, timetable, told_by
from conversations.mailbox import EscalationDraft
from knowledge import asking
from knowledge.lexical import Vocabulary
from knowledge.models import KnowledgeEntry
from knowledge.overview import overview
from knowledge.search import Found, best_passage

_GREETINGS = listed("""p ping hi hii hiii hello helo hey halo hallo hai hay hei permisi assalamualaikum test tes testing min admin
    salam punten misi om swastiastu""")
_THANKS = listed(
    "thanks thank thx ty tq cheers ta makasih makasi trims terima kasih mksh tengkyu nuhun suksma"
)
_BYES = listed("bye see dadah jumpa later")
_FILLERS = listed("""selamat pagi siang sore malam met good morning afternoon evening night day kak kakak mbak mas bu pak bang sis
    there all team ya yaa yah iya iyaa yes yup no ok oke okay okey okee sip siap baik noted great nice cool perfect
    you u so much very for the tomorrow besok sampai banyak banget bgt deh dong sih juga aja kok lagi wkwk haha hehe
    lol heaps legend cool noted nvm nevermind np ya see bener betul mantap oh ah wah hmm and dan atas infonya info waalaikumsalam apa kabar a lot""")
_ANYWHERE = listed("hi hii hiii hiiii hey heyy")  # Indonesians write these, too
_LAUGH = re.compile(r"(?:wk){2,}w?|(?:ha){2,}h?|(?:he){2,}h?|(?:hi){2,}|x+d+|k{2,}")
_ATTACK = re.compile(
    r"(?:ignore|forget|disregard|lupakan|lupain|abaikan).{0,30}(?:instruction|instruksi|rule|aturan|prompt)|"
    r"system (?:prompt|override)|(?:your|ur|the) prompt|prompt ?(?:mu|nya)\b|tenant_?id|jailbreak|developer mode|"
    r"\b(?:python|javascript|homework|essay|esai|puisi|poem)\b|"
    r"\b(?:panggil|call|run|use)\b.{0,15}\btool"
)
_NO_WORDS = Vocabulary(0, {}, {}, frozenset())  # how a question is worded needs no studio's words


@dataclass(frozen=True)
class Plain:
    """An answer without a model."""

    text: str
    escalation: EscalationDraft | None = None
    told_by: Sequence[KnowledgeEntry] = ()  # where it is not from what was found


def plain_answer(question: Question, language: str, found: Sequence[Found]) -> Plain:
    """Small talk, else the passage that answers, else a hand-over."""
    small = smalltalk(question.text)
    if small is None and _ATTACK.search(question.text.lower()):
        small = "off_topic"
    if small == "hello":
        return Plain(_greeting(question, language))
    if small:
        return Plain(phrase(small, language, question.tenant, question.at))
    asked = asking.question(_NO_WORDS, question.text, question.tenant.name)
    if of_the_moment(asked):
        return hand_over(question, language, "cannot_answer")
    day = day_asked(asked, question.tenant.local(question.at).date())
    hours = opening_hours(question.tenant, language) if asks_opening_hours(asked) else ""
    if (
        day
        and not hours
        and (classes := timetable(question.tenant, asked, day, question.at, language))
    ):
        return Plain(classes, told_by=told_by(question.tenant, question.at))
    text = (
        hours
        or _passage(question, language, found, asked, day)
        or _overview(question, language, day)
    )
    return Plain(text) if text else hand_over(question, language, "cannot_answer")


def hand_over(question: Question, language: str, category: str, urgency: str = "normal") -> Plain:
    """The fixed sentence of the category, and the task for staff."""
    summary = " ".join(question.text.split())[:300]
    text = phrase(category, language, question.tenant, question.at)
    return Plain(text, EscalationDraft(category, urgency, summary))


def smalltalk(text: str) -> str | None:
    """The name of the phrase that answers a message which asks nothing; None when it may ask something."""
    words = re.findall(r"[^\W_]+", text.lower())
    known = _GREETINGS | _THANKS | _BYES | _FILLERS
    if not all(word in known or _LAUGH.fullmatch(word) for word in words):
        return None
    if "?" in text and words:
        return "hello"
    if _THANKS & set(words):
        return "thanks"
    if _BYES & set(words):
        return "bye"
    greeted = _GREETINGS & set(words) or {"selamat", "morning", "met"} & set(words)
    return "hello" if greeted or _only_time_of_day(words) else "close"


def _greeting(question: Question, language: str) -> str:
    """The studio's own greeting in its language. A bare “hi” tells no language: that of the chat, else the studio's."""
    tenant, home = question.tenant, question.tenant.default_language
    bare = set(re.findall(r"[^\W_]+", question.text.lower())) <= _ANYWHERE
    if bare:
        language = of_customer("", question.earlier, home)
    own = tenant.greeting if language == home else ""
    text = own or phrase("hello", language, tenant, question.at)
    if bare and language == "id" and not question.earlier:
        text = f"{text}\n{phrase('english_too', language, tenant, question.at)}"
    return shortened(text, LIMIT)


def _only_time_of_day(words: Sequence[str]) -> bool:
    return bool(words) and set(words) <= {
        "pagi",
        "siang",
        "sore",
        "malam",
        "kak",
        "mbak",
        "mas",
        "min",
    }


def _passage(
    question: Question,
    language: str,
    found: Sequence[Found],
    asked: asking.Question,
    day: Day | None,
) -> str | None:
    """The passage of the entry that clearly answers, with a few words before it in the customer's language."""
    best = next((hit for hit in found if hit.clear), None)
    if best is None or (day and day.ahead is not None):
        return None  # which day “besok” is, a passage does not know
    text = whatsapp(best_passage(question.tenant, best, question.text))
    if not text or not fits(question, asked, text, best.entry.title):
        return None
    if best.entry.language == language:
        begins = text.partition("\n")[0].endswith(":")  # “Kami menerima:” needs no other beginning
        return text if begins else shortened(f"{lead(asked, language)}\n{text}", LIMIT)
    return shortened(
        f"{phrase('introduce', language, question.tenant, question.at)}\n\n{text}", LIMIT
    )


def _overview(question: Question, language: str, day: Day | None) -> str | None:
    """What the studio's entries of a kind are called, with a question back; the entry itself when it is the only one."""
    found = overview(question.tenant, question.text, at=question.at)
    if found is None or (day and not found.language):
        return None  # titles tell no hours
    if found.language == language:
        return found.text
    ends = ("introduce", "") if found.language else (found.category, "which")
    parts = [phrase(name, language, question.tenant, question.at) if name else "" for name in ends]
    return "\n\n".join(part for part in (parts[0], found.text, parts[1]) if part)
