"""The config app: commands and pages that span apps, and the system checks."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "MILA"
