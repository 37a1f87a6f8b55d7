"""Customers as WhatsApp shows them: by phone, by hidden id, or both; and the one conversation with each."""

import math
import re
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, Q, QuerySet

from conversations.inbound import Person
from conversations.merging import merge
from conversations.models import Conversation, Customer, EarlyChange
from tenants.models import Tenant
from tenants.prepared import Prepared, id_slot, text_slot

Channel = Conversation.Channel

NAME_LENGTH = 40
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)  # Unicode's category Cc without line end and tab


def clean_text(text: str) -> str:
    """What every database can store: no NUL or other control character, no half of a surrogate pair."""
    text = text.encode("utf-8", "replace").decode()
    return _CONTROL.sub("", text)


def clean_data(data: Any) -> Any:
    """The same for texts inside plain data of JSON, and no number that is none."""
    if isinstance(data, str):
        return clean_text(data)
    if isinstance(data, Mapping):
        return {clean_text(str(name)): clean_data(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [clean_data(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def clean_name(name: str) -> str:
    """A name as people call themselves, harmless in a page, a prompt and a log: one short line, no marks that hide."""
    name = re.sub(r"[<>\[\]{}()]", "", name.encode("utf-8", "replace").decode())
    name = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in name)
    return " ".join(name.split())[:NAME_LENGTH].rstrip()


def known(tenant_id: uuid.UUID, person: Person) -> QuerySet[Customer]:
    """The studio's rows of this person: as a subquery it is two look-ups in an index, as a join a walk over all chats."""
    either = Q()
    if person.lid:
        either |= Q(lid=person.lid)
    if person.phone:
        either |= Q(phone=person.phone)
    if not either:
        return Customer.objects.none()
    return Customer.objects.filter(either, tenant_id=tenant_id).order_by()


def conversation_with(
    tenant_id: uuid.UUID, person: Person, chat: str, whatsapp_id: str = ""
) -> Conversation:
    """The conversation with this customer, locked; one query when nothing about the customer is new. It knows whether
    something waits for the message `whatsapp_id` (`early.waits_for`)."""
    conversation = _usual(tenant_id, person, whatsapp_id)
    if conversation is None:
        tenant = Tenant.objects.get(pk=tenant_id)
        conversation = _chat_of(customer_of(tenant, person), chat)
    _rename(conversation, person.name)
    return conversation


def _chat_of(customer: Customer, chat: str) -> Conversation:
    """Where this person writes: in the staff chat of a contact, else in the one of a customer."""
    staff = customer.conversations.filter(channel=Channel.STAFF).first()
    made = (
        staff
        or Conversation.objects.get_or_create(
            tenant_id=customer.tenant_id,
            customer=customer,
            channel=Channel.WHATSAPP,
            defaults={"chat": chat[:80]},
        )[0]
    )
    return _conversations().get(pk=made.pk)


def _usual(tenant_id: uuid.UUID, person: Person, whatsapp_id: str) -> Conversation | None:
    """The chat of a customer of whom all is known: one id finds the row, and the row agrees with the other."""
    rows = _BY_LID if person.lid else _BY_PHONE
    known_by = person.lid or person.phone
    asked = {"tenant": tenant_id, "known_by": known_by, "whatsapp_id": whatsapp_id[:80]}
    found = next(iter(rows(**asked)), None) if known_by else None
    agrees = found and found.customer and _matches(found.customer, person)
    return found if agrees else None


def _by(field: str) -> QuerySet[Conversation]:
    studio, known_by = id_slot("tenant"), text_slot("known_by")
    rows = _conversations().filter(tenant=studio, customer__tenant=studio, **{field: known_by})
    early = EarlyChange.objects.filter(tenant=studio, whatsapp_id=text_slot("whatsapp_id"))
    return rows.annotate(changed_early=Exists(early))


_BY_LID = Prepared(lambda: _by("customer__lid"))
_BY_PHONE = Prepared(lambda: _by("customer__phone"))


def _conversations() -> QuerySet[Conversation]:
    # By the name of the channel, a contact's staff chat comes before the chat they had as a customer.
    both = (Channel.STAFF, Channel.WHATSAPP)
    rows = Conversation.objects.filter(channel__in=both).order_by("channel")
    rows = rows.select_for_update(no_key=True, of=("self",)).select_related("tenant", "customer")
    return rows.only(*_ASKED)


# What receiving asks of a conversation: half of the columns, as every message pays for them.
_ASKED = (
    *("disappears_after", "disappears_told_at"),
    *("channel", "chat", "handled_by", "resumes_at", "mode_version", "reply_due_at"),
    *("waiting_since", "limited_until", "tenant__mode", "tenant__active"),
    *("tenant__default_language", "tenant__messages_per_minute"),
    *("customer__tenant", "customer__phone", "customer__lid", "customer__name"),
    *("customer__language", "customer__blocked_at"),
)


def _matches(customer: Customer, person: Person) -> bool:
    """Whether the row holds all that is known about this person now."""
    return (person.lid is None or customer.lid == person.lid) and (
        person.phone is None or customer.phone == person.phone
    )


def _rename(conversation: Conversation, name: str) -> None:
    customer, name = conversation.customer, clean_name(name)
    if customer and name and customer.name != name:
        customer.name = name
        customer.save(update_fields=["name"])


def customer_of(tenant: Tenant, person: Person) -> Customer:
    """The one row of this person: found, completed, merged of two, or new. Inside the caller's transaction."""
    locked = known(tenant.pk, person).select_for_update(no_key=True)
    rows = list(locked.order_by("created_at"))
    if not rows:
        return _new(tenant, person)
    if len(rows) == 2:
        return merge(*rows) if _one_person(*rows) else _by_lid(rows, person)
    return _completed(tenant, rows[0], person)


@transaction.atomic
def learned(customer_id: uuid.UUID, lid: str) -> None:
    """WhatsApp told the hidden id of somebody of whom only the number was known."""
    rows = Customer.objects.filter(pk=customer_id, lid=None, phone__isnull=False)
    if customer := rows.select_related("tenant").first():
        customer_of(customer.tenant, Person(customer.phone, lid))


def _new(tenant: Tenant, person: Person) -> Customer:
    name = clean_name(person.name)
    return Customer.objects.create(tenant=tenant, phone=person.phone, lid=person.lid, name=name)


def _one_person(first: Customer, second: Customer) -> bool:
    """One row knows only the phone, the other only the hidden id."""
    return not (first.phone and second.phone) and not (first.lid and second.lid)


def _by_lid(rows: list[Customer], person: Person) -> Customer:
    """The hidden id stays with a person; a phone number may have changed hands."""
    return next((row for row in rows if row.lid == person.lid), rows[0])


def _completed(tenant: Tenant, customer: Customer, person: Person) -> Customer:
    if person.lid and customer.lid and customer.lid != person.lid:
        # The number has a new owner: the old one keeps the history, the number goes with the new one.
        customer.phone = None
        customer.save(update_fields=["phone"])
        return _new(tenant, person)
    if not _matches(customer, person):
        customer.phone, customer.lid = person.phone or customer.phone, person.lid or customer.lid
        customer.save(update_fields=["phone", "lid"])
    return customer
