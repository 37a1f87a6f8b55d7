"""Logging in: nobody is half in, a code opens once, and who is stuck reads what to do."""

import base64
import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from tenants import invitations, members, secondfactor
from tenants.attempts import LIMIT
from tenants.models import LoginSession, Membership, StaffLogin, Tenant
from tests import factories

PASSWORD = "correct horse battery"


def code_of(user: User, late: int = 0) -> str:
    """What the person's app shows now; `late` steps of half a minute later."""
    clock = TOTP(base64.b32decode(StaffLogin.objects.get(user=user).secret))
    clock.time = timezone.now().timestamp() + 30 * late
    return f"{clock.token():06}"


@pytest.fixture
def guarded(sari: User) -> list[str]:
    """Sari has a second factor; her recovery codes."""
    secondfactor.begin(sari)
    return secondfactor.confirm(sari, code_of(sari, late=-1), timezone.now())


def password(client: Client, name: str = "sari", **more: Any) -> Any:
    return client.post("/admin/login/", {"username": name, "password": PASSWORD, **more})


def inside(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_who_has_no_factor_is_in_with_the_password(client: Client, sari: User) -> None:
    assert password(client).headers["Location"] == "/admin/"
    assert inside(client)


def test_the_password_alone_opens_no_page(client: Client, guarded: list[str]) -> None:
    assert password(client).headers["Location"] == "/admin/code/"
    assert "_auth_user_id" not in client.session
    for page in ("/admin/", "/admin/whatsapp/card/", "/admin/account/", "/admin/team/"):
        assert client.get(page).headers["Location"].startswith("/admin/login/")
    assert client.get("/api/knowledge").status_code == 401


def test_the_code_opens_and_leads_where_she_wanted(
    client: Client, sari: User, guarded: list[str]
) -> None:
    password(client, next="/admin/playground/")
    answer = client.post("/admin/code/", {"code": f" {code_of(sari)[:3]} {code_of(sari)[3:]} "})
    assert answer.headers["Location"] == "/admin/playground/"
    assert inside(client)


def test_a_wrong_code_opens_nothing_and_says_so(client: Client, guarded: list[str]) -> None:
    password(client)
    for wrong in ("000000", "", "abc", "١٢٣٤٥٦", "0" * 20):
        page = client.post("/admin/code/", {"code": wrong}).content.decode()
        assert "m-wrong" in page
    assert not inside(client)


def test_a_code_opens_once(client: Client, sari: User, guarded: list[str]) -> None:
    code = code_of(sari)
    password(client)
    client.post("/admin/code/", {"code": code})
    other = Client()
    password(other)
    assert "was used already" in other.post("/admin/code/", {"code": code}).content.decode()
    assert not inside(other)


def test_a_recovery_code_opens_once(client: Client, guarded: list[str]) -> None:
    password(client)
    answer = client.post("/admin/code/", {"code": guarded[0].upper()}, follow=True)
    assert "You used a recovery code. Left: 9." in answer.content.decode()
    other = Client()
    password(other)
    other.post("/admin/code/", {"code": guarded[0]})
    assert not inside(other)


def test_guessing_codes_ends_like_guessing_passwords(
    client: Client, sari: User, guarded: list[str]
) -> None:
    password(client)
    for _ in range(LIMIT):
        client.post("/admin/code/", {"code": "000000"})
    answer = client.post("/admin/code/", {"code": code_of(sari)})
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.content.decode()
    assert password(Client()).status_code == 429


def test_a_new_address_brings_no_new_guesses_at_the_code(
    client: Client, sari: User, guarded: list[str]
) -> None:
    password(client)
    for number in range(LIMIT):
        client.post("/admin/code/", {"code": "000000"}, REMOTE_ADDR=f"203.0.113.{number}")
    answer = client.post("/admin/code/", {"code": code_of(sari)}, REMOTE_ADDR="198.51.100.1")
    assert answer.status_code == 429
    assert password(Client()).status_code == 302  # a stranger's wrong codes end no password


def test_the_second_step_waits_ten_minutes(client: Client, sari: User, guarded: list[str]) -> None:
    password(client)
    session = client.session
    session["password_was_right"] |= {"at": (timezone.now() - dt.timedelta(minutes=11)).timestamp()}
    session.save()
    answer = client.post("/admin/code/", {"code": code_of(sari)})
    assert answer.headers["Location"] == "/admin/login/"
    assert not inside(client)


@pytest.mark.parametrize("change", ["password", "inactive"])
def test_the_second_step_ends_when_the_login_changes(
    client: Client, sari: User, guarded: list[str], change: str
) -> None:
    password(client)
    sari.set_password("another horse battery") if change == "password" else None
    sari.is_active = change != "inactive"
    sari.save()
    client.post("/admin/code/", {"code": code_of(sari)})
    assert not inside(client)


def test_the_code_page_without_a_password_leads_to_the_login(client: Client, db: None) -> None:
    assert client.get("/admin/code/").headers["Location"] == "/admin/login/"


def test_wrong_names_and_wrong_passwords_read_the_same(client: Client, sari: User) -> None:
    pages = []
    factories.staff("nostaff", None)
    User.objects.filter(username="nostaff").update(is_active=False)
    for name in ("sari", "nobody", "nostaff"):
        form = {"username": name, "password": "wrong"}
        page = client.post("/admin/login/", form).content.decode()
        pages.append(page.replace(name, "").split("csrfmiddlewaretoken")[0])
    assert pages[0] == pages[1] == pages[2]


def test_a_house_without_logins_says_who_can_help(client: Client, db: None) -> None:
    assert "manage.py initmila" in client.get("/admin/login/").content.decode()
    factories.platform_admin()
    assert "manage.py initmila" not in client.get("/admin/login/").content.decode()


def test_the_language_of_a_person_comes_along(client: Client, sari: User) -> None:
    StaffLogin.objects.create(user=sari, language="id")
    password(client)
    assert client.cookies["django_language"].value == "id"
    assert '<html lang="id"' in client.get("/admin/").content.decode()


def test_a_login_is_listed_and_goes_with_the_logout(client: Client, sari: User) -> None:
    password(client)
    assert LoginSession.objects.get().user == sari
    client.post("/admin/logout/")
    assert not LoginSession.objects.exists()


# Who must have one -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "owner", "platform"),
    [("off", False, False), ("platform", False, True), ("owners", True, True)],
)
def test_the_setting_says_who_must_have_a_factor(
    settings: Any, sari: User, ombak: Tenant, setting: str, owner: bool, platform: bool
) -> None:
    settings.SECOND_FACTOR = setting
    desk = factories.staff("desk", ombak, Membership.Role.FRONT_DESK)
    asked = [bool(secondfactor.wanted_by(u)) for u in (sari, factories.platform_admin(), desk)]
    assert asked == [owner, platform, False]


