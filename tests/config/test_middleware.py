"""What every response goes through."""

import gzip
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from conversations import media


def test_scripts_and_styles_travel_compressed(client: Client) -> None:
    plain = b"".join(client.get("/static/mila/mila.css"))
    answer = client.get("/static/mila/mila.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(answer)) == plain


def test_pages_are_not_compressed_because_they_hold_secrets(client: Client, db: None) -> None:
    answer = client.get("/admin/login/", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


def test_the_icon_that_browsers_guess_leads_to_ours(client: Client) -> None:
    assert client.get("/favicon.ico").headers["Location"].endswith("/mila/icon.svg")


@pytest.mark.parametrize("path", ["/admin/login/", "/nowhere/", "/api/knowledge"])
def test_a_body_larger_than_every_file_is_refused_before_it_is_read(
    client: Client, path: str
) -> None:
    """Without the database: nobody has logged in yet."""
    unread = BytesIO(b"x")
    meta: dict[str, Any] = {"CONTENT_LENGTH": str(settings.LARGEST_BODY + 1), "wsgi.input": unread}
    answer = client.generic("POST", path, content_type="multipart/form-data; boundary=x", **meta)
    assert answer.status_code == 413
    assert "may have 20 MB together" in answer.content.decode()
    assert unread.tell() == 0
    client.cookies["django_language"] = "id"
    answer = client.generic("POST", path, **meta)
    assert "terlalu besar" in answer.content.decode()


def test_the_largest_file_of_a_chat_still_gets_through() -> None:
    assert settings.LARGEST_BODY > media.LARGEST + 2**20
    assert settings.MIDDLEWARE[0] == "config.middleware.no_larger_than_a_file"
