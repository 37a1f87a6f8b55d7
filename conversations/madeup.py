"""The made-up people and chats of a demo studio. Nobody is behind them: nothing is sent there, and nobody is called."""

from django.db.models import QuerySet

from conversations.models import Conversation, Customer
from tenants.models import Tenant

CHAT = Conversation.MADE_UP
# Numbers that nobody has: customers of the demo, and only they.
FIRST_PHONE, LAST_PHONE = "+628000000000", "+628000009999"


def people(tenant: Tenant) -> QuerySet[Customer]:
    rows = Customer.objects.filter(tenant=tenant, phone__gte=FIRST_PHONE, phone__lte=LAST_PHONE)
    return rows.order_by()


def shown(tenant: Tenant) -> bool:
    """Whether made-up conversations stand in this studio."""
    return people(tenant).exists()
