"""Invitations: one link, one person, three days."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from tenants import invitations, members
from tenants.models import Invitation, Membership, Tenant
from tests import factories

NEW = {"first_name": "Wayan", "username": "wayan"}
NEW |= {"password1": "kelapa muda 77", "password2": "kelapa muda 77"}


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def invite(client: Client, role: str = "front_desk", **form: str) -> str:
    """The path of the link that the page shows once."""
    page = client.post("/admin/team/invite/", {"role": role, "name": "Wayan", **form})
    found = re.search(r'id="link" readonly value="http://testserver([^"]+)"', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def test_an_invited_person_sets_name_and_password_and_is_in(owner: Client, ombak: Tenant) -> None:
    link, guest = invite(owner, "editor"), Client()
    assert "You are invited to Ombak Yoga, as: Editor." in guest.get(link).content.decode()
    page = guest.post(link, NEW, follow=True).content.decode()
    assert "Welcome to Ombak Yoga! Your role: Editor." in page
    member = Membership.objects.get(user__username="wayan")
    assert (member.tenant, member.role, member.user.first_name) == (ombak, "editor", "Wayan")
    assert member.user.is_staff
    assert not member.user.is_superuser
    assert [d.what for d in ombak.deeds.order_by("pk")] == ["invited", "joined"]


def test_a_link_works_once(owner: Client) -> None:
    link = invite(owner)
    Client().post(link, NEW)
    again = Client().post(link, {**NEW, "username": "komang"})
    assert again.status_code == 410
    assert "This link no longer works" in again.content.decode()
    assert not User.objects.filter(username="komang").exists()


def test_two_who_use_it_at_the_same_moment_are_one(sari: User, ombak: Tenant) -> None:
    now = timezone.now()
    row, _secret = invitations.invite(ombak, "editor", sari, now)
    first, second = factories.staff("a", None), factories.staff("b", None)
    invitations.accept(row, first, now)
    with pytest.raises(ValidationError, match="used already"):
        invitations.accept(row, second, now)
    assert not Membership.objects.filter(user=second).exists()


def test_one_who_uses_two_links_at_the_same_moment_is_in_once(
    sari: User, ombak: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, guest = timezone.now(), factories.staff("a", None)
    one, _secret = invitations.invite(ombak, "editor", sari, now)
    other, _secret = invitations.invite(ombak, "front_desk", sari, now)
    create: Any = Membership.objects.create

    def the_other_was_faster(**fields: Any) -> Any:
        create(**fields)
        return create(**fields)

    monkeypatch.setattr(Membership.objects, "create", the_other_was_faster)
    with pytest.raises(ValidationError, match="You work for this studio already"):
        invitations.accept(one, guest, now)
    monkeypatch.undo()
    invitations.accept(other, guest, now)
    one.refresh_from_db()
    assert one.used_at is None


def test_a_link_ends_after_three_days(owner: Client) -> None:
    link = invite(owner)
    Invitation.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert Client().get(link).status_code == 410


def test_a_withdrawn_link_opens_nothing(owner: Client, ombak: Tenant) -> None:
    link = invite(owner)
    row = Invitation.objects.get()
    owner.get(f"/admin/team/invitation/{row.pk}/")
    assert Client().get(link).status_code == 200
    owner.post(f"/admin/team/invitation/{row.pk}/")
    assert Client().get(link).status_code == 410
    assert "Nobody is invited. A link that was made" in owner.get("/admin/team/").content.decode()


@pytest.mark.parametrize("change", ["remove", "demote", "row", "bar"])
def test_who_is_no_owner_any_more_leaves_no_open_link(
    sari: User, ombak: Tenant, change: str
) -> None:
    made = factories.staff("made", ombak)
    row, secret = invitations.invite(ombak, "owner", made, timezone.now())
    member = Membership.objects.get(user=made)
    changes: dict[str, Callable[[], Any]] = {
        "remove": lambda: members.remove(member, by=sari),
        "demote": lambda: members.change_role(member, "editor", by=sari),
        "row": member.delete,
        "bar": lambda: User.objects.filter(pk=made.pk).update(is_active=False),
    }
    changes[change]()
    assert Client().get(f"/join/{secret}/").status_code == 410
    with pytest.raises(ValidationError):
        invitations.accept(row, made, timezone.now())
    assert not invitations.pending(ombak, timezone.now()).exists()


def test_a_link_stays_withdrawn_when_its_maker_is_an_owner_again(sari: User, ombak: Tenant) -> None:
    made = factories.staff("made", ombak)
    _row, secret = invitations.invite(ombak, "owner", made, timezone.now())
    member = Membership.objects.get(user=made)
    members.change_role(member, "editor", by=sari)
    members.change_role(member, "owner", by=sari)
    assert invitations.find(secret, timezone.now()) is None


def test_a_link_of_a_suspended_studio_opens_nothing(owner: Client) -> None:
    link = invite(owner)
    Tenant.objects.update(active=False)
    assert Client().get(link).status_code == 410


def test_the_secret_is_shown_once_and_kept_as_a_hash(owner: Client) -> None:
    secret = invite(owner).split("/")[2]
    assert secret not in str(list(Invitation.objects.values()))
    assert secret not in owner.get("/admin/team/").content.decode()
    assert secret not in str(list(Invitation.objects.get().tenant.deeds.values()))


def test_passwords_follow_the_rules(owner: Client) -> None:
    link = invite(owner)
    for weak in ("kort77", "1q2w3e4r5t", "1234567890"):
        page = Client().post(link, {**NEW, "password1": weak, "password2": weak}).content.decode()
        assert "m-wrong" in page
        assert 'value="wayan"' in page  # what was typed stays, but for the passwords
        assert f'value="{weak}"' not in page
    assert not User.objects.filter(username="wayan").exists()
    assert Invitation.objects.get().used_at is None


def test_a_name_that_is_taken_is_told(owner: Client, bayu: User) -> None:
    page = Client().post(invite(owner), {**NEW, "username": "BAYU"}).content.decode()
    assert "already exists" in page


def test_somebody_with_a_login_joins_with_it(owner: Client, bayu: User, ombak: Tenant) -> None:
    link, guest = invite(owner, "editor"), Client()
    assert f"/admin/login/?next={link}" in guest.get(link).content.decode()
    login = {"username": "bayu", "password": "correct horse battery", "next": link}
    assert guest.post("/admin/login/", login).headers["Location"] == link
    assert "Join as bayu" in guest.get(link).content.decode()
    assert Membership.objects.filter(tenant=ombak).count() == 1  # a link alone changes nothing
    page = guest.post(link, follow=True).content.decode()
    assert "Home | Ombak Yoga | MILA" in page
    assert Membership.objects.get(user=bayu, tenant=ombak).role == "editor"


def test_who_works_here_already_keeps_the_role_and_the_link(owner: Client, sari: User) -> None:
    link = invite(owner, "front_desk")
    assert "You work for this studio already." in owner.post(link, follow=True).content.decode()
    assert Membership.objects.get(user=sari).role == "owner"
    assert Invitation.objects.get().used_at is None


@pytest.mark.parametrize("role", ["editor", "front_desk"])
def test_only_owners_invite(client: Client, ombak: Tenant, role: str) -> None:
    client.force_login(factories.staff("someone", ombak, role))
    assert client.post("/admin/team/invite/", {"role": "owner"}).status_code == 403
    assert not Invitation.objects.exists()


def test_an_invitation_to_another_studio_cannot_be_forged(
    owner: Client, ombak: Tenant, senja: Tenant
) -> None:
    invite(owner, tenant=str(senja.pk), studio=str(senja.pk))
    assert Invitation.objects.get().tenant == ombak


def test_nobody_withdraws_the_invitation_of_another_studio(
    client: Client, sari: User, bayu: User, senja: Tenant
) -> None:
    row, _secret = invitations.invite(senja, "editor", bayu, timezone.now())
    client.force_login(sari)
    answer: Any = client.post(f"/admin/team/invitation/{row.pk}/")
    assert answer.status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None
