"""The Team page shows who gets escalations; the notices know it, and lie above the team."""

from notices.models import OwnNotices
from tenants import team
from tenants.models import Tenant


def by_own_choice(tenant: Tenant) -> set[int]:
    """The people who entered a number or an address of their own for this studio."""
    rows = OwnNotices.objects.filter(tenant=tenant).exclude(phone="", email="")
    return set(rows.values_list("user_id", flat=True))


team.who_is_told.append(by_own_choice)
