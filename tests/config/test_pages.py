"""Home and the frame of the staff pages: what each role finds, and what an empty or troubled studio reads."""

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agent.held_back import NO_MODEL
from agent.models import Turn
from conversations import inbox
from conversations.models import Conversation, Escalation, Message
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import conversation, one_of_everything

LISTS = [
    "team",
    "tenants/deed",
    "knowledge/knowledgeentry",
    "knowledge/knowledgecategory",
    "conversations/customer",
    "conversations/conversation",
    "conversations/message",
    "conversations/escalation",
    "agent/turn",
]


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def home(client: Client, user: User) -> str:
    client.force_login(user)
    return text_of(client.get("/admin/"))


def menu_of(page: str) -> set[str]:
    names = ["Inbox", "Escalations", "Knowledge", "Playground", "Turns", "WhatsApp", "Team"]
    menu = page.split('id="nav-sidebar-apps"')[1].split("</ol>\n")[0:]
    shown = "".join(menu).split('id="main"')[0]
    return {name for name in [*names, "Users", "Studios"] if f"<span>{name}</span>" in shown}


def test_an_owner_finds_everything_of_her_studio_in_the_menu(client: Client, sari: User) -> None:
    shown = menu_of(home(client, sari))
    assert shown == {
        "Inbox",
        "Escalations",
        "Knowledge",
        "Playground",
        "Turns",
        "WhatsApp",
        "Team",
    }


def test_an_editor_finds_no_customers(client: Client, ombak: Tenant) -> None:
    editor = factories.staff("eka", ombak, Membership.Role.EDITOR)
    page = home(client, editor)
    assert menu_of(page) == {"Knowledge", "Playground", "Turns"}
    assert "Recent conversations" not in page
    assert "whatsapp-card" not in page


def test_the_front_desk_finds_no_settings(client: Client, ombak: Tenant) -> None:
    desk = factories.staff("wayan", ombak, Membership.Role.FRONT_DESK)
    assert menu_of(home(client, desk)) == {"Inbox", "Escalations", "Knowledge", "Playground"}


def test_a_platform_admin_sees_all_studios_until_one_is_chosen(
    client: Client, ombak: Tenant, senja: Tenant
) -> None:
    page = home(client, factories.platform_admin())
    assert "Ombak Yoga" in page
    assert "Studio Senja" in page
    client.post("/admin/studio/choose/", {"studio": str(ombak.pk)})
    page = text_of(client.get("/admin/"))
    assert "Home | Ombak Yoga | MILA</title>" in page


def test_a_new_entry_of_who_sees_all_studios_needs_its_studio(
    client: Client, ombak: Tenant, senja: Tenant
) -> None:
    client.force_login(factories.platform_admin())
    form = {"title": "Harga", "category": "classes", "content": "Rp 150.000", "language": "id"}
    form |= {"status": "active"}
    asked = text_of(client.post("/admin/knowledge/knowledgeentry/add/", form))
    assert 'name="tenant"' in asked
    client.post("/admin/knowledge/knowledgeentry/add/", {**form, "tenant": str(senja.pk)})
    assert senja.entries.get().title == "Harga"
    assert "Studio Senja" in text_of(client.get("/admin/knowledge/knowledgeentry/"))


def test_nobody_chooses_a_studio_of_others(client: Client, sari: User, senja: Tenant) -> None:
    client.force_login(sari)
    assert client.post("/admin/studio/choose/", {"studio": str(senja.pk)}).status_code == 403
    assert client.get("/admin/studio/choose/").status_code == 405


def test_a_person_of_two_studios_switches_between_them(
    client: Client, sari: User, ombak: Tenant, senja: Tenant
) -> None:
    Membership.objects.create(user=sari, tenant=senja, role=Membership.Role.FRONT_DESK)
    factories.entry(senja, title="Kelas Senja")
    client.force_login(sari)
    client.post("/admin/studio/choose/", {"studio": str(senja.pk)})
    shown = text_of(client.get("/admin/knowledge/knowledgeentry/"))
    assert "Kelas Senja" in shown
    assert client.get("/admin/whatsapp/").status_code == 403  # front desk there


