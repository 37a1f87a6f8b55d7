"""All studios in a table, for who runs the installation. The number of queries does not grow with the studios."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from agent.models import Turn
from config.telling import MODEL as MADE_UP
from conversations.models import Conversation, Escalation, Message
from reports.counting import midnight
from reports.money import MILLION, currency_of, money
from tenants.models import Membership, Tenant
from whatsapp.models import WhatsAppAccount
from whatsapp.states import describe


def overview(studios: QuerySet[Tenant], at: dt.datetime) -> list[dict[str, Any]]:
    """One line per studio. Cost and answers are of this month (UTC), without what the demo made up."""
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    accounts = {a.tenant_id: a for a in WhatsAppAccount.objects.select_related("tenant")}
    waits = by_studio(Escalation.objects.filter(state=Escalation.State.OPEN), Count("pk"))
    chats = Conversation.objects.filter(channel=Conversation.Channel.WHATSAPP)
    last = by_studio(chats, Max("last_message_at"))
    month = Turn.objects.filter(created_at__gte=first)
    cost = by_studio(month.exclude(model=MADE_UP), Sum("cost"))
    told = month.filter(purpose=Turn.Purpose.CUSTOMER).exclude(model=MADE_UP)
    answers = by_studio(told, Count("pk"))
    people = Count("memberships")
    owners = Count("memberships", filter=Q(memberships__role=Membership.Role.OWNER))
    rows = list(studios.annotate(people=people, owners=owners))
    today = messages_today(rows, at)
    return [
        {
            "studio": studio,
            "status": describe(accounts.get(studio.pk), at),
            "waiting": waits.get(studio.pk, 0),
            "last": last.get(studio.pk),
            "today": today.get(studio.pk, 0),
            "cost": cost.get(studio.pk) or Decimal(0),
            "own_cost": in_own_money(cost.get(studio.pk), studio),
            "answers": answers.get(studio.pk, 0),
        }
        for studio in rows
    ]


def in_own_money(dollars: Decimal | None, studio: Tenant) -> str:
    return money(int((dollars or 0) * MILLION), currency_of(studio))


def messages_today(studios: Sequence[Tenant], at: dt.datetime) -> dict[Any, int]:
    """Customers' messages since each studio's own midnight, in one query."""
    since = Q(pk=None)
    for zone in {studio.timezone: studio for studio in studios}.values():
        begun = midnight(zone, zone.local(at).date())
        since |= Q(tenant__timezone=zone.timezone, created_at__gte=begun)
    rows = Message.objects.filter(
        since,
        author=Message.Author.CUSTOMER,
        conversation__channel=Conversation.Channel.WHATSAPP,
        created_at__gte=at - dt.timedelta(days=2),
    )
    return by_studio(rows, Count("pk"))


def by_studio(rows: QuerySet[Any], figure: Any) -> dict[Any, Any]:
    return dict(rows.order_by().values_list("tenant").annotate(figure=figure))
