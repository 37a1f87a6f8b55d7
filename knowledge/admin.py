"""Knowledge in the admin: what may be said, whether it is indexed, and how it looks."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import date, filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from knowledge import changes, importpages, review, sync, usage, views
from knowledge.contradictions import contradictions
from knowledge.entries import store
from knowledge.forms import EntryForm
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tenants.access import chosen_studio, is_staff
from tenants.admin import StudioModelAdmin, pill

Status, IndexState = KnowledgeEntry.Status, KnowledgeEntry.IndexState
OLD_DAYS = 180
ACTIVATE = "_activate"  # the button of a draft's page
GAP, TEMPLATE = "…", "template"  # of the drafts that the setup guide makes


class CategoryFilter(admin.SimpleListFilter):
    """Only categories of rows that the person may see."""

    title = gettext_lazy("category")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = model_admin.get_queryset(request).order_by("category")
        names = dict(KnowledgeCategory.Builtin.choices)
        found = rows.values_list("category", flat=True).distinct()
        return [(name, str(names.get(name, name))) for name in found]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(category=self.value()) if self.value() else rows


class AgeFilter(admin.SimpleListFilter):
    """What nobody has looked at for half a year is perhaps no longer so."""

    title = gettext_lazy("last change")
    parameter_name = "older"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(OLD_DAYS), _("Not changed in %(days)d days") % {"days": OLD_DAYS})]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != str(OLD_DAYS):
            return rows
        return rows.filter(updated_at__lt=timezone.now() - dt.timedelta(days=OLD_DAYS))


@admin.register(KnowledgeEntry)
class KnowledgeEntryAdmin(StudioModelAdmin):
    form = EntryForm
    view_right = "knowledge"
    change_right = "knowledge.change"
    list_display = ["title", "shown_category", "shown_status", "index", "uses", "changed"]
    list_filter = [CategoryFilter, "status", "needs_review", "index_state", "language", AgeFilter]
    list_before_template = "knowledge/list_top.html"
    search_fields = ["title", "keywords", "content"]
    readonly_fields = ["file_now", "index_now", "updated_at"]
    actions = ["activate", "archive", "index_again", "export_xlsx", "export_csv"]
    change_form_before_template = "knowledge/form_top.html"
    change_form_outer_before_template = "knowledge/review.html"
    change_form_outer_after_template = "knowledge/beside.html"
    empty_text = gettext_lazy(
        "The assistant knows nothing yet. Write one entry per subject: prices, schedule, address, rules."
    )

    class Media:
        css = {"all": ["mila/knowledge.css"]}
        js = ["mila/knowledge.js"]

    fieldsets = [
        (
            None,
            {
                "fields": [
                    "title",
                    "category",
                    "language",
                    "content",
                    "keywords",
                    "file_now",
                    "new_file",
                    "remove_file",
                ]
            },
        ),
        (
            gettext_lazy("When it is used"),
            {
                "fields": [
                    "status",
                    "valid_from",
                    "valid_until",
                    "external_id",
                    "index_now",
                    "updated_at",
                ]
            },
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        name = "knowledge_knowledgeentry"
        own = [
            path("preview/", views.preview, name=f"{name}_preview"),
            path("try/", views.try_it, name=f"{name}_try"),
            path("index-failed/", views.index_failed, name=f"{name}_index_failed"),
            path("<uuid:pk>/index/", views.index_again, name=f"{name}_index"),
            path("<uuid:pk>/revert/<int:version>/", views.revert, name=f"{name}_revert"),
            path("<path:object_id>/history/", views.history, name=f"{name}_history"),
            path("<uuid:pk>/approve/", views.approve, name=f"{name}_approve"),
            path("<uuid:pk>/file/", views.file, name=f"{name}_file"),
            *importpages.urls(),
        ]
        return [*own, *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without what an entry that has no file, or a person who only reads, has no use for."""
        idle = set() if obj and obj.file else {"file_now", "remove_file"}
        if not self.has_change_permission(request, obj):
            idle |= {"new_file", "remove_file"}
        return [
            (name, {**options, "fields": [f for f in options["fields"] if f not in idle]})
            for name, options in super().get_fieldsets(request, obj)
        ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changes.by(obj, request.user if is_staff(request.user) else None)
        if ACTIVATE in request.POST and obj.status == Status.DRAFT:
            _activate(request, obj)
        if not change:
            super().save_model(request, obj, form, change)
        elif chosen_studio(request) in (None, obj.tenant):
            store(obj)
        else:
            raise PermissionDenied
        form.keep_file()
        if obj.needs_review:
            told = _("Saved, but customers are not told of it before somebody approves it:")
            messages.warning(request, " ".join([told, *review.reasons(obj)]))
        _warn(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """A draft with gaps stays open: who wanted it active fills them in."""
        if ACTIVATE in request.POST and obj.status == Status.DRAFT:
            return redirect("admin:knowledge_knowledgeentry_change", obj.pk)
        response: HttpResponse = super().response_change(request, obj)
        return response

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "category" in form.base_fields:
            form.base_fields["category"] = _category_field(chosen_studio(request), obj)
        return form

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With who changed each entry last, in the same query; without what no page shows."""
        versions = KnowledgeEntry.history.filter(id=OuterRef("pk"))
        newest = versions.order_by("-history_date", "-history_id")
        name = Coalesce(
            NullIf("history_user__first_name", Value("")),
            "history_user__username",
            output_field=CharField(),
        )
        author = Subquery(newest.annotate(author=name).values("author")[:1])
        rows: QuerySet[Any] = super().get_queryset(request)
        told: QuerySet[Any] = rows.annotate(changed_by=author)
        return told.defer("embedding")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The entries of this page know how often they were used; nothing is kept on the admin, which all threads share."""
        page = super().get_changelist_instance(request)
        if studio := chosen_studio(request):
            usage.note(page.result_list, studio, timezone.now())
        return page

    @admin.display(description=gettext_lazy("used in answers (30 days)"))
    def uses(self, entry: Any) -> int | str:
        return getattr(entry, "used", "—")

    @admin.display(description=gettext_lazy("changed"), ordering="updated_at")
    def changed(self, entry: Any) -> str:
        at = date(timezone.localtime(entry.updated_at), "SHORT_DATE_FORMAT")
        return f"{at} · {entry.changed_by}" if entry.changed_by else at

    @admin.display(description=gettext_lazy("category"), ordering="category")
    def shown_category(self, entry: KnowledgeEntry) -> str:
        name = dict(KnowledgeCategory.Builtin.choices).get(entry.category, entry.category)
        return f"{name} · {entry.get_language_display()}"

    @pill(
        gettext_lazy("status"),
        {
            Status.ACTIVE: "success",
            Status.DRAFT: "info",
            Status.ARCHIVED: "warning",
            "review": "danger",
        },
        ordering="status",
    )
    def shown_status(self, entry: KnowledgeEntry) -> tuple[str, str]:
        if entry.needs_review and entry.status != Status.ARCHIVED:
            return "review", _("Needs review")
        return entry.status, entry.get_status_display()

    @pill(
        gettext_lazy("index"),
        {
            IndexState.INDEXED: "success",
            IndexState.WAITING: "info",
            IndexState.FAILED: "danger",
            "unused": "default",
        },
        ordering="index_state",
    )
    def index(self, entry: KnowledgeEntry) -> tuple[str, str]:
        if entry.needs_review:
            return IndexState.WAITING, _("Not before its review")
        if told := _not_searched(entry):
            return "unused", told
        return entry.index_state, entry.get_index_state_display()

    @admin.display(description=gettext_lazy("file"))
    def file_now(self, entry: KnowledgeEntry) -> str:
        if entry.file is None:
            return "—"
        address = reverse("admin:knowledge_knowledgeentry_file", args=[entry.pk])
        size = filesizeformat(entry.file.size)
        return format_html(
            '<a class="m-link" href="{}" download>{}</a> · {}', address, entry.file.name, size
        )

    @admin.display(description=gettext_lazy("index"))
    def index_now(self, entry: KnowledgeEntry) -> str:
        """State and last error together: what staff need when an answer does not use the entry."""
        if entry._state.adding:
            return _("Indexed right after saving.")
        if entry.needs_review:
            return _("Not before its review")
        if not entry.index_error:
            return _not_searched(entry) or entry.get_index_state_display()
        return format_html("{}: {}", entry.get_index_state_display(), entry.index_error[:300])

    @admin.action(description=gettext_lazy("Activate"), permissions=["change"])
    def activate(self, request: HttpRequest, rows: QuerySet[KnowledgeEntry]) -> None:
        _set_status(request, rows, Status.ACTIVE)

    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, rows: QuerySet[KnowledgeEntry]) -> None:
        _set_status(request, rows, Status.ARCHIVED)

    @admin.action(description=gettext_lazy("Index again"), permissions=["change"])
    def index_again(self, request: HttpRequest, rows: QuerySet[KnowledgeEntry]) -> None:
        number = sync.again(rows)
        messages.success(request, _("Being indexed again: %(number)s") % {"number": number})

    @admin.action(description=gettext_lazy("Export for Excel (xlsx)"), permissions=["view"])
    def export_xlsx(self, request: HttpRequest, rows: QuerySet[KnowledgeEntry]) -> HttpResponse:
        return importpages.exported(request, rows, "xlsx", "mila")

    @admin.action(description=gettext_lazy("Export as csv"), permissions=["view"])
    def export_csv(self, request: HttpRequest, rows: QuerySet[KnowledgeEntry]) -> HttpResponse:
        return importpages.exported(request, rows, "csv", "mila")


def _activate(request: HttpRequest, entry: KnowledgeEntry) -> None:
    """Customers would read the gaps of a template as they stand."""
    if GAP in entry.content and (entry.external_id or "").startswith(TEMPLATE):
        told = _("Saved, and still a draft. Gaps marked “…” that are left: %(number)s.")
        messages.warning(request, told % {"number": entry.content.count(GAP)})
    else:
        entry.status = Status.ACTIVE


def _not_searched(entry: KnowledgeEntry) -> str:
    """Whether a draft or something old is indexed is nobody's concern."""
    if entry.index_state == IndexState.FAILED or entry.status == Status.ACTIVE:
        return ""
    return _("Not used yet") if entry.status == Status.DRAFT else _("Not used")


def _warn(request: HttpRequest, entry: KnowledgeEntry) -> None:
    """Say where another entry tells customers something else; it is saved all the same."""
    for one in contradictions(entry):
        messages.warning(
            request,
            format_html(
                '{} <a class="m-link" href="{}">{}</a>: “{}” / “{}”',
                _("Another entry says something else. Customers may be told either:"),
                reverse("admin:knowledge_knowledgeentry_change", args=[one.other.pk]),
                one.other.title,
                one.ours,
                one.theirs,
            ),
        )


def _set_status(request: HttpRequest, rows: QuerySet[KnowledgeEntry], status: str) -> None:
    """One save each: a bulk update sends no signal, and the index would go on serving archived entries."""
    changed = list(rows.exclude(status=status))
    for entry in changed:
        changes.by(entry, request.user if is_staff(request.user) else None)
        entry.status = status
        entry.save(update_fields=["status", "updated_at"])
    messages.success(request, _("Changed: %(number)s") % {"number": len(changed)})


def _category_field(studio: Any, entry: KnowledgeEntry | None) -> forms.ChoiceField:
    """The five, the studio's own, and whatever the entry has already."""
    tenant = studio or (entry.tenant if entry else None)
    labels = dict(KnowledgeCategory.Builtin.choices)
    names = KnowledgeCategory.names(tenant) if tenant else list(labels)
    if entry and entry.category not in names:
        names.append(entry.category)
    choices = [(name, labels.get(name, name)) for name in names]
    return forms.ChoiceField(
        label=capfirst(_("category")), choices=choices, widget=UnfoldAdminSelectWidget
    )


@admin.register(KnowledgeCategory)
class KnowledgeCategoryAdmin(StudioModelAdmin):
    view_right = "knowledge"
    change_right = "knowledge.change"
    list_display = ["name"]
    search_fields = ["name"]
    empty_text = gettext_lazy("Only the five categories that every studio has.")