def test_who_must_have_one_is_reminded_for_a_week_and_then_gets_no_further(
    client: Client, settings: Any, sari: User
) -> None:
    settings.SECOND_FACTOR = "owners"
    password(client)
    page = client.get("/admin/").content.decode()
    assert "Turn on your second factor: 6 days left." in page
    User.objects.update(date_joined=timezone.now() - dt.timedelta(days=8))
    other = Client()
    password(other)
    for address in ("/admin/", "/admin/team/", "/admin/knowledge/knowledgeentry/"):
        assert other.get(address).headers["Location"] == "/admin/account/second-factor/"
    assert other.get("/api/knowledge").status_code == 403
    assert other.get("/admin/account/second-factor/").status_code == 200
    other.post("/admin/account/second-factor/", {"code": code_of(sari)})
    assert inside(other)
    assert other.get("/api/knowledge").status_code == 200


def test_who_turned_it_on_in_another_browser_gets_further(
    client: Client, settings: Any, sari: User
) -> None:
    settings.SECOND_FACTOR = "owners"
    User.objects.update(date_joined=timezone.now() - dt.timedelta(days=8))
    password(client)
    assert not inside(client)
    secondfactor.begin(sari)
    secondfactor.confirm(sari, code_of(sari), timezone.now())
    assert inside(client)
    assert client.get("/api/knowledge").status_code == 200


@pytest.mark.parametrize("way", ["role", "joined", "off"])
def test_who_must_have_one_from_now_on_is_asked_in_open_browsers(
    client: Client, settings: Any, sari: User, senja: Tenant, ombak: Tenant, way: str
) -> None:
    settings.SECOND_FACTOR = "owners"
    desk = factories.staff("desk", ombak, Membership.Role.FRONT_DESK)
    User.objects.update(date_joined=timezone.now() - dt.timedelta(days=8))
    if way == "off":
        StaffLogin.objects.create(user=desk, secret="A", confirmed_at=timezone.now())
        Membership.objects.filter(user=desk).update(role=Membership.Role.OWNER)
        client.force_login(desk)
    else:
        password(client, "desk")
    assert inside(client)
    if way == "role":
        members.change_role(Membership.objects.get(user=desk), "owner", by=sari)
    elif way == "joined":
        bayu = factories.staff("bayu", senja)
        _row, secret = invitations.invite(senja, "owner", bayu, timezone.now())
        client.post(f"/join/{secret}/")
    else:
        client.post("/admin/account/second-factor/change/", {"password": PASSWORD, "what": "off"})
    assert not inside(client)
