"""Which studio a command means."""

from django.core.management.base import CommandError

from tenants.models import Tenant


def studio_named(slug: str = "") -> Tenant:
    """The studio of that slug; without one, the only studio. Raises CommandError (exit 2) that lists the slugs."""
    slugs = list(Tenant.objects.order_by("slug").values_list("slug", flat=True))
    if not slugs:
        raise CommandError(
            "There is no studio yet. Create one with initmila or loadstudio.", returncode=2
        )
    if not slug and len(slugs) > 1:
        raise CommandError(f"Name the studio, one of: {', '.join(slugs)}.", returncode=2)
    if slug and slug not in slugs:
        raise CommandError(
            f"There is no studio “{slug[:60]}”. Studios: {', '.join(slugs)}.", returncode=2
        )
    return Tenant.objects.get(slug=slug or slugs[0])
