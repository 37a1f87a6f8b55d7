"""Every run of the assistant, to read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from agent.models import Turn
from conversations.templatetags.bubbles import seconds
from tenants.admin import ReadOnlyAdmin


@admin.register(Turn)
class TurnAdmin(ReadOnlyAdmin):
    view_right = "reports"
    list_display = ["created_at", "outcome", "purpose", "model", "tokens", "cost", "took"]
    list_filter = ["outcome", "purpose"]
    search_fields = ["error", "model"]
    exclude = [
        "conversation",
        "reply",
    ]  # the words of customers are in the inbox, for whom it is theirs
    empty_text = gettext_lazy("The assistant has answered nothing yet. Ask it in the Playground.")

    @admin.display(description=gettext_lazy("tokens"))
    def tokens(self, turn: Turn) -> str:
        read = turn.input_tokens + turn.cache_read_tokens + turn.cache_write_tokens
        return f"{read} + {turn.output_tokens}"

    @admin.display(description=gettext_lazy("time taken"), ordering="milliseconds")
    def took(self, turn: Turn) -> str:
        return seconds(turn.milliseconds)
