"""Customers, the inbox, messages and escalations in the admin. A conversation opens as a thread, not as a form."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations import escalations, views
from conversations.models import Conversation, Customer, Escalation, Message
from conversations.templatetags.bubbles import age
from tenants.access import visible
from tenants.admin import ReadOnlyAdmin, StudioModelAdmin, pill
from tenants.phones import readable

Channel = Conversation.Channel
Handler, Urgency = Conversation.Handler, Escalation.Urgency


@admin.register(Customer)
class CustomerAdmin(StudioModelAdmin):
    view_right = change_right = "inbox"
    list_display = ["__str__", "number", "language", "created_at"]
    list_filter = ["language"]
    search_fields = ["name", "phone"]
    fields = ["name", "number", "language", "created_at"]
    readonly_fields = ["number", "created_at"]
    empty_text = gettext_lazy("Nobody has written yet.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        staff = Conversation.objects.filter(customer=OuterRef("pk"), channel=Channel.STAFF)
        return super().get_queryset(request).exclude(Exists(staff))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("phone"), ordering="phone")
    def number(self, customer: Customer) -> str:
        return readable(customer.phone)


class WaitingFilter(admin.SimpleListFilter):
    title = gettext_lazy("who answers")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Needs a person")), ("mine", _("Mine")), ("assistant", _("Assistant"))]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        filters: dict[str | None, dict[str, Any]] = {
            "yes": {"handled_by": Handler.STAFF},
            "mine": {"handler": request.user},
            "assistant": {"handled_by": Handler.ASSISTANT},
        }
        return rows.filter(**filters.get(self.value(), {}))


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    view_right = "inbox"
    list_display = ["who", "last_line", "handled", "when"]
    list_filter = [WaitingFilter]
    list_select_related = ["customer"]
    search_fields = ["customer__name", "customer__phone"]
    empty_text = gettext_lazy(
        "No conversations yet. Link WhatsApp, or try the assistant in the Playground."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        newest = Message.objects.filter(conversation=OuterRef("pk")).order_by("-pk")
        rows = super().get_queryset(request).exclude(channel__in=Conversation.WITHIN)
        return rows.annotate(last_text=Subquery(newest.values("text")[:1]))  # type: ignore[no-any-return]

    def get_urls(self) -> list[URLPattern]:
        return [
            self._page("news", views.news),
            self._page("older", views.older),
            self._page("read", views.read),
            self._page("take-over", views.take_over),
            self._page("hand-back", views.hand_back),
            self._page("reply", views.reply),
            self._page("export", views.export),
            path(
                "<uuid:pk>/send-again/<int:message>/",
                views.send_again,
                name="conversations_conversation_send_again",
            ),
            path(
                "<uuid:pk>/react/<int:message>/",
                views.react,
                name="conversations_conversation_react",
            ),
            path(
                "<uuid:pk>/file/<int:message>/",
                views.file,
                name="conversations_conversation_file",
            ),
            path(
                "<uuid:pk>/load-again/<int:message>/",
                views.load_again,
                name="conversations_conversation_load_again",
            ),
            *super().get_urls(),
        ]

    def _page(self, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
        return path(
            f"<uuid:pk>/{name}/", view, name=f"conversations_conversation_{name.replace('-', '_')}"
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return views.thread(request, object_id)

    @admin.display(description=gettext_lazy("customer"), ordering="customer__name")
    def who(self, conversation: Conversation) -> str:
        if not conversation.unread:
            return str(conversation)
        return format_html(
            '{} <span class="m-pill wait">{}</span>', conversation, conversation.unread
        )

    @admin.display(description=gettext_lazy("last message"))
    def last_line(self, conversation: Any) -> str:
        text = " ".join((conversation.last_text or "").split())
        return text if len(text) <= 70 else f"{text[:69]}…"

    @pill(
        gettext_lazy("handled by"),
        {Handler.STAFF: "warning", Handler.ASSISTANT: "success"},
        ordering="handled_by",
    )
    def handled(self, conversation: Conversation) -> tuple[str, str]:
        return conversation.handled_by, conversation.get_handled_by_display()

    @admin.display(description=gettext_lazy("time"), ordering="last_message_at")
    def when(self, conversation: Conversation) -> str:
        return age(conversation.last_message_at)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    view_right = "inbox"
    list_display = ["created_at", "who", "author", "short", "state"]
    list_filter = ["author", "state", "kind"]
    list_select_related = ["conversation__customer"]
    search_fields = ["text"]
    show_full_result_count = False
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
        rows = super().get_queryset(request)
        return rows.exclude(conversation__channel__in=Conversation.WITHIN)

    @admin.display(description=gettext_lazy("conversation"))
    def who(self, message: Message) -> str:
        address = reverse("admin:conversations_conversation_change", args=[message.conversation_id])
        return format_html('<a class="m-link" href="{}">{}</a>', address, message.conversation)

    @admin.display(description=gettext_lazy("text"))
    def short(self, message: Message) -> str:
        return str(message)


@admin.register(Escalation)
class EscalationAdmin(ReadOnlyAdmin):
    view_right = "inbox"
    list_display = ["who", "reason", "shown_urgency", "shown_state", "since"]
    list_filter = ["state", "urgency", "category"]
    list_select_related = ["conversation__customer"]
    search_fields = ["summary", "conversation__customer__name", "conversation__customer__phone"]
    ordering = views.URGENT_FIRST
    actions = ["resolve"]
    empty_text = gettext_lazy("Nobody is waiting.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.exclude(conversation__channel__in=Conversation.WITHIN)

    def get_urls(self) -> list[URLPattern]:
        address = "conversations_escalation_resolve"
        return [path("<uuid:pk>/resolve/", views.resolve, name=address), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """An escalation is answered where the customer wrote."""
        rows = (
            visible(request, Escalation.objects.all())
            if self.has_view_permission(request)
            else None
        )
        escalation = get_object_or_404(
            rows if rows is not None else Escalation.objects.none(), pk=object_id
        )
        return redirect("admin:conversations_conversation_change", escalation.conversation_id)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(description=gettext_lazy("Resolve"), permissions=["resolve"])
    def resolve(self, request: HttpRequest, rows: QuerySet[Escalation]) -> None:
        at, by = timezone.now(), request.user
        done = sum(escalations.resolve(row, by, "", at) for row in rows.order_by("created_at"))  # type: ignore[arg-type]
        messages.success(request, _("Resolved: %(number)s") % {"number": done})

    @admin.display(description=gettext_lazy("customer"))
    def who(self, escalation: Escalation) -> str:
        return str(escalation.conversation)

    @admin.display(description=gettext_lazy("reason"), ordering="category")
    def reason(self, escalation: Escalation) -> str:
        summary = escalation.summary[:80]
        return (
            f"{escalation.get_category_display()}: {summary}"
            if summary
            else escalation.get_category_display()
        )

    @pill(
        gettext_lazy("urgency"),
        {Urgency.URGENT: "danger", Urgency.NORMAL: "warning", Urgency.LOW: "info"},
    )
    def shown_urgency(self, escalation: Escalation) -> tuple[str, str]:
        return escalation.urgency, escalation.get_urgency_display()

    @pill(
        gettext_lazy("status"),
        {Escalation.State.OPEN: "warning", Escalation.State.RESOLVED: "success"},
    )
    def shown_state(self, escalation: Escalation) -> tuple[str, str]:
        return escalation.state, escalation.get_state_display()

    @admin.display(description=gettext_lazy("since"), ordering="created_at")
    def since(self, escalation: Escalation) -> str:
        return age(escalation.created_at)
