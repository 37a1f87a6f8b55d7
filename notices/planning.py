"""When each notice is due: in steps until somebody has the customer, and not in the studio's quiet hours unless urgent."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from conversations.models import Conversation, Escalation, Message
from notices import contacts
from notices.models import Notice
from tenants.models import Tenant
from tenants.prepared import Literal

State = Notice.State
LATEST = dt.timedelta(hours=24)  # what was asked longer ago wakes nobody any more
AT_ONCE = 100
MADE_UP = Conversation.MADE_UP  # the customers of the demo's three weeks call nobody


def plan_new(at: dt.datetime) -> bool:
    """Make the rows of escalations that have none yet. True when there were some."""
    planned = Notice.objects.filter(escalation=OuterRef("pk"))
    rows = _to_tell(at).filter(~Exists(planned))
    found = list(rows.select_related("tenant").order_by("created_at")[:AT_ONCE])
    known = contacts.of_all({each.tenant for each in found}) if found else {}
    new = [row for each in found for row in rows_of(each, known[each.tenant], at)]
    Notice.objects.bulk_create(new, ignore_conflicts=True)  # another host may plan the same
    return bool(found)


def _to_tell(at: dt.datetime) -> QuerySet[Escalation]:
    rows = Escalation.objects.filter(
        state=Literal(Escalation.State.OPEN),
        created_at__gt=at - LATEST,
        tenant__active=True,
        conversation__channel=Conversation.Channel.WHATSAPP,
    )
    return rows.exclude(conversation__chat__endswith=MADE_UP)


def waiting(tenants: Iterable[Tenant], at: dt.datetime) -> QuerySet[Escalation]:
    """Those of these studios that are planned, and that nobody has yet."""
    planned = Notice.objects.filter(escalation=OuterRef("pk"))
    rows = _to_tell(at).filter(Exists(planned), tenant__in=list(tenants))
    return rows.exclude(pk__in=accepted(rows, at).values("pk"))


def rows_of(escalation: Escalation, known: contacts.Contacts, at: dt.datetime) -> list[Notice]:
    return [
        Notice(
            tenant_id=escalation.tenant_id,
            escalation=escalation,
            step=step,
            channel=channel,
            to=to,
            created_at=at,
            **_due(escalation, channel, step),
        )
        for step, channel, to in contacts.ladder(known)
    ]


def _due(escalation: Escalation, channel: str, step: int) -> dict[str, object]:
    """Counted from the asking; what falls into quiet hours counts from their end on."""
    due, after = escalation.created_at, dt.timedelta(minutes=step)
    quiet = escalation.urgency != Escalation.Urgency.URGENT and channel != Notice.Channel.PAGE
    start = quiet_end(escalation.tenant, due) if quiet else None
    due = (start or due) + after
    end = quiet_end(escalation.tenant, due) if quiet else None
    return {"due_at": end or due, "held": bool(start or end)}


def quiet_end(tenant: Tenant, at: dt.datetime) -> dt.datetime | None:
    """When the quiet hours end that `at` falls into; None outside of them."""
    begin, end, local = tenant.quiet_from, tenant.quiet_until, tenant.local(at)
    if begin is None or end is None or begin == end:
        return None
    now = local.time()
    inside = begin <= now < end if begin < end else now >= begin or now < end
    if not inside:
        return None
    over = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return (over if over > local else over + dt.timedelta(days=1)).astimezone(dt.UTC)


def quiet_begin(tenant: Tenant, at: dt.datetime) -> dt.datetime | None:
    """When the next quiet hours begin; None where there are none."""
    begin, end, local = tenant.quiet_from, tenant.quiet_until, tenant.local(at)
    if begin is None or end is None or begin == end:
        return None
    next_one = local.replace(hour=begin.hour, minute=begin.minute, second=0, microsecond=0)
    return (next_one if next_one > local else next_one + dt.timedelta(days=1)).astimezone(dt.UTC)


def hasten(at: dt.datetime) -> None:
    """What became urgent while it was held goes out as if it had been urgent from the start."""
    rows = Notice.objects.filter(
        state=Literal(State.WAITING), held=True, escalation__urgency=Escalation.Urgency.URGENT
    )
    for row in rows.select_related("escalation"):
        assert row.escalation
        due = max(row.escalation.created_at + dt.timedelta(minutes=row.step), at)
        Notice.objects.filter(pk=row.pk, state=State.WAITING).update(due_at=due, held=False)


def accepted(escalations: QuerySet[Escalation], at: dt.datetime) -> QuerySet[Escalation]:
    """Those that a person has: closed, in somebody's hands now, or answered by staff since."""
    wrote = Message.objects.filter(
        conversation=OuterRef("conversation"),
        author=Message.Author.STAFF,
        created_at__gt=OuterRef("created_at"),
    )
    free = Q(conversation__handler=None) | Q(conversation__resumes_at__lte=at)
    waits = Escalation.objects.filter(free, ~Exists(wrote), state=Escalation.State.OPEN)
    return escalations.exclude(pk__in=waits.values("pk"))
