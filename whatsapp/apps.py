"""WhatsApp accounts: the supervisor, one line per account, pairing, sending."""

from django.apps import AppConfig


class WhatsAppConfig(AppConfig):
    name = "whatsapp"
    verbose_name = "WhatsApp"
