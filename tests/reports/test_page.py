"""The Reports page: figures with their definitions, tables, csv, and nothing of another studio."""

import csv
import datetime as dt
import io
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from conversations import madeup
from conversations.models import Customer
from knowledge.models import KnowledgeEntry
from reports import charts, days
from reports.figures import report
from reports.models import Day
from reports.money import amount, money
from tenants.models import Tenant
from tests import factories
from tests.reports import chats

PAGE = "/admin/reports/"


@pytest.fixture
def client(sari: User) -> Client:
    client = Client()
    client.force_login(sari)
    return client


@pytest.fixture
def month(ombak: Tenant) -> Tenant:
    chats.month(ombak, timezone.now(), chats=3)
    return ombak


def text(client: Client, address: str = PAGE) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_a_new_studio_reads_when_reports_begin(client: Client, ombak: Tenant) -> None:
    chats.said(chats.chat(ombak), "customer", timezone.now())
    page = text(client)
    assert "From the first 20 messages on" in page
    assert "1 of 20 messages" in page
    assert "0 %" not in page
    assert "<canvas" not in page


def test_the_cost_of_a_demo_is_told_to_be_none(client: Client, month: Tenant) -> None:
    note = "Their cost is what such answers would cost; nobody pays it."
    assert note not in text(client)
    Customer.objects.create(tenant=month, phone=madeup.FIRST_PHONE)
    assert note in text(client)


def test_every_chart_stands_with_its_definition_its_table_and_its_csv(
    client: Client, month: Tenant
) -> None:
    page = text(client)
    for key, (title, _make) in charts.CHARTS.items():
        assert f'id="report-{key}"' in page
        assert str(title) in page
    drawn = report(month, 30, timezone.now())
    for chart in (make(drawn) for _title, make in charts.CHARTS.values()):
        assert chart.what
    assert page.count("data-table=") >= 8


def test_looking_changes_nothing_and_counting_is_a_post(client: Client, month: Tenant) -> None:
    text(client)
    assert not Day.objects.exists()
    assert client.get("/admin/reports/count/").status_code == 405
    done = client.post("/admin/reports/count/", {"days": "30"})
    assert done.status_code == 200
    assert Day.objects.filter(tenant=month).exists()


def test_counting_goes_on_in_steps_and_then_shows_the_page_anew(
    client: Client, month: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "PART", 1)
    monkeypatch.setattr(days, "AT_ONCE", 1)
    assert "Counting: 0 of 29 days are ready" in text(client)
    monkeypatch.setattr(days, "STEP", 0)
    monkeypatch.setattr("reports.views.days.catch_up", lambda *a: days.progress(*a))
    step = client.post("/admin/reports/count/", {"days": "30"})
    assert "Counting:" in step.content.decode()
    assert "HX-Refresh" not in step.headers
    monkeypatch.undo()
    assert client.post("/admin/reports/count/", {"days": "30"}).headers["HX-Refresh"] == "true"
    assert client.post("/admin/reports/count/", {"days": "30"}).content == b""


def test_a_chart_that_fails_leaves_the_others_standing(
    client: Client, month: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_report: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setitem(charts.CHARTS, "coverage", ("Covered by the knowledge", broken))
    page = text(client)
    assert page.count("This chart could not be made.") == 1
    assert page.count("<canvas") >= 6


def test_a_csv_holds_the_numbers_of_its_chart(client: Client, month: Tenant) -> None:
    response = client.get("/admin/reports/volume.csv?days=7")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[0] == ["Day", "Customers", "Assistant", "Staff"]
    today = month.local(timezone.now()).date()
    assert [row[0] for row in rows[1:]] == [
        (today - dt.timedelta(days=back)).isoformat() for back in range(6, -1, -1)
    ]
    counted = report(month, 7, timezone.now()).total
    assert sum(int(row[1]) for row in rows[1:]) == counted.messages("customer")
    assert 'filename="mila-volume-7d.csv"' in response["Content-Disposition"]


def test_a_title_that_begins_like_a_formula_is_harmless_in_a_spreadsheet(
    client: Client, ombak: Tenant
) -> None:
    factories.entry(ombak, '=HYPERLINK("http://x";"pay");=1+1', external_id="a")
    on = chats.chat(ombak)
    for _ in range(25):
        chats.said(on, "customer", timezone.now())
    chats.answered(on, timezone.now(), "a")
    told = client.get("/admin/reports/entries.csv").content.decode("utf-8-sig")
    assert "\"'=HYPERLINK" in told
    assert ";'=1+1\"" in told
    assert "=HYPERLINK" in text(client)


def test_what_is_drawn_is_data_and_holds_the_same_numbers(client: Client, month: Tenant) -> None:
    found = re.search(r'id="chart-volume" type="application/json">(.*?)</script>', text(client))
    assert found
    told = json.loads(found[1])
    assert [one["role"] for one in told["series"]] == ["customer", "assistant", "staff"]
    assert len(told["labels"]) == len(told["series"][0]["values"]) == 30


def test_entries_that_nobody_needed_are_named(client: Client, month: Tenant) -> None:
    factories.entry(month, "Harga A", external_id="a")
    never = factories.entry(month, "Parkir kapal")
    page = text(client)
    assert "1 active entry was not used" in page
    assert f"/admin/knowledge/knowledgeentry/{never.pk}/change/" in page
    assert "an entry that is gone" in page


def test_nothing_of_another_studio_stands_on_the_page(
    client: Client, month: Tenant, senja: Tenant
) -> None:
    before = text(client)
    chats.month(senja, timezone.now(), chats=2)
    factories.entry(senja, "SENJA ONLY", external_id="b")
    after = text(client)
    assert "SENJA ONLY" not in after
    numbers = re.compile(r"<dd>(.*?)</dd>")
    assert numbers.findall(before) == numbers.findall(after)


def test_only_the_three_ranges_are_counted(client: Client, month: Tenant) -> None:
    for asked in ("7", "30", "90", "", "1000000", "-1", "x"):
        assert 'aria-current="page"' in text(client, f"{PAGE}?days={asked}"), asked


def test_an_unknown_table_is_not_found(client: Client, ombak: Tenant) -> None:
    assert client.get("/admin/reports/secrets.csv").status_code == 404


def test_the_page_takes_the_same_queries_however_much_was_written(
    client: Client, month: Tenant
) -> None:
    client.post("/admin/reports/count/", {"days": "30"})
    with CaptureQueriesContext(connection) as few:
        text(client)
    chats.month(month, timezone.now(), chats=2)
    KnowledgeEntry.objects.bulk_create(
        KnowledgeEntry(tenant=month, title=f"E{n}", category="classes", content="x")
        for n in range(30)
    )
    with CaptureQueriesContext(connection) as many:
        text(client)
    assert len(many) <= len(few) + 1


def test_money_is_told_in_the_studios_currency(settings: Settings) -> None:
    settings.EXCHANGE_RATES = {"USD": 1.0, "IDR": 16500.0}
    assert money(72_727_273, "IDR") == "Rp 1.200.000"
    assert money(1_234_000, "USD") == "US$ 1.23"
    assert money(2_900, "USD") == "US$ 0.0029"
    assert amount(2_900, "USD") == 0.0029
    assert money(0, "USD") == "US$ 0.00"
    with override("id"):
        assert money(1_234_567_000, "USD") == "US$ 1.234,57"
        assert money(72_727_273, "IDR") == "Rp 1.200.000"
