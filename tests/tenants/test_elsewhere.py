"""A person of two studios: the switch stays on the page, and an address of the other studio says whose it is."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Conversation
from knowledge.models import KnowledgeEntry
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import one_of_everything

LIST = "/admin/knowledge/knowledgeentry/"


@pytest.fixture
def both(client: Client, ombak: Tenant, senja: Tenant, sari: User) -> Client:
    """Sari owns Ombak, and writes the knowledge of Senja."""
    Membership.objects.create(user=sari, tenant=senja, role=Membership.Role.EDITOR)
    client.force_login(sari)
    choose(client, ombak)
    return client


def choose(client: Client, studio: Tenant, page: str = "", **more: str) -> str:
    form = {"studio": str(studio.pk), "next": page, **more}
    return str(client.post("/admin/studio/choose/", form).headers["Location"])


def change(entry: KnowledgeEntry) -> str:
    return f"{LIST}{entry.pk}/change/"


@pytest.mark.parametrize(
    ("page", "then"),
    [
        ("/admin/", "/admin/"),
        (LIST, LIST),
        (f"{LIST}?q=harga", LIST),
        (f"{LIST}add/", f"{LIST}add/"),
        ("/admin/playground/", "/admin/playground/"),
        ("/admin/account/", "/admin/account/"),
        ("/admin/team/", "/admin/"),  # an editor has none
        ("/admin/conversations/conversation/", "/admin/"),
        ("https://elsewhere.example/", "/admin/"),
        ("//elsewhere.example/", "/admin/"),
        ("/admin/nonsense/%00", "/admin/"),
        ("", "/admin/"),
    ],
)
def test_the_switch_stays_on_the_page_if_her_role_has_it(
    both: Client, senja: Tenant, page: str, then: str
) -> None:
    assert choose(both, senja, page) == then
    assert both.get(then).status_code == 200


def test_from_one_row_the_switch_leads_to_the_list(
    both: Client, ombak: Tenant, senja: Tenant
) -> None:
    assert choose(both, senja, change(factories.entry(ombak))) == LIST
    choose(both, ombak)
    settings = f"/admin/tenants/tenant/{ombak.pk}/change/"
    assert choose(both, senja, settings) in ("/admin/", "/admin/studio/settings/")


def test_the_menu_carries_the_page(both: Client) -> None:
    assert f'name="next" value="{LIST}"' in both.get(LIST).content.decode()


def test_a_row_of_her_other_studio_says_so_and_offers_the_switch(
    both: Client, senja: Tenant
) -> None:
    entry = factories.entry(senja, "Sewa matras Senja")
    answer = both.get(change(entry))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This page belongs to Studio Senja" in page
    assert "Sewa matras" not in page
    assert f'name="next" value="{change(entry)}"' in page
    assert choose(both, senja, change(entry), exactly="1") == change(entry)
    shown = both.get(change(entry))
    assert shown.status_code == 200
    assert "does not exist" not in both.get("/admin/").content.decode()
    assert "perhaps it was deleted" not in shown.content.decode().lower()


def test_a_chat_of_a_studio_where_she_is_owner_says_so_too(
    both: Client, ombak: Tenant, senja: Tenant
) -> None:
    chat = one_of_everything(ombak, "Ayu")[Conversation]
    choose(both, senja)  # where she may not look into chats at all
    answer = both.get(f"/admin/conversations/conversation/{chat.pk}/change/")
    assert answer.status_code == 409
    assert "This page belongs to Ombak Yoga" in answer.content.decode()
    assert "Ayu" not in answer.content.decode()


def test_of_a_studio_that_is_not_hers_nothing_is_said(
    client: Client, sari: User, senja: Tenant
) -> None:
    client.force_login(sari)
    answer: Any = client.get(change(factories.entry(senja)), follow=True)
    assert "Senja" not in answer.content.decode()
    assert "This page belongs to" not in answer.content.decode()


def test_a_row_that_is_nowhere_is_not_found_as_ever(both: Client, sari: User) -> None:
    entry = KnowledgeEntry()
    assert both.get(change(entry)).headers["Location"] == "/admin/"


def test_a_fragment_of_the_other_studio_is_no_page(both: Client, senja: Tenant) -> None:
    chat = one_of_everything(senja, "Anton")[Conversation]
    answer = both.get(
        f"/admin/conversations/conversation/{chat.pk}/news/", headers={"HX-Request": "true"}
    )
    assert answer.status_code in (403, 404)
    assert "Anton" not in answer.content.decode()
