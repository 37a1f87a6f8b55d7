"""Links for others: they open where the others are, or the page says that they do not."""

from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tenants.addresses import opens_only_here
from tenants.models import Tenant
from tests import factories

WARNING = "This link opens on this computer only."


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def invited(client: Client, host: str = "localhost:8000", name: str = "Wayan") -> str:
    form = {"role": "front_desk", "name": name}
    return unescape(
        client.post("/admin/team/invite/", form, headers={"host": host}).content.decode()
    )


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("localhost:8000", True),
        ("127.0.0.1", True),
        ("127.8.9.10:1", True),
        ("[::1]:8000", True),
        ("mila.localhost", True),
        ("0.0.0.0:8000", True),
        ("192.168.1.5:8000", False),
        ("mila.example.com", False),
        ("localhost.example.com", False),
    ],
)
def test_a_loopback_address_opens_nowhere_else(host: str, only_here: bool) -> None:
    assert opens_only_here(f"http://{host}/join/x/") is only_here


def test_a_link_of_this_computer_says_so(owner: Client) -> None:
    page = invited(owner)
    assert 'value="http://localhost:8000/join/' in page
    assert WARNING in page


def test_without_a_public_address_the_one_in_the_browser_counts(
    owner: Client, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["192.168.1.5"]
    page = invited(owner, "192.168.1.5:8000")
    assert 'value="http://192.168.1.5:8000/join/' in page
    assert WARNING not in page


def test_the_public_address_counts_before_any_other(
    owner: Client, ombak: Tenant, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://mila.example"
    desk = factories.staff("wayan", ombak, "front_desk")
    page = invited(owner)
    assert 'value="https://mila.example/join/' in page
    assert WARNING not in page
    reset = owner.post(f"/admin/team/{desk.memberships.get().pk}/password/")
    assert 'value="https://mila.example/' in reset.content.decode()


def test_the_letter_goes_to_the_typed_address(owner: Client) -> None:
    assert 'href="mailto:ketut@kelapa.example?subject=MILA&body=' in invited(
        owner, name="ketut@kelapa.example"
    )
    assert 'href="mailto:?subject=MILA&body=' in invited(owner, name="Ibu Ketut")
    odd = invited(owner, name="a?cc=b@kelapa.example")
    assert "mailto:a?cc" not in odd


def test_the_platforms_link_for_an_owner_is_made_the_same_way(db: None) -> None:
    root = Client()
    root.force_login(factories.platform_admin())
    form = {"name": "Pagi", "timezone": "Asia/Jakarta", "owner": "ketut@kelapa.example"}
    answer = root.post("/admin/platform/new/", form, headers={"host": "localhost"})
    page = unescape(answer.content.decode())
    assert WARNING in page
    assert 'href="mailto:ketut@kelapa.example?' in page
