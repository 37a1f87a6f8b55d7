"""Invitations: a link that one person uses once, within three days, to join a studio in a role."""

import datetime as dt
import hashlib
import secrets

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from tenants.deeds import note
from tenants.models import Invitation, Membership, Tenant

LIVES = dt.timedelta(hours=72)


def invite(
    tenant: Tenant, role: str, by: User, at: dt.datetime, name: str = ""
) -> tuple[Invitation, str]:
    """The invitation and the secret of its link, which can be shown only now."""
    if role not in Membership.Role.values:
        raise ValidationError(_("Choose one of the roles."))
    secret, name = secrets.token_urlsafe(32), name.replace("\x00", "").strip()[:80]
    made = Invitation.objects.create(
        tenant=tenant,
        role=role,
        name=name,
        digest=_digest(secret),
        made_by=by,
        made_at=at,
        expires_at=at + LIVES,
    )
    words = {"whom": name} if name else {}
    note(tenant, by, "invited" if name else "invited_somebody", role=role, **words)
    return made, secret


def pending(tenant: Tenant, at: dt.datetime) -> QuerySet[Invitation]:
    return _open(at).filter(tenant=tenant).select_related("made_by")


def find(secret: str, at: dt.datetime) -> Invitation | None:
    """The invitation behind a link; None when it was used, withdrawn, has expired or never was, or when who made it
    may not invite any more."""
    return _open(at).select_related("tenant").filter(digest=_digest(secret)).first()


def withdraw_of(maker: User, tenant: Tenant, at: dt.datetime) -> None:
    """Who may not invite any more leaves no open link, not even for the day they become an owner again."""
    if not maker.is_superuser:
        Invitation.objects.filter(
            made_by=maker, tenant=tenant, used_at=None, revoked_at=None
        ).update(revoked_at=at)


def revoke(invitation: Invitation, by: User, at: dt.datetime) -> None:
    if Invitation.objects.filter(pk=invitation.pk, used_at=None).update(revoked_at=at):
        named = invitation.name or invitation.get_role_display()
        note(invitation.tenant, by, "invitation_revoked", whom=named)


def accept(invitation: Invitation, user: User, at: dt.datetime) -> Membership:
    """The person is in. Raises ValidationError when the link was used a moment ago or they are in already."""
    try:
        member = _joined(invitation, user, at)
    except IntegrityError as error:  # by another link, at the same moment
        raise ValidationError(_("You work for this studio already.")) from error
    note(invitation.tenant, user, "joined", role=invitation.role)
    return member


def _joined(invitation: Invitation, user: User, at: dt.datetime) -> Membership:
    with transaction.atomic():
        if Membership.objects.filter(tenant=invitation.tenant, user=user).exists():
            raise ValidationError(_("You work for this studio already."))
        if not _open(at).filter(pk=invitation.pk).update(used_at=at):
            raise ValidationError(_("This link was used already. Ask for a new one."))
        if not user.is_staff:
            user.is_staff = True
            user.save(update_fields=["is_staff"])
        return Membership.objects.create(tenant=invitation.tenant, user=user, role=invitation.role)


def _open(at: dt.datetime) -> QuerySet[Invitation]:
    still = Invitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=at)
    owners = Membership.objects.filter(role=Membership.Role.OWNER, user=OuterRef("made_by"))
    may_invite = Q(made_by__is_superuser=True) | Exists(owners.filter(tenant=OuterRef("tenant")))
    return still.filter(may_invite, tenant__active=True, made_by__is_active=True)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
