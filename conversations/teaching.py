"""From a chat to the knowledge: the address of a new entry with the customer's question filled in.

The knowledge is a neighbour; its form takes what it is given by the names of its fields.
"""

from urllib.parse import urlencode

from django.urls import reverse

from conversations.models import Conversation, Escalation, Message

LONGEST = 120


def question_before(answer: Message) -> str:
    """What the customer had asked: the messages that the answer names, else the last one before it."""
    asked = answer.conversation.messages.filter(author=Message.Author.CUSTOMER, pk__lt=answer.pk)
    if named := [str(each) for each in answer.details.get("answers") or []]:
        texts = asked.filter(whatsapp_id__in=named[-5:]).values_list("text", flat=True)
        if words := _joined(list(texts)):
            return words
    return _last(asked.exclude(text="").order_by("-pk").values_list("text", flat=True).first())


def question_of(case: Escalation) -> str:
    """What the customer wrote when a person was called."""
    rows = case.conversation.messages.filter(author=Message.Author.CUSTOMER).exclude(text="")
    rows = rows.filter(created_at__lte=case.created_at).order_by("-pk")
    return _last(rows.values_list("text", flat=True).first())


def entry_for(conversation: Conversation, question: str) -> str:
    title = question[:1].upper() + question[1:LONGEST]
    fields = {"title": title, "language": conversation.language}
    return f"{reverse('admin:knowledge_knowledgeentry_add')}?{urlencode(fields)}"


def _joined(texts: list[str]) -> str:
    return " ".join(" ".join(texts).split())


def _last(text: str | None) -> str:
    return " ".join((text or "").split())
