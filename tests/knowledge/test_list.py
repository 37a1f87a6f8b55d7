"""The list of entries: what failed, who changed what, and a file of all that spreadsheets open harmlessly."""

import csv
import datetime as dt
import io
import re
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agent.models import Turn
from knowledge import importing
from knowledge.entries import save_entry
from knowledge.models import KnowledgeEntry
from reports import days as counted
from tenants import deeds
from tenants.models import Deed, Membership, Tenant
from tests import factories
from tests.knowledge.test_admin import ADD, FORM, LIST
from tests.reports import chats

RUNS = re.compile(r"^\s*[=\uff1d]|\w\(|\||!\w")
RISKY = ["=1+1", "+62 812", "-2+3", "@SUM(A1)", "\t=1", "'=1", "\uff1d1+1"]


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def test_an_empty_list_shows_three_ways_to_begin(
    owner: Client, ombak: Tenant, client: Client
) -> None:
    page = owner.get(LIST).content.decode()
    for way in ("Write the first entry", "Start from drafts", "Bring a file"):
        assert way in page
    factories.entry(ombak)
    assert "Write the first entry" not in owner.get(LIST).content.decode()


def test_what_failed_is_told_above_the_list_with_its_reason(
    owner: Client, ombak: Tenant, senja: Tenant
) -> None:
    for studio, why in ((ombak, "The key is <wrong>."), (senja, "Theirs")):
        entry = factories.entry(studio)
        KnowledgeEntry.objects.filter(pk=entry.pk).update(index_state="failed", index_error=why)
    page = owner.get(LIST).content.decode()
    assert "1 entry could not be indexed:" in page
    assert "The key is &lt;wrong&gt;." in page
    assert "Theirs" not in page
    assert owner.get(f"{LIST}index-failed/").status_code == 405
    owner.post(f"{LIST}index-failed/")
    assert ombak.entries.get().index_state == "waiting"
    assert senja.entries.get().index_state == "failed"


def test_one_entry_is_tried_again_from_its_page(owner: Client, ombak: Tenant) -> None:
    entry = factories.entry(ombak)
    KnowledgeEntry.objects.filter(pk=entry.pk).update(
        index_state="failed", index_error="No answer."
    )
    assert "Try again" in owner.get(f"{LIST}{entry.pk}/change/").content.decode()
    owner.post(f"{LIST}{entry.pk}/index/")
    entry.refresh_from_db()
    assert entry.index_state == "waiting"


def test_who_changed_an_entry_last_stands_in_its_line(
    owner: Client, ombak: Tenant, sari: User
) -> None:
    owner.post(ADD, FORM)
    wayan = factories.staff("wayan", ombak)
    entry = ombak.entries.get()
    entry._history_user = wayan  # type: ignore[attr-defined]
    save_entry(ombak, {"content": "y"}, entry)
    page = owner.get(LIST).content.decode()
    assert "· wayan" in page
    assert "· sari" not in page


def test_the_list_takes_as_many_queries_for_many_entries(owner: Client, ombak: Tenant) -> None:
    factories.entry(ombak)
    with CaptureQueriesContext(connection) as one:
        owner.get(LIST)
    for number in range(30):
        factories.entry(ombak, f"Kelas {number}", category="classes")
    with CaptureQueriesContext(connection) as many:
        owner.get(LIST)
    assert len(many) <= len(one)


def test_entries_of_last_year_can_be_picked_out(owner: Client, ombak: Tenant) -> None:
    factories.entry(ombak, "Baru")
    old = factories.entry(ombak, "Usang")
    past = timezone.now() - dt.timedelta(days=181)
    KnowledgeEntry.objects.filter(pk=old.pk).update(updated_at=past)
    page = owner.get(LIST, {"older": "180"}).content.decode()
    assert "Usang" in page
    assert "Baru" not in page


