"""Where each address leads."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

import agent.views
import tenants.views
import whatsapp.views
from config.api import api
from config.health import healthz, readyz

# Our own pages stand before the site's lists, whose addresses they resemble.
pages = [
    path("studio/choose/", tenants.views.choose, name="choose-studio"),
    path("studio/mode/", tenants.views.set_mode, name="studio-mode"),
    path("studio/settings/", tenants.views.settings, name="studio-settings"),
    path("playground/", agent.views.playground, name="playground"),
    path("playground/answers/", agent.views.fragment, name="playground-answers"),
    path("playground/clear/", agent.views.clear, name="playground-clear"),
    path("playground/why/<uuid:pk>/", agent.views.why, name="why"),
    path("whatsapp/", whatsapp.views.page, name="whatsapp"),
    path("whatsapp/card/", whatsapp.views.fragment, name="whatsapp-card"),
    path("whatsapp/pair/", whatsapp.views.pair, name="whatsapp-pair"),
    path("whatsapp/unlink/", whatsapp.views.unlink, name="whatsapp-unlink"),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include(pages)),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", healthz),
    path("readyz", readyz),
]