def test_an_empty_studio_reads_sentences_and_no_zero_percent(client: Client, sari: User) -> None:
    page = home(client, sari)
    assert "Nobody is waiting." in page
    assert "No conversations yet." in page
    assert "0 %" not in page
    assert "None" not in page


def test_home_counts_what_it_says(client: Client, sari: User, ombak: Tenant) -> None:
    now = timezone.now()
    alone = conversation(ombak, "Alone")
    helped = conversation(ombak, "Helped")
    Message.objects.update(created_at=now)
    Message.objects.create(
        tenant=ombak, conversation=helped, author="staff", state="sent", text="hi", created_at=now
    )
    Message.objects.filter(conversation=alone).update(created_at=now - dt.timedelta(days=2))
    page = home(client, sari)
    assert ">50 %</dd>" in page
    assert "1 of 2 conversations of the last 7 days" in page
    assert "<dt>Messages today</dt><dd>1</dd>" in page


def test_an_urgent_case_stands_before_an_older_one(
    client: Client, sari: User, ombak: Tenant
) -> None:
    old = {"tenant": ombak, "category": "refund", "created_at": factories.NOW}
    Escalation.objects.create(conversation=conversation(ombak, "Older"), **old)
    urgent = {**old, "urgency": "urgent", "created_at": factories.NOW + dt.timedelta(hours=1)}
    Escalation.objects.create(conversation=conversation(ombak, "Burning"), **urgent)
    waiting = home(client, sari).split("Waiting for staff</h2>")[1].split("</section>")[0]
    assert waiting.index("Burning") < waiting.index("Older")


def test_a_wrong_key_is_said_in_red(client: Client, sari: User, ombak: Tenant) -> None:
    wrong = "The Anthropic key is not accepted. Enter a valid key."
    Turn.objects.create(tenant=ombak, purpose="customer", outcome="failed", error=wrong)
    page = home(client, sari)
    assert wrong in page
    assert "m-note bad" in page


def test_working_without_a_key_is_no_red_bar(client: Client, sari: User, ombak: Tenant) -> None:
    Turn.objects.create(tenant=ombak, purpose="customer", outcome="from_knowledge", error=NO_MODEL)
    page = home(client, sari)
    assert "m-note bad" not in page
    assert "No Anthropic key is set" in page


def test_a_studio_in_test_mode_goes_live_by_one_button(
    client: Client, sari: User, ombak: Tenant
) -> None:
    Tenant.objects.update(mode=Tenant.Mode.TEST)
    assert "Go live" in home(client, sari)
    client.get("/admin/studio/mode/", {"mode": "live"})
    ombak.refresh_from_db()
    assert ombak.mode == Tenant.Mode.TEST
    client.post("/admin/studio/mode/", {"mode": "live"})
    ombak.refresh_from_db()
    assert ombak.mode == Tenant.Mode.LIVE


def test_the_front_desk_does_not_go_live(client: Client, ombak: Tenant) -> None:
    Tenant.objects.update(mode=Tenant.Mode.TEST)
    desk = factories.staff("wayan", ombak, Membership.Role.FRONT_DESK)
    assert 'value="live"' not in home(client, desk)
    assert client.post("/admin/studio/mode/", {"mode": "live"}).status_code == 403


def test_pages_call_no_other_host_and_run_no_inline_script(
    client: Client, sari: User, ombak: Tenant
) -> None:
    rows = one_of_everything(ombak, "Ayu")
    client.force_login(sari)
    chat = f"/admin/conversations/conversation/{rows[Conversation].pk}/change/"
    for address in ("/admin/", "/admin/playground/", "/admin/whatsapp/", chat):
        response = client.get(address)
        page = text_of(response)
        assert "script-src 'self' 'unsafe-eval'" in response.headers["Content-Security-Policy"]
        assert not [
            part
            for part in page.split("<script")[1:]
            if not part.lstrip().startswith(("src=", "id="))
        ]
        assert 'src="http' not in page
        assert "onclick=" not in page


