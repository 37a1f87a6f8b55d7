"""Pages for who runs the installation: how it is, and what each studio uses."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from config import soundness, usage
from config.studios import platform_page
from tenants.pages import frame


@never_cache
@platform_page
def health(request: HttpRequest) -> HttpResponse:
    parts = soundness.parts(timezone.now())
    context = {"parts": parts, "worst": soundness.worst(parts)}
    if request.headers.get("HX-Request"):
        return render(request, "admin/health_parts.html", context)
    return frame(request, "admin/health.html", _("System health"), **context)


@never_cache
@platform_page
def used(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    month = usage.month_of(request.GET.get("month", ""), at)
    rows = usage.used(month)
    drawn = usage.chart(month, rows, at)
    context = {"month": month, "months": usage.months(at), "studios_used": rows, "chart": drawn}
    context |= {"drawn": drawn.drawn, "rows": drawn.rows, "name": "usage"}
    return frame(request, "admin/usage.html", _("Usage and cost"), **context)
