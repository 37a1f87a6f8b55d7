"""One row of everything for a studio, each carrying a word by which it is found on a page."""

import uuid
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone

from agent.models import Turn
from agent.records import Exam, ExamAnswer, Gap, GapQuestion
from conversations.models import Conversation, Customer, Escalation, Message
from knowledge.models import KnowledgeCategory
from notices.models import Notice, OwnNotices
from tenants import invitations
from tenants.deeds import note
from tenants.models import ApiToken, Membership, StaffLogin, Tenant
from tests import factories
from whatsapp.models import WhatsAppAccount

Rows = dict[type[models.Model], models.Model]
NEEDED: dict[type[models.Field], Any] = {
    models.DateTimeField: factories.NOW,
    models.DateField: factories.NOW.date(),
    models.JSONField: {},
    models.BinaryField: b"x",
    models.BooleanField: False,
    models.FloatField: 1.0,
    models.IntegerField: 1,
    models.BigIntegerField: 1,
    models.PositiveIntegerField: 1,
    models.PositiveBigIntegerField: 1,
    models.PositiveSmallIntegerField: 1,
    models.SmallIntegerField: 1,
    models.UUIDField: uuid.UUID(int=7),
}
# Every kind of row that belongs to a studio: a new one is walked without being named here.
OWN: list[type[models.Model]] = [
    model
    for model in apps.get_models()
    if any(field.name == "tenant" for field in model._meta.concrete_fields)
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


def one_of_everything(tenant: Tenant, word: str) -> Rows:
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
    made: Rows = {}
    for model in OWN:
        known = model._default_manager.filter(tenant=tenant).first()
        made[model] = known or _one(model, tenant, word, {**made, User: owner})
    return made


def _one(model: type[models.Model], tenant: Tenant, word: str, made: Rows) -> models.Model:
    """A row of a kind that nothing above has made: the word wherever it takes one."""
    known: dict[Any, Any] = {**made, Tenant: tenant}
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key and not field.is_relation:
            continue
        if field.is_relation:
            values[field.name] = known.get(field.related_model)
        elif field.choices:
            values[field.name] = field.get_default() or next(iter(field.choices))[0]
        elif isinstance(field, models.CharField | models.TextField):
            values[field.name] = word[: field.max_length]
        elif not field.null and not field.has_default():
            values[field.name] = NEEDED[type(field)]
    return model._default_manager.create(**values)


def of_studio(model: type[models.Model]) -> str | None:
    """How its rows lead to their studio, as a filter; None for those that belong to none."""
    for field in model._meta.concrete_fields:
        if field.name == "tenant":
            return "tenant"
        if field.is_relation and field.related_model in OWN:
            return f"{field.name}__tenant"
    return None


def snapshot(*tenants: Tenant) -> dict[str, Any]:
    """Every value of every row of these studios and of their people, by table."""
    rows: dict[str, Any] = {"tenants": list(Tenant.objects.filter(pk__in=_keys(tenants)).values())}
    for model in apps.get_models():
        if path := of_studio(model):
            found = model._default_manager.filter(**{f"{path}__in": tenants}).order_by("pk")
            rows[model._meta.label] = list(found.values())
    people = User.objects.filter(memberships__tenant__in=tenants).order_by("pk").distinct()
    return rows | {"people": list(people.values("pk", "username", "password", "is_superuser"))}


def _keys(tenants: tuple[Tenant, ...]) -> list[Any]:
    return [tenant.pk for tenant in tenants]


def everything() -> dict[str, list[Any]]:
    """The whole database, by table; without browsers' sessions and second factors that wait for their first code."""
    rows = {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model is not Session
    }
    waiting = StaffLogin._meta.label
    return rows | {waiting: [login for login in rows[waiting] if login["confirmed_at"]]}


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The tables that are not as they were."""
    return [table for table in before if before[table] != after[table]]
