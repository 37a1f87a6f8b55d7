"""Our SQLite backend gives what Django's own gives."""

import datetime as dt
import uuid
import zoneinfo

import pytest
from django.db import connection
from django.db.backends.sqlite3.operations import DatabaseOperations

from tenants.models import Tenant
from tenants.sqlite import base
from tenants.sqlite.base import WORTH_KEEPING

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="these tests run on another database"
)
UTC = dt.UTC
TIMES = [
    dt.datetime(2026, 11, 23, 7, 5, tzinfo=UTC),
    dt.datetime(2026, 11, 23, 7, 5, 1, 20, tzinfo=UTC),
    dt.datetime(2026, 11, 23, 7, 5, tzinfo=zoneinfo.ZoneInfo("Asia/Makassar")),
    dt.datetime(2026, 11, 23, 7, 5, tzinfo=zoneinfo.ZoneInfo("UTC")),
    dt.datetime(2026, 11, 23, 7, 5),  # noqa: DTZ001
    None,
]
STORED = [
    "2026-11-23 07:05:00",
    "2026-11-23 07:05:01.000020",
    "2026-11-23T07:05:00",
    "2026-11-23 07:05:00+08:00",
    "2026-11-23",
    "2026-11-23 7:05",
    dt.datetime(2026, 11, 23),  # noqa: DTZ001
    None,
]


@pytest.mark.parametrize("time", TIMES, ids=str)
def test_times_are_written_as_django_writes_them(time):
    django = DatabaseOperations(connection)
    assert connection.ops.adapt_datetimefield_value(time) == django.adapt_datetimefield_value(time)


@pytest.mark.parametrize("stored", STORED, ids=str)
def test_times_are_read_as_django_reads_them(stored):
    django = DatabaseOperations(connection)
    ours = connection.ops.convert_datetimefield_value  # type: ignore[attr-defined]
    read = ours(stored, None, connection)
    assert read == django.convert_datetimefield_value(stored, None, connection)


def test_the_backend_is_ours():
    assert type(connection.ops) is base.DatabaseOperations


def test_a_percent_sign_stays_one(ombak):
    Tenant.objects.filter(pk=ombak.pk).update(name="100% Yoga %s", city="50%")
    for _again in range(2):
        assert Tenant.objects.filter(name__contains="0% Yoga %s", city="50%").exists()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name FROM tenants_tenant WHERE city LIKE '5%%' AND slug = %s", ["ombak"]
            )
            assert cursor.fetchall() == [("100% Yoga %s",)]


def test_long_and_named_statements_work(ombak):
    many = [*(uuid.uuid4() for _ in range(WORTH_KEEPING // 3)), ombak.pk]
    assert Tenant.objects.filter(pk__in=many).get() == ombak
    with connection.cursor() as cursor:
        cursor.execute("SELECT slug FROM tenants_tenant WHERE slug = %(slug)s", {"slug": "ombak"})
        assert cursor.fetchall() == [("ombak",)]
