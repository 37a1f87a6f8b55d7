"""What open pages tell by a sound and a notification of the browser: who has begun to wait for a person."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from notices import planning, words
from notices.models import Notice
from notices.pages import INBOX
from tenants.access import chosen_studio, visible
from tenants.pages import staff_page
from tenants.told import told

Channel, State = Notice.Channel, Notice.State
AT_ONCE = 20
KNOWN = 60  # ids that a browser remembers
LATE = dt.timedelta(
    seconds=30
)  # a row may be seen that long after the time it bears: it is written in steps


@staff_page(INBOX)
def news(request: HttpRequest) -> HttpResponse:
    """Alerts since `after` that the browser did not tell yet (`told`: their ids); 204 when there are none. Without a
    studio chosen nobody is disturbed."""
    tenant, at = chosen_studio(request), timezone.now()
    if tenant is None:
        return HttpResponse(status=204)
    after = _time(request.GET.get("after", ""))
    if after is None or request.GET.get("studio") != str(tenant.pk):
        # What is there when a browser begins is old to it, also when the next look goes back a little.
        old = [str(row.pk) for row in _since(request, at - LATE, [])]
        begun = {"at": at.isoformat(), "studio": str(tenant.pk), "alerts": [], "told": old}
        return JsonResponse(begun)
    told = [text for text in request.GET.get("told", "").split(",")[:KNOWN] if _is_id(text)]
    rows = _since(request, max(after - LATE, at - planning.LATEST), told)
    if not rows:
        return HttpResponse(status=204)
    latest = max(after, *(row.created_at for row in rows)).isoformat()
    alerts = [_alert(row) for row in rows]
    return JsonResponse({"at": latest, "studio": str(tenant.pk), "alerts": alerts})


def _time(text: str) -> dt.datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _since(request: HttpRequest, after: dt.datetime, told: list[str]) -> list[Notice]:
    """Of customers that nobody has yet, oldest first: what is too much for one answer comes with the next."""
    rows = visible(request, Notice.objects.filter(channel=Channel.PAGE, created_at__gt=after))
    rows = rows.filter(state__in=(State.WAITING, State.SENT), escalation__state="open")
    related = ("tenant", "escalation__conversation__customer")
    rows = rows.exclude(pk__in=told).select_related(*related)
    return list(rows.order_by("created_at", "pk")[:AT_ONCE])


def _alert(row: Notice) -> dict[str, Any]:
    escalation = row.escalation
    assert escalation
    summary = words.defanged(told(escalation.summary))
    return {
        "id": str(row.pk),
        "title": f"{words.who(escalation)}: {escalation.get_category_display()}",
        "body": summary,
        "urgent": escalation.urgency == "urgent",
        "url": reverse("conversations_escalation_from_notice", args=[escalation.pk]),
    }


@staff_page(INBOX)
@require_POST
def shown(request: HttpRequest) -> HttpResponse:
    """A page has told its person: the row says so."""
    ids = [text for text in request.POST.getlist("id")[:AT_ONCE] if _is_id(text)]
    rows = visible(request, Notice.objects.filter(pk__in=ids, channel=Channel.PAGE))
    rows.filter(state=State.WAITING).update(state=State.SENT, sent_at=timezone.now())
    return HttpResponse(status=204)


def _is_id(text: str) -> bool:
    return len(text) == 36 and set(text) <= set("0123456789abcdef-") and text.count("-") == 4
