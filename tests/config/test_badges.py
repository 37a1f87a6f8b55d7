"""The menu's numbers on an open page, and what asking for them does not do."""

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from conversations.models import Escalation
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import conversation, one_of_everything
from tests.pages import read

POLLED = ["/admin/badges/", "/admin/whatsapp/card/", "/admin/playground/answers/"]


def address_in(page: str) -> str:
    found = re.search(r'hx-get="(/admin/badges/[^"]*)"', page)
    assert found
    return found[1]


def test_a_number_comes_to_an_open_page_when_it_moved(
    client: Client, sari: User, ombak: Tenant
) -> None:
    client.force_login(sari)
    address = address_in(read(client, "/admin/"))
    assert client.get(address).status_code == 204
    Escalation.objects.create(
        tenant=ombak,
        conversation=conversation(ombak),
        category="refund",
        created_at=factories.NOW,
    )
    news = read(client, address)
    assert 'id="badge-conversations_escalation_changelist" hx-swap-oob="true">1</span>' in news
    assert client.get(address_in(news)).status_code == 204


def test_the_numbers_are_those_of_the_persons_own_menu(
    client: Client, ombak: Tenant, senja: Tenant
) -> None:
    one_of_everything(senja, "Bayu")
    client.force_login(factories.staff("eka", ombak, Membership.Role.EDITOR))
    news = read(client, "/admin/badges/?seen=other")
    assert "escalation" not in news
    assert not re.search(r">\d+<", news)


@pytest.mark.parametrize("address", POLLED)
def test_asking_for_news_does_not_prolong_the_login(
    client: Client, sari: User, ombak: Tenant, address: str
) -> None:
    client.force_login(sari)
    read(client, "/admin/")
    before = list(Session.objects.values())
    answer = client.get(address, headers={"HX-Request": "true"})
    assert answer.status_code in (200, 204)
    assert "sessionid" not in answer.cookies
    assert list(Session.objects.values()) == before


def test_an_ended_login_loads_the_whole_page(client: Client) -> None:
    for address in POLLED:
        answer = client.get(address, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")
