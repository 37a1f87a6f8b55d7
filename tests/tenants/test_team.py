"""The team: roles, removing, and help for a colleague; an owner always remains."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from notices.models import OwnNotices
from tenants import members
from tenants.attempts import LIMIT
from tenants.models import FailedLogin, Membership, StaffLogin, Tenant
from tests import factories

Role = Membership.Role


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


@pytest.fixture
def desk(ombak: Tenant) -> User:
    return factories.staff("wayan", ombak, Role.FRONT_DESK)


def act(client: Client, user: User, what: str, **form: Any) -> str:
    """Press a button of the Team page; the sentence that the page then says."""
    member = Membership.objects.filter(user=user).first()
    assert member is not None
    answer = client.post(f"/admin/team/{member.pk}/{what}/", form, follow=True)
    return " ".join(answer.content.decode().split())


def role_of(user: User) -> str | None:
    return Membership.objects.filter(user=user).values_list("role", flat=True).first()


def test_the_page_tells_who_works_here(owner: Client, desk: User, bayu: User) -> None:
    StaffLogin.objects.create(user=desk, secret="A", confirmed_at=timezone.now())
    page = owner.get("/admin/team/").content.decode()
    assert "wayan" in page
    assert "Second factor on" in page
    assert "bayu" not in page


def test_the_page_tells_who_gets_escalations(
    owner: Client, sari: User, desk: User, ombak: Tenant
) -> None:
    def told() -> int:
        return owner.get("/admin/team/").content.decode().count("Gets escalations")

    assert told() == 0
    User.objects.filter(pk=desk.pk).update(email="Wayan@ombak.example")
    Tenant.objects.filter(pk=ombak.pk).update(handover_contacts=["wayan@ombak.example"])
    assert told() == 1
    OwnNotices.objects.create(tenant=ombak, user=sari, phone="+6281234567890")
    assert told() == 2


def test_an_owner_changes_the_role_of_others(owner: Client, desk: User) -> None:
    assert "The role of wayan is changed." in act(owner, desk, "role", role="editor")
    assert role_of(desk) == Role.EDITOR


def test_a_role_that_does_not_exist_is_refused(owner: Client, desk: User) -> None:
    assert "Choose one of the roles." in act(owner, desk, "role", role="platform")
    assert role_of(desk) == Role.FRONT_DESK


def test_nobody_raises_lowers_or_removes_themselves(owner: Client, sari: User) -> None:
    assert "Nobody changes their own role." in act(owner, sari, "role", role="editor")
    assert "Nobody removes themselves." in act(owner, sari, "remove")
    assert role_of(sari) == Role.OWNER


def test_who_is_removed_reaches_no_page_at_their_next_click(owner: Client, desk: User) -> None:
    theirs = Client()
    theirs.force_login(desk)
    assert theirs.get("/admin/").status_code == 200
    act(owner, desk, "remove")
    assert theirs.get("/admin/").status_code == 302
    assert theirs.get("/api/knowledge").status_code == 404


def test_a_new_role_counts_at_the_next_click(owner: Client, desk: User) -> None:
    theirs = Client()
    theirs.force_login(desk)
    assert theirs.get("/admin/team/").status_code == 403
    act(owner, desk, "role", role="owner")
    assert theirs.get("/admin/team/").status_code == 200


@pytest.mark.parametrize("what", ["role", "remove"])
def test_the_last_owner_stays_even_against_the_platform(
    client: Client, sari: User, ombak: Tenant, what: str
) -> None:
    client.force_login(factories.platform_admin())
    client.post("/admin/studio/choose/", {"studio": str(ombak.pk)})
    assert "A studio needs an owner." in act(client, sari, what, role="editor")
    assert role_of(sari) == Role.OWNER


def test_an_owner_who_was_barred_does_not_count_as_one(sari: User, ombak: Tenant) -> None:
    root, made = factories.platform_admin(), factories.staff("made", ombak)
    User.objects.filter(pk=made.pk).update(is_active=False)
    with pytest.raises(ValidationError):
        members.remove(Membership.objects.get(user=sari), root)


def test_a_studio_that_waits_for_its_first_owner_can_be_changed(
    client: Client, senja: Tenant
) -> None:
    desk = factories.staff("wayan", senja, Role.FRONT_DESK)
    client.force_login(factories.platform_admin())
    client.post("/admin/studio/choose/", {"studio": str(senja.pk)})
    act(client, desk, "role", role="owner")
    assert role_of(desk) == Role.OWNER


def test_of_two_owners_who_remove_each_other_one_remains(sari: User, ombak: Tenant) -> None:
    made = factories.staff("made", ombak)
    first, second = Membership.objects.get(user=made), Membership.objects.get(user=sari)
    members.remove(first, by=sari)
    with pytest.raises(ValidationError, match="no owner"):
        members.remove(second, by=made)
    assert role_of(sari) == Role.OWNER


def test_every_change_is_logged_with_who_did_it(owner: Client, desk: User, ombak: Tenant) -> None:
    act(owner, desk, "role", role="editor")
    act(owner, desk, "unlock")
    act(owner, desk, "remove")
    assert [d.what for d in ombak.deeds.order_by("pk")] == ["role", "unlocked", "removed"]
    assert {d.who for d in ombak.deeds.all()} == {"sari"}
    page = " ".join(owner.get("/admin/team/").content.decode().split())
    assert "sari changed the role of wayan to Editor" in page
    owner.cookies["django_language"] = "id"
    assert "mengubah peran wayan menjadi Editor" in owner.get("/admin/team/").content.decode()


# Help --------------------------------------------------------------------------------------------


def test_a_locked_login_is_shown_and_unlocked(owner: Client, desk: User) -> None:
    stuck = Client()
    for _ in range(LIMIT):
        stuck.post("/admin/login/", {"username": "wayan", "password": "x"})
    assert "Locked" in owner.get("/admin/team/").content.decode()
    assert "can log in again" in act(owner, desk, "unlock")
    right = {"username": "wayan", "password": "correct horse battery"}
    assert stuck.post("/admin/login/", right).status_code == 302
    assert not FailedLogin.objects.exists()


def test_asking_for_links_in_somebodys_name_locks_nobody(
    owner: Client, desk: User, settings: Any
) -> None:
    settings.EMAIL_URL = "smtp://mail.example:25"
    for _ in range(LIMIT + 1):
        Client().post("/forgotten/", {"who": "wayan"})
    assert "Locked" not in owner.get("/admin/team/").content.decode()
    counted = FailedLogin.objects.count()
    act(owner, desk, "unlock")
    assert FailedLogin.objects.count() == counted


def test_a_lost_factor_is_taken_away(owner: Client, desk: User, ombak: Tenant) -> None:
    StaffLogin.objects.create(user=desk, secret="A", confirmed_at=timezone.now(), recovery=["x"])
    act(owner, desk, "second-factor")
    login = StaffLogin.objects.get(user=desk)
    assert (login.secret, login.confirmed_at, login.recovery) == ("", None, [])
    assert ombak.deeds.get().what == "factor_reset"


def link_in(page: str) -> str:
    found = re.search(r'id="link" readonly value="http://testserver([^"]+)"', page)
    assert found
    return found[1]


def test_a_new_password_is_chosen_by_a_link(owner: Client, desk: User) -> None:
    link = link_in(act(owner, desk, "password"))
    fresh = Client()
    form = fresh.get(link, follow=True)
    [(address, _status)] = form.redirect_chain
    weak = fresh.post(address, {"new_password1": "wayan", "new_password2": "wayan"})
    assert "m-wrong" in weak.content.decode()
    new = {"new_password1": "kelapa muda 77", "new_password2": "kelapa muda 77"}
    assert fresh.post(address, new).headers["Location"] == "/admin/login/"
    desk.refresh_from_db()
    assert desk.check_password("kelapa muda 77")
    again = Client().get(link, follow=True).content.decode()
    assert "It was used already" in again


@pytest.mark.parametrize("first_opened", [False, True])
def test_a_link_for_a_password_ends_with_the_rights_of_who_made_it(
    owner: Client, sari: User, desk: User, ombak: Tenant, first_opened: bool
) -> None:
    link, fresh = link_in(act(owner, desk, "password")), Client()
    form = fresh.get(link, follow=True) if first_opened else None
    address = form.redirect_chain[0][0] if form else link
    members.remove(Membership.objects.get(user=sari), by=factories.staff("made", ombak))
    new = {"new_password1": "kelapa muda 77", "new_password2": "kelapa muda 77"}
    fresh.post(address, new)
    desk.refresh_from_db()
    assert not desk.check_password("kelapa muda 77")
    assert "It was used already" in Client().get(link, follow=True).content.decode()


def test_a_link_for_a_password_cannot_be_said_to_be_anothers(
    owner: Client, desk: User, ombak: Tenant
) -> None:
    made, link = factories.staff("made", ombak), link_in(act(owner, desk, "password"))
    head, _sep, signed = link.partition(".")
    forged = f"{head.rpartition('/')[0]}/{made.pk}.{signed}"
    assert "It was used already" in Client().get(forged, follow=True).content.decode()


@pytest.mark.parametrize("what", ["second-factor", "password"])
def test_an_owner_opens_no_login_that_reaches_beyond_her_studios(
    owner: Client, desk: User, senja: Tenant, what: str
) -> None:
    """A new password for a colleague of two studios would let her into the other one."""
    Membership.objects.create(user=desk, tenant=senja, role=Role.EDITOR)
    StaffLogin.objects.create(user=desk, secret="A", confirmed_at=timezone.now())
    page = act(owner, desk, what)
    assert "only the platform&#x27;s admin can do this" in page
    assert 'id="new-link"' not in page
    assert StaffLogin.objects.get(user=desk).confirmed_at


def test_an_owner_unlocks_no_login_that_reaches_beyond_her_studios(
    owner: Client, desk: User, senja: Tenant
) -> None:
    Membership.objects.create(user=desk, tenant=senja, role=Role.EDITOR)
    for _ in range(LIMIT):
        Client().post("/admin/login/", {"username": "wayan", "password": "x"})
    page = owner.get("/admin/team/").content.decode()
    assert "Locked" in page
    assert "Unlock the login" not in page
    assert "only the platform&#x27;s admin can do this" in act(owner, desk, "unlock")
    assert FailedLogin.objects.count() == LIMIT


def test_an_owner_does_not_open_the_login_of_a_platform_admin(owner: Client, ombak: Tenant) -> None:
    root = factories.platform_admin()
    Membership.objects.create(user=root, tenant=ombak, role=Role.EDITOR)
    assert 'id="new-link"' not in act(owner, root, "password")
