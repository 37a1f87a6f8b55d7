"""Escalations: who waits, who has them, how they ended, and what the assistant should have known."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import handling
from conversations.models import Escalation
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import conversation
from tests.factories import NOW
from tests.pages import read

CASES = "/admin/conversations/escalation/"


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def case(tenant: Tenant, name: str = "Ayu", **fields: object) -> Escalation:
    values = {"category": "refund", "created_at": NOW, **fields}
    return Escalation.objects.create(
        tenant=tenant, conversation=conversation(tenant, name), **values
    )


def resolve(client: Client, row: Escalation, **form: str) -> str:
    answer = client.post(f"{CASES}{row.pk}/resolve/", form)
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_the_list_says_who_has_it(owner: Client, ombak: Tenant, sari: User) -> None:
    row = case(ombak)
    assert "In progress" not in read(owner, CASES)
    handling.take_over(row.conversation, sari, timezone.now())
    page = read(owner, CASES)
    assert "In progress" in page
    assert "held by sari" in page


def test_a_case_ends_with_an_outcome_and_tells_it(owner: Client, ombak: Tenant) -> None:
    row = case(ombak)
    resolve(owner, row)
    row.refresh_from_db()
    assert row.state == "open"  # how did it end?
    resolve(owner, row, outcome="not_needed")
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("resolved", "not_needed")
    assert "Not needed" in read(owner, f"{CASES}?show=resolved")
    assert "Not needed" in read(
        owner, f"/admin/conversations/conversation/{row.conversation_id}/change/"
    )


def test_the_words_of_earlier_versions_stay_readable(owner: Client, ombak: Tenant) -> None:
    case(ombak, state="resolved", resolved_at=NOW, outcome="Sudah dibalas")
    assert "Sudah dibalas" in read(owner, f"{CASES}?show=resolved")


def test_what_the_assistant_should_have_known_is_written_with_the_question(
    owner: Client, ombak: Tenant
) -> None:
    row = case(ombak, created_at=timezone.now())
    address = urlsplit(resolve(owner, row, outcome="answered", teach="1"))
    assert address.path == "/admin/knowledge/knowledgeentry/add/"
    assert parse_qs(address.query)["title"] == ["Ayu asks"]
    assert 'value="Ayu asks"' in read(owner, address.geturl())


def test_who_may_not_write_knowledge_is_not_asked_to(client: Client, ombak: Tenant) -> None:
    client.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    row = case(ombak)
    assert "Add to knowledge" not in read(client, CASES)
    assert "/knowledge/" not in resolve(client, row, outcome="answered", teach="1")


def test_after_resolving_the_list_is_shown_again_and_no_other_host(
    owner: Client, ombak: Tenant
) -> None:
    assert resolve(owner, case(ombak), outcome="booked", next=f"{CASES}?show=open").startswith(
        CASES
    )
    evil = resolve(owner, case(ombak, "Budi"), outcome="booked", next="https://evil.example/")
    assert evil.startswith("/admin/conversations/conversation/")


def test_reasons_are_chosen_and_nonsense_shows_all(owner: Client, ombak: Tenant) -> None:
    case(ombak, "Ayu", category="refund")
    case(ombak, "Budi", category="billing")
    assert "Budi" not in read(owner, f"{CASES}?reason=refund")
    assert "Budi" in read(owner, f"{CASES}?reason=x&page=99")


def test_the_list_is_polled_without_a_body_until_it_changes(owner: Client, ombak: Tenant) -> None:
    row = case(ombak)
    page = read(owner, CASES)
    address = page.split('id="escalations"')[1].split('hx-get="')[1].split('"')[0]
    address = address.replace("&amp;", "&")
    assert owner.get(address).status_code == 204
    Escalation.objects.filter(pk=row.pk).update(urgency="urgent")
    assert b"Urgent" in owner.get(address).content


def test_the_list_is_in_pages_and_costs_the_same_for_many(owner: Client, ombak: Tenant) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page = read(owner, f"{CASES}list/")
        assert page.count("i-case-row") <= 50
        return len(asked)

    case(ombak, "First")
    few = queries()
    for number in range(60):
        case(ombak, f"P{number}")
    assert queries() == few
    assert "page=2" in read(owner, CASES)


def test_nobody_sees_or_resolves_a_case_of_another_studio(
    owner: Client, ombak: Tenant, senja: Tenant
) -> None:
    row = case(senja, "Rahasia")
    assert "Rahasia" not in read(owner, CASES)
    assert owner.post(f"{CASES}{row.pk}/resolve/", {"outcome": "booked"}).status_code == 404
    row.refresh_from_db()
    assert row.state == "open"
