"""My account: what everybody of the staff sets for themselves, and for nobody else."""

import base64
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from tenants import secondfactor
from tenants.attempts import LIMIT
from tenants.models import LoginSession, StaffLogin
from tests import factories

PASSWORD = "correct horse battery"


def logged_in(name: str = "sari", agent: str = "Mozilla/5.0 (Android 15) Chrome/141") -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post("/admin/login/", {"username": name, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    return client


def inside(client: Client) -> bool:
    return client.get("/admin/account/").status_code == 200


@pytest.mark.parametrize("role", ["owner", "editor", "front_desk"])
def test_everybody_has_the_page(client: Client, ombak: Any, role: str) -> None:
    client.force_login(factories.staff("someone", ombak, role))
    assert client.get("/admin/account/").status_code == 200
    assert client.get("/admin/password_change/").headers["Location"] == "/admin/account/"


def test_name_and_language_are_kept(sari: User) -> None:
    client = logged_in()
    form = {"name": "Sari Dewi", "language": "id"}
    page = client.post("/admin/account/person/", form, follow=True).content.decode()
    assert '<html lang="id"' in page
    assert "Tersimpan." in page
    sari.refresh_from_db()
    assert sari.get_full_name() == "Sari Dewi"
    assert sari.staff_login.language == "id"


def test_a_language_that_is_none_is_left_alone(sari: User) -> None:
    logged_in().post("/admin/account/person/", {"name": "S", "language": "xx"})
    assert StaffLogin.objects.get(user=sari).language == ""


def change_password(client: Client, old: str, new: str) -> Any:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/admin/account/password/", form, follow=True)


def test_a_new_password_logs_out_elsewhere_and_not_here(sari: User) -> None:
    here, there = logged_in(), logged_in()
    page = change_password(here, PASSWORD, "kelapa muda 77").content.decode()
    assert "The password is changed." in page
    assert inside(here)
    assert not inside(there)
    assert LoginSession.objects.filter(user=sari).count() == 1
    assert "This browser" in page


def test_a_weak_or_wrong_password_is_told(sari: User) -> None:
    client = logged_in()
    assert "m-wrong" in change_password(client, PASSWORD, "short").content.decode()
    assert "m-wrong" in change_password(client, "wrong", "kelapa muda 77").content.decode()
    sari.refresh_from_db()
    assert sari.check_password(PASSWORD)


def test_the_old_password_cannot_be_guessed_on_an_open_screen(sari: User) -> None:
    client = logged_in()
    for _ in range(LIMIT):
        change_password(client, "wrong", "kelapa muda 77")
    page = change_password(client, PASSWORD, "kelapa muda 77").content.decode()
    assert "Wait 15 minutes" in page
    sari.refresh_from_db()
    assert sari.check_password(PASSWORD)


def test_the_browsers_are_listed_and_ended(sari: User, bayu: User) -> None:
    here, phone, third = logged_in(), logged_in(), logged_in(agent="Firefox Windows")
    theirs = logged_in("bayu")
    page = here.get("/admin/account/").content.decode()
    assert page.count("Chrome · Android") == 2
    assert "Firefox · Windows" in page
    one = LoginSession.objects.get(session_key=phone.session.session_key)
    here.post("/admin/account/sessions/", {"one": str(one.pk)})
    assert [inside(c) for c in (here, phone, third)] == [True, False, True]
    here.post("/admin/account/sessions/")
    assert [inside(c) for c in (here, third, theirs)] == [True, False, True]


def test_nobody_ends_the_login_of_somebody_else(sari: User, bayu: User) -> None:
    here, theirs = logged_in(), logged_in("bayu")
    row = LoginSession.objects.get(user=bayu)
    here.post("/admin/account/sessions/", {"one": str(row.pk)})
    assert inside(theirs)
    for one in ("x", "²", "-1", "9" * 30):
        assert here.post("/admin/account/sessions/", {"one": one}).status_code == 302


def test_the_factor_is_turned_on_with_its_first_code(sari: User) -> None:
    client = logged_in()
    page = client.get("/admin/account/second-factor/").content.decode()
    login = StaffLogin.objects.get(user=sari)
    assert "<svg" in page
    assert secondfactor.secret_in_groups(login) in page
    wrong = client.post("/admin/account/second-factor/", {"code": "000000"}).content.decode()
    assert "This code is not right." in wrong
    code = f"{TOTP(base64.b32decode(login.secret)).token():06}"
    codes = client.post("/admin/account/second-factor/", {"code": code}).content.decode()
    assert codes.count("<li><code>") == 10
    assert client.get("/admin/account/second-factor/").headers["Location"] == "/admin/account/"
    page = client.get("/admin/account/").content.decode()
    assert "10 recovery codes are left." in page
    assert login.secret not in page


def test_codes_to_turn_it_on_cannot_be_guessed(sari: User) -> None:
    client = logged_in()
    client.get("/admin/account/second-factor/")
    for _guess in range(LIMIT):
        client.post("/admin/account/second-factor/", {"code": "000000"})
    login = StaffLogin.objects.get(user=sari)
    code = f"{TOTP(base64.b32decode(login.secret)).token():06}"
    page = client.post("/admin/account/second-factor/", {"code": code}).content.decode()
    assert "Wait 15 minutes" in page
    assert not secondfactor.is_on(sari)


@pytest.mark.parametrize("what", ["off", "codes"])
def test_changing_the_factor_asks_for_the_password(sari: User, what: str) -> None:
    client = logged_in()
    StaffLogin.objects.update_or_create(
        user=sari,
        defaults={"secret": "A", "confirmed_at": timezone.now(), "recovery": ["x"]},
    )
    form = {"what": what, "password": "wrong"}
    client.post("/admin/account/second-factor/change/", form)
    assert StaffLogin.objects.get(user=sari).recovery == ["x"]
    client.get("/admin/account/second-factor/change/", form | {"password": PASSWORD})
    assert StaffLogin.objects.get(user=sari).recovery == ["x"]
    client.post("/admin/account/second-factor/change/", form | {"password": PASSWORD})
    left = StaffLogin.objects.get(user=sari)
    assert bool(left.confirmed_at) == (what == "codes")
    assert len(left.recovery) == (10 if what == "codes" else 0)
