"""A page about something of another of one's studios says so and offers the switch, instead of “not found”.

Only the studios of this login are looked into: of any other, nothing is said.
"""

import uuid
from typing import Any

from django.apps import apps
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tenants.access import chosen_studio, studios_of
from tenants.models import Tenant

MISSING = (403, 404)


def of_another_studio(request: HttpRequest, response: HttpResponse) -> Tenant | None:
    """The studio of this login that the address belongs to, when the chosen one has nothing there."""
    if request.method != "GET" or request.headers.get("HX-Request"):
        return None
    if response.status_code not in MISSING and not _sent_home(response):
        return None
    found = request.resolver_match
    keys = list(found.kwargs.values()) + list(found.args) if found else []
    chosen = chosen_studio(request)
    if not keys or chosen is None:
        return None
    others = studios_of(request.user).exclude(pk=chosen.pk)
    pk = _uuid(keys[0])
    return _owner_of(pk, others) if pk and others.exists() else None


def _sent_home(response: HttpResponse) -> bool:
    """The admin's answer about a row that it does not find."""
    return response.status_code == 302 and response.headers["Location"] == reverse("admin:index")


def _uuid(key: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(key))
    except ValueError:
        return None


def _owner_of(pk: uuid.UUID, studios: models.QuerySet[Tenant]) -> Tenant | None:
    if studio := studios.filter(pk=pk).first():
        return studio
    for model in apps.get_models():
        if not any(field.name == "tenant" for field in model._meta.fields):
            continue
        if not isinstance(model._meta.pk, models.UUIDField):
            continue
        rows = model._default_manager.filter(pk=pk, tenant__in=studios)
        if theirs := rows.values_list("tenant", flat=True).first():
            return studios.get(pk=theirs)
    return None
