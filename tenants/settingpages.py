"""The settings of the chosen studio, part by part."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import settingchanges, tidying
from tenants.models import Tenant
from tenants.pages import frame, studio_page
from tenants.settingtabs import BY_KEY, TABS, Tab, TabForm, form_class

RIGHT = "studio"
# The assistant's own sentence for a bare “hi”, as in agent/phrases.py (a test holds them together).
HELLO = {
    "id": "Halo Kak! Saya {persona}, asisten {studio}. Ada yang bisa dibantu, misalnya jadwal, harga atau lokasi?",
    "en": "Hi! I'm {persona}, the assistant of {studio}. How can I help: schedule, prices, location?",
}


@studio_page(RIGHT)
def settings(request: HttpRequest, tenant: Tenant, part: str = "studio") -> HttpResponse:
    if part not in BY_KEY:
        raise Http404
    tab = BY_KEY[part]
    if request.method != "POST" or not tab.fields:
        return _page(request, tenant, tab, form_class(tab)(instance=tenant))
    assert isinstance(request.user, User)  # the site let them in
    form = settingchanges.save(tab, tenant, request.POST, request.user)
    if form.errors:
        return _page(request, Tenant.objects.get(pk=tenant.pk), tab, form)
    messages.success(request, _("Saved."))
    return redirect("studio-settings-part", part)


def _page(request: HttpRequest, tenant: Tenant, tab: Tab, form: TabForm) -> HttpResponse:
    """`tenant` is as the database has it, whatever stands in the form."""
    return frame(
        request,
        "admin/settings.html",
        _("Settings"),
        tenant=tenant,
        tabs=TABS,
        tab=tab,
        form=form,
        seen=settingchanges.marks(tab, tenant),
        greeting=greeting(tenant) if tab.key == "assistant" else "",
        tidying=tidying.told(tenant, timezone.now()) if tab.key == "privacy" else "",
    )


def greeting(studio: Tenant) -> str:
    """How a customer who only says hello is answered; changes while the fields above are typed in."""
    words = HELLO[studio.default_language]
    said: Any = studio.greeting or words.format(persona=studio.persona_name, studio=studio.name)
    context = {"said": said, "studio": studio.name, "words": words}
    return render_to_string("admin/persona.html", context)
