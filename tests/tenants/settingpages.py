"""Filling in the settings as their page does it: what stands there now, with some fields changed."""

from html import unescape
from re import findall, search
from typing import Any

from django.test import Client

from tenants.models import Tenant
from tenants.settingtabs import BY_KEY, form_class

Typed = dict[str, Any]


def address(part: str) -> str:
    return f"/admin/studio/settings/{part}/"


def shown(client: Client, part: str) -> Typed:
    """What a browser would send back if nothing were typed."""
    page = client.get(address(part)).content.decode()
    seen = search(r'name="seen" value="([^"]*)"', page)
    assert seen, page
    studio = Tenant.objects.get(slug="ombak")
    form = form_class(BY_KEY[part])(instance=studio)
    typed = {name: form[name].value() for name in form.fields}
    hours = typed.pop("opening_hours", None)
    fields = (
        findall(r'name="(opening_hours-[^"]+)" value="([^"]*)"', page) if hours is not None else []
    )
    typed = {name: "" if value is None else value for name, value in typed.items()}
    typed.pop("remove_keys", None)
    return {**typed, **dict(fields), "seen": unescape(seen[1])}


def send(client: Client, part: str, **changes: Any) -> Any:
    return client.post(address(part), {**shown(client, part), **changes})


def save(client: Client, tenant: Tenant, part: str, **changes: Any) -> Tenant:
    response = send(client, part, **changes)
    assert response.status_code == 302, response.content.decode()
    return Tenant.objects.get(pk=tenant.pk)
