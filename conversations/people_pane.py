"""What staff see of a customer beside the thread, and which colleagues could have the chat."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest

from conversations.models import Conversation
from tenants.access import RIGHTS
from tenants.deeds import named
from tenants.models import Tenant
from tenants.phones import readable

COUNTED = 1000
CASES = 5


def facts(conversation: Conversation) -> dict[str, Any]:
    customer = conversation.customer
    number = conversation.messages.order_by("-pk")[:COUNTED].count()
    return {
        "customer": customer,
        "phone": readable(customer.phone) if customer else "",
        "number_of_messages": f"{COUNTED - 1}+" if number >= COUNTED else str(number),
        "earlier": list(conversation.escalations.select_related("resolved_by")[:CASES]),
    }


def colleagues(request: HttpRequest, tenant: Tenant) -> list[tuple[int, str]]:
    """Everybody of this studio who may answer customers, but the reader."""
    return [(user.pk, named(user)) for user in who_may_answer(tenant) if user != request.user]


def who_may_answer(tenant: Tenant) -> list[User]:
    roles = [role for role, rights in RIGHTS.items() if "inbox" in rights]
    rows = User.objects.filter(
        memberships__tenant=tenant, memberships__role__in=roles, is_active=True, is_staff=True
    )
    return list(rows.order_by("first_name", "username")[:100])
