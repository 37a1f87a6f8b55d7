"""A forgotten password: a link by e-mail that tells strangers nothing and leaves the second step in place."""

import datetime as dt
import re
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from tenants import forgotten, letters, secondfactor
from tenants.attempts import LIMIT, MAILS
from tenants.models import LoginSession, StaffLogin
from tests import factories
from tests.tenants.test_entering import code_of

NEW = "kelapa muda 77"


@pytest.fixture(autouse=True)
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The letters are there when the page is."""

    def at_once(*letter: str) -> None:
        if (sent := letters.send_beside(*letter)) is not None:
            sent.result(10)

    monkeypatch.setattr("tenants.forgotten.send_beside", at_once)
    settings.EMAIL_URL = "smtp://mail.example:25"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def sari(sari: User) -> User:
    sari.email = "sari@ombak.example"
    sari.save()
    return sari


def ask(client: Client, who: str = "sari", **more: Any) -> str:
    return client.post("/forgotten/", {"who": who}, **more).content.decode()


def mailed() -> str:
    """The path of the link in the newest e-mail."""
    found = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def choose(client: Client, path: str) -> Any:
    page = client.get(path, follow=True)
    return client.post(page.request["PATH_INFO"], {"new_password1": NEW, "new_password2": NEW})


def log_in(client: Client, word: str = NEW) -> Any:
    return client.post("/admin/login/", {"username": "sari", "password": word})


def test_the_login_offers_it_only_where_mail_can_be_sent(
    client: Client, settings: Any, sari: User
) -> None:
    assert "/forgotten/" in client.get("/admin/login/").content.decode()
    settings.EMAIL_URL = ""
    assert "/forgotten/" not in client.get("/admin/login/").content.decode()
    assert client.get("/forgotten/").status_code == 404
    assert client.post("/forgotten/", {"who": "sari"}).status_code == 404
    assert mail.outbox == []


@pytest.mark.parametrize("who", ["sari", " SARI@ombak.example "])
def test_a_link_opens_a_new_password_once(client: Client, sari: User, who: str) -> None:
    ask(client, who)
    assert mail.outbox[0].to == ["sari@ombak.example"]
    path = mailed()
    assert choose(client, path).headers["Location"] == "/admin/login/"
    assert "_auth_user_id" not in client.session
    assert log_in(Client()).headers["Location"] == "/admin/"
    again = Client().get(path, follow=True).content.decode()
    assert "Ask for a new link." in again


def test_strangers_cannot_tell_who_has_a_login(client: Client, sari: User) -> None:
    factories.staff("noaddress", None)
    User.objects.create_user("customer", email="c@x.example", password="x")
    pages = {re.sub('value="[^"]*"', "", ask(client, w)) for w in ("sari", "nobody", "noaddress")}
    assert len(pages) == 1
    ask(client, "customer")
    assert [m.to for m in mail.outbox] == [["sari@ombak.example"]]


def test_a_mail_server_that_hangs_keeps_nobody_waiting_and_no_more_than_a_few_letters(
    client: Client, sari: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    made: list[Any] = []
    monkeypatch.setattr(letters, "send_mail", lambda *_letter: answers.wait(10))
    monkeypatch.setattr(
        "tenants.forgotten.send_beside",
        lambda *letter: made.append(letters.send_beside(*letter)),
    )
    try:
        ask(client)
        assert not made[0].done()
        made += [letters.send_beside("subject", "text", "s@x.example") for _ in range(letters.MOST)]
        assert made[-1] is None
    finally:
        answers.set()
    assert [sent.result(10) for sent in made if sent] == [None] * letters.MOST


def test_a_mailbox_is_not_filled_by_strangers(client: Client, sari: User) -> None:
    for number in range(MAILS + 3):
        ask(client, REMOTE_ADDR=f"203.0.113.{number}")
    assert len(mail.outbox) == MAILS
    for number in range(5 * MAILS):
        ask(client, f"nobody{number}")
    User.objects.create_user("bayu", email="b@x.example", is_staff=True)
    ask(client, "bayu")
    assert len(mail.outbox) == MAILS


def test_a_link_lives_two_hours(
    client: Client, sari: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client)
    later = dt.datetime.now() + dt.timedelta(hours=2, minutes=1)  # noqa: DTZ005 - as Django has it
    monkeypatch.setattr(forgotten.MailedLinks, "_now", lambda _self: later)
    assert "Ask for a new link." in client.get(mailed(), follow=True).content.decode()


def test_the_second_step_is_still_asked_for(client: Client, sari: User) -> None:
    secondfactor.begin(sari)
    secondfactor.confirm(sari, code_of(sari, late=-1), timezone.now())
    ask(client)
    choose(client, mailed())
    assert log_in(client).headers["Location"] == "/admin/code/"
    assert client.get("/admin/").status_code == 302
    assert StaffLogin.objects.get(user=sari).confirmed_at


def test_a_new_password_buys_no_new_guesses_at_the_code(client: Client, sari: User) -> None:
    secondfactor.begin(sari)
    secondfactor.confirm(sari, code_of(sari, late=-1), timezone.now())
    log_in(client, "correct horse battery")
    for number in range(LIMIT):
        client.post("/admin/code/", {"code": "000000"}, REMOTE_ADDR=f"203.0.113.{number}")
    ask(client)
    choose(client, mailed())
    assert log_in(client).headers["Location"] == "/admin/code/"
    assert client.post("/admin/code/", {"code": code_of(sari)}).status_code == 429


def test_a_locked_password_is_free_again_and_other_browsers_are_out(
    client: Client, sari: User
) -> None:
    there = Client()
    log_in(there, "correct horse battery")
    for _guess in range(LIMIT):
        log_in(client, "wrong")
    assert log_in(client, "correct horse battery").status_code == 429
    ask(client)
    choose(client, mailed())
    assert log_in(client).status_code == 302
    assert there.get("/admin/").status_code == 302
    assert LoginSession.objects.count() == 1


def test_the_mail_speaks_her_language_and_names_the_public_address(
    client: Client, settings: Any, sari: User
) -> None:
    settings.PUBLIC_URL = "https://mila.example"
    StaffLogin.objects.create(user=sari, language="id")
    ask(client)
    assert "kata sandi baru" in mail.outbox[0].subject
    assert "https://mila.example/forgotten/" in str(mail.outbox[0].body)


def test_a_mail_server_that_is_away_tells_strangers_nothing(
    client: Client, settings: Any, sari: User
) -> None:
    settings.EMAIL_BACKEND = "tests.tenants.test_forgotten.Away"
    assert "a link is on its way" in ask(client)


class Away:
    """A mail server that does not answer."""

    def __init__(self, **_options: Any) -> None:
        pass

    def send_messages(self, _messages: Any) -> int:
        raise ConnectionRefusedError


def test_the_own_address_is_changed_with_the_password_only(client: Client, sari: User) -> None:
    client.force_login(sari)
    for word, kept in (("wrong", "sari@ombak.example"), ("correct horse battery", "s@x.example")):
        client.post("/admin/account/mail/", {"email": "s@x.example", "password": word})
        sari.refresh_from_db()
        assert sari.email == kept
    page = client.post(
        "/admin/account/mail/", {"email": "no address", "password": "correct horse battery"}
    ).content.decode()
    assert "m-wrong" in page
    assert 'value="no address"' in page


def test_the_account_asks_for_an_address_only_where_mail_can_be_sent(
    client: Client, settings: Any, sari: User
) -> None:
    client.force_login(sari)
    assert "If you forget the password" in client.get("/admin/account/").content.decode()
    settings.EMAIL_URL = ""
    assert "If you forget the password" not in client.get("/admin/account/").content.decode()
