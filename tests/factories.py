"""Rows for tests, from the fixed cast: the studios Ombak (Bali) and Senja (Jakarta)."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import User

from knowledge.models import KnowledgeEntry
from tenants.models import Membership, Tenant

NOW = dt.datetime(
    2026, 11, 18, 8, 30, tzinfo=dt.UTC
)  # a Wednesday, 16:30 in Bali, 15:30 in Jakarta


def studio(slug: str = "ombak", **fields: Any) -> Tenant:
    known: dict[str, dict[str, Any]] = {
        "ombak": {
            "name": "Ombak Yoga",
            "timezone": "Asia/Makassar",
            "whatsapp_number": "+6281200001101",
        },
        "senja": {
            "name": "Studio Senja",
            "timezone": "Asia/Jakarta",
            "whatsapp_number": "+6281200002202",
        },
    }
    values = {"name": slug.title(), "mode": Tenant.Mode.LIVE, **known.get(slug, {}), **fields}
    return Tenant.objects.create(slug=slug, **values)


def staff(name: str, tenant: Tenant | None, role: str = Membership.Role.OWNER) -> User:
    user = User.objects.create_user(name, password="correct horse battery", is_staff=True)
    if tenant is not None:
        Membership.objects.create(user=user, tenant=tenant, role=role)
    return user


def platform_admin(name: str = "root") -> User:
    return User.objects.create_superuser(name, password="correct horse battery")


def entry(tenant: Tenant, title: str = "Harga", **fields: Any) -> KnowledgeEntry:
    values = {
        "category": "pricing & policies",
        "content": f"{title} of {tenant.name}.",
        **fields,
    }
    return KnowledgeEntry.objects.create(tenant=tenant, title=title, **values)
