"""The REST API: each app brings its router; every operation needs a login, every error is a sentence."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as FieldErrors
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Swagger
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from knowledge.api import router as knowledge
from tenants.api import router as tenants
from tenants.callers import LOGINS
from whatsapp.api import router as whatsapp

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class JsonOrNothing(Parser):
    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """JSON. Programs that send no body often say that it is a form, so an empty one passes."""
        if request.content_type in FORMS:
            if request.POST or request.FILES:
                raise HttpError(
                    415, _("Send the fields as JSON, with Content-Type: application/json.")
                )
            return {}
        return super().parse_body(request)


class StaffDocs(Swagger):
    """The page is for people of the staff; the description itself (openapi.json) is in the source anyway."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        page = staff_member_required(self._page, login_url="admin:login")
        return page(request, api)

    def _page(self, request: HttpRequest, api: NinjaAPI) -> HttpResponse:
        """With ninja's own scripts: its page for projects that do not install it as an app asks another host."""
        described = {**self.settings, "url": self.get_openapi_url(api, {})}
        context = {"swagger_settings": json.dumps(described), "api": api, "add_csrf": True}
        return render(request, self.template, context)


class Api(NinjaAPI):
    def create_response(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answers hold a studio's own data: nothing on the way keeps them."""
        response = super().create_response(*args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


api = Api(
    title="MILA",
    version="1",
    description="Knowledge, WhatsApp and settings of your studios.",
    docs_url="/docs",
    openapi_url="/openapi.json",
    docs=StaffDocs(),
    parser=JsonOrNothing(),
    auth=LOGINS,
)
api.add_router("/whatsapp", whatsapp)
api.add_router("/knowledge", knowledge)
api.add_router("/tenants", tenants)


def in_json(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Below /api/ a wrong address or method is told in JSON, too, before any operation is found."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        if is_json or not request.path.startswith("/api/"):
            return response
        if response.status_code == 405:
            told = _("This address knows only: %(methods)s.") % {
                "methods": response.headers["Allow"]
            }
            answer = problem(request, 405, told)
            answer["Allow"] = response.headers["Allow"]
            return answer
        if response.status_code == 404:
            return problem(request, 404, _("There is no such address. See /api/docs."))
        return response

    return handle


def problem(
    request: HttpRequest, status: int, sentence: str, fields: dict[str, list[str]] | None = None
) -> HttpResponse:
    return api.create_response(
        request, {"detail": sentence, **({"fields": fields} if fields else {})}, status=status
    )


@api.exception_handler(AuthenticationError)
def not_logged_in(request: HttpRequest, _error: Any) -> HttpResponse:
    sentence = _(
        "Log in: with a token (Authorization: Bearer mila_…), with name and password, or in the admin."
    )
    response = problem(request, 401, sentence)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, HttpError):  # ninja wraps what a parser says
        error = cause
    if isinstance(cause, json.JSONDecodeError):
        place = {"line": cause.lineno, "column": cause.colno, "reason": cause.msg}
        sentence = _("The body is no JSON: line %(line)s, column %(column)s: %(reason)s.") % place
        return problem(request, 400, sentence)
    if isinstance(cause, (UnicodeDecodeError, RecursionError)):
        return problem(request, 400, _("The body is no JSON in UTF-8."))
    return problem(request, error.status_code, str(error))


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(request, 413, _("The body is too large; 5 MB at most."))


@api.exception_handler(PermissionDenied)
def forbidden(request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(request, 403, _("Your role in this studio does not include this."))


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, 404, str(error) or _("There is no such thing."))


@api.exception_handler(ValidationError)
def wrong_form(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Wrong types and unknown fields, found before anything is looked up."""
    fields: dict[str, list[str]] = {}
    for one in error.errors:
        fields.setdefault(_place(one["loc"]), []).append(_reason(one))
    return problem(request, 422, as_sentence(fields), fields)


def _place(loc: tuple[Any, ...]) -> str:
    """`settings.mode` of (body, body, settings, mode); which kind of a union was tried does not matter."""
    kinds = ("str", "bool", "list[str]")
    parts = [str(part) for part in loc[1:] if part not in kinds and not isinstance(part, int)]
    return ".".join(parts[1:] if parts[:1] == ["body"] else parts) or "body"


def _reason(one: dict[str, Any]) -> str:
    known = {
        "extra_forbidden": _("There is no such field."),
        "missing": _("This is missing."),
        "string_type": _("Expected a text."),
        "model_type": _("Expected an object."),
        "dict_type": _("Expected an object."),
        "list_type": _("Expected a list."),
    }
    return known.get(one["type"], f"{one['msg']}.")


@api.exception_handler(FieldErrors)
def wrong_fields(request: HttpRequest, error: FieldErrors) -> HttpResponse:
    """What the models refuse."""
    fields = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    return problem(request, 422, as_sentence(fields), fields)


def as_sentence(fields: dict[str, list[str]]) -> str:
    return " ".join(
        f"{name}: {message}" if name and name != "__all__" else message
        for name, messages in fields.items()
        for message in messages
    )
