"""Where each address leads."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

import agent.exam_page
import agent.gap_page
import agent.views
import config.badges
import config.dashboard
import config.guide.pages
import config.platformpages
import config.reached
import config.studios
import config.welcome
import notices.news
import notices.pages
import reports.views
import tenants.account
import tenants.entering
import tenants.forgotten
import tenants.joining
import tenants.settingpages
import tenants.team
import tenants.views
import whatsapp.views
from config.api import api
from config.health import healthz, readyz


def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it where a page has not told its icon yet."""
    return redirect(static("mila/icon.svg"))


# Our own pages stand before the site's lists, whose addresses they resemble.
pages = [
    path("home/count/", config.dashboard.count, name="home-count"),
    path("home/made-up/", config.dashboard.forget_made_up, name="home-made-up"),
    path("home/<slug:name>/", config.dashboard.fragment, name="home-card"),
    path("badges/", config.badges.badges, name="badges"),
    path("studio/choose/", tenants.views.choose, name="choose-studio"),
    path("studio/mode/", tenants.views.set_mode, name="studio-mode"),
    path("studio/settings/", tenants.settingpages.settings, name="studio-settings"),
    path(
        "studio/settings/<slug:part>/",
        tenants.settingpages.settings,
        name="studio-settings-part",
    ),
    path("guide/", config.guide.pages.guide, name="guide"),
    path("guide/hide/", config.guide.pages.hide, name="guide-hide"),
    path("guide/drafts/", config.guide.pages.start_from_drafts, name="guide-drafts"),
    path("code/", tenants.entering.code, name="login-code"),
    path("account/", tenants.account.account, name="account"),
    path("account/person/", tenants.account.save_person, name="account-person"),
    path("account/mail/", tenants.account.save_mail, name="account-mail"),
    path("account/password/", tenants.account.password, name="account-password"),
    path("account/second-factor/", tenants.account.factor, name="second-factor"),
    path(
        "account/second-factor/change/", tenants.account.change_factor, name="second-factor-change"
    ),
    path("account/sessions/", tenants.account.end_sessions, name="account-sessions"),
    path("password_change/", RedirectView.as_view(pattern_name="account")),
    path("platform/", config.studios.studios, name="platform"),
    path("platform/health/", config.platformpages.health, name="platform-health"),
    path("platform/usage/", config.platformpages.used, name="platform-usage"),
    path("platform/new/", config.studios.create, name="platform-create"),
    path("platform/welcome/", config.welcome.put_away, name="platform-welcome"),
    path("platform/<uuid:pk>/", config.studios.suspend, name="tenants_tenant_suspend"),
    path("team/", tenants.team.team, name="team"),
    path("team/invite/", tenants.team.invite, name="team-invite"),
    path("team/invitation/<uuid:pk>/", tenants.team.revoke, name="tenants_invitation_revoke"),
    path("team/<uuid:pk>/role/", tenants.team.role, name="tenants_membership_role"),
    path("team/<uuid:pk>/remove/", tenants.team.remove, name="tenants_membership_remove"),
    path("team/<uuid:pk>/unlock/", tenants.team.unlock, name="tenants_membership_unlock"),
    path(
        "team/<uuid:pk>/second-factor/",
        tenants.team.reset_factor,
        name="tenants_membership_reset_factor",
    ),
    path(
        "team/<uuid:pk>/password/",
        tenants.team.password_link,
        name="tenants_membership_password_link",
    ),
    path("playground/", agent.views.playground, name="playground"),
    path("playground/answers/", agent.views.fragment, name="playground-answers"),
    path("playground/clear/", agent.views.clear, name="playground-clear"),
    path("playground/why/<uuid:pk>/", agent.views.why, name="why"),
    path("exam/", agent.exam_page.page, name="exam"),
    path("exam/results/", agent.exam_page.results, name="exam-results"),
    path("exam/stop/", agent.exam_page.stop, name="exam-stop"),
    path("unanswered/", agent.gap_page.page, name="gaps"),
    path("unanswered/list/", agent.gap_page.listed, name="gaps-list"),
    path("unanswered/<uuid:pk>/", agent.gap_page.act, name="agent_gap_act"),
    path("unanswered/<uuid:pk>/entries/", agent.gap_page.choices, name="agent_gap_choices"),
    path("reports/", reports.views.page, name="reports"),
    path("reports/count/", reports.views.count, name="reports-count"),
    path("reports/<slug:key>.csv", reports.views.table, name="reports-table"),
    path("whatsapp/", whatsapp.views.page, name="whatsapp"),
    path("whatsapp/card/", whatsapp.views.fragment, name="whatsapp-card"),
    path("whatsapp/pair/", whatsapp.views.pair, name="whatsapp-pair"),
    path("whatsapp/unlink/", whatsapp.views.unlink, name="whatsapp-unlink"),
    path("whatsapp/pause/", whatsapp.views.pause, name="whatsapp-pause"),
    path("whatsapp/test/", whatsapp.views.test, name="whatsapp-test"),
    path("notices/", notices.pages.page, name="notices"),
    path("notices/test/", notices.pages.test, name="notices-test"),
    path("notices/results/", notices.pages.results, name="notices-results"),
    path("notices/mine/", notices.pages.mine, name="my-notices"),
    path("notices/news/", notices.news.news, name="notices-news"),
    path("notices/shown/", notices.news.shown, name="notices-shown"),
    path(
        "notices/open/<uuid:pk>/",
        notices.pages.go_to,
        name="conversations_escalation_from_notice",
    ),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("join/<str:secret>/", tenants.joining.join, name="join"),
    path(
        "new-password/<uidb64>/<token>/",
        tenants.joining.NewPassword.as_view(),
        name="new-password",
    ),
    path("forgotten/", tenants.forgotten.ask, name="forgotten"),
    path(
        "forgotten/<uidb64>/<token>/",
        tenants.forgotten.MailedNewPassword.as_view(),
        name="forgotten-new",
    ),
    path("admin/", include(pages)),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("favicon.ico", favicon),
    path("healthz", healthz),
    path("readyz", readyz),
]
