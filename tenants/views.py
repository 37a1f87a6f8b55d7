"""Choosing a studio, going live, and the way to the studio's own settings."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tenants.access import choose_studio
from tenants.deeds import note
from tenants.models import Tenant
from tenants.pages import staff_page, studio_page


@staff_page(None)
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Look at another studio, on the same page where it has one for her there."""
    choose_studio(request, request.POST.get("studio") or None)
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        return redirect("admin:index")
    return redirect(target if "exactly" in request.POST else same_page(request, target))


def same_page(request: HttpRequest, target: str) -> str:
    """The list of what was looked at, as the row itself stays behind; Home when her role here has no such page."""
    path = target.partition("?")[0]
    try:
        found = resolve(path)
    except Resolver404:
        return reverse("admin:index")
    if found.view_name != "studio-settings-part" and (found.kwargs or found.args):
        path = _list_of(found.view_name)
    menu: list[dict[str, Any]] = admin.site.get_sidebar_list(request)  # type: ignore[attr-defined]
    pages = {str(item["link"]) for group in menu for item in group["items"]}
    kept = {reverse("account"), reverse("second-factor"), *pages}
    return path if path in kept or _below(path, pages) else reverse("admin:index")


def _list_of(name: str) -> str:
    """The page above a row's: admin:knowledge_knowledgeentry_change → its list; the settings stay the settings."""
    if name.startswith("admin:tenants_tenant_"):
        return reverse("studio-settings")
    try:
        return reverse(f"{name.rpartition('_')[0]}_changelist")
    except NoReverseMatch:
        return reverse("admin:index")


def _below(path: str, pages: set[str]) -> bool:
    home = reverse("admin:index")
    return any(path.startswith(page) for page in pages if page != home) or path == reverse(
        "studio-settings"
    )


@studio_page("studio")
def set_mode(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Go live, back to test only, or off."""
    mode = request.POST.get("mode", "")
    if request.method == "POST" and mode in Tenant.Mode.values:
        tenant.mode = mode
        tenant.save(update_fields=["mode"])
        note(tenant, request.user, "mode", mode=mode)
        messages.success(request, _("%(studio)s is now: %(mode)s") % _named(tenant))
    return redirect("admin:index")


def _named(tenant: Tenant) -> dict[str, str]:
    return {"studio": tenant.name, "mode": tenant.get_mode_display()}
