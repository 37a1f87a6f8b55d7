"""The pages of an import: bring a file, say which column is what, read the report, confirm, watch it being written."""

import uuid
from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from knowledge import exporting, importing, spellings, tables
from knowledge.entries import label_of
from knowledge.models import KnowledgeCategory, KnowledgeEntry, Upload, UploadLine
from tenants import cells, deeds
from tenants.access import is_staff, visible
from tenants.models import Tenant
from tenants.pages import frame, studio_page

RIGHT = "knowledge.change"
PER_PAGE = 50
SAMPLE = 3  # lines beside the choice of columns
Verdict = UploadLine.Verdict
# In the order in which staff want to read them.
SHOWN = (Verdict.WRONG, Verdict.FAILED, Verdict.NEW, Verdict.CHANGED, Verdict.SAME, Verdict.WRITTEN)
COLOURS = {
    Verdict.WRONG: "bad",
    Verdict.FAILED: "bad",
    Verdict.NEW: "ok",
    Verdict.CHANGED: "wait",
    Verdict.WRITTEN: "ok",
}


def urls() -> list[URLPattern]:
    """Below the list of entries."""
    one = "import/<uuid:pk>/"
    return [
        path("import/", begin, name="knowledge_upload_begin"),
        path(f"{one}columns/", columns, name="knowledge_upload_columns"),
        path(f"{one}report/", report, name="knowledge_upload_report"),
        path(f"{one}confirm/", confirm, name="knowledge_upload_confirm"),
        path(f"{one}stop/", stop, name="knowledge_upload_stop"),
        path(f"{one}progress/", progress, name="knowledge_upload_progress"),
        *(
            path(f"export.{kind}", export, {"kind": kind}, name=f"knowledge_knowledgeentry_{kind}")
            for kind in ("csv", "xlsx")
        ),
        *(
            path(
                f"import/template.{kind}", template, {"kind": kind}, name=f"knowledge_upload_{kind}"
            )
            for kind in ("csv", "xlsx")
        ),
    ]


