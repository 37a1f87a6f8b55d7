"""The reports app: what a studio's messages, answers and money add up to."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        from knowledge import usage
        from reports import days, entries
        from tenants import tidying

        usage.counted_by(entries.used_lately)
        tidying.counted_by(days.kept_before)
