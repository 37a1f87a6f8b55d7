"""Customers as WhatsApp shows them: by phone, by hidden id, or both; two rows of one person become one."""

import datetime as dt
import re
import unicodedata

from django.db import transaction
from django.db.models import F, Q

from conversations.inbound import Person
from conversations.models import Conversation, Customer, Escalation, Message
from tenants.models import Tenant

NAME_LENGTH = 40


def clean_text(text: str) -> str:
    """What every database can store: no NUL or other control character, no half of a surrogate pair."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def clean_name(name: str) -> str:
    """A name as people call themselves, harmless in a page, a prompt and a log: one short line, no marks that hide."""
    name = re.sub(r"[<>\[\]{}()]", "", name.encode("utf-8", "replace").decode())
    name = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in name)
    return " ".join(name.split())[:NAME_LENGTH].rstrip()


def matches(customer: Customer, person: Person) -> bool:
    """Whether the row holds all that is known about this person now."""
    return (person.lid is None or customer.lid == person.lid) and (
        person.phone is None or customer.phone == person.phone
    )


def known_as(person: Person, prefix: str = "") -> Q:
    """The filter for rows of this person."""
    either = Q(pk=None)
    if person.lid:
        either |= Q(**{f"{prefix}lid": person.lid})
    if person.phone:
        either |= Q(**{f"{prefix}phone": person.phone})
    return either


def customer_of(tenant: Tenant, person: Person) -> Customer:
    """The one row of this person: found, completed, merged of two, or new. Inside the caller's transaction."""
    rows = list(
        Customer.objects.select_for_update(no_key=True)
        .filter(known_as(person), tenant=tenant)
        .order_by("created_at")
    )
    if not rows:
        return Customer.objects.create(
            tenant=tenant, phone=person.phone, lid=person.lid, name=clean_name(person.name)
        )
    if len(rows) == 2 and _one_person(*rows):
        return merge(*rows)
    return _completed(_by_lid(rows, person), person, alone=len(rows) == 1)


def _one_person(first: Customer, second: Customer) -> bool:
    """One row knows only the phone, the other only the hidden id."""
    return not (first.phone and second.phone) and not (first.lid and second.lid)


def _by_lid(rows: list[Customer], person: Person) -> Customer:
    """The hidden id stays with a person; a phone number may have changed hands."""
    return next((row for row in rows if person.lid and row.lid == person.lid), rows[0])


def _completed(customer: Customer, person: Person, *, alone: bool) -> Customer:
    if not alone:
        return customer
    if person.lid and customer.lid and customer.lid != person.lid:
        # The number has a new owner: the old one keeps the history, the number goes with the new one.
        Customer.objects.filter(pk=customer.pk).update(phone=None)
        return Customer.objects.create(
            tenant_id=customer.tenant_id,
            phone=person.phone,
            lid=person.lid,
            name=clean_name(person.name),
        )
    if not matches(customer, person):
        customer.phone, customer.lid = person.phone or customer.phone, person.lid or customer.lid
        customer.save(update_fields=["phone", "lid"])
    return customer


@transaction.atomic
def merge(kept: Customer, gone: Customer) -> Customer:
    """Two rows turned out to be one person: messages, escalations and all else move to the older one."""
    for conversation in gone.conversations.select_for_update(no_key=True).filter(
        tenant=kept.tenant_id
    ):
        twin = kept.conversations.filter(channel=conversation.channel).first()
        if twin is None:
            Conversation.objects.filter(pk=conversation.pk).update(customer=kept)
        else:
            merge_conversations(twin, conversation)
    phone, lid = kept.phone or gone.phone, kept.lid or gone.lid
    gone.delete()
    kept.phone, kept.lid, kept.name = phone, lid, kept.name or gone.name
    kept.language = kept.language or gone.language
    kept.save()
    return kept


def merge_conversations(kept: Conversation, gone: Conversation) -> None:
    """All rows that point at `gone` point at `kept`; what waits still waits; a person who had one has both."""
    _close_doubles(kept, gone)
    for relation in Conversation._meta.related_objects:
        rows = relation.related_model._base_manager.filter(**{relation.field.name: gone.pk})
        rows.update(**{relation.field.name: kept.pk})
    staff = next((c for c in (kept, gone) if c.handled_by == Conversation.Handler.STAFF), kept)
    for name in ("handled_by", "handler_id", "handled_since", "resumes_at"):
        setattr(kept, name, getattr(staff, name))
    kept.chat = gone.chat or kept.chat
    kept.unread += gone.unread
    kept.last_message_at = _latest(kept.last_message_at, gone.last_message_at)
    kept.reply_due_at = _earliest(kept.reply_due_at, gone.reply_due_at)
    kept.waiting_since = _earliest(kept.waiting_since, gone.waiting_since)
    kept.limited_until = _latest(kept.limited_until, gone.limited_until)
    kept.mode_version = max(kept.mode_version, gone.mode_version) + 1
    kept.waiting_version += 1
    kept.save()
    gone.delete()
    _still_leave(kept)


def _still_leave(conversation: Conversation) -> None:
    """A merge is no take-over: what was on its way to the customer stays so."""
    leaving = conversation.messages.filter(state=Message.State.QUEUED, mode_version__isnull=False)
    leaving.update(mode_version=conversation.mode_version)


def _close_doubles(kept: Conversation, gone: Conversation) -> None:
    """One open escalation per reason: the second one is closed as merged."""
    is_open = Escalation.State.OPEN
    taken = kept.escalations.filter(state=is_open).values_list("category", flat=True)
    gone.escalations.filter(state=is_open, category__in=list(taken)).update(
        state=Escalation.State.RESOLVED, resolved_at=F("created_at"), outcome="merged"
    )


def _earliest(*times: dt.datetime | None) -> dt.datetime | None:
    return min((time for time in times if time), default=None)


def _latest(*times: dt.datetime | None) -> dt.datetime | None:
    return max((time for time in times if time), default=None)
