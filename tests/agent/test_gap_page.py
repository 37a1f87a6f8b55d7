"""Unanswered questions in the admin: counted, with what staff do about them; customers' text stays text."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agent import closing, gap_page
from agent.models import Turn
from agent.records import Gap, GapQuestion
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import conversation, gap
from tests.pages import read

PAGE = "/admin/unanswered/"


def act(client: Client, row: Gap, done: str) -> str:
    response = client.post(f"{PAGE}{row.pk}/", {"do": done})
    assert response.status_code == 302
    row.refresh_from_db()
    return str(response.headers["Location"])


def test_a_question_stands_there_with_its_count_and_chat(owner: Client, ombak: Tenant) -> None:
    chat = conversation(ombak, "Ayu")
    gap(chat, "ada parkir mobil")
    page = read(owner, PAGE)
    assert "ada parkir mobil?" in page
    assert "asked once" in page
    assert f"/admin/conversations/conversation/{chat.pk}/change/" in page


def test_hostile_words_of_customers_are_only_text(owner: Client, ombak: Tenant) -> None:
    gap(conversation(ombak, "Ayu"), "<script>alert(1)</script>")
    page = read(owner, PAGE)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_editor_reads_questions_but_no_chats(client: Client, ombak: Tenant) -> None:
    chat = conversation(ombak, "Ayu")
    gap(chat, "ada parkir mobil")
    client.force_login(factories.staff("eka", ombak, Membership.Role.EDITOR))
    page = read(client, PAGE)
    assert "ada parkir mobil?" in page
    assert str(chat.pk) not in page


def test_the_front_desk_has_no_such_page(client: Client, ombak: Tenant) -> None:
    row = gap(conversation(ombak, "Ayu"), "ada parkir")
    client.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}{row.pk}/", {"do": "dismiss"}).status_code == 403


def test_writing_opens_the_form_filled_in(owner: Client, ombak: Tenant) -> None:
    row = gap(conversation(ombak, "Ayu"), "ada parkir mobil")
    form = read(owner, act(owner, row, "write"))
    assert row.writing_since is not None
    assert 'value="Parkir"' in form
    other = gap(conversation(ombak, "Budi"), "boleh bawa anjing")
    assert 'value="Boleh bawa anjing?"' in read(owner, act(owner, other, "write"))


def test_dismissed_and_opened_again(owner: Client, ombak: Tenant, sari: User) -> None:
    row = gap(conversation(ombak, "Ayu"), "boleh bawa anjing")
    act(owner, row, "dismiss")
    assert (row.state, row.settled_by) == (Gap.State.DISMISSED, sari)
    assert "boleh bawa anjing?" not in read(owner, PAGE)
    assert "boleh bawa anjing?" in read(owner, f"{PAGE}?show=dismissed")
    act(owner, row, "reopen")
    assert "boleh bawa anjing?" in read(owner, PAGE)


def test_asking_again_is_done_by_the_service_and_the_page_waits(
    owner: Client, ombak: Tenant
) -> None:
    row = gap(conversation(ombak, "Ayu"), "boleh bawa anjing")
    act(owner, row, "again")
    assert row.state == Gap.State.CHECKING
    page = read(owner, PAGE)
    assert "every 2s" in page
    seen = page.split("&amp;seen=")[1].split('"')[0]
    assert owner.get(f"{PAGE}list/", {"seen": seen}).status_code == 204
    assert closing.close_next(factories.NOW.replace(year=2027))
    page = read(owner, f"{PAGE}list/")
    assert "still hands this question over" in page
    assert "every 2s" not in page


def test_a_question_is_linked_to_an_entry_and_asked_again(owner: Client, ombak: Tenant) -> None:
    entry = factories.entry(ombak, "Hewan", content="Anjing boleh di halaman.", keywords="hewan")
    row = gap(conversation(ombak, "Ayu"), "boleh bawa guguk")
    choices = read(owner, f"{PAGE}{row.pk}/entries/")
    assert f'<option value="{entry.pk}">Hewan</option>' in choices
    owner.post(f"{PAGE}{row.pk}/", {"do": "link", "entry": str(entry.pk)})
    row.refresh_from_db()
    entry.refresh_from_db()
    assert (row.state, row.entry) == (Gap.State.CHECKING, entry)
    assert entry.keywords == "hewan, boleh bawa guguk?"
    owner.post(f"{PAGE}{row.pk}/", {"do": "link", "entry": str(entry.pk)})
    entry.refresh_from_db()
    assert entry.keywords == "hewan, boleh bawa guguk?"


@pytest.mark.parametrize("chosen", ["", "x", "7", "00000000-0000-0000-0000-000000000007"])
def test_only_an_own_entry_can_be_linked(
    owner: Client, ombak: Tenant, senja: Tenant, chosen: str
) -> None:
    other = factories.entry(senja, "Rahasia", content="x")
    row = gap(conversation(ombak, "Ayu"), "boleh bawa guguk")
    for number in (chosen, str(other.pk)):
        owner.post(f"{PAGE}{row.pk}/", {"do": "link", "entry": number})
        row.refresh_from_db()
        assert (row.state, row.entry) == (Gap.State.OPEN, None)
    other.refresh_from_db()
    assert other.keywords == ""
    assert "Rahasia" not in read(owner, f"{PAGE}{row.pk}/entries/")
    theirs = gap(conversation(senja, "Budi"), "rahasia")
    assert owner.get(f"{PAGE}{theirs.pk}/entries/").status_code == 404


def test_the_front_desk_links_nothing(client: Client, ombak: Tenant) -> None:
    row = gap(conversation(ombak, "Ayu"), "ada parkir")
    client.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert client.get(f"{PAGE}{row.pk}/entries/").status_code == 403


def test_of_many_entries_one_is_found_by_a_word_of_its_title(owner: Client, ombak: Tenant) -> None:
    for number in range(gap_page.CHOICES + 5):
        factories.entry(ombak, f"Kelas {number}", content="x")
    factories.entry(ombak, "Zumba <b>malam</b>", content="x")
    row = gap(conversation(ombak, "Ayu"), "boleh bawa guguk")
    address = f"{PAGE}{row.pk}/entries/"
    first = read(owner, address)
    assert first.count("<option") == gap_page.CHOICES + 1
    assert "Zumba" not in first
    found = read(owner, f"{address}?q=zumba")
    assert found.count("<option") == 2
    assert "Zumba &lt;b&gt;malam" in found
    assert "Type another word" in read(owner, f"{address}?q=tango")


def test_the_page_stays_small_however_many_entries_and_questions_there_are(
    owner: Client, ombak: Tenant
) -> None:
    for number in range(60):
        factories.entry(ombak, f"Kelas {number}", content="x")
    chat = conversation(ombak, "Ayu")
    often = gap(chat, "parkir")
    answer = chat.turns.get()
    for number in range(30):
        turn = Turn.objects.create(tenant=ombak, conversation=chat, purpose=answer.purpose)
        GapQuestion.objects.create(
            gap=often,
            tenant=ombak,
            conversation=chat,
            message=chat.messages.earliest("pk"),
            turn=turn,
            text=f"parkir nomor {number}?",
            language="en" if number == 3 else "id",
            asked_at=factories.NOW + dt.timedelta(minutes=number),
        )
    page = read(owner, PAGE)
    assert "<option" not in page.split('id="gaps-list"')[1]
    assert "asked 31 times" in page
    assert "en · id" in page  # one of them stands no more among the examples
    shown = re.findall(r"parkir nomor (\d+)", page)
    assert shown == ["29", "28", "27", "26", "25", "24"]


def test_many_gaps_stand_on_pages_and_staff_come_back_to_theirs(
    owner: Client, ombak: Tenant
) -> None:
    for number in range(gap_page.ON_A_PAGE + 3):
        gap(conversation(ombak, f"Ayu {number}"), f"pertanyaan nomor {number}")
    first, second = read(owner, PAGE), read(owner, f"{PAGE}?page=2")
    assert first.count("Write this entry") == gap_page.ON_A_PAGE
    assert second.count("Write this entry") == 3
    assert "Page 1 of 2" in first
    assert "?show=open&amp;page=2" in first
    address = re.findall(rf'action="({PAGE}[^"]+page=2)"', second)[0].replace("&amp;", "&")
    response = owner.post(address, {"do": "dismiss"})
    assert response.headers["Location"] == f"{PAGE}?show=open&page=2"


def test_a_look_changes_nothing(owner: Client, ombak: Tenant) -> None:
    row = gap(conversation(ombak, "Ayu"), "boleh bawa anjing")
    owner.get(f"{PAGE}{row.pk}/", {"do": "dismiss"})
    row.refresh_from_db()
    assert row.state == Gap.State.OPEN


def test_many_gaps_take_as_many_queries_as_one(owner: Client, ombak: Tenant) -> None:
    gap(conversation(ombak, "Ayu"), "satu")
    read(owner, PAGE)
    with CaptureQueriesContext(connection) as one:
        read(owner, PAGE)
    for number in range(5):
        gap(conversation(ombak, f"Ayu {number}"), f"pertanyaan {number}")
    with CaptureQueriesContext(connection) as many:
        read(owner, PAGE)
    assert len(many) == len(one)


def test_an_empty_list_says_what_will_stand_there(owner: Client, ombak: Tenant) -> None:
    assert "The assistant answered everything." in read(owner, PAGE)


@pytest.mark.parametrize("done", ["write", "again", "dismiss", "reopen"])
def test_a_gap_of_another_studio_does_not_exist(owner: Client, senja: Tenant, done: str) -> None:
    row = gap(conversation(senja, "Rahasia"), "rahasia senja")
    response = owner.post(f"{PAGE}{row.pk}/", {"do": done})
    assert response.status_code == 404
    row.refresh_from_db()
    assert (row.state, row.writing_since, row.settled_by) == (Gap.State.OPEN, None, None)
    assert "rahasia senja" not in read(owner, PAGE)