def test_an_export_opens_harmlessly_whatever_separator_is_taken(
    owner: Client, ombak: Tenant
) -> None:
    for number, risky in enumerate(RISKY):
        text = f"ok;{risky}\n{risky},{risky}"
        factories.entry(ombak, f"{risky} {number}".strip(), content=text, keywords=risky.strip())
    made = owner.post(f"{LIST}export.csv").content.decode("utf-8-sig")
    for separator in (",", ";", "\t"):
        cells = [cell for row in csv.reader(io.StringIO(made), delimiter=separator) for cell in row]
        begun = [cell for cell in cells if cell.lstrip().startswith(tuple("=+-@\uff1d"))]
        # Where it is parted wrongly, a sum or a number is left that nothing is called by.
        assert not [cell for cell in begun if separator == "," or RUNS.search(cell)]
    book = openpyxl.load_workbook(io.BytesIO(owner.post(f"{LIST}export.xlsx").content))
    rows: Any = book.worksheets[0].iter_rows()
    written = [cell for row in rows for cell in row if cell.value]
    assert written
    assert {cell.data_type for cell in written} == {"s"}
    assert not [cell for cell in written if str(cell.value).startswith(tuple("=+-@\t"))]


def test_selected_entries_alone_are_exported_and_come_back_the_same(
    owner: Client, ombak: Tenant, senja: Tenant
) -> None:
    chosen, other = factories.entry(ombak, "Harga"), factories.entry(ombak, "Lokasi")
    theirs = factories.entry(senja, "Rahasia")
    keys = [str(chosen.pk), str(theirs.pk)]
    response = owner.post(LIST, {"action": "export_csv", "_selected_action": keys})
    made = response.content.decode("utf-8-sig")
    assert "Harga" in made
    assert other.title not in made
    assert "Rahasia" not in made
    upload = importing.begin(
        ombak, by=None, name="x", data=response.content, language="en", at=timezone.now()
    )
    importing.choose(upload, upload.mapping)
    assert list(upload.lines.values_list("verdict", flat=True)) == ["same"]


def test_the_front_desk_exports_and_changes_nothing(client: Client, ombak: Tenant) -> None:
    entry = factories.entry(ombak)
    KnowledgeEntry.objects.filter(pk=entry.pk).update(index_state="failed")
    client.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert client.get(f"{LIST}export.csv").status_code == 405
    assert not Deed.objects.exists()
    assert client.post(f"{LIST}export.csv").status_code == 200
    deed = Deed.objects.get()
    assert (deed.tenant, deed.who, deed.what) == (ombak, "wayan", "exported_knowledge")
    assert deeds.told(deed) == "exported 1 entries of the knowledge"
    assert client.post(f"{LIST}index-failed/").status_code == 403
    assert client.post(f"{LIST}{entry.pk}/index/").status_code == 403
    entry.refresh_from_db()
    assert entry.index_state == "failed"


def used(page: str) -> list[str]:
    return re.findall(r'class="[^"]*field-uses[^"]*"[^>]*>\s*(\d+|—)', page)


def test_the_list_tells_how_often_answers_of_the_last_30_days_rested_on_an_entry(
    owner: Client, ombak: Tenant, senja: Tenant
) -> None:
    """From days that the reports have counted and, for those that they have not, from the answers themselves."""
    price, other = factories.entry(ombak, "A price"), factories.entry(ombak, "B rules")
    at, chat = timezone.now(), chats.chat(ombak)
    for days_ago in (0, 1, 3, 20, 40):
        when = at - dt.timedelta(days=days_ago)
        chats.answered(chat, when, price.reference, *([other.reference] * (days_ago == 3)))
    chats.answered(chat, at, price.reference, purpose="playground")
    chats.answered(chats.chat(senja), at, price.reference)
    assert used(owner.get(LIST).content.decode()) == ["4", "1"]
    counted.catch_up(ombak, counted.today(ombak, at) - dt.timedelta(days=30), at, seconds=5)
    Turn.objects.filter(created_at__lt=at - dt.timedelta(days=2)).update(entries=[])
    assert used(owner.get(LIST).content.decode()) == ["4", "1"]


def test_how_often_entries_were_used_is_asked_once_for_the_page(
    owner: Client, ombak: Tenant
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            owner.get(LIST)
        return len(asked)

    factories.entry(ombak, "First")
    few = queries()
    for number in range(20):
        factories.entry(ombak, f"Entry {number}")
    assert queries() == few
