"""Home: is the line up, who waits for staff, what happened. Spans the apps, so it lives here."""

import hashlib
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from agent.warnings import warnings
from config import guide, weeks
from config.homecards import CARDS, SHOWN, Look
from config.overviews import overview
from config.welcome import welcome
from reports import days
from reports.figures import first_day
from tenants.access import allowed, chosen_studio, require, studios_of
from tenants.models import Tenant
from tenants.pages import staff_page
from whatsapp import version
from whatsapp.views import card as whatsapp_card

log = logging.getLogger(__name__)
Found = TypeVar("Found")


def home(request: HttpRequest, context: dict[str, Any]) -> TemplateResponse:
    tenant, at = chosen_studio(request), timezone.now()
    context["title"] = _("Home")
    if tenant is None:
        rows = overview(studios_of(request.user), at)
        context |= {"rows": rows, "old": version.warning(at)}
        context["welcome"] = welcome(request, [row["studio"] for row in rows])
        return TemplateResponse(request, "admin/home_platform.html", context)
    look = Look(request, tenant, at)
    context |= {name: shown(name, look) for name, card in CARDS.items() if _may(look, name)}
    context |= {"tenant": tenant, "has_model": has_model(tenant), "card": Safely(look)}
    context |= {"may_go_live": allowed(request, "studio"), "length": SHOWN}
    context["made_up"] = weeks.shown(tenant)
    return TemplateResponse(request, "admin/home.html", context)


class Safely:
    """What other rooms bring to Home: a failure leaves its place empty, and Home stands."""

    def __init__(self, look: Look):
        self._look = look

    def whatsapp(self) -> dict[str, Any]:
        if not self._look.may("whatsapp"):
            return {}
        return self._or_nothing(
            lambda: whatsapp_card(self._look.tenant, self._look.at), {"failed": 1}
        )

    def guide(self) -> Any:
        return self._or_nothing(lambda: guide.card(self._look.request, self._look.tenant), None)

    def warnings(self) -> list[str]:
        nothing: list[str] = []
        return self._or_nothing(lambda: warnings(self._look.tenant, self._look.at), nothing)

    def progress(self) -> Any:
        first = first_day(self._look.tenant, SHOWN, self._look.at)
        if not self._look.may("inbox", "reports"):
            return None
        return self._or_nothing(
            lambda: days.progress(self._look.tenant, first, self._look.at), None
        )

    @staticmethod
    def _or_nothing(make: Callable[[], Found], nothing: Found) -> Found:
        try:
            return make()
        except Exception:
            log.exception("a part of Home could not be made")
            return nothing


def shown(name: str, look: Look) -> SafeString:
    """One card as it is now. One that fails says so in its own place."""
    card = CARDS[name]
    context: dict[str, Any] = {"name": name, "looks": card.looks, "tenant": look.tenant}
    try:
        context |= card.make(look)
        body = render_to_string(f"admin/home_{name}.html", context, look.request)
    except Exception:
        log.exception("the card %s of Home could not be made", name)
        body = render_to_string("admin/home_failed.html", context, look.request)
    body = mark_safe(body.strip())  # noqa: S308  rendered above
    context |= {"body": body, "seen": hashlib.sha256(body.encode()).hexdigest()[:16]}
    return mark_safe(render_to_string("admin/home_card.html", context, look.request))  # noqa: S308  rendered above


def _may(look: Look, name: str) -> bool:
    rights = CARDS[name].rights
    return not rights or look.may(*rights)


@never_cache
@staff_page(None)
def fragment(request: HttpRequest, name: str) -> HttpResponse:
    """A card as it is now; 204 when the page shows just that."""
    tenant = chosen_studio(request)
    if name not in CARDS or tenant is None:
        raise Http404
    look = Look(request, tenant, timezone.now())
    if not _may(look, name):
        require(request, CARDS[name].rights[0])
    body = shown(name, look)
    if f'data-seen="{request.GET.get("seen")}"' in body:
        return HttpResponse(status=204)
    return HttpResponse(body)


@staff_page(None)
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """One bounded step of counting the days that Home shows.

    The cards are told when all is there. The page stays: it may be the first one, with the sentence of welcome.
    """
    tenant, at = chosen_studio(request), timezone.now()
    if tenant is None:
        raise Http404
    if not allowed(request, "inbox"):
        require(request, "reports")
    first = first_day(tenant, SHOWN, at)
    before = days.progress(tenant, first, at)
    after = days.catch_up(tenant, first, at)
    if after.missing or after.anew:
        return render(request, "admin/home_count.html", {"progress": after})
    return HttpResponse("", headers={"HX-Trigger": "counted"} if before.missing else {})


@staff_page("studio")
@require_POST
def forget_made_up(request: HttpRequest) -> HttpResponse:
    """Take the demo's conversations out of the studio."""
    tenant = chosen_studio(request)
    if tenant is not None and weeks.shown(tenant):
        weeks.forget(tenant)
        tenant.days.all().delete()
        messages.success(request, _("The made-up conversations are gone."))
    return redirect("admin:index")


def has_model(tenant: Tenant) -> bool:
    return bool(
        tenant.anthropic_api_key or settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL
    )
