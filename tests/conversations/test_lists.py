"""The lists of the admin in a studio of very many messages: no row is counted, and none is sorted."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.models import Message
from tenants.models import Tenant
from tests.config.rows import conversation
from tests.factories import NOW

LISTS = {
    "conversations/message": "conversations_message",
    "agent/turn": "agent_turn",
    "tenants/deed": "tenants_deed",
}


@pytest.fixture
def owner(client: Client, ombak: Tenant, sari: User) -> Client:
    conversation(ombak, "Ayu")
    client.force_login(sari)
    return client


def asked(owner: Client, page: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert owner.get(f"/admin/{page}/").status_code == 200
    return [query["sql"] for query in queries.captured_queries]


@pytest.mark.parametrize("page", ["conversations/message", "tenants/deed"])
def test_what_there_is_very_much_of_is_not_counted(owner: Client, page: str) -> None:
    counted = [sql for sql in asked(owner, page) if "COUNT" in sql]
    assert not [sql for sql in counted if f'FROM "{LISTS[page]}"' in sql]


def test_what_does_not_fit_on_a_page_is_on_the_next(owner: Client, ombak: Tenant) -> None:
    first = Message.objects.filter(tenant=ombak).earliest("pk")
    Message.objects.bulk_create(
        Message(
            tenant=ombak,
            conversation_id=first.conversation_id,
            author="customer",
            state="answered",
            text=f"number {n}",
            created_at=NOW,
        )
        for n in range(40)
    )
    pages = [owner.get(f"/admin/conversations/message/?p={p}").content.decode() for p in (1, 2)]
    shown = [set(re.findall(r"number \d+", page)) for page in pages]
    assert len(shown[0] | shown[1]) == 40
    assert not shown[0] & shown[1]
