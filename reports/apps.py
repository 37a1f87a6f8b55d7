"""The reports app: what a studio's messages, answers and money add up to."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Reports"
