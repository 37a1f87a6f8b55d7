"""Customers, the inbox, messages and escalations in the admin. A conversation opens as a thread, not as a form."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy
from unfold.paginator import InfinitePaginator

from conversations import cases, desk_page, hands, inbox_page, views, writing
from conversations.models import Conversation, Customer, Escalation, Message, QuickReply
from tenants.access import visible
from tenants.admin import ReadOnlyAdmin, StudioModelAdmin
from tenants.phones import readable

Channel = Conversation.Channel


@admin.register(Customer)
class CustomerAdmin(StudioModelAdmin):
    view_right = change_right = "inbox"
    list_display = ["__str__", "number", "language", "created_at"]
    list_filter = ["language"]
    search_fields = ["name", "phone"]
    fields = ["name", "number", "language", "created_at"]
    readonly_fields = ["number", "created_at"]
    empty_text = gettext_lazy("Nobody has written yet.")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        chats = visible(request, Conversation.objects.within())
        staff = chats.filter(channel=Channel.STAFF, customer__isnull=False)
        rows = super().get_queryset(request)
        return rows.exclude(pk__in=staff.order_by().values("customer"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("phone"), ordering="phone")
    def number(self, customer: Customer) -> str:
        return readable(customer.phone)


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    """The inbox and its threads stand in the place of the list and its form."""

    view_right = "inbox"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.exclude(channel__in=Conversation.WITHIN)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("list/", inbox_page.listed, name="conversations_conversation_list"),
            path("settings/", desk_page.page, name="conversations_conversation_settings"),
            self._page("news", views.news),
            self._page("older", views.older),
            self._page("read", views.read),
            self._page("export", views.export),
            self._page("take-over", hands.take_over),
            self._page("hand-back", hands.hand_back),
            self._page("assign", hands.assign),
            self._page("block", hands.block),
            self._page("erase", hands.erase),
            self._page("reply", writing.reply),
            self._page("note", writing.note),
            self._of_message("send-again", writing.send_again),
            self._of_message("react", writing.react),
            self._of_message("file", views.file),
            self._of_message("load-again", views.load_again),
            self._of_message("correct", views.correct),
            *super().get_urls(),
        ]

    def _page(self, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
        return path(f"<uuid:pk>/{name}/", view, name=self._named(name))

    def _of_message(self, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
        return path(f"<uuid:pk>/{name}/<int:message>/", view, name=self._named(name))

    def _named(self, name: str) -> str:
        return f"conversations_conversation_{name.replace('-', '_')}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return inbox_page.page(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return views.page(request, object_id)


@admin.register(QuickReply)
class QuickReplyAdmin(StudioModelAdmin):
    view_right = change_right = "inbox"
    list_display = ["__str__", "indonesian", "english"]
    search_fields = ["shortcut", "text_id", "text_en"]
    fields = ["shortcut", "text_id", "text_en"]
    empty_text = gettext_lazy(
        "No quick replies yet. Add the sentences that you send every day: parking, payment, late arrival."
    )

    @admin.display(description=gettext_lazy("text in Indonesian"))
    def indonesian(self, reply: QuickReply) -> str:
        return Truncator(" ".join(reply.text_id.split())).chars(80)

    @admin.display(description=gettext_lazy("text in English"))
    def english(self, reply: QuickReply) -> str:
        return Truncator(" ".join(reply.text_en.split())).chars(80)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    view_right = "inbox"
    list_display = ["created_at", "who", "author", "short", "state"]
    list_filter = ["author", "state", "kind"]
    list_select_related = ["conversation__customer"]
    search_fields = ["text"]
    paginator = InfinitePaginator  # nobody reads how many there are, and counting them takes longer than the page
    show_full_result_count = False
    ordering = ["-created_at"]  # as its index has it
    fields = [
        "created_at",
        "who",
        "author",
        "kind",
        "text",
        "state",
        "error",
    ]
    empty_text = gettext_lazy("No messages yet.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        within = visible(request, Conversation.objects.within())
        rows = super().get_queryset(request)
        return rows.exclude(conversation__in=within.order_by().values("pk"))

    @admin.display(description=gettext_lazy("conversation"))
    def who(self, message: Message) -> str:
        address = reverse("admin:conversations_conversation_change", args=[message.conversation_id])
        return format_html('<a class="m-link" href="{}">{}</a>', address, message.conversation)

    @admin.display(description=gettext_lazy("text"))
    def short(self, message: Message) -> str:
        return str(message)


@admin.register(Escalation)
class EscalationAdmin(ReadOnlyAdmin):
    """A page of its own stands in the place of the list; one escalation is answered where the customer wrote."""

    view_right = "inbox"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.exclude(conversation__channel__in=Conversation.WITHIN)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("list/", cases.listed, name="conversations_escalation_list"),
            path("<uuid:pk>/resolve/", cases.resolve, name="conversations_escalation_resolve"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return cases.page(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        rows = (
            visible(request, Escalation.objects.all())
            if self.has_view_permission(request)
            else Escalation.objects.none()
        )
        escalation = get_object_or_404(rows, pk=object_id)
        return redirect("admin:conversations_conversation_change", escalation.conversation_id)
