"""The config app: commands and pages that span apps, and the system checks."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "MILA"

    def ready(self) -> None:
        from config import checks  # noqa: F401 - registers them
