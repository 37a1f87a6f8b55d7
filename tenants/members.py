"""Who works for a studio: roles, removing, and help for a colleague who cannot log in.

An owner always remains, whoever changes what at the same moment.
"""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import attempts, invitations, secondfactor, sessions
from tenants.access import is_platform_admin
from tenants.deeds import named, note
from tenants.entering import ask_everywhere
from tenants.models import Membership, Tenant


def team_of(tenant: Tenant) -> QuerySet[Membership]:
    order = ["user__first_name", "user__username"]
    return tenant.memberships.select_related("user", "user__staff_login").order_by(*order)


def change_role(member: Membership, role: str, by: User) -> None:
    """Raises ValidationError with the reason: the own role, or the last owner's."""
    if role not in Membership.Role.values:
        raise ValidationError(_("Choose one of the roles."))
    if member.user_id == by.pk:
        raise ValidationError(_("Nobody changes their own role. Ask another owner."))
    with transaction.atomic():
        owned = _hold(member.tenant, by)
        Membership.objects.filter(pk=member.pk).update(role=role)
        _still_owned(member.tenant, owned)
        if role != Membership.Role.OWNER:
            invitations.withdraw_of(member.user, member.tenant, timezone.now())
    ask_everywhere(member.user)
    note(member.tenant, by, "role", whom=named(member.user), role=role)


def remove(member: Membership, by: User) -> None:
    """From now on no page of the studio opens for them. Raises ValidationError for the last owner."""
    if member.user_id == by.pk:
        raise ValidationError(_("Nobody removes themselves. Ask another owner."))
    with transaction.atomic():
        owned = _hold(member.tenant, by)
        Membership.objects.filter(pk=member.pk).delete()
        _still_owned(member.tenant, owned)
        invitations.withdraw_of(member.user, member.tenant, timezone.now())
    note(member.tenant, by, "removed", whom=named(member.user))


def _hold(tenant: Tenant, by: User) -> bool:
    """One change of a team after the other, and only by who is an owner still. Whether there is an owner."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    mine = tenant.memberships.filter(user=by, role=Membership.Role.OWNER)
    if not is_platform_admin(by) and not mine.exists():
        raise ValidationError(_("You are no owner of this studio any more."))
    return _owners(tenant).exists()


def _owners(tenant: Tenant) -> QuerySet[Membership]:
    return tenant.memberships.filter(role=Membership.Role.OWNER, user__is_active=True)


def _still_owned(tenant: Tenant, before: bool) -> None:
    """A change must not take the last owner; a studio that waits for its first one may be changed."""
    if before and not _owners(tenant).exists():
        raise ValidationError(_("A studio needs an owner. Make somebody else an owner first."))


def unlock(member: Membership, by: User) -> None:
    """New tries for a locked login. Raises ValidationError when it is not theirs to do."""
    require_help(by, member.user)
    attempts.unlock(member.user)
    note(member.tenant, by, "unlocked", whom=named(member.user))


def may_help(by: User, person: User) -> bool:
    """Whether `by` may unlock the login of `person`, take away its second factor or let them choose a new password.

    All three help to open everything that the login opens: so an owner may for people who work in her studios
    only, never for a platform admin or for somebody of a studio that is not hers.
    """
    if is_platform_admin(by):
        return True
    if person.is_superuser or person.pk == by.pk:
        return False
    hers = Tenant.objects.filter(memberships__user=by, memberships__role=Membership.Role.OWNER)
    return not Membership.objects.filter(user=person).exclude(tenant__in=hers).exists()


def reset_factor(member: Membership, by: User) -> None:
    """For a lost phone: the next login asks for the password only. Raises ValidationError when it is not theirs to do."""
    require_help(by, member.user)
    if secondfactor.switch_off(member.user):
        sessions.end(member.user)
        note(member.tenant, by, "factor_reset", whom=named(member.user))


def require_help(by: User, person: User) -> None:
    if not may_help(by, person):
        raise ValidationError(
            _("%(whom)s also works elsewhere, so only the platform's admin can do this.")
            % {"whom": named(person)}
        )
