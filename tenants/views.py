"""Choosing a studio, going live, and the way to the studio's own settings."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tenants.access import choose_studio
from tenants.models import Tenant
from tenants.pages import staff_page, studio_page


@staff_page(None)
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Look at another studio. Pages of the former one would answer 404, so the way leads Home or to `next`."""
    choose_studio(request, request.POST.get("studio") or None)
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else reverse("admin:index"))


@studio_page("studio")
def set_mode(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Go live, back to test only, or off."""
    mode = request.POST.get("mode", "")
    if request.method == "POST" and mode in Tenant.Mode.values:
        tenant.mode = mode
        tenant.save(update_fields=["mode"])
        messages.success(request, _("%(studio)s is now: %(mode)s") % _named(tenant))
    return redirect("admin:index")


def _named(tenant: Tenant) -> dict[str, str]:
    return {"studio": tenant.name, "mode": tenant.get_mode_display()}


@studio_page("studio")
def settings(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    return redirect("admin:tenants_tenant_change", tenant.pk)
