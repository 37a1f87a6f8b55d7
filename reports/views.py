"""The Reports page, its tables as csv, and the steps in which its days are counted."""

import logging
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import madeup
from reports import days
from reports.charts import CHARTS, Chart
from reports.figures import (
    ENOUGH,
    RANGES,
    Report,
    first_day,
    percent,
    report,
    said_so_far,
)
from reports.money import currency_of, money
from tenants.cells import row
from tenants.models import Tenant
from tenants.numbers import duration
from tenants.pages import frame, studio_page

RIGHT = "reports"
log = logging.getLogger(__name__)


@studio_page(RIGHT)
def page(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    at, length = timezone.now(), _length(request)
    so_far = said_so_far(tenant)
    context: dict[str, Any] = {"tenant": tenant, "length": length, "ranges": RANGES}
    context |= {"so_far": so_far, "enough": ENOUGH, "empty": so_far < ENOUGH}
    if so_far >= ENOUGH:
        shown = report(tenant, length, at)
        context |= {"report": shown, "charts": charts(shown), "figures": figures(shown)}
        context["made_up"] = madeup.shown(tenant)
        context["progress"] = days.progress(tenant, shown.first, at)
    return frame(request, "reports/page.html", _("Reports"), **context)


@studio_page(RIGHT)
def count(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """One bounded step of counting; the page asks for the next one, and shows itself anew when all is there."""
    at, length = timezone.now(), _length(request)
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    first = first_day(tenant, length, at)
    before = days.progress(tenant, first, at)
    after = days.catch_up(tenant, first, at)
    if after.missing or after.anew:
        return render(request, "reports/progress.html", {"progress": after, "length": length})
    done = {"HX-Refresh": "true"} if before.missing else {}
    return HttpResponse("", headers=done)


@studio_page(RIGHT)
def table(request: HttpRequest, tenant: Tenant, key: str) -> HttpResponse:
    """One chart's numbers for a spreadsheet."""
    if key not in CHARTS:
        raise Http404
    length = _length(request)
    chart = CHARTS[key][1](report(tenant, length, timezone.now()))
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="mila-{key}-{length}d.csv"'
    response.write("\ufeff")  # by which Excel sees that it is UTF-8
    response.writelines(row(line) for line in cells(chart))
    return response


def cells(chart: Chart) -> list[list[Any]]:
    head = [chart.column, *(_unit(one.name, chart.unit) for one in chart.series)]
    columns = [one.values for one in chart.series]
    return [head, *map(list, zip(chart.names or chart.labels, *columns, strict=True))]


def _unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _length(request: HttpRequest) -> int:
    """The days that were asked for; anything else is a month."""
    asked = request.GET.get("days") or request.POST.get("days") or ""
    return int(asked) if asked in {str(length) for length in RANGES} else 30


def charts(shown: Report) -> list[dict[str, Any]]:
    """Each by itself: one that fails says so, and the others stand."""
    return [
        {"key": key, "title": title, **_made(make, shown)} for key, (title, make) in CHARTS.items()
    ]


def _made(make: Callable[[Report], Chart], shown: Report) -> dict[str, Any]:
    try:
        chart = make(shown)
        return {
            "chart": chart,
            "drawn": chart.drawn,
            "rows": chart.rows if chart.kind != "heat" else [],
        }
    except Exception:
        log.exception("a chart could not be made")
        return {"chart": None}


def figures(shown: Report) -> list[dict[str, str]]:
    """The numbers on top."""
    total, currency = shown.total, currency_of(shown.tenant)
    times = total.replies["assistant"]
    reactions = _("of %(n)s reactions") % {"n": total.good + total.bad}
    return [
        _figure(_("Conversations"), str(total.begun), _("until a customer is silent for 24 hours")),
        _figure(
            _("Resolved without staff"),
            percent(total.alone, total.begun),
            _("%(alone)s of %(total)s conversations")
            % {"alone": total.alone, "total": total.begun},
        ),
        _figure(
            _("Reply time"),
            duration(times.share(0.5)),
            _("median of the assistant; p95 %(p95)s") % {"p95": duration(times.share(0.95))},
        ),
        _figure(
            _("Covered by the knowledge"),
            percent(total.sourced, total.answers),
            _("of %(n)s answers") % {"n": total.answers},
        ),
        _figure(_("Satisfaction"), percent(total.good, total.good + total.bad), reactions),
        _figure(
            _("Cost"),
            money(total.cost + total.other_cost, currency),
            _("%(each)s per answer")
            % {"each": money(total.cost // total.answers, currency) if total.answers else "—"},
        ),
    ]


def _figure(name: str, value: str, counts: str) -> dict[str, str]:
    return {"name": name, "value": value, "counts": counts}
