"""What every staff page of our own has in common: the login, an explicit right, and the frame around it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from tenants.access import chosen_studio, require, studios_of
from tenants.models import Tenant

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]
StudioPage = Callable[Concatenate[HttpRequest, Tenant, P], HttpResponse]


def frame(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """The page inside menu and header."""
    everywhere = admin.site.each_context(request)
    return TemplateResponse(request, template, {**everywhere, "title": title, **context})


def staff_page(right: str | None) -> Callable[[Page[P]], Page[P]]:
    """For people of the staff whose role in the chosen studio has `right` (None: anybody of the staff).

    The login alone is no right: the site's own check asks only whether somebody is staff.
    """

    def decorate(view: Page[P]) -> Page[P]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if right is not None:
                require(request, right)
            return view(request, *args, **kwargs)

        @wraps(view)
        def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            return admin.site.admin_view(checked)(request, *args, **kwargs)

        return page

    return decorate


def studio_page(right: str) -> Callable[[StudioPage[P]], Page[P]]:
    """A page about one studio. Who looks at all studios is asked to choose one first."""

    def decorate(view: StudioPage[P]) -> Page[P]:
        @wraps(view)
        def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            tenant = chosen_studio(request)
            if tenant is None:
                studios = studios_of(request.user)
                return frame(
                    request, "admin/choose_studio.html", _("Choose a studio"), choices=studios
                )
            return view(request, tenant, *args, **kwargs)

        return staff_page(right)(page)

    return decorate
