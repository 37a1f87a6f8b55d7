"""Puts our site in the place of Django's. Apart from config/apps.py, where it would become a second default."""

from django.contrib.admin.apps import AdminConfig


class MilaAdminConfig(AdminConfig):
    default = False
    default_site = "config.site.MilaSite"
