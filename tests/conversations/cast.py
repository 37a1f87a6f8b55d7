"""Events of the two customers, Ana and Budi, as the transport would bring them."""

import datetime as dt
import itertools
from typing import Any

from django.db.models import Model

from conversations import intake, mailbox
from conversations.inbound import FromPhone, InboundMessage, Person, Receipt
from conversations.mailbox import Claim, Draft, EscalationDraft
from conversations.models import Conversation, Customer, Message
from tenants.models import Tenant
from tests.factories import NOW

ANA = Person("+6281311110001", "101@lid", "Ana")
BUDI = Person("+6281311110002", "102@lid", "Budi")
_ids = itertools.count(1)


def after(seconds: float = 0, **more: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds, **more)


def inbound(
    tenant: Tenant, text: str = "berapa harga kak?", person: Person = ANA, **fields: Any
) -> InboundMessage:
    values: dict[str, Any] = {
        "tenant_id": tenant.pk,
        "whatsapp_id": f"IN{next(_ids)}",
        "chat": person.lid or f"{person.phone}@s.whatsapp.net",
        "person": person,
        "kind": "text",
        "text": text,
        "sent_at": NOW,
    }
    return InboundMessage(**values | fields)


def writes(
    tenant: Tenant,
    text: str = "berapa harga kak?",
    *,
    at: dt.datetime = NOW,
    person: Person = ANA,
    **fields: Any,
) -> Message:
    message = intake.receive(inbound(tenant, text, person, **{"sent_at": at} | fields), at=at)
    assert message is not None
    return message


def typed(
    tenant: Tenant, text: str = "sebentar ya", *, person: Person = ANA, **fields: Any
) -> FromPhone:
    values: dict[str, Any] = {
        "tenant_id": tenant.pk,
        "whatsapp_id": f"PHONE{next(_ids)}",
        "chat": person.lid,
        "person": person,
        "kind": "text",
        "text": text,
        "sent_at": NOW,
    }
    return FromPhone(**values | fields)


def receipt(tenant: Tenant, kind: Any, *ids: str) -> Receipt:
    return Receipt(tenant.pk, ids, kind, NOW)


def claim(at: dt.datetime = NOW, owner: str = "thread") -> Claim:
    taken = mailbox.claim_next(owner, at, 30)
    assert taken is not None
    return taken


def draft(text: str = "Rp 150.000 kak", escalation: str = "", **details: Any) -> Draft:
    asked = EscalationDraft(escalation, "normal", "Summary.") if escalation else None
    return Draft(text, asked, f"turn:{next(_ids)}", details)


def answered(
    tenant: Tenant, text: str = "Rp 150.000 kak", *, at: dt.datetime = NOW, escalation: str = ""
) -> Message:
    """A customer asked, and the reply is in the outbox."""
    writes(tenant, at=at)
    reply = mailbox.decide(claim(at), draft(text, escalation), at=at)
    assert reply is not None
    return reply


def fresh(row: Any) -> Any:
    """The row as the database has it now."""
    assert isinstance(row, Model)
    return type(row)._base_manager.get(pk=row.pk)


def chat_of(message: Message) -> Conversation:
    return Conversation.objects.get(pk=message.conversation_id)


def customer_of(message: Message) -> Customer:
    return Customer.objects.get(conversations__messages=message)