def test_the_menu_home_and_the_inbox_count_the_same_as_waiting(
    client: Client, sari: User, ombak: Tenant
) -> None:
    """Also a case that the assistant holds on, and a hold whose time is over."""
    at = timezone.now()
    case = conversation(ombak, "Ayu")
    over = conversation(ombak, "Bima")
    Conversation.objects.filter(pk__in=[case.pk, over.pk]).update(last_message_at=at)
    Escalation.objects.create(tenant=ombak, conversation=case, category="refund", created_at=at)
    past = at - dt.timedelta(minutes=1)
    held = {"handled_by": "staff", "unread": 2, "resumes_at": past}
    Conversation.objects.filter(pk=over.pk).update(**held)
    assert list(inbox.waiting(ombak, at)) == [case]
    page = home(client, sari)
    badge = r'id="badge-conversations_conversation_changelist"[^>]*>(\d+)<'
    assert re.findall(badge, page) == ["1"]
    assert "<dt>Waiting for staff</dt><dd>1</dd>" in page


def test_a_badge_counts_what_waits_and_is_absent_for_nothing(
    client: Client, sari: User, ombak: Tenant
) -> None:
    def badges() -> int:
        return len(re.findall(r'class="m-badge" id="badge-\w+">', home(client, sari)))

    assert badges() == 0
    chat = conversation(ombak)
    Escalation.objects.create(
        tenant=ombak, conversation=chat, category="refund", created_at=factories.NOW
    )
    assert badges() == 2  # Inbox and Escalations


def test_a_list_asks_the_database_as_often_for_many_rows_as_for_few(
    client: Client, sari: User, ombak: Tenant
) -> None:
    def asked(page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(client.get(f"/admin/{page}/"))
        return len(queries)

    client.force_login(sari)
    one_of_everything(ombak, "First")
    for page in LISTS:
        asked(page)  # what is asked once and kept
    few = {page: asked(page) for page in LISTS}
    for number in range(5):
        chat = conversation(ombak, f"Person {number}")
        Escalation.objects.create(
            tenant=ombak, conversation=chat, category="refund", created_at=factories.NOW
        )
        factories.entry(ombak, title=f"Entry {number}")
        ombak.categories.create(name=f"Category {number}")
        factories.staff(f"person{number}", ombak)
    assert {page: asked(page) for page in LISTS} == few


def test_one_item_of_the_menu_is_lit(client: Client, ombak: Tenant) -> None:
    client.force_login(factories.platform_admin())
    client.post("/admin/studio/choose/", {"studio": str(ombak.pk)})
    settings = "/admin/studio/settings/"
    for address in ("/admin/", settings, "/admin/whatsapp/", "/admin/platform/"):
        page = text_of(client.get(address))
        lit = [link for link in page.split("<a href=")[1:] if ' active"' in link.split(">")[0]]
        assert len(lit) == 1, address
        assert lit[0].startswith(f'"{address}"')


def test_an_ended_login_sends_the_whole_page_to_the_login(client: Client) -> None:
    response: HttpResponse = client.get("/admin/whatsapp/card/", headers={"HX-Request": "true"})  # type: ignore[assignment]
    assert response.status_code == 204
    assert response.headers["HX-Refresh"] == "true"


def test_the_language_of_the_pages_can_be_changed(client: Client, sari: User) -> None:
    client.force_login(sari)
    client.post("/i18n/setlang/", {"language": "id", "next": "/admin/"})
    assert '<html lang="id"' in text_of(client.get("/admin/"))


@pytest.mark.parametrize(
    ("address", "most"),
    [("/admin/", 40), ("/admin/whatsapp/card/", 8), ("/admin/playground/answers/", 8)],
)
def test_pages_that_are_polled_or_opened_first_ask_little(
    client: Client, sari: User, ombak: Tenant, address: str, most: int
) -> None:
    one_of_everything(ombak, "Ayu")
    client.force_login(sari)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    assert len(queries) <= most
