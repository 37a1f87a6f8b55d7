"""Who a question of the Playground comes from, as staff choose it: the language of the answer, and how well MILA knows the customer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from agent.reply import Question
from tenants.models import Language

NAME = "Ayu"  # of the customer whom MILA knows
LANGUAGES = {"": _("Language: automatic"), **dict(Language.choices)}
CUSTOMERS = {
    "": _("Customer: this chat"),
    "new": _("Writes for the first time"),
    "known": _("Known customer, Ayu"),
}


def chosen(form: Mapping[str, str]) -> dict[str, str]:
    """What of a form is a choice; nothing for what is as usual."""
    told = {
        "language": (form.get("language", ""), LANGUAGES),
        "customer": (form.get("customer", ""), CUSTOMERS),
    }
    return {name: value for name, (value, known) in told.items() if value and value in known}


def named(choice: Mapping[str, str]) -> list[Any]:
    """The choices in words, for the question they were made for."""
    language, customer = choice.get("language", ""), choice.get("customer", "")
    words = [LANGUAGES.get(language) if language else None]
    words.append(CUSTOMERS.get(customer) if customer else None)
    return [word for word in words if word]


def as_chosen(question: Question, choice: Mapping[str, str]) -> Question:
    """The question as it would come from such a customer: who writes for the first time has no chat and no name here."""
    if choice.get("customer") == "new":
        question = replace(question, history=(), customer_name="")
    if choice.get("customer") == "known":
        question = replace(question, customer_name=NAME)
    return replace(question, answer_in=choice.get("language", ""))
