"""How gunicorn serves the pages, held against how often the pages ask."""

import re
import runpy
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PERIOD = re.compile(r"\bevery (\d+)(ms|s)\b")
REST = re.compile(r"\bREST = (\d+)")  # of live.js, in milliseconds, while the server is away


@pytest.fixture(scope="module")
def gunicorn():
    return runpy.run_path(str(ROOT / "config" / "gunicorn.py"))


def periods() -> list[float]:
    """Seconds between two questions of each part that asks again and again."""
    texts = [page.read_text() for page in (ROOT / "templates").rglob("*.html")]
    found = [PERIOD.findall(text) for text in texts]
    told = [int(n) / (1000 if unit == "ms" else 1) for each in found for n, unit in each]
    rest = REST.search((ROOT / "static" / "mila" / "live.js").read_text())
    assert rest
    return [*told, int(rest[1]) / 1000]


def test_a_connection_outlives_the_longest_wait_between_two_polls(gunicorn):
    assert max(periods()) >= 30
    assert gunicorn["keepalive"] >= 2 * max(periods())


def test_a_connection_that_waits_holds_no_thread(gunicorn):
    assert gunicorn["worker_class"] == "gthread"
