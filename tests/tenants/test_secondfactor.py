"""The arithmetic of the second factor, and what lies in the database of it."""

import base64
import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django_otp.oath import TOTP

from tenants import secondfactor
from tenants.models import StaffLogin
from tests.factories import NOW

HALF_MINUTE = dt.timedelta(seconds=30)


def code(user: User, at: dt.datetime) -> str:
    clock = TOTP(base64.b32decode(StaffLogin.objects.get(user=user).secret))
    clock.time = at.timestamp()
    return f"{clock.token():06}"


@pytest.fixture
def codes(sari: User) -> list[str]:
    secondfactor.begin(sari)
    return secondfactor.confirm(sari, code(sari, NOW), NOW)


def test_it_counts_from_the_first_right_code_on(sari: User) -> None:
    secondfactor.begin(sari)
    assert not secondfactor.is_on(sari)
    assert secondfactor.check(sari, code(sari, NOW), NOW) == ""
    assert secondfactor.confirm(sari, "123", NOW) == []
    assert len(set(secondfactor.confirm(sari, code(sari, NOW), NOW))) == 10
    assert secondfactor.is_on(sari)


def test_the_code_of_the_rfc_is_right(sari: User) -> None:
    """RFC 6238, appendix B: at 59 seconds the SHA-1 code ends in 287082."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    StaffLogin.objects.create(user=sari, secret=secret)
    at = dt.datetime(1970, 1, 1, 0, 0, 59, tzinfo=dt.UTC)
    assert secondfactor.confirm(sari, "287082", at)


def test_a_clock_may_be_off_by_half_a_minute_and_no_more(sari: User, codes: list[str]) -> None:
    at = NOW + 10 * HALF_MINUTE
    assert secondfactor.check(sari, code(sari, at + 2 * HALF_MINUTE), at) == ""
    assert secondfactor.check(sari, code(sari, at - 2 * HALF_MINUTE), at) == ""
    assert secondfactor.check(sari, code(sari, at + HALF_MINUTE), at) == "code"


def test_a_code_and_those_before_it_open_nothing_after_it(sari: User, codes: list[str]) -> None:
    at = NOW + 10 * HALF_MINUTE
    assert secondfactor.check(sari, code(sari, at), at) == "code"
    assert secondfactor.check(sari, code(sari, at), at) == ""
    assert secondfactor.check(sari, code(sari, at - HALF_MINUTE), at) == ""
    assert secondfactor.check(sari, code(sari, at + HALF_MINUTE), at) == "code"


def test_new_recovery_codes_end_the_old_ones(sari: User, codes: list[str]) -> None:
    new = secondfactor.renew_codes(sari)
    assert secondfactor.check(sari, codes[0], NOW) == ""
    assert secondfactor.check(sari, new[0].replace("-", " "), NOW) == "recovery"


def test_neither_secret_nor_codes_can_be_read_in_the_database(sari: User, codes: list[str]) -> None:
    secret = StaffLogin.objects.get().secret
    with connection.cursor() as cursor:
        cursor.execute("select * from tenants_stafflogin")
        kept = str(cursor.fetchall())
    assert secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_a_factor_that_counts_is_not_replaced_by_beginning_again(
    sari: User, codes: list[str]
) -> None:
    before = StaffLogin.objects.get().secret
    assert secondfactor.begin(sari).secret == before
    assert secondfactor.confirm(sari, code(sari, NOW + HALF_MINUTE), NOW + HALF_MINUTE) == []


def test_each_visit_shows_another_secret_and_a_wrong_code_the_same(
    client: Client, sari: User
) -> None:
    client.force_login(sari)
    shown = []
    for visit in (client.get, client.get, client.post):
        visit("/admin/account/second-factor/", {"code": "000000"})
        shown.append(StaffLogin.objects.get().secret)
    assert shown[0] != shown[1] == shown[2]
    assert secondfactor.confirm(sari, code(sari, NOW), NOW)
    assert secondfactor.begin(sari, anew=True).secret == shown[2]  # it counts now


def test_turned_off_it_begins_with_a_new_secret(sari: User, codes: list[str]) -> None:
    before = StaffLogin.objects.get().secret
    assert secondfactor.switch_off(sari)
    assert secondfactor.begin(sari).secret != before
    assert secondfactor.check(sari, codes[0], NOW) == ""
    assert secondfactor.confirm(sari, code(sari, NOW), NOW)


def test_the_picture_can_be_scaled_and_says_whose_it_is(sari: User) -> None:
    login = secondfactor.begin(sari)
    assert "viewBox" in secondfactor.picture(login)
    assert secondfactor.address(login).startswith("otpauth://totp/MILA%3Asari?secret=")
    assert secondfactor.secret_in_groups(login).replace(" ", "") == login.secret
