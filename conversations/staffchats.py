"""Chats with the people who get a studio's notices. What they write back is stored and never answered as a customer's.

Where somebody wrote as a customer before, that chat stays as it is and waits until they are no contact any more: nothing
is answered there, neither by the assistant nor by staff, as what they write back would come to the staff chat.
"""

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from conversations import handling
from conversations.inbound import Person
from conversations.models import Conversation
from conversations.people import customer_of
from tenants.models import Tenant

STAFF = Conversation.Channel.STAFF


def keep(tenant: Tenant, phones: Iterable[str]) -> None:
    """A staff chat for each of these numbers (E.164) and for no other; one query when all is so already."""
    wanted = set(phones)
    rows = Conversation.objects.filter(tenant=tenant, channel=STAFF, customer__isnull=False)
    kept = dict(rows.values_list("customer__phone", "pk"))
    for phone in wanted - set(kept):
        chat_with(tenant, str(phone))
    # Without its customer it is the record of what was told, and the number is anybody's again.
    gone = [pk for phone, pk in kept.items() if phone not in wanted]
    if gone:
        Conversation.objects.filter(pk__in=gone).update(customer=None)


@transaction.atomic
def chat_with(tenant: Tenant, phone: str) -> Conversation:
    """The staff chat with this number; made when missing, before anybody wrote there."""
    customer = customer_of(tenant, Person(phone, None))
    address = f"{phone.removeprefix('+')}@s.whatsapp.net"  # until they write: then their own
    chat, made = Conversation.objects.get_or_create(
        tenant=tenant,
        customer=customer,
        channel=STAFF,
        defaults={"chat": _chat(customer.pk, address)},
    )
    if made:
        handling.leave_to_staff(_as_customer(customer.pk), timezone.now())
    return chat


def of_a_contact(conversation: Conversation) -> bool:
    """Whether the customer here gets the studio's notices now."""
    return (
        conversation.customer_id is not None
        and conversation.channel == Conversation.Channel.WHATSAPP
        and Conversation.objects.filter(customer=conversation.customer_id, channel=STAFF).exists()
    )


def _as_customer(customer_id: uuid.UUID) -> QuerySet[Conversation]:
    return Conversation.objects.filter(customer=customer_id, channel=Conversation.Channel.WHATSAPP)


def _chat(customer_id: uuid.UUID, address: str) -> str:
    """Where WhatsApp knows them, from the time when they were a customer."""
    chats = Conversation.objects.filter(customer=customer_id).exclude(chat="")
    return chats.values_list("chat", flat=True).first() or address
