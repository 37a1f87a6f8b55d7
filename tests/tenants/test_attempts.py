"""Guessing passwords ends after ten tries, at the login page and at the API."""

import base64
import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from tenants.attempts import LIMIT, WINDOW, address
from tenants.models import Deed, FailedLogin

RIGHT = "correct horse battery"
PAGE, API = "/admin/login/", "/api/tenants"


def log_in(client: Client, name: str, password: str, **meta: Any) -> Any:
    return client.post(PAGE, {"username": name, "password": password}, **meta)


def call(client: Client, name: str, password: str) -> Any:
    login = base64.b64encode(f"{name}:{password}".encode()).decode()
    return client.get(API, headers={"Authorization": f"Basic {login}"})


def guess(client: Client, name: str, times: int = LIMIT) -> None:
    for number in range(times):
        log_in(client, name, f"guess {number}")


def test_the_eleventh_try_is_refused_even_with_the_right_password(
    client: Client, sari: User
) -> None:
    guess(client, "sari")
    answer = log_in(client, "sari", RIGHT)
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_sentence_is_there_in_indonesian(client: Client, sari: User) -> None:
    guess(client, "sari")
    client.cookies["django_language"] = "id"
    assert "Tunggu 1" in log_in(client, "sari", RIGHT).content.decode()


def test_guesses_at_the_api_and_at_the_page_count_together(client: Client, sari: User) -> None:
    guess(client, "sari", LIMIT - 1)
    assert call(client, "sari", RIGHT).status_code == 200
    assert call(client, "SARI", "wrong").status_code == 429
    answer = call(client, "sari", RIGHT)
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.json()["detail"]


def test_others_are_not_locked_out(client: Client, sari: User, bayu: User) -> None:
    guess(client, "sari")
    assert call(client, "bayu", RIGHT).status_code == 200
    elsewhere = log_in(client, "sari", RIGHT, REMOTE_ADDR="203.0.113.7")
    assert elsewhere.status_code == 302


def test_all_addresses_of_one_ipv6_network_count_together(client: Client, sari: User) -> None:
    for number in range(LIMIT):
        log_in(client, "sari", "x", REMOTE_ADDR=f"2001:db8:1:2::{number:x}")
    assert log_in(client, "sari", RIGHT, REMOTE_ADDR="2001:db8:1:2:9::1").status_code == 429
    assert log_in(client, "sari", RIGHT, REMOTE_ADDR="2001:db8:1:3::1").status_code == 302


def test_ipv4_written_as_ipv6_stays_many_addresses(client: Client, sari: User) -> None:
    for number in range(LIMIT):
        log_in(client, "sari", "x", REMOTE_ADDR=f"::ffff:203.0.113.{number}")
    assert log_in(client, "sari", RIGHT, REMOTE_ADDR="::ffff:203.0.113.77").status_code == 302


def test_the_lock_ends_by_itself_and_old_rows_go(client: Client, sari: User) -> None:
    guess(client, "sari")
    FailedLogin.objects.update(at=timezone.now() - WINDOW - dt.timedelta(seconds=1))
    log_in(client, "bayu", "wrong")
    assert FailedLogin.objects.count() == 1
    assert log_in(client, "sari", RIGHT).status_code == 302


def test_a_name_that_does_not_exist_is_counted_as_well(client: Client, db: None) -> None:
    guess(client, "nobody")
    assert log_in(client, "nobody", "x").status_code == 429


def test_what_was_typed_as_a_name_is_not_kept(client: Client, db: None) -> None:
    log_in(client, "my secret password", "x")
    assert "secret" not in str(FailedLogin.objects.values().get())


@pytest.mark.parametrize(
    ("peer", "told", "means"),
    [
        ("203.0.113.7", "10.0.0.1", "203.0.113.7"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.9", "198.51.100.9"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_only_our_own_proxy_may_say_who_asks(peer: str, told: str, means: str) -> None:
    meta = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": told}
    assert address(RequestFactory().get("/", **meta)) == means  # type: ignore[arg-type]


def test_a_lock_is_told_in_both_logs_and_never_what_was_typed_for_a_name(
    client: Client, sari: User, caplog: pytest.LogCaptureFixture
) -> None:
    guess(client, "sari")
    guess(client, "my secret password")
    told = [r.getMessage() for r in caplog.records if r.name == "mila.logins"]
    assert told == [
        "Login of sari from 127.0.0.1 locked for 15 minutes",
        "Login of an unknown name from 127.0.0.1 locked for 15 minutes",
    ]
    assert list(Deed.objects.values_list("what", "who")) == [("locked", "sari")]


def test_the_sentence_tells_the_minutes_that_are_left_and_who_can_help(
    client: Client, sari: User
) -> None:
    guess(client, "sari")
    FailedLogin.objects.update(at=timezone.now() - dt.timedelta(minutes=11, seconds=30))
    page = log_in(client, "sari", RIGHT).content.decode()
    assert "Wait 4 minutes" in page
    assert "ask the owner of your studio to unlock you" in page
