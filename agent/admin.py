"""Every run of the assistant, to read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from agent.models import Turn
from agent.views import trace
from conversations.templatetags.bubbles import seconds
from tenants.admin import ReadOnlyAdmin


@admin.register(Turn)
class TurnAdmin(ReadOnlyAdmin):
    view_right = "reports"
    list_display = ["created_at", "outcome", "purpose", "model", "tokens", "cost", "took"]
    list_filter = ["outcome", "purpose"]
    search_fields = ["error", "model"]
    # The words of customers are in the inbox, for whom it is theirs.
    fields = ["created_at", "outcome", "purpose", "language", "came_about"]
    readonly_fields = ["came_about"]
    empty_text = gettext_lazy("The assistant has answered nothing yet. Ask it in the Playground.")

    @admin.display(description=gettext_lazy("tokens"))
    def tokens(self, turn: Turn) -> str:
        read = turn.input_tokens + turn.cache_read_tokens + turn.cache_write_tokens
        return f"{read} + {turn.output_tokens}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("reply")

    @admin.display(description=gettext_lazy("how it came about"))
    def came_about(self, turn: Turn) -> SafeString:
        """The same lines as under an answer."""
        html = render_to_string("agent/playground_why.html", trace(turn))
        return format_html('<div class="m-why">{}</div>', html)

    @admin.display(description=gettext_lazy("time taken"), ordering="milliseconds")
    def took(self, turn: Turn) -> str:
        return seconds(turn.milliseconds)
