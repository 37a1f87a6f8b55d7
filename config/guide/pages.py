"""The guide as a page and as a card on Home; putting it away and bringing it back; drafts to start from."""

import datetime as dt
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from config.guide import drafts
from config.guide.steps import extras, steps
from tenants.access import allowed
from tenants.models import Language, Tenant
from tenants.pages import frame, studio_page
from tenants.phones import readable
from whatsapp.models import WhatsAppAccount

RIGHT = "studio"
OPEN, LIVE = "open", "live"
HELLO = {"id": "Halo Kak, saya mau tanya jadwal kelas.", "en": "Hi, when are your classes?"}


def card(request: HttpRequest, tenant: Tenant) -> dict[str, Any] | None:
    """`guide` of guide/card.html: what is next, or that the studio is live. None: nothing, or not for this person."""
    if not allowed(request, RIGHT):
        return None
    known = progress(tenant, timezone.now())
    hidden = tenant.guide_hidden == known["state"]
    waits_for_live = (
        known["state"] == LIVE and tenant.mode != Tenant.Mode.LIVE
    )  # Home says that itself
    return None if hidden or waits_for_live else known


def progress(tenant: Tenant, at: dt.datetime) -> dict[str, Any]:
    """The steps, how many are done, which is next; the number and its link once all are."""
    listed = steps(tenant, at)
    done = sum(step.done for step in listed)
    state = LIVE if done == len(listed) else OPEN
    return {
        "state": state,
        "steps": listed,
        "done": done,
        "of": len(listed),
        "percent": 100 * done // len(listed),
        "next_step": next((step for step in listed if not step.done), None),
        "is_live": tenant.mode == Tenant.Mode.LIVE,
        **(_number(tenant) if state == LIVE else {}),
    }


def _number(tenant: Tenant) -> dict[str, str]:
    """The linked number, and the link with which a customer writes to it."""
    phone = WhatsAppAccount.objects.get(tenant=tenant).phone
    said = quote(HELLO[tenant.default_language])
    return {"number": readable(phone), "wa_me": f"https://wa.me/{phone.lstrip('+')}?text={said}"}


@studio_page(RIGHT)
def guide(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    assert isinstance(request.user, User)  # the site let them in
    known = progress(tenant, timezone.now())
    return frame(
        request,
        "guide/page.html",
        _("Setup guide"),
        **known,
        tenant=tenant,
        hidden=tenant.guide_hidden == known["state"],
        extras=extras(tenant, request.user),
        drafts=drafts.waiting(tenant),
        drafts_url=f"{reverse('admin:knowledge_knowledgeentry_changelist')}?status__exact=draft",
        languages=Language.choices,
    )


@studio_page(RIGHT)
@require_POST
def hide(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Put the guide away, or bring it back."""
    state = progress(tenant, timezone.now())["state"]
    wanted = "" if "back" in request.POST else state
    Tenant.objects.filter(pk=tenant.pk).update(guide_hidden=wanted)
    if wanted == OPEN:
        messages.success(request, _("The guide is put away. You find it again under “Settings”."))
    return redirect("guide" if "back" in request.POST else "admin:index")


@studio_page(RIGHT)
@require_POST
def start_from_drafts(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """One draft for each category in the languages that were ticked; then to the list of drafts."""
    languages = [code for code in Language.values if code in request.POST.getlist("language")]
    if not languages:
        messages.error(request, _("Choose at least one language for the drafts."))
        return redirect("guide")
    made = drafts.make(tenant, languages)
    messages.success(request, _made(made))
    return redirect(f"{reverse('admin:knowledge_knowledgeentry_changelist')}?status__exact=draft")


def _made(number: int) -> str:
    if not number:
        return _(
            "The drafts are there already. Fill in the gaps marked “…”, then make them active."
        )
    told = ngettext("%(number)s draft is made.", "%(number)s drafts are made.", number)
    rest = _("Fill in the gaps marked “…”, delete what does not apply, and make each one active.")
    return f"{told % {'number': number}} {rest}"