@studio_page(RIGHT)
def begin(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The first step, and the imports of the last weeks."""
    problem = ""
    if request.method == "POST":
        try:
            return redirect("admin:knowledge_upload_columns", _uploaded(request, tenant).pk)
        except ValidationError as error:
            problem = " ".join(error.messages)
    whole = Upload.objects.filter(tenant=tenant).exclude(columns=[])
    earlier = whole.select_related("made_by")[:10]
    return frame(
        request,
        "knowledge/import.html",
        _("Import knowledge"),
        problem=problem,
        earlier=earlier,
        sample=exporting.template(),
        most_mb=tables.MOST_BYTES // 2**20,
        most_lines=tables.MOST_ROWS,
    )


def _uploaded(request: HttpRequest, tenant: Tenant) -> Upload:
    file = request.FILES.get("file")
    if file is None:
        raise ValidationError(_("Choose a file first."))
    return importing.begin(
        tenant,
        by=request.user if is_staff(request.user) else None,
        name=file.name or "",
        data=file.read(tables.MOST_BYTES + 1),
        language=get_language() or "en",
        at=timezone.now(),
    )


@studio_page(RIGHT)
def columns(request: HttpRequest, tenant: Tenant, pk: uuid.UUID) -> HttpResponse:
    """Which column holds what, with the first lines beside it."""
    upload, problem = _upload(request, pk), ""
    if request.method == "POST":
        try:
            _choose(request, upload)
            return redirect("admin:knowledge_upload_report", upload.pk)
        except ValidationError as error:
            problem = " ".join(error.messages)
    return frame(
        request,
        "knowledge/import_columns.html",
        _("Which column is what?"),
        upload=upload,
        problem=problem,
        fields=_fields(upload),
        categories=category_choices(tenant),
        ignored=[name for name in upload.columns if name.casefold() in spellings.IGNORED],
    )


def _choose(request: HttpRequest, upload: Upload) -> None:
    chosen = {name: request.POST.get(f"column-{name}", "") for name in spellings.COLUMNS}
    last = len(upload.columns)
    mapping = {name: int(at) for name, at in chosen.items() if at.isdecimal() and int(at) < last}
    names = KnowledgeCategory.names(upload.tenant)
    category = request.POST.get("category", "")
    importing.choose(
        upload,
        mapping,
        category=category if category in names else "",
        as_drafts="as_drafts" in request.POST,
    )


def _fields(upload: Upload) -> list[dict[str, Any]]:
    """Each field of an entry, its column, and what the first lines say in every column."""
    lines = list(upload.lines.all()[:SAMPLE])
    columns = [
        {"at": at, "name": name or _("Column %(number)d") % {"number": at + 1}}
        for at, name in enumerate(upload.columns)
    ]
    return [
        {
            "name": name,
            "label": label_of(name),
            "needed": name in ("title", "content"),
            "at": upload.mapping.get(name, -1),
            "columns": columns,
            "sample": [
                line.cells[upload.mapping[name]].lstrip(tables.FORMULA)[:80]
                for line in lines
                if upload.mapping.get(name, -1) in range(len(line.cells))
            ],
        }
        for name in spellings.COLUMNS
    ]


@studio_page(RIGHT)
def report(request: HttpRequest, tenant: Tenant, pk: uuid.UUID) -> HttpResponse:
    """What would become of each line, or became of it; confirmed here."""
    upload = _upload(request, pk)
    if not upload.checked:
        return redirect("admin:knowledge_upload_columns", upload.pk)
    counts = upload.counts()
    shown = request.GET.get("show", "")
    if shown not in counts or not counts[shown]:
        shown = next((verdict for verdict in SHOWN if counts[verdict]), Verdict.NEW)
    lines = upload.lines.filter(verdict=shown).order_by("number")
    page = Paginator(lines, PER_PAGE).get_page(request.GET.get("page"))
    return frame(
        request,
        "knowledge/import_report.html",
        _("Import: %(name)s") % {"name": upload.file_name},
        upload=upload,
        tabs=[_tab(verdict, counts[verdict], shown) for verdict in SHOWN if counts[verdict]],
        shown=shown,
        lines=[_told(line) for line in page],
        page_of_lines=page,
        wrong=counts[Verdict.WRONG],
        ready=counts[Verdict.NEW] + counts[Verdict.CHANGED],
        **_progress(upload),
    )


def _tab(verdict: str, number: int, shown: str) -> dict[str, Any]:
    label = Verdict(verdict).label
    return {"verdict": verdict, "label": label, "number": number, "here": verdict == shown}


def _told(line: UploadLine) -> dict[str, Any]:
    """The line with its sentences, and old and new text of each field that changes."""
    changes = [
        {
            "label": label_of(name),
            "old": old[:400],
            "new": line.values.get(name, "")[:400],
        }
        for name, old in line.before.items()
    ]
    text = line.values.get("content", "")
    return {
        "row": line,
        "changes": changes if line.verdict in (Verdict.CHANGED, Verdict.WRITTEN) else [],
        "text": text[:160],
        "raw": " · ".join(cell.lstrip(tables.FORMULA) for cell in line.cells if cell)[:200],
        "colour": COLOURS.get(Verdict(line.verdict), ""),
    }


@studio_page(RIGHT)
@require_POST
def confirm(request: HttpRequest, tenant: Tenant, pk: uuid.UUID) -> HttpResponse:
    upload = _upload(request, pk)
    try:
        importing.confirm(upload, only_good="only_good" in request.POST, at=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("admin:knowledge_upload_report", upload.pk)


@studio_page(RIGHT)
@require_POST
def stop(request: HttpRequest, tenant: Tenant, pk: uuid.UUID) -> HttpResponse:
    upload = _upload(request, pk)
    if importing.stop(upload, timezone.now()):
        messages.warning(request, _("Stopped. The entries that are written stay."))
    return redirect("admin:knowledge_upload_report", upload.pk)


@studio_page(RIGHT)
@require_GET
def progress(request: HttpRequest, tenant: Tenant, pk: uuid.UUID) -> HttpResponse:
    """How far it is; nothing when that is what the page shows already."""
    upload = _upload(request, pk)
    now = _progress(upload)
    if now["sign"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    if upload.state != Upload.State.RUNNING and request.GET.get("state") == Upload.State.RUNNING:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    context = {**now, "upload": upload}
    return HttpResponse(render_to_string("knowledge/import_progress.html", context, request))


def _progress(upload: Upload) -> dict[str, Any]:
    counts = upload.counts()
    written, failed = counts[Verdict.WRITTEN], counts[Verdict.FAILED]
    left = counts[Verdict.NEW] + counts[Verdict.CHANGED]
    entries = KnowledgeEntry.objects.filter(tenant=upload.tenant, pk__in=upload.lines.filter(verdict=Verdict.WRITTEN).values("entry"))  # fmt: skip
    indexed = entries.filter(index_state=KnowledgeEntry.IndexState.INDEXED).count()
    whole = written + failed + left
    return {
        "written": written,
        "failed": failed,
        "whole": whole,
        "indexed": indexed,
        "percent": 100 * (written + failed) // whole if whole else 100,
        "review": entries.waiting().count(),
        "working": upload.state == Upload.State.RUNNING or indexed < written,
        "sign": f"{upload.state}-{written}-{failed}-{indexed}",
    }


@studio_page(RIGHT)
@require_GET
def template(request: HttpRequest, tenant: Tenant, kind: str) -> HttpResponse:
    """An empty file with two examples, in the language of the page."""
    return download(exporting.template(), kind, f"mila-{_('knowledge')}")


@studio_page("knowledge")
@require_POST
def export(request: HttpRequest, tenant: Tenant, kind: str) -> HttpResponse:
    """All entries of the studio, as a file that can be changed and imported again. A POST, as it is noted down."""
    rows = KnowledgeEntry.objects.filter(tenant=tenant).defer("embedding")
    return exported(request, rows.order_by("category", "title", "pk"), kind, tenant.slug)


def exported(request: HttpRequest, rows: QuerySet[Any], kind: str, name: str) -> HttpResponse:
    """The file, and a line in the change log of each studio whose entries are in it."""
    assert is_staff(request.user)  # the site let them in
    entries = list(rows.select_related("tenant"))
    for tenant, number in Counter(entry.tenant for entry in entries).items():
        deeds.note(tenant, request.user, "exported_knowledge", number=str(number))
    return download(exporting.table(entries), kind, name)


def download(rows: list[list[str]], kind: str, name: str) -> HttpResponse:
    if kind == "xlsx":
        response = HttpResponse(exporting.as_xlsx(rows), content_type=exporting.XLSX)
    else:
        made = exporting.as_csv(rows, cells.separator())
        response = HttpResponse(made, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def category_choices(tenant: Tenant) -> list[tuple[str, str]]:
    labels = dict(KnowledgeCategory.Builtin.choices)
    return [(name, str(labels.get(name, name))) for name in KnowledgeCategory.names(tenant)]


def _upload(request: HttpRequest, pk: uuid.UUID) -> Upload:
    rows = visible(request, Upload.objects.select_related("tenant"))
    return get_object_or_404(rows, pk=pk)
