"""A page of a list is read in the order of an index, on both engines, however many rows the studio has."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.config.rows import conversation
from tests.conversations.test_lists import LISTS
from tests.postgres import postgres, real_database

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("races")]
__all__ = ["postgres", "real_database"]

# Sorting what an index brings nearly in order is no matter.
SORTS = re.compile(r"USE TEMP B-TREE FOR ORDER BY|(?<!Incremental )\bSort\s+\(")


def plan(sql: str) -> str:
    """PostgreSQL reads a small table whole and sorts it, unless that is made dear."""
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET enable_{way} = off")
        cursor.execute(f"{explain} {sql}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.parametrize("page", LISTS)
def test_a_page_of_a_list_reads_no_more_than_its_rows(
    real_database: str, client: Client, page: str
) -> None:
    studio = factories.studio("ombak")
    conversation(studio, "Ayu")
    client.force_login(factories.staff("sari", studio))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/admin/{page}/").status_code == 200
    table = f'FROM "{LISTS[page]}"'
    (rows,) = [q["sql"] for q in queries if table in q["sql"] and "COUNT" not in q["sql"]]
    told = plan(rows)
    assert not SORTS.search(told), told
    assert "tenants_tenant" not in told


def test_a_sort_is_seen(real_database: str) -> None:
    assert SORTS.search(plan('SELECT * FROM "conversations_message" ORDER BY "text"'))
