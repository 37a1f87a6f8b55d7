"""The platform's page: what each studio does and costs, a new one with its owner's link, and archiving."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agent.models import Turn
from conversations.models import Conversation
from tenants.models import Deed, Invitation, Membership, Tenant
from tests import factories
from tests.config.rows import one_of_everything
from whatsapp.models import WhatsAppAccount

PAGE = "/admin/platform/"
NEW = {"name": "Pagi Yoga", "city": "Bandung", "timezone": "Asia/Jakarta", "owner": "Putu"}


@pytest.fixture
def root(client: Client, db: None) -> Client:
    client.force_login(factories.platform_admin())
    return client


def text(client: Client) -> str:
    return " ".join(client.get(PAGE).content.decode().split())


def test_each_studio_is_shown_with_its_line_people_and_cost(root: Client, ombak: Tenant) -> None:
    one_of_everything(ombak, "Ayu")
    now = timezone.now()
    WhatsAppAccount.objects.update(state="connected", heartbeat_at=now, phone="+628111")
    Conversation.objects.update(channel="whatsapp", last_message_at=now)
    Turn.objects.update(created_at=now, cost=Decimal("1.25"), purpose="customer")
    shown = text(root)
    assert "Ombak Yoga" in shown
    assert "1 person" in shown
    assert "this month: 1 answers, US$ 1.25" in shown
    assert "last message" in shown
    assert 'class="m-pill ok"' in shown
    assert "open escalations: 1" in shown


def test_last_months_cost_is_not_this_months(root: Client, ombak: Tenant) -> None:
    last = timezone.now().replace(day=1, hour=0, minute=0) - dt.timedelta(minutes=2)
    Turn.objects.create(tenant=ombak, purpose="customer", outcome="answered", cost=5)
    Turn.objects.update(created_at=last)
    assert "this month: 0 answers, US$ 0.00" in text(root)


def test_answers_that_a_demo_made_up_are_no_answers_for_nothing(
    root: Client, ombak: Tenant
) -> None:
    Turn.objects.create(tenant=ombak, purpose="customer", outcome="answered", cost=5, model="demo")
    assert "this month: 0 answers, US$ 0.00" in text(root)


def test_more_studios_ask_the_database_no_more(root: Client, ombak: Tenant, senja: Tenant) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            root.get(PAGE)
        return len(queries)

    asked()
    few = asked()
    for number in range(5):
        one_of_everything(factories.studio(f"studio{number}"), f"word{number}")
    assert asked() == few


@pytest.mark.parametrize("role", ["owner", "editor", "front_desk"])
def test_only_the_platform_has_the_page(client: Client, ombak: Tenant, role: str) -> None:
    client.force_login(factories.staff("someone", ombak, role))
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}new/", NEW).status_code == 403
    assert client.post(f"{PAGE}{ombak.pk}/", {"active": "no"}).status_code == 403
    assert Tenant.objects.get().active


def test_a_new_studio_comes_with_a_link_for_its_owner(root: Client) -> None:
    page = root.post(f"{PAGE}new/", NEW).content.decode()
    studio = Tenant.objects.get(slug="pagi-yoga")
    assert (studio.mode, studio.city, studio.timezone) == ("test", "Bandung", "Asia/Jakarta")
    found = re.search(r'id="link" readonly value="http://testserver([^"]+)"', page)
    assert found
    form = {"first_name": "Putu", "username": "putu"}
    form |= {"password1": "kelapa muda 77", "password2": "kelapa muda 77"}
    assert "Pagi Yoga" in Client().post(found[1], form, follow=True).content.decode()
    assert Membership.objects.get(tenant=studio).role == "owner"
    assert {"studio_made", "invited", "joined"} == set(studio.deeds.values_list("what", flat=True))


def test_a_short_name_that_is_taken_is_told_and_nothing_is_made(
    root: Client, ombak: Tenant
) -> None:
    page = root.post(f"{PAGE}new/", NEW | {"slug": "ombak"}).content.decode()
    assert "“ombak” already" in page
    assert 'value="Pagi Yoga"' in page
    assert not Invitation.objects.exists()
    assert not Deed.objects.exists()
    nameless = root.post(f"{PAGE}new/", NEW | {"name": "🧘"}).content.decode()
    assert "m-wrong" in nameless or "m-note bad" in nameless
    assert Tenant.objects.count() == 1


def test_an_archived_studio_is_closed_and_opens_again(
    root: Client, sari: User, ombak: Tenant
) -> None:
    owner = Client()
    owner.force_login(sari)
    root.get(f"{PAGE}{ombak.pk}/", {"active": "no"})
    assert owner.get("/admin/").status_code == 200
    root.post(f"{PAGE}{ombak.pk}/", {"active": "no"})
    assert owner.get("/admin/").status_code == 302
    assert "Archived" in text(root)
    root.post(f"{PAGE}{ombak.pk}/", {"active": "yes"})
    assert owner.get("/admin/").status_code == 200
    assert list(ombak.deeds.values_list("what", flat=True)) == ["resumed", "suspended"]
