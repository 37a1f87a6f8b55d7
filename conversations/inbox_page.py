"""The inbox: the list of conversations, alone or beside an open thread, and its live part."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import inbox
from conversations.finding import RIGHT, number, person
from tenants.access import allowed
from tenants.models import Tenant
from tenants.pages import frame, studio_page


@studio_page(RIGHT)
def page(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    return frame(
        request, "conversations/inbox.html", _("Inbox"), **pane(request, tenant), tenant=tenant
    )


@studio_page(RIGHT)
def listed(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The list as it is now; 204 when the page shows just that."""
    context = pane(request, tenant)
    if request.GET.get("seen") == context["list_fingerprint"]:
        return HttpResponse(status=204)
    return render(request, "conversations/list.html", context)


def pane(
    request: HttpRequest, tenant: Tenant, opened: uuid.UUID | str | None = None
) -> dict[str, Any]:
    """What the list shows; `opened` is the conversation beside it."""
    asked = _asked(request)
    found = inbox.listed(tenant, person(request), asked, timezone.now())
    opened = str(opened or request.GET.get("open", ""))[:36]
    kept = {name: value for name, value in (("tab", asked.tab), ("q", asked.words)) if value}
    where = kept | ({"after": asked.after} if asked.after else {})
    return {
        "listed": found,
        "list_fingerprint": found.fingerprint,
        "asked": asked,
        "opened": opened,
        "tabs": [(key, title, found.counts[key]) for key, title in inbox.TABS.items()],
        "kept": urlencode(kept),  # a thread keeps the list as it is
        "again": urlencode({**where, "rows": asked.rows, "open": opened}),
        "longer": _longer(found, asked, where, opened),
        "next_page": urlencode({**kept, "after": found.more}) if found.more else "",
        "may_link": allowed(request, "whatsapp"),
        "may_try": allowed(request, "playground"),
    }


def _longer(found: inbox.Listed, asked: inbox.Asked, where: dict[str, str], opened: str) -> str:
    """The same list with some rows more; beyond the most, the list goes on on a next page."""
    if not found.more or asked.rows >= inbox.MOST:
        return ""
    return urlencode({**where, "rows": asked.rows + inbox.STEP, "open": opened})


def _asked(request: HttpRequest) -> inbox.Asked:
    tab = request.GET.get("tab", "")
    return inbox.Asked(
        tab if tab in inbox.TABS else "waiting",
        request.GET.get("q", "").replace("\x00", "").strip()[:80],
        request.GET.get("after", "")[:90],
        min(max(number(request.GET.get("rows")), inbox.STEP), inbox.MOST),
    )
