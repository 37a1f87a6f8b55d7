"""One row of everything for a studio, each carrying a word by which it is found on a page."""

from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from agent.models import Turn
from agent.records import Exam, ExamAnswer, Gap, GapQuestion
from conversations.models import Conversation, Customer, Escalation, Message
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from notices.models import Notice, OwnNotices
from tenants import invitations
from tenants.deeds import note
from tenants.models import ApiToken, Deed, Invitation, Membership, Tenant
from tests import factories
from whatsapp.models import WhatsAppAccount

OWN: list[type[models.Model]] = [
    Membership,
    Invitation,
    Deed,
    ApiToken,
    KnowledgeCategory,
    KnowledgeEntry,
    Customer,
    Conversation,
    Message,
    Escalation,
    Turn,
    Exam,
    ExamAnswer,
    Gap,
    GapQuestion,
    WhatsAppAccount,
    Notice,
    OwnNotices,
]


def conversation(tenant: Tenant, word: str = "Ayu", **fields: Any) -> Conversation:
    """A customer who asked and got an answer, with the turn behind it."""
    customer = Customer.objects.create(tenant=tenant, name=word, phone=fields.pop("phone", None))
    chat = Conversation.objects.create(
        tenant=tenant, customer=customer, chat="x@lid", last_message_at=factories.NOW, **fields
    )
    said = {"tenant": tenant, "conversation": chat, "created_at": factories.NOW}
    Message.objects.create(**said, author="customer", state="answered", text=f"{word} asks")
    reply = Message.objects.create(**said, author="assistant", state="read", text=f"{word}, yes")
    Turn.objects.create(
        tenant=tenant,
        conversation=chat,
        reply=reply,
        purpose="customer",
        outcome="from_knowledge",
        entries=[word],
        error=word,
    )
    return chat


def gap(chat: Conversation, word: str, **fields: Any) -> Gap:
    """What a customer asked in this chat without a good answer."""
    found = Gap.objects.create(
        tenant=chat.tenant,
        first_at=factories.NOW,
        last_at=factories.NOW,
        **{"answer": word, "note": word, **fields},
    )
    GapQuestion.objects.create(
        gap=found,
        tenant=chat.tenant,
        conversation=chat,
        message=chat.messages.earliest("pk"),
        turn=chat.turns.earliest("pk"),
        text=f"{word}?",
        language="id",
        asked_at=factories.NOW,
    )
    return found


def examined(tenant: Tenant, word: str) -> Exam:
    """An exam that is over, with one answer."""
    over = Exam.objects.create(tenant=tenant, language="id", state="done", created_at=factories.NOW)
    ExamAnswer.objects.create(
        exam=over,
        tenant=tenant,
        number=5,
        verdict="not_used",
        reply=word,
        entries=[word],
        missing=["parking"],
        error=word,
    )
    return over


def one_of_everything(tenant: Tenant, word: str) -> dict[type[models.Model], models.Model]:
    """Rows of all kinds, by their class."""
    chat = conversation(tenant, word)
    gap(chat, word)
    examined(tenant, word)
    Escalation.objects.create(
        tenant=tenant,
        conversation=chat,
        category="refund",
        summary=word,
        created_at=factories.NOW,
    )
    KnowledgeCategory.objects.create(tenant=tenant, name=word)
    factories.entry(tenant, title=word, category=word, external_id=word)
    ApiToken.issue(tenant, word)
    WhatsAppAccount.objects.create(tenant=tenant, push_name=word, problem=word, qr=f"2@{word}")
    owner = factories.staff(word, tenant)
    told = {"tenant": tenant, "created_at": factories.NOW, "due_at": factories.NOW}
    escalation = Escalation.objects.filter(tenant=tenant).first()
    Notice.objects.create(**told, escalation=escalation, channel="email", to=f"{word}@x.example")
    OwnNotices.objects.create(tenant=tenant, user=owner, email=f"{word}@y.example")
    invitations.invite(tenant, Membership.Role.EDITOR, owner, timezone.now(), word)
    note(tenant, owner, "removed", whom=word)
    return {model: model._default_manager.filter(tenant=tenant).first() for model in OWN}  # type: ignore[misc]


def snapshot(*tenants: Tenant) -> list[Any]:
    """Every value of every row of these studios."""
    rows: list[Any] = [list(Tenant.objects.filter(pk__in=[t.pk for t in tenants]).values())]
    rows += [
        list(model._default_manager.filter(tenant__in=tenants).order_by("pk").values())
        for model in OWN
    ]
    return [*rows, list(User.objects.order_by("pk").values("pk", "username", "is_superuser"))]
