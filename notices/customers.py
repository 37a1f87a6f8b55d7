"""Numbers that are a customer's already: who becomes a contact is answered no more and reads of others."""

from collections.abc import Iterable

from conversations.models import Conversation
from tenants.models import Tenant


def among(tenant: Tenant, phones: Iterable[str]) -> list[str]:
    """Those of the numbers from which somebody wrote to the studio as a customer, in their order."""
    asked = list(phones)
    rows = Conversation.objects.filter(
        tenant=tenant, channel=Conversation.Channel.WHATSAPP, customer__phone__in=asked
    )
    found = set(rows.values_list("customer__phone", flat=True))
    return [phone for phone in asked if phone in found]
