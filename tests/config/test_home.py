"""Home's cards: what each says, that each fails alone, and that news are asked for and found."""

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agent.models import Turn
from agent.records import Gap
from agent.troubles import BUSY
from config import alarms, dashboard, homecards, weeks
from config.homecards import CARDS, Card
from conversations.models import Conversation, Message
from reports.models import Day
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import conversation, gap
from tests.reports import chats
from whatsapp.models import WhatsAppAccount

BROKEN = "The model's server cannot be reached."


@pytest.fixture
def client(sari: User) -> Client:
    client = Client()
    client.force_login(sari)
    return client


def text(client: Client, address: str = "/admin/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def line(tenant: Tenant, **fields: Any) -> WhatsAppAccount:
    now = timezone.now()
    values = {"state": "connected", "phone": "+6281200001101", "heartbeat_at": now}
    return WhatsAppAccount.objects.create(
        tenant=tenant, **{**values, "state_since": now - dt.timedelta(hours=1), **fields}
    )


def runs(tenant: Tenant, *errors: str) -> None:
    """Runs of the assistant, the newest last."""
    for number, error in enumerate(errors):
        turn = Turn.objects.create(
            tenant=tenant, purpose="customer", outcome="answered", model="m", error=error
        )
        ago = dt.timedelta(minutes=len(errors) - number)
        Turn.objects.filter(pk=turn.pk).update(created_at=timezone.now() - ago)


@pytest.mark.parametrize("fields", [{}, {"state": "retrying", "state_since": None}])
def test_a_line_that_works_or_rests_for_a_moment_is_no_alarm(
    ombak: Tenant, fields: dict[str, Any]
) -> None:
    now = timezone.now()
    if "state_since" in fields:
        fields["state_since"] = now - dt.timedelta(seconds=50)
    line(ombak, **fields)
    assert alarms.alarms(ombak, now) == []


def test_a_line_that_is_down_for_a_minute_is_red_and_says_what_customers_get(
    client: Client, ombak: Tenant
) -> None:
    line(ombak, state="retrying", state_since=timezone.now() - dt.timedelta(seconds=61))
    page = text(client)
    assert 'role="alert"' in page
    assert "WhatsApp is down." in page
    assert "waits at WhatsApp and is answered when the line is back" in page


def test_a_service_that_is_silent_is_red_although_it_was_connected(
    client: Client, ombak: Tenant
) -> None:
    line(ombak, heartbeat_at=timezone.now() - dt.timedelta(seconds=75))
    assert "MILA&#x27;s WhatsApp service is not answering." in text(client)


def test_a_number_that_was_unlinked_says_that_nobody_is_answered(
    client: Client, ombak: Tenant
) -> None:
    line(ombak, state="logged_out")
    assert "Customers get no answer until the number is linked again." in text(client)


@pytest.mark.parametrize("fields", [{"phone": "", "state": "stopped"}, {"wanted": False}])
def test_what_was_never_linked_or_switched_off_is_no_alarm(
    ombak: Tenant, fields: dict[str, Any]
) -> None:
    line(ombak, heartbeat_at=None, **fields)
    assert alarms.alarms(ombak, timezone.now()) == []


@pytest.mark.parametrize(
    ("errors", "red"),
    [
        ((BROKEN, BROKEN, BROKEN), True),
        (("", BROKEN, BROKEN, BROKEN), True),
        (("", BROKEN, BROKEN), False),
        ((BROKEN, BROKEN, ""), None),
        ((BROKEN, BROKEN, BUSY), None),
    ],
)
def test_the_provider_is_red_when_its_last_three_calls_failed(
    ombak: Tenant, errors: tuple[str, ...], red: bool | None
) -> None:
    runs(ombak, *errors)
    found = alarms.alarms(ombak, timezone.now())
    assert [each.urgent for each in found] == ([] if red is None else [red])
    if found:
        assert BROKEN in found[0].text
        assert "word for word" in found[0].meanwhile


@pytest.mark.parametrize("name", sorted(CARDS))
def test_a_card_that_fails_leaves_the_others_standing(
    client: Client, ombak: Tenant, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_look: Any) -> dict[str, Any]:
        raise ZeroDivisionError

    monkeypatch.setitem(CARDS, name, Card(broken, CARDS[name].rights))
    page = text(client)
    assert page.count("This could not be loaded.") == 1
    assert f'hx-get="/admin/home/{name}/"' in page
    assert page.count('class="h-card') == len(CARDS)
    monkeypatch.undo()
    assert "could not be loaded" not in text(client, f"/admin/home/{name}/")


@pytest.mark.parametrize("room", ["guide.card", "whatsapp_card", "warnings"])
def test_what_other_rooms_bring_fails_alone_too(
    client: Client, ombak: Tenant, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(f"config.dashboard.{room}", broken)
    assert "Waiting for staff" in text(client)


def test_a_card_that_shows_the_news_already_answers_204(client: Client, ombak: Tenant) -> None:
    seen = re.search(r'id="home-waiting"[^>]*data-seen="(\w+)"', text(client))
    assert seen
    asked = f"/admin/home/waiting/?seen={seen[1]}"
    assert client.get(asked).status_code == 204
    chats.task(conversation(ombak, "Ayu"), timezone.now(), urgency="urgent")
    news = text(client, asked)
    assert "Ayu" in news
    assert "Urgent" in news
    assert "<html" not in news


def test_lists_are_asked_every_20_seconds_and_alarms_every_15(
    client: Client, ombak: Tenant
) -> None:
    page = text(client)
    assert re.search(r'home/waiting/\?seen=\w+" hx-trigger="every 20s"', page)
    assert re.search(r'home/alarm/\?seen=\w+" hx-trigger="every 15s"', page)


def test_an_unknown_card_is_not_found(client: Client, ombak: Tenant) -> None:
    assert client.get("/admin/home/secrets/").status_code == 404


@pytest.mark.parametrize(
    ("role", "theirs"),
    [
        (Membership.Role.OWNER, set(CARDS)),
        (Membership.Role.EDITOR, {"alarm", "numbers", "volume", "replies", "gaps"}),
        (Membership.Role.FRONT_DESK, set(CARDS) - {"gaps"}),
    ],
)
def test_each_role_gets_its_cards_and_no_others(ombak: Tenant, role: str, theirs: set[str]) -> None:
    client = Client()
    client.force_login(factories.staff("eka", ombak, role))
    found = {name for name in CARDS if client.get(f"/admin/home/{name}/").status_code == 200}
    assert found == theirs
    page = text(client)
    assert {name for name in CARDS if f'id="home-{name}"' in page} == theirs


def test_cards_show_nothing_of_another_studio(client: Client, ombak: Tenant, senja: Tenant) -> None:
    theirs = conversation(senja, "SENJA")
    chats.task(theirs, timezone.now(), summary="SENJA")
    gap(theirs, "SENJA")
    assert not [name for name in CARDS if "SENJA" in text(client, f"/admin/home/{name}/")]


def test_an_unanswered_question_leads_to_its_answer(client: Client, ombak: Tenant) -> None:
    gap(conversation(ombak, "Ayu"), "ada kelas online?")
    page = text(client, "/admin/home/gaps/")
    row = Gap.objects.get()
    assert "ada kelas online?" in page
    assert f'action="/admin/unanswered/{row.pk}/"' in page
    assert "Write the answer" in page


def test_numbers_are_told_in_seconds_and_dashes(client: Client, ombak: Tenant) -> None:
    assert text(client, "/admin/home/numbers/").count("<dd>—</dd>") == 3
    now = timezone.now()
    on = chats.chat(ombak)
    chats.said(on, "customer", now - dt.timedelta(seconds=10))
    chats.said(on, "assistant", now - dt.timedelta(seconds=10) + dt.timedelta(milliseconds=3065))
    page = text(client, "/admin/home/numbers/")
    assert "<dd>3.1 s</dd>" in page or "<dd>3.0 s</dd>" in page
    assert "ms" not in page.replace("ms</dt>", "")


def test_home_counts_its_days_by_post_only(client: Client, ombak: Tenant) -> None:
    text(client)
    assert not Day.objects.exists()
    assert client.get("/admin/home/count/").status_code == 405
    assert client.post("/admin/home/count/").status_code == 200
    assert Day.objects.filter(tenant=ombak).count() == homecards.SHOWN - 1


def test_the_first_home_stays_and_its_cards_look_again_when_the_days_are_counted(
    client: Client, ombak: Tenant
) -> None:
    page = text(client)
    for name in ("numbers", "volume", "replies"):
        card = re.search(rf'<div id="home-{name}"[^>]* hx-trigger="([^"]*)"', page)
        assert card
        assert "counted from:body" in card[1]
    done = client.post("/admin/home/count/")
    assert done.headers["HX-Trigger"] == "counted"
    assert "HX-Refresh" not in done.headers
    assert "HX-Trigger" not in client.post("/admin/home/count/").headers


def test_made_up_conversations_are_marked_and_can_be_taken_out(
    client: Client, ombak: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "made up" not in text(client)
    monkeypatch.setattr(weeks, "is_demo", lambda _tenant: True)
    weeks.show(ombak, timezone.now())
    assert "These conversations are made up." in text(client)
    desk = Client()
    desk.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert desk.post("/admin/home/made-up/").status_code == 403
    assert client.get("/admin/home/made-up/").status_code == 405
    client.post("/admin/home/made-up/")
    assert not Message.objects.exists()


def test_home_takes_the_same_queries_however_much_was_written(
    client: Client, ombak: Tenant
) -> None:
    chats.month(ombak, timezone.now(), chats=2)
    client.post("/admin/home/count/")
    with CaptureQueriesContext(connection) as few:
        text(client)
    for number in range(5):
        chats.task(chats.chat(ombak, last_message_at=timezone.now()), timezone.now())
        gap(conversation(ombak, f"q{number}"), f"question {number}")
    with CaptureQueriesContext(connection) as many:
        text(client)
    assert len(many) <= len(few) + 1


def test_who_sees_all_studios_sees_them_in_a_table(ombak: Tenant, senja: Tenant) -> None:
    now = timezone.now()
    chats.said(chats.chat(ombak), "customer", now)
    chats.task(Conversation.objects.get(), now)
    Turn.objects.create(tenant=ombak, purpose="customer", outcome="answered", cost="1")
    client = Client()
    client.force_login(factories.platform_admin())
    with CaptureQueriesContext(connection) as queries:
        page = text(client)
    row = page.split("Ombak Yoga</span>")[1].split("</tr>")[0]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
    assert [re.sub("<.*?>", "", cell) for cell in cells[1:4]] == ["1", "1", "Rp 16.500"]
    # On a phone these stand before the figures, since the table's head is not shown.
    labels = ["Waiting", "Messages today", "Cost this month"]
    assert re.findall(r'<td data-label="(.*?)">', row) == labels
    assert len(queries) <= 24
    assert dashboard.has_model(ombak) is False


def test_who_may_not_link_is_told_whom_to_ask(client: Client, ombak: Tenant, sari: User) -> None:
    pages = {}
    for user in (sari, factories.staff("wayan", ombak, Membership.Role.FRONT_DESK)):
        client.force_login(user)
        pages[user.username] = client.get("/admin/").content.decode()
    assert "Link WhatsApp, or try" in pages.pop(sari.username)
    assert "Link WhatsApp, or try" not in pages["wayan"]
    assert "when an owner of the studio has linked WhatsApp" in pages["wayan"]


def test_a_new_installation_says_what_it_is_until_it_is_put_away(
    client: Client, ombak: Tenant, senja: Tenant
) -> None:
    root = factories.platform_admin()
    client.force_login(root)
    for demo in (ombak, senja):
        for number in range(10):
            factories.entry(demo, external_id=f"{demo.slug}-{number}")
    assert 'id="welcome"' in client.get("/admin/").content.decode()
    client.post("/admin/platform/welcome/")
    assert 'id="welcome"' not in client.get("/admin/").content.decode()
    other = Client()
    other.force_login(root)
    assert 'id="welcome"' in other.get("/admin/").content.decode()
    factories.studio("pagi", whatsapp_number=None)
    assert 'id="welcome"' not in other.get("/admin/").content.decode()
