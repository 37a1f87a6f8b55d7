"""WhatsApp accounts, to read; linking happens on the WhatsApp page."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from tenants.admin import ReadOnlyAdmin
from whatsapp.models import WhatsAppAccount


@admin.register(WhatsAppAccount)
class WhatsAppAccountAdmin(ReadOnlyAdmin):
    view_right = "whatsapp"
    list_display = ["state", "phone", "push_name", "connected_at"]
    list_filter = ["state"]
    search_fields = ["phone", "push_name"]
    fields = ["state", "problem", "phone", "push_name", "connected_at", "wanted"]
    empty_text = gettext_lazy("No number has been linked yet.")
