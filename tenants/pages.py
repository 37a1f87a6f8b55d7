"""What every staff page of our own has in common: the login, an explicit right, and the frame around it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from tenants.access import chosen_studio, require, studios_of

Page = Callable[..., HttpResponse]  # (request, …); those of studio_page: (request, tenant, …)


def frame(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """The page inside menu and header."""
    everywhere = admin.site.each_context(request)
    return TemplateResponse(request, template, {**everywhere, "title": title, **context})


def staff_page(right: str | None) -> Callable[[Page], Page]:
    """For people of the staff whose role in the chosen studio has `right` (None: anybody of the staff).

    The login alone is no right: the site's own check asks only whether somebody is staff.
    """

    def decorate(view: Page) -> Page:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if right is not None:
                require(request, right)
            return view(request, *args, **kwargs)

        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return admin.site.admin_view(checked)(request, *args, **kwargs)

        return page

    return decorate


def studio_page(right: str) -> Callable[[Page], Page]:
    """A page about one studio. Who looks at all studios is asked to choose one first."""

    def decorate(view: Page) -> Page:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            tenant = chosen_studio(request)
            if tenant is None:
                studios = studios_of(request.user)
                return frame(
                    request, "admin/choose_studio.html", _("Choose a studio"), choices=studios
                )
            return view(request, tenant, *args, **kwargs)

        return staff_page(right)(page)

    return decorate
